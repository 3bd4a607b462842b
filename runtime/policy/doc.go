// Package policy decides what a run may touch: hosts, private networks,
// files and the environment. A script is other people's code, so it starts
// with the network and little else; flags widen or narrow that.
//
// # Hosts
//
// Without flags every host may be reached. --allow-host PATTERN narrows: once
// an entry is given, a host has to match one. A pattern is a name or address
// in which * stands for any run of characters, dots included, with an
// optional :port; without one it covers every port. Case and a dot at the end
// do not matter, and an IPv6 address stands in brackets.
//
// --deny-private shuts out everything that is not the public internet. It is
// asked twice: Host judges what is written in a URL, in any spelling that the
// C library takes for an address (0177.0.0.1, 2130706433, 0x7f.1), and
// Address judges what the dialer is about to connect to, after DNS, so that
// neither a redirect nor a name that changes its mind gets around it. An
// address that carries another (IPv4-mapped, NAT64, 6to4) is judged by the one
// it carries. A proxy that resolves names hides them from Address: Host is
// then the only check.
//
// With --deny-private an --allow-host entry that is a private ADDRESS[:PORT]
// is an exemption and nothing else: it opens that address, and does not narrow
// the public hosts. A name never exempts, for its owner decides where it
// points. The built-in httpbin is exempt from both flags.
//
// # Files and environment
//
// Reading is open below the script's folder and the working directory;
// --allow-read, --allow-write and --allow-env add to that. Every grant, given
// or built in, covers a folder and what is below it, excepted names that begin
// with a dot and the kernel's folders (/proc, /sys, /dev): such a thing must be
// granted by its own name. A symbolic link is judged by where it leads, and
// the file is opened through os.Root, so that a link put in its way in the
// meantime leads nowhere. Files are written whole or not at all.
//
// --unsafe lifts the limits on files and environment. The two host flags, when
// given, still hold: they are narrowings that the user asked for.
//
// Every refusal is an error of kind denied and names the flag that would allow
// it; a file that may be touched but cannot be is an error of kind io.
package policy
