//go:build !race

package luaapi_test

// raceAllocations is what the race detector adds to a request, when it is on.
const raceAllocations = 0
