package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/alecthomas/kong"
)

// manuals returns the texts of the README and of the manuals by their paths from the top level.
func manuals(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"../../*.md", "../../docs/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found[strings.TrimPrefix(file, "../../")] = string(text)
		}
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/operating.md"} {
		if found[name] == "" {
			t.Fatalf("%s is missing", name)
		}
	}
	return found
}

var (
	link        = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fence       = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	headingLine = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	codeSpan    = regexp.MustCompile("`([^`\n]+)`")
)

// anchors returns the names by which a manual's headings are linked: lower case, spaces as hyphens, other punctuation left out.
func anchors(text string) (names []string) {
	for _, h := range headingLine.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		names = append(names, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, h[1]))
	}
	return names
}

func TestLinksInTheManuals(t *testing.T) {
	texts, links := manuals(t), 0
	for name, text := range texts {
		for _, l := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if strings.Contains(l[1], "://") {
				continue
			}
			links++
			path, anchor, _ := strings.Cut(l[1], "#")
			target := name
			if path != "" {
				target = filepath.Join(filepath.Dir(name), path)
			}
			if _, err := os.Stat(filepath.Join("../..", target)); err != nil {
				t.Errorf("%s links to %s, which is not there", name, l[1])
			} else if anchor != "" && !slices.Contains(anchors(texts[target]), anchor) {
				t.Errorf("%s links to %s, which has no such heading", name, l[1])
			}
		}
	}
	if links < 50 {
		t.Errorf("only %d links were found", links)
	}
}

// shellWords splits a line as a shell does where there are only plain words and quotes, up to a comment, a pipe or a redirection.
func shellWords(line string) (words []string) {
	var word strings.Builder
	var quote rune
	inWord := false
	end := func() {
		if inWord {
			words = append(words, word.String())
		}
		word.Reset()
		inWord = false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, inWord = r, true
		case r == ' ':
			end()
		case strings.ContainsRune("#|<>&;", r) && !inWord:
			return words
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	end()
	return words
}

// afterProgram returns the arguments that a line of a shell gives to supportline.
func afterProgram(line string) (args []string, found bool) {
	words := shellWords(line)
	for i, w := range slices.Backward(words) {
		if w == "supportline" || w == "./supportline" || w == "./cmd/supportline" {
			return words[i+1:], true
		}
	}
	return nil, false
}

// shellLines returns the lines that a reader is told to type: those of blocks of sh, and those behind a prompt in blocks of a console.
func shellLines(text string) (lines []string) {
	for _, block := range fence.FindAllString(text, -1) {
		first, rest, _ := strings.Cut(strings.TrimSpace(block), "\n")
		for line := range strings.Lines(rest) {
			line = strings.TrimSpace(line)
			typed, prompt := strings.CutPrefix(line, "$ ")
			if prompt || strings.HasSuffix(first, "```sh") {
				lines = append(lines, typed)
			}
		}
	}
	return lines
}

// understood reports what is wrong with a command line. Help is asked for, so that arguments which an example leaves out are not missed.
func understood(args []string) error {
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "..." })
	_, err := parse(append(args, "--help"), io.Discard, io.Discard)
	return err
}

func TestCommandsInTheManuals(t *testing.T) {
	commands := 0
	for name, text := range manuals(t) {
		lines := shellLines(text)
		for _, span := range codeSpan.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if strings.HasPrefix(span[1], "supportline ") || strings.HasPrefix(span[1], "./supportline ") {
				lines = append(lines, span[1])
			}
		}
		for _, line := range lines {
			args, ok := afterProgram(line)
			if !ok {
				continue
			}
			commands++
			if err := understood(args); err != nil {
				t.Errorf("%s: %q: %v", name, line, err)
			}
		}
	}
	if commands < 40 {
		t.Errorf("only %d commands were found", commands)
	}
}

