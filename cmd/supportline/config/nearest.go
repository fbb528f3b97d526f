package config

import (
	"cmp"
	"strings"
)

// nearest finds the known name that was probably meant: the one with the fewest edits, at most limit. It is "" where none is near, and
// where two are equally near.
func nearest(name string, known []string, limit int) string {
	best, fewest := "", limit+1
	if len(name) > 60 { // no known name is that long, and the work is quadratic
		return ""
	}
	for _, k := range known {
		switch d := edits(strings.ToLower(name), strings.ToLower(k)); {
		case d < fewest:
			best, fewest = k, d
		case d == fewest:
			best = ""
		}
	}
	return best
}

// meant tells which known name to write: the nearest, else all of them.
func meant(name string, known []string) string {
	return "write " + cmp.Or(nearest(name, known, 1+len(name)/3), listed(known))
}

// edits is the Levenshtein distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// listed is "a, b or c".
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
