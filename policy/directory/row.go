package directory

import (
	"encoding/csv"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/officernd/supportline/policy"
)

// maxCell bounds one field: names are spoken and shown in tables.
const maxCell = 500

func (d *directoryReader) customer(cells []string) policy.Customer {
	row := rowReader{directoryReader: d, cells: cells}
	c := policy.Customer{
		Number:        policy.CustomerNumber(row.read("number", d.number)),
		Name:          row.read("name", required),
		Package:       row.read("package", d.packages.check),
		Line:          policy.Phone(row.read("line", d.line)),
		AccountHolder: row.read("account_holder", optional),
		Email:         row.read("email", email),
		Phone:         policy.Phone(row.read("phone", phone)),
	}
	for _, number := range strings.Split(row.read("caller_numbers", callerNumbers), ";") {
		if number != "" && !slices.Contains(c.CallerNumbers, policy.Phone(number)) {
			c.CallerNumbers = append(c.CallerNumbers, policy.Phone(number))
		}
	}
	row.once(c.Number)
	return c
}

// check reads the text of a cell.
type check func(cell string) reading

// reading is a cell as it is stored, or what is wrong with it. Warning is there, without its place, if something was left out or is probably meant otherwise.
type reading struct {
	kept           string
	wrong, warning Problem
}

func wrong(what, instead string) reading {
	return reading{wrong: Problem{What: what, Instead: instead}}
}

type rowReader struct {
	*directoryReader
	cells []string
}

// read takes one field through its check. The record is reused for the next row, so what is kept of it is copied.
func (r rowReader) read(field string, valid check) string {
	i := r.at[field]
	cell, found := text(r.cells[i])
	if found.wrong.What == "" {
		warned := found.warning
		if found = valid(cell); found.warning.What == "" {
			found.warning = warned
		}
	}
	r.warnings.at(r.in, i, field, found.warning)
	if found.wrong.What != "" {
		r.problems.at(r.in, i, field, found.wrong)
		return ""
	}
	return strings.Clone(found.kept)
}

// at adds what is wrong with a field, if anything is, with its place.
func (p *problems) at(in *csv.Reader, i int, field string, found Problem) {
	if found.What != "" {
		found.Line, found.Column = in.FieldPos(i)
		found.Field = field
		p.add(found)
	}
}

// once adds a problem if an earlier row has the customer number.
func (r rowReader) once(number policy.CustomerNumber) {
	if number == "" {
		return
	}
	line, column := r.in.FieldPos(r.at["number"])
	if earlier, twice := r.first[number]; twice {
		r.problems.add(Problem{
			Line: line, Column: column, Field: "number",
			What: fmt.Sprintf("%s is the number of line %d already", number, earlier), Instead: "give each customer a number of their own",
		})
		return
	}
	r.first[number] = line
}

// text checks what holds for every cell, and returns it without the spaces around it and the quote against formulas.
func text(cell string) (string, reading) {
	switch {
	case !utf8.ValidString(cell):
		return "", wrong("the text is not UTF-8", "save the file as CSV UTF-8")
	case len(cell) > maxCell && strings.Contains(cell, "\n"):
		return "", wrong(fmt.Sprintf("a quoted field goes on over %d lines", strings.Count(cell, "\n")+1), "close its quote where the field ends")
	case len(cell) > maxCell:
		return "", wrong(fmt.Sprintf("%d bytes are too many", len(cell)), fmt.Sprintf("write at most %d", maxCell))
	case strings.ContainsFunc(cell, unicode.IsControl):
		return "", wrong(fmt.Sprintf("%s holds a line break, a tab or another control character", quoted(cell)), "write it on one line")
	case strings.ContainsRune(cell, utf8.RuneError):
		return "", wrong(fmt.Sprintf("%s holds \ufffd in place of a letter that was lost when the file was saved", quoted(cell)), "save it again as CSV UTF-8")
	}
	var found reading
	if meant := ungarbled(cell); meant != "" {
		found.warning = Problem{
			What: quoted(cell) + " looks as if the file was saved in another encoding once", Instead: fmt.Sprintf("write %s if that is meant", quoted(meant)),
		}
	}
	return unguarded(strings.TrimSpace(cell)), found
}