// grammarCommands returns the commands of the grammar by their words: "calls explain".
func grammarCommands(t *testing.T) map[string]*kong.Node {
	t.Helper()
	var g grammar
	parser, err := g.parser(io.Discard, io.Discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*kong.Node{}
	var add func(n *kong.Node, words string)
	add = func(n *kong.Node, words string) {
		for _, child := range n.Children {
			if child.Type == kong.CommandNode && !child.Hidden {
				path := strings.TrimSpace(words + " " + child.Name)
				found[path] = child
				add(child, path)
			}
		}
	}
	add(parser.Model.Node, "")
	return found
}

// hasFlag reports whether a command takes a flag, itself or by the command that stands for it where its own word is left out.
func hasFlag(n *kong.Node, name string) bool {
	if n == nil {
		return false
	}
	for _, group := range n.AllFlags(false) {
		if slices.ContainsFunc(group, func(f *kong.Flag) bool { return f.Name == name }) {
			return true
		}
	}
	return hasFlag(n.DefaultCmd, name)
}

// TestTableOfCommands: the manual has every command of the grammar, and nothing that the grammar does not have.
func TestTableOfCommands(t *testing.T) {
	_, table, _ := strings.Cut(manuals(t)["docs/operating.md"], "## Commands")
	table, _, _ = strings.Cut(table, "\n## ")
	all, shown, path := grammarCommands(t), map[string]bool{}, ""
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "/"), "|")
		if len(cells) < 3 {
			continue
		}
		for _, span := range codeSpan.FindAllStringSubmatch(cells[1], -1) {
			words := strings.Fields(strings.NewReplacer("[", "", "]", "", "/", " ").Replace(span[1]))
			if !strings.HasPrefix(words[0], "--") { // further flags are those of the command before
				for path = ""; len(words) > 0 && all[strings.TrimSpace(path+" "+words[0])] != nil; words = words[1:] {
					path = strings.TrimSpace(path + " " + words[0])
				}
				shown[path] = true
			}
			for _, w := range words {
				if flag, ok := strings.CutPrefix(w, "--"); ok && !hasFlag(all[path], flag) {
					t.Errorf("the table shows %q, and %q has no such flag", span[1], path)
				}
			}
		}
	}
	for name, n := range all {
		standsFor, _, _ := strings.Cut(name, " ")
		byDefault := n.Parent.DefaultCmd == n && shown[standsFor]
		if len(n.Children) == 0 && !shown[name] && !byDefault {
			t.Errorf("the table does not show %q", name)
		}
	}
}

func TestMakeTargetsInTheManuals(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	targets := 0
	for name, text := range manuals(t) {
		for _, m := range regexp.MustCompile("(?m)(?:`|^ *)make ([a-z]+)").FindAllStringSubmatch(text, -1) {
			targets++
			if !regexp.MustCompile("(?m)^" + m[1] + ":").Match(makefile) {
				t.Errorf("%s names \"make %s\", which is not in the Makefile", name, m[1])
			}
		}
	}
	if targets == 0 {
		t.Error("no target was found")
	}
}

// TestFilesOfTheArchitecture: every file and room that architecture.md names is there, and every room is in its table. Names in capitals stand
// for what is to be chosen.
func TestFilesOfTheArchitecture(t *testing.T) {
	text := manuals(t)["docs/architecture.md"]
	named := map[string]bool{}
	for _, span := range codeSpan.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		path := strings.TrimSuffix(span[1], "/")
		if regexp.MustCompile(`^(cmd|console|ivr|policy|store|testdata|twilio)(/[a-z0-9_.-]+)*$`).MatchString(path) {
			named[path] = true
			if _, err := os.Stat(filepath.Join("../..", path)); err != nil {
				t.Errorf("architecture.md names %s, which is not there", path)
			}
		}
	}
	sources, err := filepath.Glob("../../*/*.go")
	for _, pattern := range []string{"../../*/*/*.go", "../../*/*/*/*.go"} {
		more, failed := filepath.Glob(pattern)
		sources, err = append(sources, more...), errors.Join(err, failed)
	}
	if err != nil || len(sources) == 0 {
		t.Fatalf("%d sources: %v", len(sources), err)
	}
	for _, file := range sources {
		if room := strings.TrimPrefix(filepath.Dir(file), "../../"); !named[room] {
			named[room] = true
			t.Errorf("architecture.md does not name the room %s", room)
		}
	}
}
