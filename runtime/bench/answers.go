package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What the servers answer, and what is posted to them.
const (
	smallAnswer = `{"id":12345,"name":"a small answer","ok":true,"tags":["x"]}`
	bodyLength  = 1 << 20
	fileLength  = 100 << 20
	postLength  = 1 << 10
)

// Names of files in the folder of a comparison; what is under www is served.
const (
	served      = "www"
	certificate = "cert.pem"
	privateKey  = "key.pem"
	postFile    = "post.json"
)

// jsonAnswer is a document of about 10 KB: a list of records, as APIs return.
func jsonAnswer() []byte {
	type item struct {
		ID     int      `json:"id"`
		Name   string   `json:"name"`
		Price  float64  `json:"price"`
		Tags   []string `json:"tags"`
		Active bool     `json:"active"`
		Note   *string  `json:"note"`
	}
	var items []item
	for i := range 100 {
		items = append(items, item{
			ID: i * 7919, Name: fmt.Sprintf("item number %d", i), Price: float64(i) * 1.25,
			Tags: []string{"red", "green"}, Active: i%2 == 0,
		})
	}
	data, err := json.Marshal(map[string]any{"items": items, "total": len(items)})
	if err != nil {
		panic(err) // numbers, strings and booleans are JSON
	}
	return data
}

// postBody is JSON of postLength bytes.
func postBody() string {
	const start, end = `{"name":"ada","note":"`, `"}`
	return start + strings.Repeat("x", postLength-len(start)-len(end)) + end
}

// writeFiles fills the folder of a comparison.
func writeFiles(dir string) error {
	if err := os.Mkdir(filepath.Join(dir, served), 0o755); err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		filepath.Join(served, "json"): jsonAnswer(),
		filepath.Join(served, "body"): make([]byte, bodyLength),
		postFile:                      []byte(postBody()),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	if err := writeScripts(dir); err != nil {
		return err
	}
	if err := writeCertificate(dir); err != nil {
		return err
	}
	return writeLarge(filepath.Join(dir, served, "file"))
}

// writeLarge writes the 100 MB, with bytes in them: a hole in a file would be
// read without the disk cache.
func writeLarge(path string) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // after an error; else it was closed
	block := []byte(strings.Repeat("0123456789abcdef", 1<<16))
	for range fileLength / len(block) {
		if _, err := out.Write(block); err != nil {
			return err
		}
	}
	return out.Close()
}

// writeRows writes a CSV file of n rows, for the scenario spec.
func writeRows(path string, n int) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // after an error; else it was closed
	w := bufio.NewWriter(out)
	_, _ = fmt.Fprintln(w, "id,name")
	for i := range n {
		_, _ = fmt.Fprintf(w, "%d,row %d\n", i+1, i+1)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return out.Close()
}
