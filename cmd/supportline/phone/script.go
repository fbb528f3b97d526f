package phone

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Script is a call that is written down. It was read and checked for sense.
type Script struct {
	Name       string // the file's path, as it is shown in errors
	statements []statement
}

type statement struct {
	line int
	text string
	do   any
}

// maxScript bounds a script, far above any real one.
const maxScript = 1 << 20

// Parse reads a script. The error holds all problems, one a line: "file:line: what is wrong; what to write instead".
func Parse(name string, text []byte) (Script, error) {
	s := Script{Name: name}
	if len(text) > maxScript || !utf8.Valid(text) {
		return s, fmt.Errorf("%s:1: this is not a script: write a text file in UTF-8 of less than 1 MB", name)
	}
	var problems []error
	for i, line := range strings.Split(strings.TrimPrefix(string(text), "\uFEFF"), "\n") {
		line = strings.TrimSpace(line)
		do, err := parseLine(line)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: %w", name, i+1, err))
		} else if do != nil {
			s.statements = append(s.statements, statement{i + 1, line, do})
		}
	}
	return s, errors.Join(append(problems, s.order()...)...)
}

// parseLine returns the statement of a line, nil for an empty one.
func parseLine(line string) (any, error) {
	words, err := split(line)
	if err != nil || len(words) == 0 {
		return nil, err
	}
	if words[0].text == "phone" {
		words[0].text = "specialist"
	}
	best, why, instead := 0, error(nil), []string{}
	for _, f := range forms() {
		values, far, err := match(f.pattern, line, words)
		switch {
		case err == nil:
			return f.make(values), nil
		case far > best:
			best, why, instead = far, err, []string{f.pattern}
		case far == best && far > 0:
			instead = append(instead, f.pattern)
		}
	}
	if best == 0 {
		var first []string
		for _, f := range forms() {
			first = append(first, strings.Fields(f.pattern)[0])
		}
		slices.Sort(first)
		return nil, fmt.Errorf("%q begins no statement; write one of: %s", words[0].text, strings.Join(slices.Compact(first), ", "))
	}
	return nil, fmt.Errorf("%w; write: %s", why, strings.ReplaceAll(strings.Join(instead, " | "), "REST", "VALUE"))
}

// order returns the problems of statements in the wrong place.
func (s Script) order() []error {
	var problems []error
	clock, dialled := false, false
	problem := func(st statement, format string) {
		problems = append(problems, fmt.Errorf("%s:%d: "+format, s.Name, st.line))
	}
	for _, st := range s.statements {
		switch st.do.(type) {
		case clockMove:
			clock = true
		case dialing:
			if !clock {
				problem(st, "nobody knows what time it is; write a clock statement before the first dial")
			}
			clock, dialled = true, true
		case setting:
			if dialled {
				problem(st, "the server is open already; write this before the first dial")
			}
		case scene, fault:
		default:
			if !dialled {
				problem(st, "nobody has called yet; write a dial statement before it")
			}
		}
	}
	if !dialled {
		problems = append(problems, fmt.Errorf("%s:1: nobody calls; write a dial statement, such as: dial +448000668187 from +442079460018", s.Name))
	}
	return problems
}

// Help returns the description of the language: every statement with what it does.
func Help() string {
	var b strings.Builder
	for _, part := range []struct {
		title string
		forms []form
	}{
		{"The scene, anywhere (with, customers and restricted only before the first dial)", sceneForms},
		{"Specialists, anywhere (phone for specialist where it is a caller who is called back)", specialistForms},
		{"The call", callForms},
		{"The log, after the call", logForms},
		{"Text messages, after the call", textForms},
		{"The follow-up of the last call to a line, after it", followUpForms},
	} {
		fmt.Fprintf(&b, "%s:\n", part.title)
		for _, f := range part.forms {
			fmt.Fprintf(&b, "  %s\n        %s\n", strings.ReplaceAll(f.pattern, "REST", "VALUE"), f.help)
		}
	}
	b.WriteString("Texts are in double quotes, durations 5s, 3m or 1m30s. A # at the start of a line, or between spaces, begins a comment;\nthe key # before a comment is written \"#\".\n")
	return b.String()
}
