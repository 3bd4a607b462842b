//go:build race

package luaapi_test

// raceAllocations is what the race detector adds to a request at most.
const raceAllocations = 3
