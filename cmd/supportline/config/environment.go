package config

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	reference = regexp.MustCompile(`\$?\$\{[^}]*\}?`)
	variable  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// replaced returns a value with its references replaced from the environment. ok is false after a problem.
func (d *decoder) replaced(at place, key, value string) (result string, ok bool) {
	ok = true
	result = reference.ReplaceAllStringFunc(value, func(ref string) string {
		if strings.HasPrefix(ref, "$$") {
			return ref[1:]
		}
		inner, closed := strings.CutSuffix(ref[len("${"):], "}")
		name, fallback, optional := strings.Cut(inner, ":-")
		if !closed || !variable.MatchString(name) {
			d.add(at, fmt.Sprintf("%s holds %s, which is no reference to the environment", key, quoted(ref)),
				"write ${NAME} or ${NAME:-default}; $${ stands for ${ itself")
			ok = false
			return ""
		}
		got, set := d.env(name)
		switch {
		case optional && got == "":
			return fallback
		case !set && !d.offline:
			d.add(at, fmt.Sprintf("%s needs the environment variable %s, which is not set", key, name),
				fmt.Sprintf("set %s, or write ${%s:-default}", name, name))
			ok = false
		}
		return got
	})
	return result, ok
}
