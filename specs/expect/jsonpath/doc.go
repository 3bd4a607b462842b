// Package jsonpath finds values in decoded JSON with JSONPath (RFC 9535).
//
// Parse turns the text into a Path: segments of selectors, and filters with
// their five functions, checked for type as section 2.4.3 asks. Select walks a
// document of plain values (nil, bool, float64, json.Number, string, []any,
// map[string]any) and returns the matches; Locate returns where they are too,
// as normalized paths (section 2.7).
//
// Three things the RFC leaves open are settled here. The members of an object
// are visited in the order of their names, so that equal documents give equal
// results. Regular expressions are RE2, which needs no bound. And a path does
// at most a fixed number of steps on one document: descendants of descendants
// grow with a power of its size.
package jsonpath
