package main

import (
	"bufio"
	"io"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/officernd/supportline/policy"
)

// table is rows of text under headings, for a person: columns aligned, two spaces between them.
type table struct {
	head  []string
	right map[string]bool // headings of the columns of figures, which are set to the right
	rows  [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write sets the table. Bold headings are for terminals.
func (t *table) write(w io.Writer, colour bool) error {
	width := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(plain(cell)))
		}
	}
	out := bufio.NewWriter(w)
	head := t.line(t.head, width)
	if colour {
		head = "\x1b[1m" + head + "\x1b[0m"
	}
	out.WriteString(head + "\n")
	for _, row := range t.rows {
		out.WriteString(t.line(row, width) + "\n")
	}
	return out.Flush()
}

func (t *table) line(row []string, width []int) string {
	var line strings.Builder
	for i, cell := range row {
		cell = plain(cell)
		pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
		if t.right[t.head[i]] {
			line.WriteString(pad + cell)
		} else {
			line.WriteString(cell + pad)
		}
		line.WriteString("  ")
	}
	return strings.TrimRight(line.String(), " ")
}

// plain takes control characters out of text that came from outside, so that a name cannot steer the terminal that shows it.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
}

// writeJSON and writeCSV write the data of a command, as policy says how.
func writeJSON[T any](w io.Writer, values iter.Seq2[T, error]) error {
	return policy.WriteJSON(w, values)
}

func writeCSV[T any](w io.Writer, values iter.Seq2[T, error]) error {
	return policy.WriteCSV(w, values)
}

// each gives values that are all there.
func each[T any](values []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}
