package directory

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/officernd/supportline/policy"
)

// maxDirectory bounds a customers file: 100,000 rows take about 15 MB, and a program that was handed a film must not fill the memory.
const maxDirectory = 256 << 20

// File is a customers file without a problem.
type File struct {
	Customers []policy.Customer // in the file's order, numbers in E.164
	// Warnings are what was read otherwise than it is written, or is probably meant otherwise. They are worth a look before the import.
	Warnings []Problem
	Empty    int       // rows without any text, which were skipped
	Without  []Without // the packages without phone support, those that are nearly another one first, then those of most rows
}

// Read reads a customers file: CSV with a header, columns in any order, as spreadsheets save it (see decode). It
// returns the customers in the file's order, numbers in E.164, or else every problem there is, up to 1000, the count of the rest as the
// last one. With any problem there are no customers, so nothing can be half-imported.
func Read(r io.Reader, s policy.Settings) ([]policy.Customer, []Problem) {
	file, problems := ReadFile(r, s)
	return file.Customers, problems
}

// ReadFile is Read with what a person should know before the import. With any problem the file has only its warnings, up to 1000 as well.
func ReadFile(r io.Reader, s policy.Settings) (File, []Problem) {
	d, wrong := newDirectoryReader(r, s)
	if wrong != nil {
		return File{}, []Problem{*wrong}
	}
	if d.header() {
		for d.row() {
		}
		if len(d.problems.list) == 0 && len(d.customers) == 0 {
			d.problems.add(Problem{What: "there is a header and no customer", Instead: "write one row for each customer"})
		}
	}
	if found := d.problems.all(); len(found) > 0 {
		return File{Warnings: d.warnings.all()}, found
	}
	return File{Customers: d.customers, Warnings: d.warnings.all(), Empty: d.empty, Without: d.packages.without(d.customers)}, nil
}

type directoryReader struct {
	digits    int            // of a customer number
	lines     []policy.Phone // each customer's home line is one of them
	packages  packages
	in        *csv.Reader
	limit     *io.LimitedReader
	at        map[string]int // column name to its index
	width     int
	empty     int
	first     map[policy.CustomerNumber]int // the line on which a number came first
	customers []policy.Customer
	problems  problems
	warnings  problems
}

func newDirectoryReader(r io.Reader, s policy.Settings) (*directoryReader, *Problem) {
	limit := &io.LimitedReader{R: r, N: maxDirectory + 1}
	in, wrong := decode(limit)
	if wrong != nil {
		return nil, wrong
	}
	var lines []policy.Phone
	for _, l := range s.Lines {
		lines = append(lines, l.Number)
	}
	return &directoryReader{
		digits: s.Identification.Digits, lines: lines, packages: packages{settings: s, known: map[string]spelled{}}, in: in, limit: limit,
		at: map[string]int{}, first: map[policy.CustomerNumber]int{},
	}, nil
}

// header reads the first row that has a text. Without all the columns there is no sense in the rows.
func (d *directoryReader) header() bool {
	names, err := d.in.Read()
	for err == nil && (blank(names) || strings.EqualFold(names[0], separatorName) || separatorLine(names[0]) != 0) {
		names, err = d.in.Read()
	}
	if errors.Is(err, io.EOF) {
		d.problems.add(Problem{What: "the file is empty", Instead: "begin with the header " + strings.Join(columns, ",")})
		return false
	}
	if err != nil {
		d.unreadable(err)
		return false
	}
	d.width = len(names)
	for i, name := range names {
		d.column(i, strings.TrimSpace(name))
	}
	line, _ := d.in.FieldPos(0)
	d.missing(line)
	return len(d.problems.list) == 0
}

// columnName returns the name of a column as the file's header is understood: in any case, with blanks or hyphens between its words.
func columnName(written string) string {
	written = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) { // such as a second byte order mark
			return -1
		}
		return unicode.ToLower(r)
	}, written)
	words := strings.FieldsFunc(written, func(r rune) bool { return unicode.IsSpace(r) || r == '_' || r == '-' })
	return strings.Join(words, "_")
}

func (d *directoryReader) column(i int, written string) {
	line, column := d.in.FieldPos(i)
	problem := Problem{Line: line, Column: column}
	name := columnName(written)
	before, twice := d.at[name]
	switch {
	case name == "":
		problem.What, problem.Instead = "a column without a name", "name it or delete it"
	case !slices.Contains(columns, name):
		problem.What = fmt.Sprintf("there is no column %s", quoted(written))
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

func (d *directoryReader) missing(line int) {
	for _, name := range columns {
		if _, ok := d.at[name]; !ok {
			d.problems.add(Problem{
				Line: line, Field: name, What: "the column is missing",
				Instead: "add it to the header; its cells may be empty unless they are number, name, package or line",
			})
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
	case blank(cells):
		d.empty++
		return true
	case len(cells) != d.width:
		d.wrongWidth(cells)
		return true
	}
	if customer := d.customer(cells); len(d.problems.list) == 0 { // with a problem there are none in the end
		d.customers = append(d.customers, customer)
	}
	return true
}

// blank reports whether a row has no text, as the rows below a spreadsheet's table have none.
func blank(cells []string) bool {
	unseen := func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }
	return !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimFunc(cell, unseen) != "" })
}

// separators lists the signs that may stand between two cells, with their names.
var separators = map[rune]string{',': "comma", ';': "semicolon", '\t': "tab", '|': "bar"}

// wrongWidth reports a row with more or fewer cells than the header. A quote that is not closed and typographic quotes, which hold nothing together, are
// likely causes.
func (d *directoryReader) wrongWidth(cells []string) {
	line, _ := d.in.FieldPos(0)
	separator := separators[d.in.Comma]
	problem := Problem{
		Line: line, What: fmt.Sprintf("%d fields where the header has %d", len(cells), d.width),
		Instead: fmt.Sprintf("write a %s for each empty field, and quotes around one that holds a %s", separator, separator),
	}
	for i, cell := range cells {
		if lines := strings.Count(cell, "\n"); lines > 0 {
			problem.What += fmt.Sprintf(", and a quoted field goes on over %d lines", lines+1)
			problem.Instead = "close its quote where the field ends"
		} else if strings.IndexAny(strings.TrimSpace(cell), "“”„«»") == 0 {
			problem.What += ", and a field begins with a typographic quote, which does not hold it together"
			problem.Instead = `write " before and after the field`
		} else {
			continue
		}
		problem.Line, problem.Column = d.in.FieldPos(i)
		break
	}
	d.problems.add(problem)
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
