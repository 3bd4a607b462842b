package vm

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func syntaxError(t testing.TB, src string) *SyntaxError {
	t.Helper()
	_, err := Compile("bad.lua", []byte(src))
	var se *SyntaxError
	if !errors.As(err, &se) {
		t.Fatalf("%.60q: got %v, want a *SyntaxError", src, err)
	}
	return se
}

func TestSyntaxErrors(t *testing.T) {
	for src, want := range map[string]SyntaxError{
		"local x = 1\nx = = 2":             {Line: 2, Column: 5, Message: "syntax error near '='", Source: "x = = 2"},
		"if x then\n  y()\n":               {Line: 2, Column: 6, Message: "unexpected end of file", Source: "  y()", Hint: "'if' of line 1 is not closed"},
		"f(1,\n {2,\n":                     {Line: 2, Column: 5, Message: "unexpected end of file", Source: " {2,", Hint: "'{' of line 2 is not closed"},
		"print(":                           {Line: 1, Column: 7, Message: "unexpected end of file", Source: "print(", Hint: "'(' of line 1 is not closed"},
		"local s = 'open\n":                {Line: 1, Column: 11, Message: "unterminated string near 'open'", Source: "local s = 'open"},
		"f('a', 'open\\\n more\ng('')":     {Line: 1, Column: 8, Message: "unterminated string near 'open\n more'", Source: "f('a', 'open\\"},
		"break":                            {Line: 1, Column: 1, Message: "no loop to break", Source: "break"},
		"if x then\n  y() break end":       {Line: 2, Column: 7, Message: "no loop to break", Source: "  y() break end"},
		"#!/usr/bin/env volley\n\nx = = 1": {Line: 3, Column: 5, Message: "syntax error near '='", Source: "x = = 1"},
		"\xef\xbb\xbfx = = 1":              {Line: 1, Column: 5, Message: "syntax error near '='", Source: "x = = 1"},
		"goto nowhere":                     {Line: 1, Column: 1, Message: "no visible label 'nowhere' for <goto> at line 1", Source: "goto nowhere"},
		"do\n  goto b goto a\n  ::b::\nend\n": {
			Line: 2, Column: 10, Message: "no visible label 'a' for <goto> at line 2", Source: "  goto b goto a",
		},
		"goto c\nlocal z = 1\n::c::\nprint(z)\n": {
			Line: 1, Column: 1, Message: "<goto c> at line 1 jumps into the scope of local 'z'", Source: "goto c",
		},
		"do\n  ::l::\n  x = 1 ::l::\nend":        {Line: 3, Column: 9, Message: "label 'l' already defined on line 2", Source: "  x = 1 ::l::"},
		"function f()\n  return '...', ...\nend": {Line: 2, Column: 17, Message: "cannot use '...' outside a vararg function", Source: "  return '...', ..."},
	} {
		got := syntaxError(t, src)
		want.File = "bad.lua"
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("%q: %s", src, diff)
		}
	}
}

func TestSyntaxErrorText(t *testing.T) {
	want := "bad.lua:1: unexpected end of file ('{' of line 1 is not closed)"
	if got := syntaxError(t, "x = {").Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPreambleIsSkipped(t *testing.T) {
	h := newHost(t, Options{})
	for _, src := range []string{"#!/bin/volley\nreturn 1", "\xef\xbb\xbfreturn 1", "\xef\xbb\xbf#!x\r\nreturn 1", "# only a comment\nreturn 1"} {
		if got := mustRun(t, h, src); got != "1" {
			t.Errorf("%q returned %q", src, got)
		}
	}
	if got := mustRun(t, h, "#!nothing else"); got != "" {
		t.Errorf("got %q", got)
	}
}

// nested are sources that would exhaust the parser's or the compiler's stack.
var nested = map[string]string{
	"brackets":     strings.Repeat("{", 1_000_000),
	"parentheses":  "x = " + strings.Repeat("(", 500) + "1" + strings.Repeat(")", 500),
	"index":        "x = " + strings.Repeat("a[", 300) + "1" + strings.Repeat("]", 300),
	"blocks":       strings.Repeat("do ", 300) + strings.Repeat("end ", 300),
	"functions":    strings.Repeat("f = function() ", 300) + strings.Repeat("end ", 300),
	"ifs":          strings.Repeat("if x then ", 300) + strings.Repeat("end ", 300),
	"repeats":      strings.Repeat("repeat ", 300) + strings.Repeat("until x ", 300),
	"elseifs":      "if x then " + strings.Repeat("elseif y then ", 300) + "end",
	"minus":        "x = " + strings.Repeat("- ", 100_000) + "1",
	"not":          "x = " + strings.Repeat("not ", 100_000) + "1",
	"length":       "x = " + strings.Repeat("#", 100_000) + "y",
	"power":        "x = 1" + strings.Repeat("^2", 100_000),
	"power, minus": "x = 1" + strings.Repeat("^-2", 100_000),
	"concat":       "x = a" + strings.Repeat("..a", 100_000),
	"sum":          "x = a" + strings.Repeat("+a", 100_000),
	"and":          "x = a" + strings.Repeat(" and a", 100_000),
	"fields":       "x = a" + strings.Repeat(".b", 100_000),
	"calls":        "f" + strings.Repeat("()", 100_000),
	"methods":      "f" + strings.Repeat(":m{}", 100_000),
	"text calls":   "f" + strings.Repeat("''", 100_000),
	"in comments":  "--[[ x ]] x = " + strings.Repeat("--[==[ ]] ]==] (", 300),
}

func TestNestingIsRefused(t *testing.T) {
	for name, src := range nested {
		if se := syntaxError(t, src); !strings.Contains(se.Message, "more than") {
			t.Errorf("%s: %v", name, se)
		}
	}
}

func TestOrdinarySourceIsNotRefused(t *testing.T) {
	line := "do x = -1 y = not a f(-1, -2) g'x' t.a.b.c = {f() .. 'x', [1] = -#y} local z = a and b or c end\n"
	var list strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&list, "{id = %d, name = 'n' .. %d, v = -%d},\n", i%50, i%50, i%50)
	}
	for _, src := range []string{
		strings.Repeat(line, 2000),
		"return {" + list.String() + "}",
		strings.Repeat("if x then y() elseif z then w() else v() end\n", 500),
		strings.Repeat("for i = 1, 2 do repeat f() until x end while y do g() end\n", 500),
		"local t = {" + strings.Repeat("function() return -1 end, ", 500) + "}",
		strings.Repeat("-- ((((((\n--[[ {{{{ ]] s = '((((' .. \"[[[[\" .. [==[ ]] (( ]==]\n", 500),
		strings.Repeat("do ", 150) + strings.Repeat("end ", 150),
		"return " + strings.Repeat("(", 150) + "1" + strings.Repeat(")", 150),
	} {
		if _, err := Compile("ok.lua", []byte(src)); err != nil {
			t.Errorf("%.60q: %v", src, err)
		}
	}
}

