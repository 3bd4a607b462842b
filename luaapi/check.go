package luaapi

import (
	"fmt"
	"math"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime/report"
)

// checkFunctions are what a script says of its own run: what it checks, what
// it measures, and what the end of the run must show.
func checkFunctions() []Function {
	name := Param{"name", "string", "What the summary calls it."}
	return []Function{
		{
			Name: "check", Params: []Param{
				{"resp", "any", "A Response, or any other value."},
				{"predicates", "table<string, fun(resp: any): any>", "{name = predicate, …}"},
			}, Returns: "boolean",
			Doc: "Calls each predicate with resp, sorted by name, and returns whether all of them returned a true value. " +
				"Each is counted under its name, and the summary tells how often it held. One that raises did not hold; " +
				"its error is logged once. A check does not touch the exit code: thresholds do.",
			Example: `local resp = volley.get(base .. "/get"):send()
assert(volley.check(resp, {["status is 200"] = function(r) return r.status_code == 200 end}))
assert(not volley.check(nil, {answered = function(r) return r ~= nil end}))`,
			call: check,
		},
		{
			Name: "metric", Params: []Param{name, {"number", "number", "A sample."}},
			Doc: "Counts a sample of something of your own. The summary tells how many there were, their least, mean and largest, " +
				"and percentiles within 1%.",
			Example: `volley.metric("items per page", 25)`,
			call: func(c call) int {
				v := c.number(2)
				if math.IsNaN(v) || math.IsInf(v, 0) {
					c.raisef("number must be finite, got %v", v)
				}
				c.s.config.Checks.Sample(c.text(1), v)
				return 0
			},
		},
		{
			Name: "thresholds", Params: []Param{{"wanted", "table<string, string>", "{name = condition, …}"}},
			Doc: "Says what the whole run must show at its end, or its exit code is 5. A condition is `<`, `<=`, `>` or `>=` and a value. " +
				"Names: `p50`, `p95`, `p99.9` and other percentiles, `max` and `avg` are latencies, `\"<800ms\"`; `error_rate`, the failed requests, " +
				"`\"<1%\"`; `rps`, requests per second, `\">100\"`; `checks`, those that held, or those of one name, `[\"check:name\"]`, `\">99%\"`; " +
				"`[\"metric:name\"]`, the mean, `\"<5\"`, or another statistic before the comparison, `\"p95<5\"`: percentiles, `min`, `max`, `avg`, `count`. " +
				"What nothing was measured of is broken. Several calls add up.",
			Example: `volley.thresholds{p95 = "<800ms", error_rate = "<1%", ["check:status is 200"] = ">99%", ["metric:items per page"] = "p95<100"}
local ok, err = pcall(volley.thresholds, {eror_rate = "<1%"})
assert(not ok and err.message:find('did you mean "error_rate"?', 1, true))`,
			call: wantThresholds,
		},
	}
}

// predicate is one entry of volley.check's table.
type predicate struct {
	name string
	fn   lua.LValue
}

func check(c call) int {
	t := c.tableOr(2)
	if t == nil {
		c.wrong(2, "a table of predicates")
	}
	// Taken before any is called: one that waits lets others change the table.
	var predicates []predicate
	t.ForEach(func(k, v lua.LValue) { predicates = append(predicates, predicate{k.String(), v}) })
	slices.SortFunc(predicates, func(a, b predicate) int { return strings.Compare(a.name, b.name) })
	resp, all := c.arg(1), true
	for _, p := range predicates {
		held := c.holds(p, resp)
		c.s.config.Checks.Check(p.name, held)
		all = all && held
	}
	return c.push(lua.LBool(all))
}

// holds calls one predicate. What it raises is logged and goes no further.
func (c call) holds(p predicate, resp lua.LValue) bool {
	v, err := c.s.host.CallValue(c.L, p.fn, resp)
	if err != nil {
		c.s.logFailure(scriptFailure(fmt.Sprintf("check %q", p.name), err))
		return false
	}
	return lua.LVAsBool(v)
}

func wantThresholds(c call) int {
	t := c.tableOr(1)
	if t == nil {
		c.wrong(1, "a table of names and conditions")
	}
	var wanted []report.Threshold
	for _, name := range keysOf(t) {
		condition, ok := t.RawGetString(name).(lua.LString)
		if !ok {
			if t.RawGetString(name) == lua.LNil {
				c.raisef("must have names as keys, as in {p95 = \"<800ms\"}, got %s", name)
			}
			c.raisef("the condition of %q must be a string such as \"<800ms\", got %s", name, typeName(t.RawGetString(name)))
		}
		threshold, err := report.ParseThreshold(name, string(condition))
		if err != nil {
			c.raisef("%s", err.Error())
		}
		wanted = append(wanted, threshold)
	}
	if err := c.s.config.Checks.Want(wanted...); err != nil {
		c.raisef("%s", err.Error())
	}
	return 0
}
