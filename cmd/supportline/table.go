package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
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

// writeJSON writes the values as one JSON array, one value a line, each as soon as it is there.
func writeJSON[T any](w io.Writer, values func(yield func(T, error) bool)) error {
	out := bufio.NewWriter(w)
	before := "[\n"
	for v, err := range values {
		if err != nil {
			return err
		}
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		out.WriteString(before)
		out.Write(text)
		before = ",\n"
	}
	if before == "[\n" {
		out.WriteString("[")
	}
	out.WriteString("\n]\n")
	return out.Flush()
}

// writeCSV writes a header and the rows, each as soon as it is there.
func writeCSV[T any](w io.Writer, head []string, values func(yield func(T, error) bool), row func(T) []string) error {
	out := csv.NewWriter(w)
	if err := out.Write(head); err != nil {
		return err
	}
	for v, err := range values {
		if err != nil {
			return err
		}
		cells := row(v)
		for i := range cells {
			cells[i] = harmless(cells[i])
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// harmless keeps a spreadsheet from taking a cell for a formula: a leading quote makes it text. A telephone number stays as it is,
// because a plus and digits are no formula worth fearing and other programs read the column.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) || telephone(cell) {
		return cell
	}
	return "'" + cell
}

func telephone(s string) bool {
	digits, plus := strings.CutPrefix(s, "+")
	return plus && digits != "" && strings.Trim(digits, "0123456789") == ""
}
