package ivr

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// WordsProblem is one mistake in a file of words. Line and Column count characters from 1.
type WordsProblem struct {
	File         string // the name that ParseWords was given
	Line, Column int
	What         string // what is wrong
	Instead      string // what to do instead, as a request
	Note         bool   // nothing is wrong: it is advice
}

// ParseWords parses a company's own words: a YAML file that holds, for each language, the texts that replace shipped ones by their IDs. company is
// its name, or "", and name the file's, for the problems. All problems are returned at once, by position. The words that are returned with them
// can be used: they have the shipped text wherever the file's is wrong. An empty text has no problems.
func ParseWords(company, name string, text []byte) (Words, []WordsProblem) {
	f := wordsFile{company: company, name: name, tongues: map[string]tongue{}, nodes: map[string]map[string]*yaml.Node{}}
	for language, t := range shipped() {
		f.tongues[language], f.nodes[language] = maps.Clone(t), map[string]*yaml.Node{}
	}
	if f.readable(text) {
		f.languages(f.load(text))
	}
	for language, t := range f.tongues {
		t.twin(f.nodes[language])
	}
	words := wordsOf(company, f.tongues)
	f.together(words)
	slices.SortStableFunc(f.problems, func(a, b WordsProblem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return words, f.problems
}

// NameMistake returns what is too long to be heard before the first ring with the name of a company, though every text is a shipped one, and ""
// where nothing is.
func NameMistake(company string) string {
	for _, language := range []string{otherwise, "en-GB"} {
		for _, p := range wordsOf(company, shipped()).tongues[language].paths() {
			if p.over() > 0 {
				return fmt.Sprintf("with it, %s %s, and %d are the most that a caller should listen to", p.what, tooLong(p.text), p.seconds)
			}
		}
	}
	return ""
}

// twins are texts that stand for another in one situation. Where a company has its own text for the other alone, it is said there too.
var twins = map[string]string{
	"menu-restricted-alone": "menu-restricted", "menu-raise-severity-alone": "menu-raise-severity", "voicemail-identified": "voicemail",
}

func (t tongue) twin(own map[string]*yaml.Node) {
	for twin, of := range twins {
		if own[of] != nil && own[twin] == nil {
			t[twin] = t[of]
		}
	}
}

type wordsFile struct {
	company  string
	name     string
	tongues  map[string]tongue
	nodes    map[string]map[string]*yaml.Node // of the file's own texts, by language and ID
	problems []WordsProblem
}

func (f *wordsFile) add(line, column int, what, instead string) {
	f.problems = append(f.problems, WordsProblem{File: f.name, Line: max(line, 1), Column: max(column, 1), What: what, Instead: instead})
}

func (f *wordsFile) note(at *yaml.Node, what, instead string) {
	f.wrong(at, what, instead)
	f.problems[len(f.problems)-1].Note = true
}

func (f *wordsFile) wrong(at *yaml.Node, what, instead string) {
	f.add(at.Line, at.Column, what, instead)
}

// readable finds characters that the YAML parser refuses without a position.
func (f *wordsFile) readable(text []byte) bool {
	line, column := 1, 0
	for i, r := range string(text) {
		column++
		switch {
		case r == utf8.RuneError && !utf8.FullRune(text[i:]), r == utf8.RuneError && text[i] != 0xEF:
			f.add(line, column, "is not UTF-8 text", "save the file as UTF-8")
			return false
		case r == '\n':
			line, column = line+1, 0
		case unicode.IsControl(r) && !strings.ContainsRune("\t\r\u0085", r):
			f.add(line, column, fmt.Sprintf("holds the control character %U", r), "delete it")
		}
	}
	return len(f.problems) == 0
}

// load returns the file's only document. It is nil if the file is empty or not YAML.
func (f *wordsFile) load(text []byte) *yaml.Node {
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	var doc, more yaml.Node
	if err == nil {
		err = loader.Load(&doc)
	}
	if err == nil {
		err = loader.Load(&more)
	}
	var mistake *yaml.LoadError
	switch {
	case errors.As(err, &mistake):
		f.add(mistake.Mark.Line, mistake.Mark.Column, "is not YAML: "+mistake.Message,
			`write a language, "en-US:", and indented below it id: "text"`)
	case err == nil:
		f.wrong(more.Content[0], "is a second document", `write one document, without "---"`)
	case !errors.Is(err, io.EOF):
		f.add(1, 1, "cannot be read: "+err.Error(), "write YAML")
	case len(doc.Content) > 0:
		return doc.Content[0]
	}
	return nil
}

func (f *wordsFile) languages(root *yaml.Node) {
	known := slices.Sorted(maps.Keys(f.tongues))
	f.entries(root, "the file", func(key, node *yaml.Node) {
		if _, ok := f.tongues[key.Value]; !ok {
			f.wrong(key, fmt.Sprintf("%q is a language without words", key.Value), "write "+strings.Join(known, " or "))
			return
		}
		f.entries(node, key.Value, func(id, node *yaml.Node) { f.text(key.Value, id, node) })
	})
}

// entries goes through a mapping, which may be missing: everything may be commented out.
func (f *wordsFile) entries(node *yaml.Node, what string, each func(key, value *yaml.Node)) {
	if node = resolved(node); node == nil || node.Tag == "!!null" {
		return
	}
	if node.Kind != yaml.MappingNode {
		f.wrong(node, what+" is not a list of names with a value each", `write name: value, one a line`)
		return
	}
	seen := map[string]bool{}
	for pair := range slices.Chunk(node.Content, 2) {
		switch key := pair[0]; {
		case key.Kind != yaml.ScalarNode:
			f.wrong(key, "is not a name", "write name: value, one a line")
		case seen[key.Value]:
			f.wrong(key, fmt.Sprintf("%q stands here twice", key.Value), "delete one of them")
		default:
			seen[key.Value] = true
			each(key, pair[1])
		}
	}
}

func (f *wordsFile) text(language string, id, node *yaml.Node) {
	shipped, ok := f.tongues[language][id.Value]
	if !ok {
		f.wrong(id, fmt.Sprintf("there is no text %q", id.Value), nearestText(id.Value, f.tongues[language]))
		return
	}
	value := resolved(node)
	if value.Kind != yaml.ScalarNode {
		f.wrong(node, id.Value+" is not a text", `write it in quotes: "`+shipped+`"`)
		return
	}
	text := strings.Join(strings.Fields(value.Value), " ")
	if keys := unasked(id.Value, text); keys != "" && text != "" {
		f.note(node, fmt.Sprintf("%s names no key %s, so the shipped text is said instead", id.Value, keys), "say what to press, as in "+`"`+shipped+`"`)
		return
	}
	if mistakes := textMistakes(id.Value, text, shipped, f.company); len(mistakes) > 0 {
		for _, m := range mistakes {
			f.wrong(node, id.Value+" "+m.what, m.instead)
		}
		return
	}
	f.tongues[language][id.Value], f.nodes[language][id.Value] = text, node
}

// together checks prompts that are put together from several texts. A problem stands at the first of them that is the file's own. It is none where
// the shipped texts take as long, with a long name of the company.
func (f *wordsFile) together(words Words) {
	for language, theirs := range wordsOf(f.company, shipped()).tongues {
		usual, reported := theirs.prompts(), map[*yaml.Node]bool{}
		for i, p := range words.tongues[language].prompts() {
			var own []*yaml.Node
			for _, id := range p.ids {
				if node, ok := f.nodes[language][id]; ok {
					own = append(own, node)
				}
			}
			if p.over() > 0 && p.over() > usual[i].over() && len(own) > 0 {
				first := slices.MinFunc(own, func(a, b *yaml.Node) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
				if !reported[first] { // a long menu makes every path long
					f.wrong(first, p.what+" "+tooLong(p.text), shorten(p.over(), p.seconds))
				}
				reported[first] = true
			}
		}
	}
}

func resolved(node *yaml.Node) *yaml.Node {
	if node != nil && node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}