func TestBigLiteralsAreRefused(t *testing.T) {
	for src, want := range map[string]string{
		"return {" + strings.Repeat("1,", 25_001) + "}": "table constructor with 25001 items; 25000 are possible",
		"return {" + numbered(20_001) + "}":             "more than 20000 different numbers and strings in one function",
		"local " + strings.Repeat("a,", 250) + "a = 1":  "too many local variables",
	} {
		se := syntaxError(t, src)
		if !strings.Contains(se.Message, want) || se.Hint == "" {
			t.Errorf("got %v", se)
		}
	}
	h := newHost(t, Options{})
	if got := mustRun(t, h, "return #{"+strings.Repeat("1,", 25_000)+"}"); got != "25000" {
		t.Errorf("a constructor of 25000 items holds %s", got)
	}
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,", i)
	}
	return b.String()
}

func TestSourceSizeIsBounded(t *testing.T) {
	if se := syntaxError(t, strings.Repeat(" ", maxSource+1)); !strings.Contains(se.Message, "larger") {
		t.Errorf("got %v", se)
	}
}

// TestLongConstructors compares constructors around the flush boundaries with
// the same table built one assignment at a time.
func TestLongConstructors(t *testing.T) {
	h := newHost(t, Options{})
	for _, positional := range []int{0, 1, 49, 50, 51, 99, 100, 101} {
		for _, tail := range []string{"", "f()", "..."} {
			var src strings.Builder
			src.WriteString("local function f() return 'x', 'y' end local function id(v) return v end return (function(...) local t = {")
			for i := 1; i <= positional; i++ {
				fmt.Fprintf(&src, "id(%d), ", i)
				if i%25 == 0 {
					fmt.Fprintf(&src, "[id('k%d')] = id('v%d'), ", i, i)
				}
			}
			fmt.Fprintf(&src, "last = id('l'), %s} for i = 1, %d do if t[i] ~= i then return 'wrong', i, t[i] end if i %% 25 == 0 and t['k' .. i] ~= 'v' .. i then return 'key', i end end ", tail, positional)
			fmt.Fprintf(&src, "return t.last, #t - %d end)('x', 'y')", positional)
			want := "l 0"
			if tail != "" {
				want = "l 2"
			}
			if got := mustRun(t, h, src.String()); got != want {
				t.Errorf("%d items and %q: got %q, want %q", positional, tail, got, want)
			}
		}
	}
}

func TestChunkIsShared(t *testing.T) {
	c := mustCompile(t, "shared.lua", `local n = 0 for i = 1, 1000 do n = n + i end return n, ("x"):rep(3)`)
	if c.Name() != "shared.lua" {
		t.Errorf("name %q", c.Name())
	}
	results := make(chan string)
	for range 4 {
		go func() {
			h := New(Options{})
			defer h.Close()
			values, err := h.Run(t.Context(), h.Load(c))
			results <- fmt.Sprint(text(values), err)
		}()
	}
	for range 4 {
		if got := <-results; got != "500500 xxx<nil>" {
			t.Errorf("got %q", got)
		}
	}
}

// FuzzCompile: no input panics or hangs, and what compiles was not refused by
// chance: the scan never sees deeper nesting than brackets and words allow.
func FuzzCompile(f *testing.F) {
	for _, src := range nested {
		f.Add([]byte(src[:min(len(src), 2000)]))
	}
	for _, b := range boundaries {
		f.Add([]byte(b.src))
	}
	f.Add([]byte("a = 0x1p4 b = 1e5 c = 1..2 d = ...'x' ~= [==[ ]] ]==] --[[ ]]"))
	f.Add([]byte("x = '\\\r\n' y = \"\\\n\r\" goto a ::a::"))
	f.Fuzz(func(t *testing.T, src []byte) {
		_, err := Compile("fuzz.lua", src)
		var se *SyntaxError
		if err != nil && !errors.As(err, &se) {
			t.Fatalf("%T is no *SyntaxError", err)
		}
		if se != nil && (se.Line < 1 || se.Line > 1+bytes.Count(src, []byte("\n"))+bytes.Count(src, []byte("\r"))) {
			t.Errorf("line %d of %d: %v", se.Line, bytes.Count(src, []byte("\n")), se)
		}
		if se != nil && se.Column < 1 {
			t.Errorf("column %d: %v", se.Column, se)
		}
	})
}
