package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxSize bounds what is read: a configuration is a page or two, and anything near this is the wrong file.
const maxSize = 1 << 20

// ReadFile reads a small regular file. A device or a pipe named by mistake must not make the program hang. The error does not name the file.
func ReadFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, plainly(err)
	case info.IsDir():
		return nil, errFolder
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case info.Size() > maxSize:
		return nil, fmt.Errorf("it has %d bytes, more than the %d that are allowed", info.Size(), maxSize)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, plainly(err)
	}
	return text, nil
}

// The reasons why a file cannot be read that have an advice of their own.
var (
	errFolder    = errors.New("it is a folder")
	errNotThere  = errors.New("there is no such file")
	errForbidden = errors.New("this user may not read it")
)

// plainly returns why a file cannot be read, without its name.
func plainly(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errNotThere
	case errors.Is(err, fs.ErrPermission):
		return errForbidden
	}
	return errors.Unwrap(err)
}

// unread returns what to do where a configuration cannot be read.
func unread(name string, why error) (instead string) {
	switch why {
	case errFolder:
		return "name a file in it, such as " + filepath.Join(name, "supportline.yaml")
	case errForbidden:
		return "let the user that runs this command read it, the folders above it included"
	}
	return "name it with --config, or start from supportline.example.yaml"
}

// document parses the one YAML document of a text. It returns nil after a problem. empty is the advice for an empty text.
func document(f *findings, file string, text []byte, empty string) *yaml.Node {
	at := place{File: file, Line: 1, Column: 1}
	if len(text) > maxSize {
		f.add(at, fmt.Sprintf("the file has %d bytes, more than the %d that are allowed", len(text), maxSize), "name the right file")
		return nil
	}
	if !isText(f, at, text) || !readable(f, at, text) {
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

// isText reports what is no text at all, or in another encoding, as a whole.
func isText(f *findings, at place, text []byte) bool {
	head := text[:min(len(text), 1000)]
	switch zeros := bytes.Count(head, []byte{0}); {
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")), zeros > 0 && zeros*3 >= len(head):
		f.add(at, "the file is in UTF-16 or UTF-32", "save it as UTF-8: in Notepad, Save as, Encoding")
		return false
	case zeros > 0:
		f.add(at, "the file is no text", "name the right file")
		return false
	}
	return true
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
	at.Line, at.Column = syntax.Mark.Line, syntax.Mark.Column
	lines := strings.Split(string(text), "\n")
	if tab, ok := tabBefore(lines, at); ok {
		f.add(tab, "a tab stands here, and YAML is indented with spaces", "write spaces instead, two for each step inwards")
		return
	}
	if first := characterAt(lines, at); strings.ContainsRune("@`%", first) && strings.Contains(syntax.Message, "cannot start") {
		f.add(at, fmt.Sprintf("a value cannot begin with %c", first), "put the value in quotes")
		return
	}
	if strings.HasPrefix(syntax.Message, "unknown anchor") { // the message would show the value
		f.add(at, "a value that begins with * repeats another one, and there is none of that name", "put the value in quotes")
		return
	}
	// After an open quote or bracket the parser fails far below. The place where it was opened is more useful.
	what := "this is not YAML: " + syntax.Message
	if syntax.ContextMsg != "" {
		at.Line, at.Column = syntax.ContextMark.Line, syntax.ContextMark.Column
		what += " " + syntax.ContextMsg
	}
	instead := ""
	switch last := len(lines); {
	case at.Line > last: // the end of a text without a line end counts as a line to the parser
		at.Line, at.Column = last, utf8.RuneCountInString(lines[last-1])+1
	case at.Line >= 1 && strings.Contains(lines[at.Line-1], "${"):
		instead = `inside [ ] and { } write "${NAME}" in quotes`
	}
	f.add(at, what, instead)
}

// characterAt returns the character at a place, 0 where there is none.
func characterAt(lines []string, at place) rune {
	if at.Line >= 1 && at.Line <= len(lines) {
		if line := []rune(lines[at.Line-1]); at.Column >= 1 && at.Column <= len(line) {
			return line[at.Column-1]
		}
	}
	return 0
}

// tabBefore returns the place of a tab in the blanks that end where the parser failed, or that begin its line.
func tabBefore(lines []string, at place) (place, bool) {
	if at.Line < 1 || at.Line > len(lines) {
		return at, false
	}
	line := []rune(lines[at.Line-1])
	from := min(max(at.Column-1, 0), len(line))
	for from > 0 && (line[from-1] == ' ' || line[from-1] == '\t') {
		from--
	}
	for i, r := range line[from:] {
		if r == '\t' {
			at.Column = from + i + 1
			return at, true
		}
		if r != ' ' {
			break
		}
	}
	indent := string(line[:len(line)-len([]rune(strings.TrimLeft(string(line), " \t")))])
	if i := strings.IndexRune(indent, '\t'); i >= 0 {
		at.Column = i + 1
		return at, true
	}
	return at, false
}
