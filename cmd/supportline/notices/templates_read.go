package notices

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ReadTemplates returns the shipped templates with the files of a folder in the place of those of the same name. It tries each with sample facts:
// a name that is no fact of its kind is a problem. A folder that cannot be read is an error.
func ReadTemplates(folder string) (*Templates, []Problem, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, nil, reason(err)
	}
	own := map[string]string{}
	var problems []Problem
	for _, e := range entries {
		name := e.Name()
		switch ext := filepath.Ext(name); {
		case ext != ".txt" && ext != ".html" || strings.HasPrefix(name, "."):
			continue
		case !slices.Contains(names(), name):
			problems = append(problems, Problem{
				File: name, Line: 1, Column: 1, What: "no notice has this name",
				Instead: "name it as one of " + strings.Join(names(), ", "),
			})
		default:
			if own[name], err = readTemplate(filepath.Join(folder, name)); err != nil {
				problems = append(problems, Problem{File: name, Line: 1, Column: 1, What: "the template cannot be read: " + err.Error()})
			}
		}
	}
	t, found := parse(own)
	problems = append(problems, found...)
	for i := range problems {
		problems[i].File = filepath.Join(folder, problems[i].File)
	}
	return t, problems, nil
}

// readTemplate reads a small regular file. A pipe or a device must not make the program hang.
func readTemplate(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", reason(err)
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is not a regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return "", reason(err)
	}
	defer f.Close()
	source, err := io.ReadAll(io.LimitReader(f, maxWords+1))
	if len(source) > maxWords {
		return "", fmt.Errorf("it has more than %d bytes", maxWords)
	}
	return string(source), err
}

// reason returns an error without the path, which the problem has already.
func reason(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// position matches the beginning of the errors of the template packages: "template: name:3:7: " or "html/template:name:3:7: ".
var position = regexp.MustCompile(`^(?:html/)?template: ?([^:]+)(?::(\d+))?(?::(\d+))?: `)

func problemOf(file string, err error) Problem {
	p := Problem{File: file, Line: 1, Column: 1, What: err.Error()}
	if m := position.FindStringSubmatch(p.What); m != nil {
		p.What = p.What[len(m[0]):]
		if slices.Contains(names(), m[1]) { // the frame around a page may be the one at fault
			p.File = m[1]
		}
		if n, err := strconv.Atoi(m[2]); err == nil {
			p.Line = n
		}
		if n, err := strconv.Atoi(m[3]); err == nil {
			p.Column = n + 1 // those of the template packages count from 0
		}
	}
	if what, instead, ok := strings.Cut(p.What, "; "); ok {
		p.What, p.Instead = what, instead
	}
	return p
}
