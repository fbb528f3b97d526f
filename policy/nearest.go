package policy

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// maxNamed bounds the names that are compared: no known one is that long, and the work is quadratic.
const maxNamed = 60

// Nearest is the known name that was probably meant by a wrong one: the one with the fewest edits, at most limit, whatever the case. It is
// "" where none is near, and where two are equally near.
func Nearest(name string, known []string, limit int) string {
	best, fewest := "", limit+1
	if len(name) > maxNamed {
		return ""
	}
	for _, k := range known {
		switch d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(k)); {
		case d < fewest:
			best, fewest = k, d
		case d == fewest:
			best = ""
		}
	}
	return best
}
