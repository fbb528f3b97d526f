package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
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
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fence    = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	heading  = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
)

// anchors returns the names by which a manual's headings are linked: lower case, spaces as hyphens, other punctuation left out.
func anchors(text string) (names []string) {
	for _, h := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
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

// documented returns the command lines of the table of all commands, with what they leave open filled in.
func documented(t *testing.T) (lines []string) {
	t.Helper()
	_, table, _ := strings.Cut(manuals(t)["docs/operating.md"], "## Commands")
	table, _, _ = strings.Cut(table, "\n## ")
	command := ""
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "/"), "|")
		if len(cells) < 3 {
			continue
		}
		for _, span := range codeSpan.FindAllStringSubmatch(cells[1], -1) {
			text := span[1]
			if strings.HasPrefix(text, "--") { // further flags of the command before
				text = command + " " + text
			}
			command, _, _ = strings.Cut(text, " --")
			lines = append(lines, text)
		}
	}
	return lines
}

func TestTableOfCommandsIsWhole(t *testing.T) {
	var shown []string
	for _, line := range documented(t) {
		words := strings.Fields(strings.NewReplacer("[", "", "]", "").Replace(line))
		shown = append(shown, strings.Join(words, " "))
		if err := understood(withValues(words)); err != nil {
			t.Errorf("the table of commands shows %q: %v", line, err)
		}
	}
	for _, command := range commandPaths(t) {
		if !slices.ContainsFunc(shown, func(s string) bool { return s == command || strings.HasPrefix(s, command+" ") }) {
			t.Errorf("the table of commands does not show %q", command)
		}
	}
}

// withValues gives each flag that stands without its value, as in "calls --since --until", the flag's own name as one.
func withValues(words []string) (args []string) {
	for _, w := range words {
		if strings.HasPrefix(w, "--") {
			args = append(args, w)
		} else {
			args = append(args, w)
		}
	}
	return args
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
