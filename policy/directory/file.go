package directory

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/officernd/supportline/policy"
)

// maxDirectory bounds a customers file: 100,000 rows take about 15 MB, and a program that was handed a film must not fill the memory.
const maxDirectory = 256 << 20

// Read reads a customers file: CSV in UTF-8 with a header, columns in any order; a byte order mark and CRLF are fine. It
// returns the customers in the file's order, numbers in E.164, or else every problem there is, up to 1000, the count of the rest as the
// last one. With any problem there are no customers, so nothing can be half-imported.
func Read(r io.Reader, s policy.Settings) ([]policy.Customer, []Problem) {
	d := newDirectoryReader(r, s)
	if d.header() {
		for d.row() {
		}
	}
	if len(d.problems.list) == 0 && len(d.customers) == 0 {
		d.problems.add(Problem{What: "there is a header and no customer", Instead: "write one row for each customer"})
	}
	if found := d.problems.all(); len(found) > 0 {
		return nil, found
	}
	return d.customers, nil
}

type directoryReader struct {
	digits    int            // of a customer number
	lines     []policy.Phone // each customer's home line is one of them
	in        *csv.Reader
	limit     *io.LimitedReader
	at        map[string]int // column name to its index
	width     int
	first     map[policy.CustomerNumber]int // the line on which a number came first
	customers []policy.Customer
	problems  problems
}

func newDirectoryReader(r io.Reader, s policy.Settings) *directoryReader {
	limit := &io.LimitedReader{R: r, N: maxDirectory}
	buffered := bufio.NewReaderSize(limit, 64<<10)
	if mark, _ := buffered.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		_, _ = buffered.Discard(len(mark)) // they are in the buffer
	}
	in := csv.NewReader(buffered)
	in.ReuseRecord, in.FieldsPerRecord = true, -1
	var lines []policy.Phone
	for _, l := range s.Lines {
		lines = append(lines, l.Number)
	}
	return &directoryReader{digits: s.Identification.Digits, lines: lines, in: in, limit: limit, at: map[string]int{}, first: map[policy.CustomerNumber]int{}}
}

// header reads the first row. Without all the columns there is no sense in the rows.
func (d *directoryReader) header() bool {
	names, err := d.in.Read()
	if errors.Is(err, io.EOF) {
		d.problems.add(Problem{What: "the file is empty", Instead: "begin with the header " + strings.Join(columns, ",")})
		return false
	}
	if err != nil {
		d.unreadable(err)
		return false
	}
	d.width = len(names)
	if d.width == 1 && strings.ContainsAny(names[0], ";\t") {
		d.problems.add(Problem{Line: 1, Column: 1, What: "the columns are not separated by commas", Instead: "save the file as CSV with commas"})
		return false
	}
	for i, name := range names {
		d.column(i, strings.TrimSpace(name))
	}
	d.missing()
	return len(d.problems.list) == 0
}

func (d *directoryReader) column(i int, name string) {
	line, column := d.in.FieldPos(i)
	problem := Problem{Line: line, Column: column}
	before, twice := d.at[name]
	switch {
	case name == "":
		problem.What, problem.Instead = "a column without a name", "name it or delete it"
	case !slices.Contains(columns, name):
		problem.What = fmt.Sprintf("there is no column %s", quoted(name))
		problem.Instead = "delete it; the columns are " + strings.Join(columns, ", ")
		if near := policy.Nearest(name, columns, len(name)/2+1); near != "" {
			problem.Instead = "write " + near
		}
	case twice:
		problem.Field, problem.What, problem.Instead = name, fmt.Sprintf("the column is there already, as number %d", before+1), "keep one of them"
	default:
		d.at[name] = i
		return
	}
	d.problems.add(problem)
}

func (d *directoryReader) missing() {
	for _, name := range columns {
		if _, ok := d.at[name]; !ok {
			d.problems.add(Problem{Line: 1, Field: name, What: "the column is missing", Instead: "add it to the header; its cells may be empty unless they are number, name, package or line"})
		}
	}
}

// row reads one customer. It returns false at the end of the file.
func (d *directoryReader) row() bool {
	cells, err := d.in.Read()
	switch {
	case errors.Is(err, io.EOF):
		if d.limit.N == 0 {
			d.problems.add(Problem{What: fmt.Sprintf("the file is larger than %d MB", maxDirectory>>20), Instead: "split it"})
		}
		return false
	case err != nil:
		return d.unreadable(err)
	}
	if len(cells) != d.width {
		line, _ := d.in.FieldPos(0)
		d.problems.add(Problem{
			Line: line, What: fmt.Sprintf("%d fields where the header has %d", len(cells), d.width),
			Instead: "write a comma for each empty field, and quotes around one that holds a comma",
		})
		return true
	}
	before := len(d.problems.list) + d.problems.more
	customer := d.customer(cells)
	if len(d.problems.list)+d.problems.more == before {
		d.customers = append(d.customers, customer)
	}
	return true
}

// unreadable reports what the CSV itself got wrong, and returns whether reading can go on with the next line.
func (d *directoryReader) unreadable(err error) bool {
	parse := &csv.ParseError{}
	if !errors.As(err, &parse) {
		d.problems.add(Problem{What: "the file cannot be read: " + err.Error()})
		return false
	}
	problem := Problem{Line: parse.Line, Column: parse.Column}
	problem.What, problem.Instead = "a quote inside a field without quotes", `put the field in quotes and write "" for each quote in it`
	if errors.Is(parse.Err, csv.ErrQuote) {
		problem.Line, problem.Column = parse.StartLine, 0
		problem.What, problem.Instead = "a quoted field that does not end, or text after its end", `end it with a quote before the comma, and write "" for a quote in it`
	}
	d.problems.add(problem)
	return true
}

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

// In returns the problem with the file's name before it: file:line:column.
func (p Problem) In(file string) string {
	if p.Line == 0 {
		return file + ": " + p.String()
	}
	return file + ":" + p.String()
}

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
