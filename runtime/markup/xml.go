package markup

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/antchfx/xmlquery"
)

// maxDepth bounds nested elements: the text of an element is gathered by
// recursion.
const maxDepth = 1000

// declaredEncoding is what an XML declaration says of the text's charset.
var declaredEncoding = regexp.MustCompile(`^(\s*<\?xml[^>]*?)\s+encoding\s*=\s*("[^"]*"|'[^']*')`)

// ParseXML reads a document from its text in UTF-8; a charset that the
// document declares is not heeded.
func ParseXML(text string) (*xmlquery.Node, error) {
	text = declaredEncoding.ReplaceAllString(text, "$1")
	if err := tooDeep(text); err != nil {
		return nil, err
	}
	node, err := xmlquery.Parse(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("the text is no XML: %w", err)
	}
	return node, nil
}

func tooDeep(text string) error {
	decoder := xml.NewDecoder(strings.NewReader(text))
	depth := 0
	for {
		token, err := decoder.RawToken()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("the text is no XML: %w", err)
		}
		switch token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return fmt.Errorf("the XML is nested more than %d deep", maxDepth)
			}
		case xml.EndElement:
			depth--
		}
	}
}
