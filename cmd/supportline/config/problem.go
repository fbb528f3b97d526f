package config

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

// Problem is one mistake in a configuration. Line and Column count from 1. A problem of a file as a whole is at 1:1.
type Problem struct {
	File         string // as it was named to Load, the words file, or the path of an overlay
	Line, Column int
	What         string // what is wrong
	Instead      string // what to do instead, as a request: "write 20s"; may be empty
}

// String returns the problem on one line: "supportline.yaml:12:7: what; write this".
func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.What)
	if p.Instead != "" {
		s += "; " + p.Instead
	}
	return s
}

// WriteProblems writes the problems, one a line.
func WriteProblems(w io.Writer, problems []Problem) error {
	for _, p := range problems {
		if _, err := fmt.Fprintln(w, p); err != nil {
			return err
		}
	}
	return nil
}

type place = notices.Place

// findings holds the problems found so far, and apart from them the notes.
type findings struct{ list, notes []Problem }

func (f *findings) add(at place, what, instead string) {
	f.report(Problem{at.File, at.Line, at.Column, what, instead})
}

// note adds advice on what can be used as it is.
func (f *findings) note(at place, what, instead string) {
	f.notes = append(f.notes, tidied(Problem{at.File, at.Line, at.Column, "note: " + what, instead}))
}

func (f *findings) report(p Problem) { f.list = append(f.list, tidied(p)) }

func tidied(p Problem) Problem {
	p.Line, p.Column, p.What, p.Instead = max(1, p.Line), max(1, p.Column), oneLine(p.What), oneLine(p.Instead)
	return p
}

// sorted returns problems in the order of their positions, those of the main file first, and once what an alias repeats.
func sorted(list []Problem, main string) []Problem {
	file := func(p Problem) string {
		if p.File == main {
			return ""
		}
		return p.File
	}
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(file(a), file(b)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(list)
}

// oneLine returns a text with every white space turned into one space: what is quoted in a problem may have line ends.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// quoted returns a value in quotation marks, shortened where it is long.
func quoted(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "..."
	}
	return fmt.Sprintf("%q", s)
}

// meant returns the advice to write the most similar known name, or else one of them all.
func meant(name string, known []string) string {
	return "write " + cmp.Or(nearest(name, known), listed(known))
}

// nearest returns the known name that was most likely meant. Of two letters, as of "7d", one is no likeness.
func nearest(name string, known []string) string {
	if len(name) < 3 {
		return ""
	}
	return policy.Nearest(name, known, 1+len(name)/3)
}

// listed returns "a, b or c".
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
