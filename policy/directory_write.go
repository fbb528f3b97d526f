package policy

import (
	"encoding/csv"
	"io"
	"strings"
)

// WriteCustomers writes a customers file that ReadCustomers reads back to the same customers. A cell that a spreadsheet would take
// for a formula gets a ' in front, which reading takes away again; phone numbers in E.164 stay as they are.
func WriteCustomers(w io.Writer, customers []Customer) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for _, c := range customers {
		cells := c.cells()
		for i := range cells {
			cells[i] = HarmlessCell(cells[i])
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// HarmlessCell is a cell with a quote in front where a spreadsheet would take it for a formula.
func HarmlessCell(cell string) string {
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

// formula says whether a spreadsheet would run the cell. Digits after a plus are a number, and no formula.
func formula(cell string) bool {
	if cell == "" {
		return false
	}
	if cell[0] == '+' {
		return strings.Trim(cell, "+;0123456789") != ""
	}
	return strings.ContainsRune("=-@", rune(cell[0]))
}
