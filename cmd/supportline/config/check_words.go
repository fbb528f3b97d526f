package config

import (
	"fmt"
	"path/filepath"

	"github.com/officernd/supportline/ivr"
)

// words returns the sentences with the company's own, where the file names some, and their text, which is part of the version. Problems in them
// are reported under the name of their own file.
func (c *checker) words(t text) (ivr.Words, []byte) {
	if t.silent() {
		return ivr.DefaultWords(), nil
	}
	if t.Value == "" {
		c.wrong(t, "is empty", "write the name of a file, or remove the key")
		return ivr.DefaultWords(), nil
	}
	name := t.Value
	if !filepath.IsAbs(name) {
		name = filepath.Join(c.folder, name)
	}
	own, err := readFile(name)
	if err != nil {
		c.wrong(t, fmt.Sprintf("names the file %s, which cannot be read: %v", name, err), "write the name of a file of words, relative to the folder of this file")
		return ivr.DefaultWords(), nil
	}
	words, problems := ivr.ParseWords(name, own)
	for _, p := range problems {
		c.add(place{file: name, line: p.Line, column: p.Column}, p.What, p.Instead)
	}
	return words, own
}