// ungarbled returns a text as it was before UTF-8 was taken for Windows-1252 and saved again, as "München" was that became "MÃ¼nchen", or "".
func ungarbled(cell string) string {
	if !strings.ContainsAny(cell, "ÃÂâ") {
		return ""
	}
	before, err := charmap.Windows1252.NewEncoder().String(cell)
	if err != nil || !utf8.ValidString(before) {
		return ""
	}
	return before
}

func required(cell string) reading {
	if cell == "" {
		return wrong("the field is empty", "fill it in")
	}
	return reading{kept: cell}
}

func optional(cell string) reading { return reading{kept: cell} }

func (d *directoryReader) number(cell string) reading {
	cell = unmarked(cell)
	instead := fmt.Sprintf("write exactly %d digits", d.digits)
	other := strings.IndexFunc(cell, func(c rune) bool { return c < '0' || c > '9' })
	switch {
	case cell == "":
		return wrong("the field is empty", instead)
	case rounded.MatchString(cell):
		return wrong(fmt.Sprintf("%s is how a spreadsheet shows a long number, and digits may be lost", quoted(cell)), "format the column as text, and "+instead)
	case decimal.MatchString(cell):
		return wrong(fmt.Sprintf("%s has decimals, which a spreadsheet added", quoted(cell)), "format the column as text, and "+instead)
	case strings.ContainsFunc(cell, unicode.IsSpace):
		return wrong(fmt.Sprintf("%s holds a space", quoted(cell)), instead)
	case other >= 0:
		c, _ := utf8.DecodeRuneInString(cell[other:])
		return wrong(fmt.Sprintf("%s holds %q, which a caller cannot key", quoted(cell), c), instead)
	case len(cell) < d.digits:
		return wrong(fmt.Sprintf("%s has %s", quoted(cell), counted(len(cell), "digit", "digits")), instead+"; a spreadsheet may have dropped zeros at the front")
	case len(cell) > d.digits:
		return wrong(fmt.Sprintf("%s has %d digits", quoted(cell), len(cell)), instead)
	}
	return reading{kept: cell}
}

func (d *directoryReader) line(cell string) reading {
	instead := "write one of " + strings.Join(policy.FullNumbers(d.lines), ", ")
	if cell == "" {
		return wrong("the field is empty", instead)
	}
	if slices.Contains(d.lines, policy.Phone(cell)) {
		return reading{kept: cell} // as nearly every row has it, and much quicker than reading it as a telephone number
	}
	found := phone(cell)
	if found.wrong.What != "" || !slices.Contains(d.lines, policy.Phone(found.kept)) {
		if rounded.MatchString(unmarked(cell)) {
			return wrong(found.wrong.What, "format the column as text, and "+instead)
		}
		return wrong(quoted(cell)+" is not a line of yours", instead)
	}
	return found
}

// named matches an e-mail address with the name of its owner, as mail programs write it: Ada <ada@example.com>.
var named = regexp.MustCompile(`^(.*\S)\s*<\s*([^<>\s]+)\s*>$`)

// email checks that a cell looks like an address. Only a message can show whether it exists.
func email(cell string) reading {
	found := reading{kept: cell}
	if parts := named.FindStringSubmatch(cell); parts != nil {
		found.kept, found.warning = parts[2], Problem{What: fmt.Sprintf("the name %s is left out of the address", quoted(parts[1]))}
	}
	name, host, _ := strings.Cut(found.kept, "@")
	dotted := strings.Contains(strings.Trim(host, "."), ".") && !strings.Contains(host, "..")
	unseen := func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }
	odd := strings.ContainsAny(found.kept, ",;<>\"()") || strings.ContainsFunc(found.kept, unseen) || strings.Contains(host, "@")
	if found.kept != "" && (name == "" || !dotted || odd) {
		return wrong(quoted(cell)+" is not an e-mail address", "write one like office@example.com, or nothing")
	}
	return found
}
