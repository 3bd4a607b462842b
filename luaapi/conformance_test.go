package luaapi_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// conformanceFolder holds the cases that follow requests and grequests, one
// file a section, their names beginning with the rows they prove:
// case("RS 1.7, W2 …", function() … end).
const conformanceFolder = "testdata/conformance"

// rowsFile says of every row how it is proved.
const rowsFile = conformanceFolder + "/ROWS.md"

var updateRows = flag.Bool("update", false, "write "+rowsFile+" anew")

// TestConformance runs every case as TestContract does.
func TestConformance(t *testing.T) { runFolder(t, conformanceFolder) }

// TestConformanceRows checks that every row of the surface has a case or is
// told of in the README's differences, and that both name rows there are.
func TestConformanceRows(t *testing.T) {
	proved := provedRows(t)
	told := toldRows(t)
	for id, where := range unknownRows(proved, told) {
		t.Errorf("there is no row %s, which %s names", id, where)
	}
	if missing := missingRows(proved, told); len(missing) > 0 {
		t.Logf("%d rows have neither a case nor a difference:", len(missing))
		for _, row := range missing {
			t.Logf("%s %s", row.id, row.title)
		}
	}
	want := rowsText(proved, told)
	if *updateRows {
		if err := os.WriteFile(rowsFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(rowsFile)
	if err != nil || string(got) != want {
		t.Errorf("%s is out of date; go test ./luaapi -run ConformanceRows -update writes it anew", rowsFile)
	}
}

// rowIDs are one or more rows: "RS 1.7, W2". A letter after a row tells
// several cases of it apart.
var rowIDs = regexp.MustCompile(`(?:RS \d+\.\d+|[LBFW]\d+)[a-z]?(?:, (?:RS \d+\.\d+|[LBFW]\d+)[a-z]?)*`)

// caseRows are the rows that a case's name begins with.
func caseRows(name string) []string {
	at := rowIDs.FindStringIndex(name)
	if at == nil || at[0] != 0 {
		return nil
	}
	return splitRows(name[:at[1]])
}

func splitRows(ids string) []string {
	rows := strings.Split(ids, ", ")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], "abcdefghijklmnopqrstuvwxyz")
	}
	return rows
}

// provedRows maps a row to a file with a case of it.
func provedRows(t *testing.T) map[string]string {
	t.Helper()
	files, chunks := chunksIn(t, conformanceFolder)
	proved := map[string]string{}
	for i, chunk := range chunks {
		for _, c := range casesIn(t, chunk) {
			rows := caseRows(c.name)
			if rows == nil {
				t.Errorf("%s: the case %q does not begin with a row", files[i], c.name)
			}
			for _, id := range rows {
				proved[id] = files[i]
			}
		}
	}
	return proved
}

// differencesHeading begins the README's list of what volley does otherwise,
// each line of which ends with its rows in parentheses.
const differencesHeading = "\n## Differences from requests and grequests\n"

var toldIDs = regexp.MustCompile(`(?m)\((` + rowIDs.String() + `)\)\.?\s*\|?$`)

// toldRows maps a row to the line that tells of it.
func toldRows(t *testing.T) map[string]string {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(readme), differencesHeading)
	if !found {
		t.Fatal("the README has lost its differences")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	told := map[string]string{}
	for _, match := range toldIDs.FindAllStringSubmatch(section, -1) {
		for _, id := range splitRows(match[1]) {
			told[id] = "the README"
		}
	}
	return told
}

// unknownRows are ids that no row has, with where they stand.
func unknownRows(named ...map[string]string) map[string]string {
	unknown := map[string]string{}
	for _, rows := range named {
		for id, where := range rows {
			if !slices.ContainsFunc(surface, func(r surfaceRow) bool { return r.id == id }) {
				unknown[id] = where
			}
		}
	}
	return unknown
}

func missingRows(proved, told map[string]string) []surfaceRow {
	var missing []surfaceRow
	for _, row := range surface {
		if !row.python && proved[row.id] == "" && told[row.id] == "" {
			missing = append(missing, row)
		}
	}
	return missing
}

// rowsText is what ROWS.md says.
func rowsText(proved, told map[string]string) string {
	var b strings.Builder
	b.WriteString("# The surface of requests and grequests, row by row\n\n")
	b.WriteString("RS rows are numbered by subject, B and F are bodies and files, L are facts of Lua, W are warts of theirs.\n")
	b.WriteString("`go test ./luaapi -run ConformanceRows -update` writes this file.\n\n")
	missing := missingRows(proved, told)
	fmt.Fprintf(&b, "%d rows; without a case or a difference: %d.\n\n", len(surface), len(missing))
	b.WriteString("| row | what | shown by |\n|---|---|---|\n")
	for _, row := range surface {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", row.id, row.title, shownBy(row, proved, told))
	}
	return b.String()
}

func shownBy(row surfaceRow, proved, told map[string]string) string {
	var by []string
	if file := proved[row.id]; file != "" {
		by = append(by, filepath.Base(file))
	}
	if told[row.id] != "" {
		by = append(by, "README, differences")
	}
	if row.python {
		by = append(by, "Python only")
	}
	if by == nil {
		return "**nothing yet**"
	}
	return strings.Join(by, "; ")
}
