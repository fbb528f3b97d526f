package policy

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"
	"reflect"
	"strconv"
	"strings"
	"time"
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

// WriteCSV writes the rows, which are structs, under a header of their JSON names, each row as soon as it is there. A cell that a spreadsheet
// would take for a formula becomes text. See Columns and Cells.
func WriteCSV[T any](w io.Writer, rows iter.Seq2[T, error]) error {
	var row T
	value, columns := reflect.ValueOf(&row).Elem(), columnsOf(reflect.TypeFor[T]())
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.name
	}
	out := csv.NewWriter(w)
	if err := out.Write(cells); err != nil {
		return err
	}
	for r, err := range rows {
		if err != nil {
			return err
		}
		row = r
		for i, c := range columns {
			cells[i] = harmless(c.cell(value.Field(c.field)))
		}
		if err := out.Write(cells); err != nil {
			return err // nobody reads on
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

// Columns returns the names of a struct's columns: the JSON names of its fields, in their order, without those that JSON leaves out.
func Columns[T any]() []string {
	columns := columnsOf(reflect.TypeFor[T]())
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

// Cells returns a struct's fields as texts, in the order of Columns: times in RFC 3339 and UTC to the second, and nothing for a nil pointer
// or a zero time. It panics if a field is neither text, a whole number, a truth value, a time, nor a pointer to one.
func Cells[T any](row T) []string {
	value, columns := reflect.ValueOf(&row).Elem(), columnsOf(reflect.TypeFor[T]())
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.cell(value.Field(c.field))
	}
	return cells
}

// column is one field of a struct.
type column struct {
	name  string
	field int
	cell  func(reflect.Value) string
}

func columnsOf(row reflect.Type) []column {
	var columns []column
	for i := range row.NumField() {
		field := row.Field(i)
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "-" {
			columns = append(columns, column{name, i, cellOf(field.Type)})
		}
	}
	return columns
}

// cellOf returns how a value of a type is written. The value must be addressable, which spares a copy of each time.
func cellOf(t reflect.Type) func(reflect.Value) string {
	if t == reflect.TypeFor[time.Time]() {
		return func(v reflect.Value) string { return timeText(*v.Addr().Interface().(*time.Time)) }
	}
	switch t.Kind() {
	case reflect.String:
		return reflect.Value.String
	case reflect.Bool:
		return func(v reflect.Value) string { return strconv.FormatBool(v.Bool()) }
	case reflect.Int, reflect.Int64:
		return func(v reflect.Value) string { return strconv.FormatInt(v.Int(), 10) }
	case reflect.Pointer:
		cell := cellOf(t.Elem())
		return func(v reflect.Value) string {
			if v.IsNil() {
				return ""
			}
			return cell(v.Elem())
		}
	}
	panic("policy: no cell shows a " + t.String())
}

// timeText returns a time in RFC 3339 and UTC, nothing for the zero time.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
