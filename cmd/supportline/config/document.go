package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxSize bounds what is read: a configuration is a page or two, and anything near this is the wrong file.
const maxSize = 1 << 20

// readFile reads a small regular file. A device or a pipe named by mistake must not make the program hang.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	if info.Size() > maxSize {
		return nil, fmt.Errorf("it has %d bytes, more than the %d that are allowed", info.Size(), maxSize)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	return text, nil
}

// document parses the one YAML document of a text. It returns nil after a problem. empty is the advice for an empty text.
func document(f *findings, file string, text []byte, empty string) *yaml.Node {
	at := place{File: file, Line: 1, Column: 1}
	if len(text) > maxSize {
		f.add(at, fmt.Sprintf("the file has %d bytes, more than the %d that are allowed", len(text), maxSize), "name the right file")
		return nil
	}
	if !readable(f, at, text) {
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		f.add(at, err.Error(), "")
		return nil
	}
	var root, second yaml.Node
	switch err := loader.Load(&root); {
	case errors.Is(err, io.EOF), err == nil && null(root.Content[0]):
		f.add(at, "nothing is written here", empty)
		return nil
	case err != nil:
		addSyntax(f, at, text, err)
		return nil
	}
	switch err := loader.Load(&second); {
	case err == nil:
		at.Line = second.Line
		f.add(at, "a second document begins here", "remove the line --- and write everything in one document")
		return nil
	case !errors.Is(err, io.EOF):
		addSyntax(f, at, text, err)
		return nil
	}
	return root.Content[0]
}

// readable reports the first character that YAML does not allow. The parser would not say where it is.
func readable(f *findings, at place, text []byte) bool {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			f.add(at, "this byte is not UTF-8 text", "save the file as UTF-8")
			return false
		case unicode.IsControl(r) && !strings.ContainsRune("\t\r\n\u0085", r):
			f.add(at, fmt.Sprintf("the control character U+%04X is not allowed", r), "remove it")
			return false
		}
		at.Column++
		if r == '\n' {
			at.Line, at.Column = at.Line+1, 1
		}
		text = text[size:]
	}
	return true
}

func addSyntax(f *findings, at place, text []byte, err error) {
	var syntax *yaml.LoadError
	if !errors.As(err, &syntax) {
		f.add(at, err.Error(), "")
		return
	}
	// After an open quote or bracket the parser fails far below. The place where it was opened is more useful.
	mark := syntax.Mark
	what := "this is not YAML: " + syntax.Message
	if syntax.ContextMsg != "" {
		mark = syntax.ContextMark
		what += " " + syntax.ContextMsg
	}
	at.Line, at.Column = mark.Line, mark.Column
	lines, instead := strings.Split(string(text), "\n"), ""
	switch last := len(lines); {
	case mark.Line > last: // the end of a text without a line end counts as a line to the parser
		at.Line, at.Column = last, utf8.RuneCountInString(lines[last-1])+1
	case mark.Line >= 1 && strings.Contains(lines[mark.Line-1], "${"):
		instead = `inside [ ] and { } write "${NAME}" in quotes`
	}
	f.add(at, what, instead)
}
