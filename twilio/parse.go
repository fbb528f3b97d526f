package twilio

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Parse parses a document. It is the inverse of Render, for tests and the fake provider. The order of attributes, comments, and white space
// around texts and elements do not matter. A verb or attribute that this package does not write, and all that Render refuses, is an error
// that names it.
func Parse(doc []byte) (Response, error) {
	r, err := parse(doc)
	if err != nil {
		return Response{}, fmt.Errorf("twiml: %w", err)
	}
	return r, nil
}

func parse(doc []byte) (Response, error) {
	if len(doc) > maxDocument {
		return Response{}, fmt.Errorf("the document has %d bytes and the provider takes %d", len(doc), maxDocument)
	}
	root, err := parseTree(doc)
	if err != nil {
		return Response{}, err
	}
	if root.XMLName != (xml.Name{Local: "Response"}) {
		return Response{}, fmt.Errorf("the document is a %s: write <Response>", root.XMLName.Local)
	}
	in := reader{node: root}
	r := Response{Verbs: readChildren[Verb](&in)}
	if err := in.finish(); err != nil {
		return Response{}, err
	}
	return r, r.check()
}

// node is any element as encoding/xml reads it.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []node     `xml:",any"`
}

// parseTree parses one element, which only white space and comments may follow.
func parseTree(doc []byte) (node, error) {
	var root node
	d := xml.NewDecoder(bytes.NewReader(doc))
	if err := d.Decode(&root); err != nil {
		return node{}, fmt.Errorf("not XML: %w", err)
	}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root, nil
		}
		if err != nil {
			return node{}, fmt.Errorf("not XML: %w", err)
		}
		text, isText := token.(xml.CharData)
		if _, isComment := token.(xml.Comment); !isComment && (!isText || len(bytes.TrimSpace(text)) > 0) {
			return node{}, errors.New("something follows </Response>: a document has one Response")
		}
	}
}

// reader is a visitor that takes from a node what a walk visits. What remains is unknown.
type reader struct {
	node node
	err  error
}

func (in *reader) fail(format string, args ...any) {
	if in.err == nil {
		in.err = fmt.Errorf("%s: %w", in.node.XMLName.Local, fmt.Errorf(format, args...))
	}
}

func (in *reader) finish() error {
	for _, attr := range in.node.Attrs {
		in.fail("the attribute %s is unknown or given twice", attr.Name.Local)
	}
	for _, child := range in.node.Children {
		in.fail("a %s cannot be nested here", child.XMLName.Local)
	}
	if text := strings.TrimSpace(in.node.Text); text != "" {
		in.fail("the text %.40q cannot stand here", text)
	}
	return in.err
}

// take removes and returns an attribute. An empty one is an error unless emptyIsValue, since the provider does not treat it as left out.
func (in *reader) take(name string, emptyIsValue bool) (string, bool) {
	i := slices.IndexFunc(in.node.Attrs, func(a xml.Attr) bool { return a.Name == xml.Name{Local: name} })
	if i < 0 {
		return "", false
	}
	value := in.node.Attrs[i].Value
	in.node.Attrs = slices.Delete(in.node.Attrs, i, i+1)
	if value == "" && !emptyIsValue {
		in.fail("%s is empty: leave it out", name)
	}
	return value, true
}

func (in *reader) text(name string, value *string, _ ...string) { *value, _ = in.take(name, false) }

func (in *reader) checked(name string, value *string, _ func(*checker, string, string)) {
	in.text(name, value)
}

func (in *reader) optionalKeys(name string, value **string) {
	if s, ok := in.take(name, true); ok {
		*value = &s
	}
}

// number refuses 0, which this package uses for "left out" and the provider does not.
func (in *reader) number(name string, value *int, limit int) {
	s, ok := in.take(name, false)
	if !ok {
		return
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		in.fail("%s is %q: write a whole number from 1 to %d", name, s, limit)
	}
	*value = n
}

func (in *reader) flag(name string, value *bool, zero bool) {
	switch s, ok := in.take(name, false); {
	case s == "true":
		*value = !zero
	case s == "false":
		*value = zero
	case ok:
		in.fail("%s is %q: write true or false", name, s)
	}
}

func (in *reader) words(name string, value *[]string, _ ...string) {
	if s, ok := in.take(name, false); ok {
		*value = strings.Fields(s)
	}
}

func (in *reader) content(_ string, value *string) {
	*value = strings.TrimSpace(in.node.Text)
	in.node.Text = ""
}

func (in *reader) prompts(value *[]Verb) { *value = readChildren[Verb](in) }

func (in *reader) nouns(value *[]Noun) { *value = readChildren[Noun](in) }

func readChildren[T any](in *reader) []T {
	var out []T
	for i, child := range in.node.Children {
		value, err := readElement(child)
		if err != nil {
			in.fail("child %d: %w", i+1, err)
			continue
		}
		typed, ok := value.(T)
		if !ok {
			in.fail("child %d: a %s cannot stand here", i+1, child.XMLName.Local)
			continue
		}
		out = append(out, typed)
	}
	in.node.Children = nil
	return out
}
