package policy

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"
	"strings"
)

// WriteJSON writes the values as one JSON array, one value a line, each as soon as it is there. After an error the array is not closed.
func WriteJSON[T any](w io.Writer, values iter.Seq2[T, error]) error {
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
		if _, err := out.Write(text); err != nil {
			return err // nobody reads on
		}
		before = ",\n"
	}
	if before == "[\n" {
		out.WriteString("[")
	}
	out.WriteString("\n]\n")
	return out.Flush()
}

// WriteCSV writes a header and the rows, each as soon as it is there. A cell that a spreadsheet would take for a formula becomes text.
func WriteCSV[T any](w io.Writer, head []string, values iter.Seq2[T, error], row func(T) []string) error {
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
	if cell == "" || !strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) || Phone(cell).IsNumber() {
		return cell
	}
	return "'" + cell
}
