package directory

import (
	"fmt"
	"unicode/utf8"
)

// Problem is one thing that is wrong with a customers file, where it is, and what to write instead.
type Problem struct {
	Line   int // from 1, the header's included; 0: the file as a whole
	Column int // the byte of the line at which the field begins, from 1; 0: the line as a whole
	Field  string
	What   string
	// Instead is what to write, as a sentence part: "write 6 digits". Empty where What says it all.
	Instead string
	// More is how many problems the list leaves out, in its last one.
	More int
}

// First returns the first problems of a list that Read returned, at most limit, and how many there are beyond them.
func First(list []Problem, limit int) (first []Problem, more int) {
	if n := len(list); n > 0 && list[n-1].More > 0 {
		list, more = list[:n-1], list[n-1].More
	}
	first = list[:min(len(list), limit)]
	return first, more + len(list) - len(first)
}

// String returns the problem without the file's name: "3:12: number: ...; write ...".
func (p Problem) String() string {
	if p.Line == 0 {
		return p.words()
	}
	return p.place() + " " + p.words()
}

// In returns the problem with the file's name before it: file:line:column.
func (p Problem) In(file string) string { return file + ":" + p.placeOrBlank() + p.words() }

// WarningIn is In for something that is not wrong, and worth a look.
func (p Problem) WarningIn(file string) string {
	return file + ":" + p.placeOrBlank() + "warning: " + p.words()
}

func (p Problem) placeOrBlank() string {
	if p.Line == 0 {
		return " "
	}
	return p.place() + " "
}

// place returns "3:12:", or "3:" for the line as a whole.
func (p Problem) place() string {
	if p.Column == 0 {
		return fmt.Sprintf("%d:", p.Line)
	}
	return fmt.Sprintf("%d:%d:", p.Line, p.Column)
}

func (p Problem) words() string {
	text := p.What
	if p.Field != "" {
		text = p.Field + ": " + text
	}
	if p.Instead != "" {
		text += "; " + p.Instead
	}
	return text
}

// maxProblems bounds the list: nobody repairs a thousand rows by reading messages, and a wrong file must not fill the memory.
const maxProblems = 1000

// problems collects what is wrong, up to the bound, and counts the rest.
type problems struct {
	list []Problem
	more int
}

func (p *problems) add(problem Problem) {
	if len(p.list) == maxProblems {
		p.more++
		return
	}
	p.list = append(p.list, problem)
}

func (p *problems) all() []Problem {
	if p.more > 0 {
		return append(p.list, Problem{What: fmt.Sprintf("and %d more", p.more), More: p.more})
	}
	return p.list
}

// quoted shows a cell in a message: escaped, so that it cannot move the terminal's cursor, and short.
func quoted(cell string) string {
	if utf8.RuneCountInString(cell) > 40 {
		cell = string([]rune(cell)[:40]) + "..."
	}
	return fmt.Sprintf("%q", cell)
}
