package control

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/officernd/supportline/policy"
)

// A Table is rows of text under headings, for a person: columns aligned, two spaces between them.
type Table struct {
	Head  []string
	Right map[string]bool // headings of the columns of figures, which are set to the right
	rows  [][]string
}

// Add adds a row.
func (t *Table) Add(cells ...string) { t.rows = append(t.rows, cells) }

// Write prints the table. Bold headings are for terminals.
func (t *Table) Write(w io.Writer, colour bool) error {
	width := make([]int, len(t.Head))
	for _, row := range append([][]string{t.Head}, t.rows...) {
		for i, cell := range row {
			width[i] = max(width[i], uniseg.StringWidth(Plain(cell)))
		}
	}
	out := bufio.NewWriter(w)
	out.WriteString(Styled(Bold, t.line(t.Head, width), colour) + "\n")
	for _, row := range t.rows {
		out.WriteString(t.line(row, width) + "\n")
	}
	return out.Flush()
}

func (t *Table) line(row []string, width []int) string {
	var line strings.Builder
	for i, cell := range row {
		cell = Plain(cell)
		pad := strings.Repeat(" ", width[i]-uniseg.StringWidth(cell))
		if t.Right[t.Head[i]] {
			line.WriteString(pad + cell)
		} else {
			line.WriteString(cell + pad)
		}
		line.WriteString("  ")
	}
	return strings.TrimRight(line.String(), " ")
}

// Print writes values as "json", as "csv", or as rows of the table. A table without rows is the sentence none, on standard error.
func Print[T any](s *Session, format string, values iter.Seq2[T, error], t Table, cells func(T) []string, none string) error {
	if format != "table" {
		return Export(s, format, values)
	}
	for v, err := range values {
		if err != nil {
			return err
		}
		t.Add(cells(v)...)
	}
	if t.Len() == 0 {
		fmt.Fprintln(s.Err, none)
		return nil
	}
	return t.Write(s.Out, s.Colour)
}

// Export writes values as "json" or "csv".
func Export[T any](s *Session, format string, values iter.Seq2[T, error]) error {
	if format == "json" {
		return policy.WriteJSON(s.Out, values)
	}
	return policy.WriteCSV(s.Out, values)
}

// Len returns the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// The styles of text on a terminal.
const (
	Bold   = "1"
	Red    = "31"
	Green  = "32"
	Yellow = "33"
)

// Styled returns a text in a style, or as it is where the terminal takes none.
func Styled(style, text string, colour bool) string {
	if !colour {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// Plural returns a number of things in words: "1 problem", "2 problems".
func Plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if strings.HasSuffix(thing, "s") {
		return fmt.Sprintf("%d %ses", n, thing)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Plain takes control characters out of text that came from outside, so that a name cannot steer the terminal that shows it.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
}

// Rows returns the rows of those values that have one.
func Rows[T, Row any](values iter.Seq2[T, error], row func(T) (Row, bool)) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for v, err := range values {
			var r Row
			shown := true
			if err == nil {
				r, shown = row(v)
			}
			if shown && (!yield(r, err) || err != nil) {
				return
			}
		}
	}
}

// Each returns the values of a list, none of which is an error.
func Each[T any](values []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}
