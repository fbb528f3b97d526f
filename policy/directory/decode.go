package directory

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"
)

// headSize is how much of a file is looked at to find out how it was saved. A header fits into it.
const headSize = 64 << 10

// headLines is among how many lines the header is looked for. Empty rows may stand above it.
const headLines = 20

// decode returns a reader of a file's rows, however a spreadsheet saved them: in UTF-8 or UTF-16, with or without a byte order mark, with
// commas, semicolons, tabs or bars between the cells, with LF, CRLF or CR at the ends of lines. A file that is no CSV is a problem. Text in another
// encoding is not guessed at, because a wrong guess garbles names: a cell that is no UTF-8 is refused later, with its place.
func decode(r io.Reader) (*csv.Reader, *Problem) {
	text := bufio.NewReaderSize(&lasting{r: r}, headSize)
	head := peek(text)
	if what := foreign(head); what != "" {
		return nil, &Problem{What: what, Instead: `save the customers as "CSV UTF-8", and import that file`}
	}
	if order, mark, is := utf16(head); is {
		_, _ = text.Discard(mark) // they are in the buffer
		decoded := unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Reader(text)
		text = bufio.NewReaderSize(&lasting{r: decoded}, headSize)
		head = peek(text)
	}
	if mark := []byte("\ufeff"); bytes.HasPrefix(head, mark) {
		_, _ = text.Discard(len(mark))
		head = head[len(mark):]
	}
	lines := strings.FieldsFunc(string(head), func(r rune) bool { return r == '\r' || r == '\n' })
	if len(lines) > 0 && strings.ContainsRune(lines[0], 0) {
		return nil, &Problem{What: "this is no text", Instead: `save the customers as "CSV UTF-8", and import that file`}
	}
	in := csv.NewReader(text)
	if bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(head, '\n') < 0 {
		in = csv.NewReader(carriageReturns{text})
	}
	in.ReuseRecord, in.FieldsPerRecord, in.Comma = true, -1, separator(lines[:min(len(lines), headLines)])
	return in, nil
}

func peek(r *bufio.Reader) []byte {
	head, _ := r.Peek(headSize) // an error comes again when it is read to there
	return head
}

// lasting is a reader whose end is its end: what is below it may go on, as a terminal does whose person is asked a question after the file.
type lasting struct {
	r   io.Reader
	err error
}

// Read returns the first error again and again.
func (l *lasting) Read(p []byte) (n int, err error) {
	if l.err == nil {
		n, l.err = l.r.Read(p)
	}
	return n, l.err
}

// carriageReturns reads lines that end with CR alone as lines that end with LF.
type carriageReturns struct{ r io.Reader }

// Read reads, and replaces.
func (c carriageReturns) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for i, b := range p[:n] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// beginnings are how files begin that people hand over in place of a CSV.
var beginnings = []struct{ bytes, what string }{
	{"PK\x03\x04", "this is a spreadsheet itself (.xlsx, .ods) or another archive, no CSV"},
	{"\xd0\xcf\x11\xe0", "this is a spreadsheet itself (.xls), no CSV"},
	{"%PDF", "this is a PDF, no CSV"},
	{"\x1f\x8b", "this file is compressed (gzip)"},
	{"\xff\xfe\x00\x00", "this text is in UTF-32"},
	{"\x00\x00\xfe\xff", "this text is in UTF-32"},
}

// foreign returns what a file is that is no CSV, or "".
func foreign(head []byte) string {
	for _, b := range beginnings {
		if bytes.HasPrefix(head, []byte(b.bytes)) {
			return b.what
		}
	}
	switch text := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\ufeff"))); {
	case len(text) == 0:
		return ""
	case text[0] == '<':
		return "this is a web page or another document with tags, no CSV; it may be the sign-in page of the program that should have exported the customers"
	case text[0] == '{' || text[0] == '[':
		return "this is JSON, no CSV"
	}
	return ""
}

// utf16 reports whether a text is in UTF-16, and in which order of bytes, with the length of its mark. Without one, a header's first letter tells.
func utf16(head []byte) (order unicode.Endianness, mark int, is bool) {
	if len(head) < 2 {
		return unicode.BigEndian, 0, false
	}
	switch first, second := head[0], head[1]; {
	case first == 0xff && second == 0xfe:
		return unicode.LittleEndian, 2, true
	case first == 0xfe && second == 0xff:
		return unicode.BigEndian, 2, true
	case first != 0 && second == 0:
		return unicode.LittleEndian, 0, true
	case first == 0 && second != 0:
		return unicode.BigEndian, 0, true
	}
	return unicode.BigEndian, 0, false
}

// separator returns what stands between the cells: what the first line names ("sep=;"), or else what makes most names of columns of a line.
func separator(lines []string) rune {
	best, most := ',', 0
	for i, line := range lines {
		if named := separatorLine(line); named != 0 && i == 0 {
			return named
		}
		for _, s := range ",;\t|" {
			if names := columnsIn(strings.Split(line, string(s))); names > most {
				best, most = s, names
			}
		}
	}
	return best
}

// columnsIn returns how many cells of a line are names of columns.
func columnsIn(cells []string) (names int) {
	for _, cell := range cells {
		if slices.Contains(columns, columnName(strings.Trim(cell, ` "`))) {
			names++
		}
	}
	return names
}

// separatorName begins the first line of a file that names its separator itself, as some spreadsheets write and read it.
const separatorName = "sep="

// separatorLine returns the separator that a spreadsheet's own first line names, or 0 for any other line.
func separatorLine(line string) rune {
	line = strings.Trim(line, " \"\r\n")
	if len(line) < len(separatorName) || !strings.EqualFold(line[:len(separatorName)], separatorName) {
		return 0
	}
	for s := range separators {
		if line[len(separatorName):] == string(s) {
			return s
		}
	}
	return 0
}
