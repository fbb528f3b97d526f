package config

import (
	"fmt"

	"github.com/officernd/supportline/ivr"
)

// words returns the sentences with the company's own, where the file names some, and their text, which is part of the version. Problems in them
// are reported under the name of their own file.
func (c *checker) words(t text) (ivr.Words, []byte) {
	name := c.named(t, "file")
	if name == "" {
		return ivr.DefaultWords(), nil
	}
	own, err := readFile(name)
	if err != nil {
		c.wrong(t, fmt.Sprintf("names the file %s, which cannot be read: %v", name, err), "write the name of a file of words, relative to the folder of this file")
		return ivr.DefaultWords(), nil
	}
	words, problems := ivr.ParseWords(name, own)
	for _, p := range problems {
		c.report(Problem(p))
	}
	return words, own
}
