package twilio

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ContentType is the media type of a rendered Response. The provider reads text/plain aloud and refuses JSON.
const ContentType = "text/xml; charset=utf-8"

const header = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// Render returns the document. Equal Responses have equal documents: attributes have one order, and values that are the provider's default
// are left out. White space around texts is dropped, and what XML cannot carry (control characters, bytes that are not UTF-8) becomes U+FFFD.
//
// What the provider would refuse, cut short or loop on is an error that names the verb and the bound: a document over 64,000 bytes, a Say
// without text or over 3000 characters (Polly voices; Google 5000, basic 4096), a Dial without 1 to 10 parties, a Gather that nests anything
// but Say, Play and Pause, a Gather or Record without an action, a Reject that is not first, a number out of range, and a word that the
// attribute does not have. The bounds are those of the provider's TwiML reference and its error 11750.
func (r Response) Render() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("twiml: %w", err)
	}
	w := writer{out: make([]byte, 0, 1024)}
	w.out = append(w.out, header+"<Response>"...)
	for _, verb := range r.Verbs {
		w.element(verb)
	}
	if len(r.Verbs) > 0 {
		w.line()
	}
	w.out = append(w.out, "</Response>\n"...)
	if len(w.out) > maxDocument {
		return nil, fmt.Errorf("twiml: the document has %d bytes and the provider takes %d: say less or redirect to a second document",
			len(w.out), maxDocument)
	}
	return w.out, nil
}

// writer is a visitor that appends elements, which were checked before.
type writer struct {
	out   []byte
	depth int
	open  bool // the last start tag still lacks its ">"
}

func (w *writer) element(value any) {
	name, walker, _ := elementOf(value) // check has refused values without a name
	w.depth++
	w.line()
	w.out = append(append(w.out, '<'), name...)
	w.open = true
	walker.walk(w)
	if w.open {
		w.out = append(w.out, "/>"...)
	} else {
		w.out = append(append(append(w.out, "</"...), name...), '>')
	}
	w.open = false
	w.depth--
}

func (w *writer) line() {
	w.out = append(w.out, '\n')
	for range w.depth {
		w.out = append(w.out, "  "...)
	}
}

func (w *writer) attribute(name, value string) {
	w.out = append(append(append(w.out, ' '), name...), `="`...)
	w.out = append(appendEscaped(w.out, value), '"')
}

func (w *writer) text(name string, value *string, _ ...string) {
	if *value != "" {
		w.attribute(name, *value)
	}
}

func (w *writer) checked(name string, value *string, _ func(*checker, string, string)) {
	w.text(name, value)
}

func (w *writer) optionalKeys(name string, value **string) {
	if *value != nil {
		w.attribute(name, **value)
	}
}

func (w *writer) number(name string, value *int, _ int) {
	if *value != 0 {
		w.attribute(name, strconv.Itoa(*value))
	}
}

func (w *writer) flag(name string, value *bool, zero bool) {
	if *value {
		w.attribute(name, strconv.FormatBool(!zero))
	}
}

func (w *writer) words(name string, value *[]string, _ ...string) {
	if len(*value) > 0 {
		w.attribute(name, strings.Join(*value, " "))
	}
}

func (w *writer) content(_ string, value *string) {
	w.out = append(w.out, '>')
	w.out = appendEscaped(w.out, strings.TrimSpace(*value))
	w.open = false
}

func (w *writer) prompts(value *[]Verb) { writeChildren(w, *value) }

func (w *writer) nouns(value *[]Noun) { writeChildren(w, *value) }

func writeChildren[T any](w *writer, children []T) {
	if len(children) == 0 {
		return
	}
	w.out = append(w.out, '>')
	for _, child := range children {
		w.element(child)
	}
	w.line()
}

// appendEscaped appends s, escaped for texts and for attributes in double quotes. Line ends and tabs become references, since a reader of
// XML turns them into other white space.
func appendEscaped(out []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '&':
			out = append(out, "&amp;"...)
		case r == '<':
			out = append(out, "&lt;"...)
		case r == '>':
			out = append(out, "&gt;"...)
		case r == '"':
			out = append(out, "&quot;"...)
		case r == '\t':
			out = append(out, "&#x9;"...)
		case r == '\n':
			out = append(out, "&#xA;"...)
		case r == '\r':
			out = append(out, "&#xD;"...)
		case r < ' ' || r == 0xFFFE || r == 0xFFFF:
			out = utf8.AppendRune(out, utf8.RuneError)
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}
