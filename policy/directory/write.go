package directory

import (
	"encoding/csv"
	"io"
	"strings"

	"github.com/officernd/supportline/policy"
)

// Write writes a customers file that Read reads back to the same customers. A cell that a spreadsheet would take
// for a formula gets a ' in front, which reading takes away again; phone numbers in E.164 stay as they are.
func Write(w io.Writer, customers []policy.Customer) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for _, c := range customers {
		cells := cells(c)
		for i := range cells {
			cells[i] = guarded(cells[i])
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// guarded returns a cell with a quote in front where a spreadsheet would take it for a formula.
func guarded(cell string) string {
	if formula(strings.TrimLeft(cell, "'")) {
		return "'" + cell
	}
	return cell
}

func unguarded(cell string) string {
	if strings.HasPrefix(cell, "'") && formula(strings.TrimLeft(cell, "'")) {
		return cell[1:]
	}
	return cell
}

// formula reports whether a spreadsheet would run the cell. Digits after a plus are a number, and no formula.
func formula(cell string) bool {
	if cell == "" {
		return false
	}
	if cell[0] == '+' {
		return strings.Trim(cell, "+;0123456789") != ""
	}
	return strings.ContainsRune("=-@", rune(cell[0]))
}
