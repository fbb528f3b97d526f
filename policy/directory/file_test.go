package directory_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
)

var directoryRules = policy.Settings{
	Identification: policy.Identification{Digits: 6}, Lines: []policy.Line{{Number: "+448000668187"}, {Number: "+18883071053"}},
}

const (
	header = "number,name,package,line,account_holder,email,phone,caller_numbers\n"
	good   = "204518,Northwind Flex Offices,Ultimate,+448000668187,Office manager,office@northwind.example,+442079460018,+442079460018;+442079460019\n"
)

var northwind = policy.Customer{
	Number: "204518", Name: "Northwind Flex Offices", Package: "Ultimate", Line: "+448000668187", AccountHolder: "Office manager",
	Email: "office@northwind.example", Phone: "+442079460018", CallerNumbers: []policy.Phone{"+442079460018", "+442079460019"},
}

func TestTheShippedCustomersAreRead(t *testing.T) {
	file, err := os.Open("../../testdata/customers.example.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	customers, problems := directory.Read(file, directoryRules)
	if len(problems) > 0 || len(customers) < 4 {
		t.Fatalf("%d customers and problems %v", len(customers), problems)
	}
	if diff := cmp.Diff(northwind, customers[0]); diff != "" {
		t.Errorf("the first (-want +got):\n%s", diff)
	}
}

func TestCustomersAreReadAsPeopleSaveThem(t *testing.T) {
	tests := map[string]string{
		"as it should be":            header + good,
		"with a byte order mark":     "\ufeff" + header + good,
		"with CRLF":                  strings.ReplaceAll(header+good, "\n", "\r\n"),
		"without the last line end":  header + strings.TrimSuffix(good, "\n"),
		"with empty lines":           header + "\n" + good + "\n\n",
		"with spaces around":         header + strings.ReplaceAll(good, ",", " , "),
		"with phone numbers spelled": header + strings.ReplaceAll(good, "+442079460018", "+44 (0)20 7946 0018"),
		"with the line spelled":      header + strings.Replace(good, "+448000668187", "+44 800 066 8187", 1),
		"with a caller number twice": header + strings.Replace(good, ";", ";+442079460018;;", 1),
		"with columns in another order": "name,number,package,line,caller_numbers,phone,email,account_holder\n" +
			`"Northwind Flex Offices",204518,Ultimate,+448000668187,+442079460018;+442079460019,+442079460018,office@northwind.example,Office manager` + "\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			customers, problems := directory.Read(strings.NewReader(text), directoryRules)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if diff := cmp.Diff([]policy.Customer{northwind}, customers); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEachMistakeIsNamedWithItsPlace(t *testing.T) {
	// row is the good row with one change.
	row := func(old, now string) string { return header + strings.Replace(good, old, now, 1) }
	tests := []struct{ name, text, want string }{
		{"an empty file", "", "the file is empty; begin with the header number,name,package,line,account_holder,email,phone,caller_numbers"},
		{"a header only", header, "there is a header and no customer; write one row for each customer"},
		{"columns apart by semicolons, and no row", strings.ReplaceAll(header, ",", ";"), "there is a header and no customer; write one row for each customer"},
		{"a misspelled column", strings.Replace(header, "email", "e-mail", 1) + good, "1:41: there is no column \"e-mail\"; write email\n" +
			"1: email: the column is missing; add it to the header; its cells may be empty unless they are number, name, package or line"},
		{"an unknown column", strings.Replace(header, "\n", ",Lieblingsfarbe\n", 1) + good, "1:68: there is no column \"Lieblingsfarbe\"; " +
			"delete it; the columns are number, name, package, line, account_holder, email, phone, caller_numbers"},
		{"a column twice", strings.Replace(header, "\n", ",name\n", 1) + good, "1:68: name: the column is there already, as number 2; keep one of them"},
		{"a column without a name", strings.Replace(header, "\n", ",\n", 1) + good, "1:68: a column without a name; name it or delete it"},
		{"a number with a space", row("204518", "204 518"), `2:1: number: "204 518" holds a space; write exactly 6 digits`},
		{"a number with a letter", row("204518", "2O4518"), `2:1: number: "2O4518" holds 'O', which a caller cannot key; write exactly 6 digits`},
		{"a number too short", row("204518", "4518"), `2:1: number: "4518" has 4 digits; write exactly 6 digits; a spreadsheet may have dropped zeros at the front`},
		{"no number", row("204518", ""), "2:1: number: the field is empty; write exactly 6 digits"},
		{"a number twice", header + good + "\n" + good, "4:1: number: 204518 is the number of line 2 already; give each customer a number of their own"},
		{"no name", row("Northwind Flex Offices", "  "), "2:8: name: the field is empty; fill it in"},
		{"a name on two lines", row("Northwind Flex Offices", "\"Northwind\nFlex\""), `2:8: name: "Northwind\nFlex" holds a line break, a tab or another control character; write it on one line`},
		{"a NUL", row("Northwind", "North\x00wind"), `2:8: name: "North\x00wind Flex Offices" holds a line break, a tab or another control character; write it on one line`},
		{"bytes that are not UTF-8", row("Northwind", "Nord\xfc"), "2:8: name: the text is not UTF-8; save the file as CSV UTF-8"},
		{"a very long name", row("Northwind", strings.Repeat("x", 500)), "2:8: name: 513 bytes are too many; write at most 500"},
		{"no package", row("Ultimate", ""), "2:31: package: the field is empty; fill it in"},
		{"no line", row("+448000668187", ""), "2:40: line: the field is empty; write one of +448000668187, +18883071053"},
		{"somebody else's line", row("+448000668187", "+441632960123"), `2:40: line: "+441632960123" is not a line of yours; write one of +448000668187, +18883071053`},
		{"an e-mail address without a host", row("office@northwind.example", "office@"), `2:69: email: "office@" is not an e-mail address; write one like office@example.com, or nothing`},
		{"two e-mail addresses", row("office@northwind.example", "a@b.example;c@d.example"), `2:69: email: "a@b.example;c@d.example" is not an e-mail address; write one like office@example.com, or nothing`},
		{"a phone without its country", row(",+442079460018,", ",02079460018,"), `2:94: phone: "02079460018" has no country; write it with + and the country, like +442079460018, or nothing`},
		{"a phone that is none", row(",+442079460018,", ",+44 ring me,"), `2:94: phone: "+44 ring me" is not a phone number; write it with + and the country, like +442079460018, or nothing`},
		{"a caller number that is none", row(";+442079460019", ";+44"), `2:108: caller_numbers: "+44" is not a phone number; write it with + and the country, like +442079460018, or nothing; put ; between several`},
		{"a field too few", header + "204518,Northwind\n", "2: 2 fields where the header has 8; write a comma for each empty field, and quotes around one that holds a comma"},
		{"a quote inside a field", row("Flex", `"Flex"`), `2:18: a quote inside a field without quotes; put the field in quotes and write "" for each quote in it`},
		{"a quote that does not end", row("Northwind", `"Northwind`), `2: a quoted field that does not end, or text after its end; end it with a quote before the comma, and write "" for a quote in it`},
		{"several at once", header + "1,,Ultimate,+448000668187,,,,\n" + good + "2,Two,,+448000668187,,,,\n", `2:1: number: "1" has 1 digit; write exactly 6 digits; a spreadsheet may have dropped zeros at the front` + "\n" +
			"2:3: name: the field is empty; fill it in\n" +
			`4:1: number: "2" has 1 digit; write exactly 6 digits; a spreadsheet may have dropped zeros at the front` + "\n" +
			"4:7: package: the field is empty; fill it in"},
		{
			"several kinds at once", header + "204518,Northwind\n" + row("Flex", `"Flex"`)[len(header):] + "\n,,,,,,,\n" + "204519\n" + row("Ultimate", "")[len(header):],
			"2: 2 fields where the header has 8; write a comma for each empty field, and quotes around one that holds a comma\n" +
				`3:18: a quote inside a field without quotes; put the field in quotes and write "" for each quote in it` + "\n" +
				"6: 1 fields where the header has 8; write a comma for each empty field, and quotes around one that holds a comma\n" +
				"7:31: package: the field is empty; fill it in",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			customers, problems := directory.Read(strings.NewReader(test.text), directoryRules)
			var said []string
			for _, p := range problems {
				said = append(said, p.String())
			}
			if diff := cmp.Diff(test.want, strings.Join(said, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(customers) > 0 {
				t.Errorf("%d customers were given all the same", len(customers))
			}
		})
	}
}

func TestAFileThatBreaksOffIsNotHalfRead(t *testing.T) {
	broken := io.MultiReader(strings.NewReader(header+good), iotest.ErrReader(errors.New("connection lost")))
	customers, problems := directory.Read(broken, directoryRules)
	if len(customers) > 0 || len(problems) != 1 || !strings.Contains(problems[0].What, "cannot be read: connection lost") {
		t.Errorf("got %d customers and %v", len(customers), problems)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	_, problems := directory.Read(strings.NewReader(header+strings.Repeat("x,,,,,,,\n", 5000)), directoryRules)
	last := problems[len(problems)-1].String()
	if len(problems) != 1001 || last != "and 19000 more" {
		t.Errorf("%d problems, the last %q; want 1001 and the count of the others", len(problems), last)
	}
	for limit, want := range map[int]int{100: 19900, 1000: 19000, 2000: 19000} { // on a page
		if first, more := directory.First(problems, limit); len(first) != min(limit, 1000) || more != want {
			t.Errorf("of the first %d there are %d, and %d more; want %d more", limit, len(first), more, want)
		}
	}
	for limit, want := range map[int]int{0: 3, 2: 1, 3: 0, 100: 0} {
		if first, more := directory.First(problems[:3], limit); len(first) != min(limit, 3) || more != want {
			t.Errorf("of three the first %d are %d, and %d more; want %d more", limit, len(first), more, want)
		}
	}
	if first, more := directory.First(nil, 100); len(first) > 0 || more > 0 {
		t.Errorf("of none there are %d, and %d more", len(first), more)
	}
}

// manyRows is a file of n customers, whose other fields are as given, where %05[1]d is the customer's number.
func manyRows(n int, fields string) []byte {
	var b bytes.Buffer
	b.WriteString(header)
	for i := range n {
		fmt.Fprintf(&b, "%06d,Customer %[1]d,Ultimate,+448000668187,"+fields+"\n", i)
	}
	return b.Bytes()
}

func TestAHundredThousandRowsAreRead(t *testing.T) {
	file := manyRows(100_000, "Office manager,office%05[1]d@example.com,,")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	customers, problems := directory.Read(bytes.NewReader(file), directoryRules)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if len(problems) > 0 || len(customers) != 100_000 {
		t.Fatalf("%d customers, problems %v", len(customers), problems)
	}
	last := policy.Customer{
		Number: "099999", Name: "Customer 99999", Package: "Ultimate", Line: "+448000668187",
		AccountHolder: "Office manager", Email: "office99999@example.com",
	}
	if diff := cmp.Diff(last, customers[len(customers)-1]); diff != "" {
		t.Errorf("the last (-want +got):\n%s", diff)
	}
	if grown := after.HeapAlloc - min(after.HeapAlloc, before.HeapAlloc); grown > 100<<20 {
		t.Errorf("the customers hold %d MB", grown>>20)
	}
	runtime.KeepAlive(customers)
}

// BenchmarkReadCustomers reads rows with two telephone numbers each, which is what takes the time.
func BenchmarkReadCustomers(b *testing.B) {
	const rows = 10_000
	file := manyRows(rows, "Office manager,office%05[1]d@example.com,+4420794%05[1]d,+4420795%05[1]d")
	for b.Loop() {
		if customers, problems := directory.Read(bytes.NewReader(file), directoryRules); len(customers) != rows {
			b.Fatal(problems)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`['=+@\-]{0,2}[A-Za-zé"0-9;, &<]{0,12}[a-z=+"']`)
		var want []policy.Customer
		for n := range rapid.IntRange(1, 5).Draw(t, "customers") {
			c := northwind
			c.Number = policy.CustomerNumber(fmt.Sprintf("%06d", n))
			c.Name = strings.TrimSpace(word.Draw(t, "name"))
			c.Package = strings.TrimSpace(word.Draw(t, "package"))
			c.AccountHolder = strings.TrimSpace(word.Draw(t, "holder"))
			c.CallerNumbers = c.CallerNumbers[:rapid.IntRange(0, 2).Draw(t, "callers")]
			want = append(want, c)
		}
		var file bytes.Buffer
		if err := directory.Write(&file, want); err != nil {
			t.Fatal(err)
		}
		got, problems := directory.Read(bytes.NewReader(file.Bytes()), directoryRules)
		if len(problems) > 0 {
			t.Fatalf("%v in\n%s", problems, file.String())
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestNoCellIsAFormula(t *testing.T) {
	c := northwind
	c.Name, c.Package, c.AccountHolder, c.Email = "=HYPERLINK(1)", "-1+2", "+SUM(A1)", "@SUM(A1)"
	var file bytes.Buffer
	if err := directory.Write(&file, []policy.Customer{c}); err != nil {
		t.Fatal(err)
	}
	want := header + "204518,'=HYPERLINK(1),'-1+2,+448000668187,'+SUM(A1),'@SUM(A1),+442079460018,+442079460018;+442079460019\n"
	if diff := cmp.Diff(want, file.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := directory.Write(failing{}, []policy.Customer{c}); err == nil {
		t.Error("a writer that fails is not heard of")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func FuzzReadCustomers(f *testing.F) {
	f.Add([]byte(header + good))
	f.Add([]byte("\ufeff" + header + "\"204518\",\"a\nb\",,,,,,\r\n"))
	f.Add([]byte("number;name\n"))
	f.Add([]byte("sep=;\r\n" + strings.ReplaceAll(header+good, ",", ";")))
	f.Add([]byte(strings.ReplaceAll(header+good, "\n", "\r")))
	f.Add(utf16le(strings.ReplaceAll(header+good, ",", "\t")))
	f.Add([]byte(header + strings.ReplaceAll(good, ",+442079460018,", ",Tel +442079460018 ext. 12,") + ",,,,,,,\n"))
	f.Add([]byte(header + "204518,'=x,\xff,+1,,@,+,;\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		customers, problems := directory.Read(bytes.NewReader(file), directoryRules)
		if (len(customers) == 0) != (len(problems) > 0) {
			t.Fatalf("%d customers and %d problems", len(customers), len(problems))
		}
		for _, p := range problems {
			if strings.ContainsAny(p.String(), "\x00\x1b\n") {
				t.Errorf("a problem moves the terminal: %q", p)
			}
		}
		var again bytes.Buffer
		if err := directory.Write(&again, customers); err != nil {
			t.Fatal(err)
		}
		if len(customers) == 0 {
			return
		}
		back, problems := directory.Read(&again, directoryRules)
		if diff := cmp.Diff(customers, back); diff != "" || len(problems) > 0 {
			t.Errorf("reading back what was written: %v\n%s", problems, diff)
		}
	})
}

// A file with problems still has its warnings: they may be the cause of a problem, and a person corrects the file once.
func TestWarningsStandBesideProblems(t *testing.T) {
	file, problems := directory.ReadFile(strings.NewReader(header+strings.Replace(good, ",+442079460018,", ",+442079460018 ext 12,", 1)+"2,,,,,,,\n"), directoryRules)
	if len(problems) == 0 || len(file.Customers) > 0 || len(file.Warnings) != 1 || !strings.Contains(file.Warnings[0].String(), "the extension") {
		t.Errorf("%d problems, %d customers, and the warnings %v", len(problems), len(file.Customers), file.Warnings)
	}
}

// blanks reads as a text of empty rows without an end.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	p[len(p)-1] = '\n'
	return len(p), nil
}

// A file without an end is left at its bound, and not imported as if it ended there.
func TestAFileWithoutAnEndIsRefused(t *testing.T) {
	t.Parallel()
	file, problems := directory.ReadFile(io.MultiReader(strings.NewReader(header+good), blanks{}), directoryRules)
	if len(problems) != 1 || problems[0].String() != "the file is larger than 256 MB; split it" || len(file.Customers) > 0 {
		t.Errorf("%v, and %d customers", problems, len(file.Customers))
	}
}
