package policy

import (
	"fmt"
	"strings"
)

// RowProblem is one thing that is wrong with a customers file, where it is, and what to write instead.
type RowProblem struct {
	Line   int // from 1, the header's included; 0: the file as a whole
	Column int // the byte of the line at which the field begins, from 1; 0: the line as a whole
	Field  string
	What   string
	// Instead is what to write, as a sentence part: "write 6 digits". Empty where What says it all.
	Instead string
}

// String is the problem without the file's name: "3:12: number: ...; write ...".
func (p RowProblem) String() string {
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

// maxProblems bounds the list: nobody repairs a thousand rows by reading messages, and a wrong file must not fill the memory.
const maxProblems = 1000

// problems collects what is wrong, up to the bound, and counts the rest.
type problems struct {
	list []RowProblem
	more int
}

func (p *problems) add(problem RowProblem) {
	if len(p.list) == maxProblems {
		p.more++
		return
	}
	p.list = append(p.list, problem)
}

func (p *problems) all() []RowProblem {
	if p.more > 0 {
		return append(p.list, RowProblem{What: fmt.Sprintf("and %d more", p.more)})
	}
	return p.list
}

// In returns the problem with the file's name before it: file:line:column.
func (p RowProblem) In(file string) string {
	if p.Line == 0 {
		return file + ": " + p.String()
	}
	return file + ":" + p.String()
}
