// Package markup reads documents that strangers wrote, HTML and XML, and
// evaluates XPath over them within bounds.
//
// The libraries underneath know none: an expression within an expression
// grows with a power of the document's size, and XML may be nested as deep as
// it is long. Evaluate counts the moves, and ends with its context; ParseXML
// refuses what is nested too deep to be walked. HTML needs no such bound, its
// parser has one.
package markup
