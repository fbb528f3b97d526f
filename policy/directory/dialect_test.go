package directory_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
)

// fieldRules are those of the shipped configuration.
var fieldRules = policy.Settings{Identification: directoryRules.Identification, Lines: directoryRules.Lines, Packages: []string{"Ultimate"}}

// in16 is a text in UTF-16 with its mark.
func in16(text string, order binary.AppendByteOrder) (b []byte) {
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		b = order.AppendUint16(b, unit)
	}
	return b
}

func utf16le(text string) []byte { return in16(text, binary.LittleEndian) }

// separated is a file of simple cells with another separator.
func separated(separator, file string) string { return strings.ReplaceAll(file, ",", separator) }

// dialects are the ways in which spreadsheets save one and the same file.
var dialects = map[string]func(file string) []byte{
	"UTF-8":                 func(f string) []byte { return []byte(f) },
	"UTF-8 with a mark":     func(f string) []byte { return []byte("\ufeff" + f) },
	"a mark and quotes":     func(f string) []byte { return []byte("\ufeff" + strings.Replace(f, "number", `"number"`, 1)) },
	"two marks":             func(f string) []byte { return []byte("\ufeff\ufeff" + f) },
	"CRLF":                  func(f string) []byte { return []byte(strings.ReplaceAll(f, "\n", "\r\n")) },
	"CR alone":              func(f string) []byte { return []byte(strings.ReplaceAll(f, "\n", "\r")) },
	"UTF-16, little-endian": utf16le,
	"UTF-16, big-endian":    func(f string) []byte { return in16(f, binary.BigEndian) },
	"UTF-16 without a mark": func(f string) []byte { return utf16le(f)[2:] },
	"the same, big-endian":  func(f string) []byte { return in16(f, binary.BigEndian)[2:] },
	"UTF-16 with CRLF":      func(f string) []byte { return utf16le(strings.ReplaceAll(f, "\n", "\r\n")) },
	"names with hyphens": func(f string) []byte {
		return []byte(strings.NewReplacer("account_holder", "Account-Holder", "caller_numbers", "caller numbers").Replace(f))
	},
	"empty rows around":      func(f string) []byte { return []byte(",,,\n\n" + f + ",,,,,,,\n,\u200b,,,,,,\n , ,\u00a0,,,,,\n,\n\n") },
	"its separator declared": func(f string) []byte { return []byte("sep=,\n" + f) },
}

// Whatever a spreadsheet made of the encoding, the line ends and the separator: the same customers are read, and nothing is said to be wrong.
func TestEveryDialectIsReadToTheSameCustomers(t *testing.T) {
	file := header + strings.Replace(good, "Northwind Flex Offices", "Nörthwind – 北", 1)
	want := northwind
	want.Name = "Nörthwind – 北"
	for name, save := range dialects {
		for _, separator := range []string{",", ";", "\t", "|"} {
			if separator != "," && (name == "its separator declared" || name == "empty rows around") {
				continue
			}
			text := strings.ReplaceAll(file, ";+", `","+`) // ; needs quotes where it separates
			text = strings.ReplaceAll(separated(separator, text), `"`+separator+`"`, ";")
			if separator == ";" {
				text = strings.Replace(text, "+442079460018;+442079460019", `"+442079460018;+442079460019"`, 1)
			}
			got, problems := directory.ReadFile(bytes.NewReader(save(text)), fieldRules)
			if diff := cmp.Diff([]policy.Customer{want}, got.Customers); diff != "" || len(problems)+len(got.Warnings) > 0 {
				t.Errorf("%s, separated by %q: %v %v (-want +got):\n%s", name, separator, problems, got.Warnings, diff)
			}
		}
	}
	for _, separator := range []string{";", "\t", "|"} {
		text := "SEP=" + separator + "\r\n" + separated(separator, header+"204518,Northwind,Ultimate,+448000668187,,,,\n")
		if got, problems := directory.Read(strings.NewReader(text), fieldRules); len(got) != 1 {
			t.Errorf("sep=%q: %v", separator, problems)
		}
	}
}

