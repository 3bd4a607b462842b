// Nothing: what starting costs.
export default function () {}
