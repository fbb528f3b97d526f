package directory

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"github.com/officernd/supportline/policy"
)

// maxCell bounds one field: names are spoken and shown in tables.
const maxCell = 500

func (d *directoryReader) customer(cells []string) policy.Customer {
	row := rowReader{directoryReader: d, cells: cells}
	c := policy.Customer{
		Number:        policy.CustomerNumber(row.read("number", d.number)),
		Name:          row.read("name", required),
		Package:       row.read("package", required),
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

// check returns a cell as it is stored, or what is wrong with it and what to write instead.
type check func(cell string) (kept, what, instead string)

type rowReader struct {
	*directoryReader
	cells []string
}

// read takes one field through its check. The record is reused for the next row, so what is kept of it is copied.
func (r rowReader) read(field string, valid check) string {
	i := r.at[field]
	cell, what, instead := text(r.cells[i])
	if what == "" {
		cell, what, instead = valid(cell)
	}
	if what != "" {
		line, column := r.in.FieldPos(i)
		r.problems.add(Problem{Line: line, Column: column, Field: field, What: what, Instead: instead})
		return ""
	}
	return strings.Clone(cell)
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
func text(cell string) (kept, what, instead string) {
	switch {
	case !utf8.ValidString(cell):
		return "", "the text is not UTF-8", "save the file as CSV UTF-8"
	case len(cell) > maxCell:
		return "", fmt.Sprintf("%d bytes are too many", len(cell)), fmt.Sprintf("write at most %d", maxCell)
	case strings.ContainsFunc(cell, unicode.IsControl):
		return "", fmt.Sprintf("%s holds a line break, a tab or another control character", quoted(cell)), "write it on one line"
	}
	return unguarded(strings.TrimSpace(cell)), "", ""
}

func required(cell string) (kept, what, instead string) {
	if cell == "" {
		return "", "the field is empty", "fill it in"
	}
	return cell, "", ""
}

func optional(cell string) (kept, what, instead string) { return cell, "", "" }

func (d *directoryReader) number(cell string) (kept, what, instead string) {
	instead = fmt.Sprintf("write exactly %d digits", d.digits)
	other := strings.IndexFunc(cell, func(c rune) bool { return c < '0' || c > '9' })
	switch {
	case cell == "":
		return "", "the field is empty", instead
	case strings.ContainsFunc(cell, unicode.IsSpace):
		return "", fmt.Sprintf("%s holds a space", quoted(cell)), instead
	case other >= 0:
		c, _ := utf8.DecodeRuneInString(cell[other:])
		return "", fmt.Sprintf("%s holds %q, which a caller cannot key", quoted(cell), c), instead
	case len(cell) != d.digits:
		return "", fmt.Sprintf("%s has %d digits", quoted(cell), len(cell)), instead + "; a spreadsheet may have dropped zeros at the front"
	}
	return cell, "", ""
}

func (d *directoryReader) line(cell string) (kept, what, instead string) {
	instead = "write one of " + strings.Join(policy.FullNumbers(d.lines), ", ")
	if cell == "" {
		return "", "the field is empty", instead
	}
	if slices.Contains(d.lines, policy.Phone(cell)) {
		return cell, "", "" // as nearly every row has it, and much quicker than reading it as a telephone number
	}
	number, what, _ := phone(cell)
	if what != "" || !slices.Contains(d.lines, policy.Phone(number)) {
		return "", fmt.Sprintf("%s is not a line of yours", quoted(cell)), instead
	}
	return number, "", ""
}

// email checks that a cell looks like an address. Only a message can show whether it exists.
func email(cell string) (kept, what, instead string) {
	name, host, _ := strings.Cut(cell, "@")
	dotted := strings.Contains(strings.Trim(host, "."), ".") && !strings.Contains(host, "..")
	if cell != "" && (name == "" || !dotted || strings.ContainsAny(cell, " ,;<>\"()") || strings.Contains(host, "@")) {
		return "", fmt.Sprintf("%s is not an e-mail address", quoted(cell)), "write one like office@example.com, or nothing"
	}
	return cell, "", ""
}

// phone reads a number as people write it, with the country in front, into E.164.
func phone(cell string) (kept, what, instead string) {
	const example = "write it with + and the country, like +442079460018, or nothing"
	if cell == "" {
		return "", "", ""
	}
	if !strings.HasPrefix(cell, "+") {
		return "", fmt.Sprintf("%s has no country", quoted(cell)), example
	}
	number, err := phonenumbers.Parse(cell, "")
	if err != nil || !phonenumbers.IsPossibleNumber(number) {
		return "", fmt.Sprintf("%s is not a phone number", quoted(cell)), example
	}
	return phonenumbers.Format(number, phonenumbers.E164), "", ""
}

func callerNumbers(cell string) (kept, what, instead string) {
	var numbers []string
	for _, part := range strings.Split(cell, ";") {
		number, what, instead := phone(strings.TrimSpace(part))
		if what != "" {
			return "", what, instead + "; put ; between several"
		}
		numbers = append(numbers, number)
	}
	return strings.Join(numbers, ";"), "", ""
}

// quoted shows a cell in a message: escaped, so that it cannot move the terminal's cursor, and short.
func quoted(cell string) string {
	if utf8.RuneCountInString(cell) > 40 {
		cell = string([]rune(cell)[:40]) + "..."
	}
	return fmt.Sprintf("%q", cell)
}