// What is exported is read back to the same in every dialect that does not touch the cells.
func TestWhatIsWrittenIsReadBackFromEveryDialect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := northwind
		want.Name = strings.TrimSpace(rapid.StringMatching(`[A-Za-zéß北;|, "'=-]{0,20}x`).Draw(t, "name"))
		want.Package = rapid.SampledFrom([]string{"Ultimate", "Growth", "Ultimat"}).Draw(t, "package")
		var file bytes.Buffer
		if err := directory.Write(&file, []policy.Customer{want}); err != nil {
			t.Fatal(err)
		}
		name := rapid.SampledFrom([]string{"UTF-8 with a mark", "CRLF", "CR alone", "UTF-16, little-endian", "UTF-16, big-endian", "its separator declared", "empty rows around"}).Draw(t, "dialect")
		got, problems := directory.Read(bytes.NewReader(dialects[name](file.String())), fieldRules)
		if diff := cmp.Diff([]policy.Customer{want}, got); diff != "" {
			t.Fatalf("%s: %v (-want +got):\n%s", name, problems, diff)
		}
	})
}

// Headers are understood in any case and with blanks; what is no CSV at all is named for what it is.
func TestWhatPeopleHandOver(t *testing.T) {
	named := strings.Replace(header, "number,name,package,line,account_holder", `Number, NAME ,"Package",LINE,Account  holder`, 1)
	if got, problems := directory.Read(strings.NewReader(named+good), fieldRules); len(got) != 1 {
		t.Errorf("a header in other words: %v", problems)
	}
	const save = `; save the customers as "CSV UTF-8", and import that file`
	for name, test := range map[string]struct{ file, want string }{
		"a spreadsheet":        {"PK\x03\x04\x14\x00\x06\x00\x08\x00", "this is a spreadsheet itself (.xlsx, .ods) or another archive, no CSV" + save},
		"an old spreadsheet":   {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "this is a spreadsheet itself (.xls), no CSV" + save},
		"a page":               {"\n <!DOCTYPE html>\n<html>", "this is a web page or another document with tags, no CSV; it may be the sign-in page of the program that should have exported the customers" + save},
		"JSON":                 {`[{"number":"204518"}]`, "this is JSON, no CSV" + save},
		"a PDF":                {"%PDF-1.7\n", "this is a PDF, no CSV" + save},
		"a compressed file":    {"\x1f\x8b\x08\x00", "this file is compressed (gzip)" + save},
		"UTF-32":               {"\xff\xfe\x00\x00n\x00\x00\x00", "this text is in UTF-32" + save},
		"no text":              {"nu\x00mber,name\n", "this is no text" + save},
		"blank lines":          {"\r\n\n  \n,,\n", "the file is empty; begin with the header number,name,package,line,account_holder,email,phone,caller_numbers"},
		"rows of commas alone": {header + ",,,,,,,\n,\n", "there is a header and no customer; write one row for each customer"},
	} {
		_, problems := directory.Read(strings.NewReader(test.file), fieldRules)
		if len(problems) != 1 || problems[0].String() != test.want {
			t.Errorf("%s: %v, want %s", name, problems, test.want)
		}
	}
}

