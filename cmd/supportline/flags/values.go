package flags

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Options returns the options by which the parser reads numbers and lengths of time, with errors that name what to write.
func Options() []kong.Option {
	whole := func(set func(reflect.Value, string) error) kong.MapperFunc {
		return func(ctx *kong.DecodeContext, target reflect.Value) error {
			var text string
			if err := ctx.Scan.PopValueInto("number", &text); err != nil {
				return err
			}
			if set(target, text) != nil {
				return fmt.Errorf("%q is not a whole number that can be used: write digits alone, such as 50", text)
			}
			return nil
		}
	}
	return []kong.Option{
		kong.KindMapper(reflect.Int, whole(func(target reflect.Value, text string) error {
			n, err := strconv.Atoi(text)
			target.SetInt(int64(n))
			return err
		})),
		kong.KindMapper(reflect.Uint64, whole(func(target reflect.Value, text string) error {
			n, err := strconv.ParseUint(text, 10, 64)
			target.SetUint(n)
			return err
		})),
		kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(lengthOfTime)),
	}
}

// lengthOfTime reads a length of time. No flag means one that is negative.
func lengthOfTime(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("time", &text); err != nil {
		return err
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return fmt.Errorf("%q is not a length of time: write a number with its unit, such as 90s, 10m or 2h", text)
	}
	target.SetInt(int64(d))
	return nil
}

// negative matches what people write for a number below zero, which the parser takes for a flag.
var negative = regexp.MustCompile(`^-[0-9.]`)

// Joined returns arguments with each negative number Joined to the flag before it, so that the flag itself can refuse it.
func Joined(args []string) []string {
	var all []string
	for _, arg := range args {
		last := len(all) - 1
		if last >= 0 && negative.MatchString(arg) && strings.HasPrefix(all[last], "--") && !strings.Contains(all[last], "=") && all[last] != "--" {
			all[last] += "=" + arg
			continue
		}
		all = append(all, arg)
	}
	return all
}

// The parser's own words about arguments, and ours.
var (
	ofArgument  = regexp.MustCompile(`^\[?<([A-Z.]+)>\]?: `)
	noArgument  = regexp.MustCompile(`^expected "((?:\[?<[A-Z.]+>\]?[ .]*)+)"`)
	noCommand   = regexp.MustCompile(`^expected one of (.*)$`)
	oddArgument = regexp.MustCompile(`^unexpected argument ([^ ,]+)`)
)

// PlainWords returns an error of the parser in the words of the manuals.
func PlainWords(said string) string {
	said = ofArgument.ReplaceAllString(said, "$1: ")
	said = noCommand.ReplaceAllString(said, "name one of the commands $1")
	if m := noArgument.FindStringSubmatch(said); m != nil {
		return "name the " + strings.NewReplacer("<", "", ">", "").Replace(m[1])
	}
	return oddArgument.ReplaceAllString(said, "\"$1\" is no command, and nothing that can be named here")
}

// Examples returns a command's help: what it does, and how it is called.
func Examples(about string, lines ...string) string {
	head := "Example:"
	if len(lines) > 1 {
		head = "Examples:"
	}
	return strings.TrimLeft(about+"\n\n"+head+"\n\n    "+strings.Join(lines, "\n    "), "\n")
}
