package policy_test

import (
	"os"
	"path/filepath"
	"testing"

	"volley/runtime/policy"
)

// TestUnfinished: a process that ends at once takes the files along that have
// not appeared, and leaves those that have.
func TestUnfinished(t *testing.T) {
	dir := t.TempDir()
	var unfinished policy.Unfinished
	p, err := policy.New(policy.Config{AllowWrite: []string{dir}, Unfinished: &unfinished})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.WriteFile(filepath.Join(dir, "whole"), []byte("x"), false); err != nil {
		t.Fatal(err)
	}
	var begun []*policy.File
	for _, name := range []string{"a", "b"} {
		f, err := p.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		begun = append(begun, f)
	}
	begun[0].Discard()
	if left := entries(t, dir); len(left) != 2 {
		t.Errorf("there are %v", left)
	}
	unfinished.Remove()
	late, err := p.Create(filepath.Join(dir, "late"))
	if err != nil {
		t.Fatal(err)
	}
	defer late.Discard()
	defer begun[1].Discard()
	if left := entries(t, dir); len(left) != 1 || left[0] != "whole" {
		t.Errorf("it leaves %v", left)
	}
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}