// A cell that a spreadsheet spoilt is refused with the cause, and with its place in the file.
func TestWhatASpreadsheetSpoiltIsRefusedWithTheCause(t *testing.T) {
	row := func(old, now string) string { return header + strings.Replace(good, old, now, 1) }
	for name, test := range map[string]struct{ file, want string }{
		"a number in powers of ten":      {row("204518", "2.04518E+05"), `2:1: number: "2.04518E+05" is how a spreadsheet shows a long number, and digits may be lost; format the column as text, and write exactly 6 digits`},
		"a number with decimals":         {row("204518", "204518.0"), `2:1: number: "204518.0" has decimals, which a spreadsheet added; format the column as text, and write exactly 6 digits`},
		"a number with a dot":            {row("204518", "204.518"), `2:1: number: "204.518" holds '.', which a caller cannot key; write exactly 6 digits`},
		"a number too long":              {row("204518", "2045180"), `2:1: number: "2045180" has 7 digits; write exactly 6 digits`},
		"a phone in powers of ten":       {row(",+442079460018,", ",4.42079E+11,"), `2:94: phone: "4.42079E+11" is how a spreadsheet shows a long number, and digits are lost; format the column as text, and write it with + and the country, like +442079460018, or nothing`},
		"a line in powers of ten":        {row("+448000668187", "\"4,48001E+11\""), `2:40: line: "4,48001E+11" is how a spreadsheet shows a long number, and digits are lost; format the column as text, and write one of +448000668187, +18883071053`},
		"a phone without its plus":       {row(",+442079460018,", ",442079460018,"), `2:94: phone: "442079460018" has no country; write +442079460018 if that is the number: a spreadsheet drops the +, unless the column is formatted as text`},
		"a phone with 00":                {row(",+442079460018,", ",0044 2079460018,"), `2:94: phone: "0044 2079460018" has no country; write +442079460018 if that is the number: a spreadsheet drops the +, unless the column is formatted as text`},
		"letters and an extension":       {row(",+442079460018,", ",+1 800 FLOWERS ext 12,"), `2:94: phone: "+1 800 FLOWERS ext 12" is not a phone number; write it with + and the country, like +442079460018, or nothing`},
		"a lost letter":                  {row("Northwind", "N\ufffdrthwind"), "2:8: name: \"N\ufffdrthwind Flex Offices\" holds \ufffd in place of a letter that was lost when the file was saved; save it again as CSV UTF-8"},
		"typographic quotes":             {row("Northwind Flex", "“Northwind, Flex”"), `2:8: 9 fields where the header has 8, and a field begins with a typographic quote, which does not hold it together; write " before and after the field`},
		"a quote not closed":             {header + strings.Replace(good, "Northwind", "\"Northwind", 1) + strings.Repeat(good, 3) + strings.Replace(good, "Ultimate", "\"", 1), "2:8: 7 fields where the header has 8, and a quoted field goes on over 5 lines; close its quote where the field ends"},
		"a long quoted field":            {row("Northwind Flex Offices", "\"Northwind"+strings.Repeat("\n204518,Flex", 60)+"\""), "2:8: name: a quoted field goes on over 61 lines; close its quote where the field ends"},
		"an address with a blank":        {row("office@", "office\u00a0desk@"), `2:69: email: "office\u00a0desk@northwind.example" is not an e-mail address; write one like office@example.com, or nothing`},
		"a row of a file with CRLF":      {strings.ReplaceAll(row("204518", "4518"), "\n", "\r\n"), `2:1: number: "4518" has 4 digits; write exactly 6 digits; a spreadsheet may have dropped zeros at the front`},
		"an address with a comment":      {row("office@", "(desk)office@"), `2:69: email: "(desk)office@northwind.example" is not an e-mail address; write one like office@example.com, or nothing`},
		"a separator that is named late": {header + "sep=;\n", "2: 1 fields where the header has 8; write a comma for each empty field, and quotes around one that holds a comma"},
		"fields and semicolons":          {separated(";", header) + "204518;Northwind\n", "2: 2 fields where the header has 8; write a semicolon for each empty field, and quotes around one that holds a semicolon"},
	} {
		_, problems := directory.Read(strings.NewReader(test.file), fieldRules)
		if len(problems) != 1 || problems[0].String() != test.want {
			t.Errorf("%s: %v\nwant %s", name, problems, test.want)
		}
	}
	for name, now := range map[string]string{"an apostrophe": "'204518", "a typographic apostrophe": "’204518", "a formula": `"=""204518"""`} {
		if got, problems := directory.Read(strings.NewReader(row("204518", now)), fieldRules); len(got) != 1 || got[0].Number != "204518" {
			t.Errorf("a number after %s: %v", name, problems)
		}
	}
	if got, problems := directory.Read(strings.NewReader(row(",+442079460018,", ",'+442079460018,")), fieldRules); len(got) != 1 || got[0].Phone != "+442079460018" {
		t.Errorf("a phone after an apostrophe: %v", problems)
	}
}

