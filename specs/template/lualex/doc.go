// Package lualex reads just enough of Lua to find where the expression of a
// template ends and which names it uses: it tells names, strings, comments and
// long brackets from everything else. Whether an expression is Lua at all is
// for the compiler to say.
package lualex
