package config

import (
	"cmp"
	"strings"

	"github.com/officernd/supportline/policy"
)

// meant returns the advice to write the most similar known name, or else one of them all.
func meant(name string, known []string) string {
	return "write " + cmp.Or(policy.Nearest(name, known, 1+len(name)/3), listed(known))
}

// listed returns "a, b or c".
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