// Nothing of a cell is left out silently.
func TestWhatIsLeftOutIsSaid(t *testing.T) {
	for _, test := range []struct{ field, cell, kept, want string }{
		{"phone", "+442079460018 ext. 12", "+442079460018", `the extension " ext. 12" is left out`},
		{"phone", "+44 20 7946 0018 x12", "+442079460018", `the extension " x12" is left out`},
		{"phone", "+442079460018 (ext 12)", "+442079460018", `the extension " (ext 12)" is left out`},
		{"phone", "+44 (0)20 7946 0018 (reception)", "+442079460018", `" (reception)" is left out`},
		{"phone", "Tel: +442079460018", "+442079460018", `"Tel: " is left out`},
		{"phone", "Tel +442079460018 (Ada)", "+442079460018", `"Tel " and " (Ada)" are left out`},
		{"phone", "+442079460018 / +442079460019", "+442079460018", `" / +442079460019" is left out`},
		{"phone", "+442079460018, 02079460019", "+442079460018", `", 02079460019" is left out`},
		{"phone", "(+442079460018)", "+442079460018", ""},
		{"phone", "+1 800 FLOWERS", "+18003569377", ""},
		{"caller_numbers", "+442079460018 ext. 12", "+442079460018", `the extension " ext. 12" is left out`},
		{"caller_numbers", "+442079460018, +442079460019", "+442079460018;+442079460019", ""},
		{"caller_numbers", "+442079460018 or +442079460019 (Ada); +1 212 555 0142", "+442079460018;+442079460019;+12125550142", `" (Ada)" is left out`},
		{"email", "Ada Holder <ada@northwind.example>", "ada@northwind.example", `the name "Ada Holder" is left out of the address`},
		{"name", "MÃ¼nchen", "MÃ¼nchen", `"MÃ¼nchen" looks as if the file was saved in another encoding once; write "München" if that is meant`},
		{"name", "Château Âge", "Château Âge", ""},
	} {
		cells := map[string]string{"name": "Northwind", test.field: test.cell}
		text := header + fmt.Sprintf("204518,%s,Ultimate,+448000668187,,%s,\"%s\",\"%s\"\n", cells["name"], cells["email"], cells["phone"], cells["caller_numbers"])
		got, problems := directory.ReadFile(strings.NewReader(text), fieldRules)
		if len(problems) > 0 {
			t.Errorf("%s %q: %v", test.field, test.cell, problems)
			continue
		}
		c, warnings := got.Customers[0], ""
		for _, w := range got.Warnings {
			if w.Line != 2 || w.Column == 0 || w.Field != test.field {
				t.Errorf("%s %q: the warning stands at %d:%d, field %s", test.field, test.cell, w.Line, w.Column, w.Field)
			}
			warnings += w.What
			if w.Instead != "" {
				warnings += "; " + w.Instead
			}
		}
		kept := map[string]string{"phone": c.Phone.Full(), "email": c.Email, "name": c.Name, "caller_numbers": strings.Join(policy.FullNumbers(c.CallerNumbers), ";")}[test.field]
		if kept != test.kept || warnings != test.want {
			t.Errorf("%s %q is kept as %q with %q, want %q with %q", test.field, test.cell, kept, warnings, test.kept, test.want)
		}
	}
}

// How many rows have no phone support is known before the import, by package, with what was probably meant and where.
func TestRowsWithoutPhoneSupportAreCounted(t *testing.T) {
	var text strings.Builder
	text.WriteString(header)
	for i, name := range []string{"ultimate", "Ultimate ", "ULTIMATE", "Ultimate\u00a0", "Basic", "basic ", "Basic", "Ultimat", "Growth"} {
		fmt.Fprintf(&text, "%06d,Co,%s,+448000668187,,,,\n", 600000+i, name)
	}
	text.WriteString(",,,,,,,\n")
	got, problems := directory.ReadFile(strings.NewReader(text.String()), fieldRules)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := []string{`5 of 9 rows have no phone support, because of the package: 1 has "Ultimat": is "Ultimate" meant? 3 have "Basic"; 1 has "Growth".`, "1 empty row was skipped."}
	if diff := cmp.Diff(want, got.Notes()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(got.Warnings) != 1 || got.Warnings[0].String() != `9:11: package: "Ultimat" is no package with phone support; write Ultimate if that is meant` {
		t.Errorf("the warnings are %v", got.Warnings)
	}
	for _, c := range got.Customers[:4] {
		if c.Package != "Ultimate" {
			t.Errorf("%s has the package %q", c.Number, c.Package)
		}
	}
	var many strings.Builder
	many.WriteString(header)
	for i := range 15 {
		fmt.Fprintf(&many, "%06d,Co,P%02d,+448000668187,,,,\n", i, i)
	}
	if got, _ = directory.ReadFile(strings.NewReader(many.String()), fieldRules); !strings.HasSuffix(got.Notes()[0], `1 has "P09"; 5 have one of 5 other packages.`) {
		t.Errorf("many packages: %q", got.Notes())
	}
}

// The file from the field: blanks and case are no other package, and what is left out or nearly right is said.
func TestTheOddFile(t *testing.T) {
	file, err := os.Open("testdata/customers-odd.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	got, problems := directory.ReadFile(file, fieldRules)
	var said []string
	for _, p := range append(problems, got.Warnings...) {
		said = append(said, p.String())
	}
	want := []string{
		`4:16: package: "Ultimat" is no package with phone support; write Ultimate if that is meant`,
		`5:46: phone: the extension " ext. 12" is left out`,
		`1 of 4 rows has no phone support, because of the package: 1 has "Ultimat": is "Ultimate" meant?`, "1 empty row was skipped.",
	}
	if diff := cmp.Diff(want, append(said, got.Notes()...)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
