package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
)

func TestTextsThatAreNoConfiguration(t *testing.T) {
	example := string(config.Example())
	for _, row := range []struct{ name, text, want string }{
		{"nothing", "", "1:1: nothing is written here; start from supportline.example.yaml"},
		{"comments alone", "# later\n", "1:1: nothing is written here; start from supportline.example.yaml"},
		{"a document of nothing", "---", "1:1: nothing is written here; start from supportline.example.yaml"},
		{"one word", "hello", "1:1: the configuration is a single value where keys and values belong; write the configuration: { public_url: ... }"},
		{"a quote that never ends", "store: 'x\nwords: y\n", "1:8: this is not YAML: found unexpected end of stream while scanning a quoted scalar"},
		{"a bracket that never ends", "packages: [a\nstore: x\n", "1:11: this is not YAML: did not find expected ',' or ']' while parsing a flow sequence"},
		{"a tab before a key", "listen:\n\tconsole: x\n", "2:1: a tab stands here, and YAML is indented with spaces; write spaces instead, two for each step inwards"},
		{"a tab after spaces", "listen:\n  \tconsole: x\n", "2:3: a tab stands here, and YAML is indented with spaces; write spaces instead, two for each step inwards"},
		{"a tab before a later key", "listen:\n  console: x\n\twebhooks: y\n", "3:1: a tab stands here, and YAML is indented with spaces; write spaces instead, two for each step inwards"},
		{"a tab after a dash", "lines:\n-\tnumber: x\n\tname: y\n", "2:2: a tab stands here, and YAML is indented with spaces; write spaces instead, two for each step inwards"},
		{"a tab before the first key", "\tpublic_url: x\n", "1:1: a tab stands here, and YAML is indented with spaces; write spaces instead, two for each step inwards"},
		{"a value that begins with a sign", "store: @home\n", "1:8: a value cannot begin with @; put the value in quotes"},
		{"a colon in a value", "store: bolt: x\n", "1:12: this is not YAML: mapping values are not allowed in this context"},
		{
			"a reference without quotes in braces", "twilio: { auth_token: ${TOKEN} }\n",
			`1:9: this is not YAML: did not find expected ',' or '}' while parsing a flow mapping; inside [ ] and { } write "${NAME}" in quotes`,
		},
		{"a brace at the end", "{ ", "1:3: this is not YAML: did not find expected node content while parsing a flow node"},
		{"an alias of nothing", "store: *nope\n", "1:8: a value that begins with * repeats another one, and there is none of that name; put the value in quotes"},
		{"a second document", example + "---\nstore: x\n", fmt.Sprint(strings.Count(example, "\n")+1) + ":1: a second document begins here; remove the line --- and write everything in one document"},
		{"bytes that are no UTF-8", "store: bolt:d\xe9p\xf4t.db\n", "1:14: this byte is not UTF-8 text; save the file as UTF-8"},
		{"UTF-16 as Windows saves it", "\xff\xfes\x00t\x00o\x00r\x00e\x00", "1:1: the file is in UTF-16 or UTF-32; save it as UTF-8: in Notepad, Save as, Encoding"},
		{"UTF-16 without a mark", "s\x00t\x00o\x00r\x00e\x00:\x00", "1:1: the file is in UTF-16 or UTF-32; save it as UTF-8: in Notepad, Save as, Encoding"},
		{"a program", "\x7fELF\x02\x01\x01\x00 and much more of what is no text", "1:1: the file is no text; name the right file"},
		{"a control character", "store: x\nwords: a\x07b\n", "2:9: the control character U+0007 is not allowed; remove it"},
		{"too much", strings.Repeat("#\n", 1<<19+1), "1:1: the file has 1048578 bytes, more than the 1048576 that are allowed; name the right file"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, got := parse(row.text, env(), config.Options{})
			if diff := cmp.Diff([]string{name + ":" + row.want}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestTextsAsEditorsSaveThem(t *testing.T) {
	example := string(config.Example())
	for _, row := range []struct{ name, text string }{
		{"with a byte order mark", "\ufeff" + example},
		{"with CRLF", strings.ReplaceAll(example, "\n", "\r\n")},
		{"without the last line end", strings.TrimRight(example, "\n")},
		{"with a line --- before it", "---\n" + example},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, got := parse(row.text, env(), config.Options{})
			if diff := cmp.Diff([]string{}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Aliases of aliases stand for millions of values in a few lines; reading them must end soon.
func TestAliasesCannotMultiplyTheWork(t *testing.T) {
	step := `{ to: [` + strings.Repeat(`"+15550100003", `, 5000) + `] }`
	text := changed(t, `{ to: ["+15550100003"], for: 25s }`, "&many "+step+strings.Repeat("\n      - *many", 2000))
	_, got := parse(text, env(), config.Options{})
	want := []string{"supportline.yaml:80:78806: the file holds more than 20000 values; write fewer, with fewer aliases"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
