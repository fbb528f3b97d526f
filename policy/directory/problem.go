package directory

import (
	"fmt"
	"strings"
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
}

// String returns the problem without the file's name: "3:12: number: ...; write ...".
func (p Problem) String() string {
	var b strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:", p.Line)
		if p.Column > 0 {
			fmt.Fprintf(&b, "%d:", p.Column)
		}
		b.WriteByte(' ')
	}
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.What)
	if p.Instead != "" {
		b.WriteString("; " + p.Instead)
	}
	return b.String()
}

// In returns the problem with the file's name before it: file:line:column.
func (p Problem) In(file string) string {
	if p.Line == 0 {
		return file + ": " + p.String()
	}
	return file + ":" + p.String()
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
		return append(p.list, Problem{What: fmt.Sprintf("and %d more", p.more)})
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
