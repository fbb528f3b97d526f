package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

var (
	accountSID = regexp.MustCompile(`^AC[0-9a-f]{32}$`)
	apiKey     = regexp.MustCompile(`^SK[0-9A-Za-z]{32}$`)
	secret     = regexp.MustCompile(`^[!-~]+$`)
	anySID     = regexp.MustCompile(`^[A-Z]{2}[0-9a-f]{32}$`)
	usualToken = regexp.MustCompile(`^[0-9a-f]{32}$`)
	// standIn matches what manuals and samples have where a secret belongs.
	standIn = regexp.MustCompile(`(?i)^([A-Z]{2}|)[.…]+$|^[x*?_-]{3,}$|^<[^<>]*>$|^your[_ -]?.*(token|secret|password|key)$|^change[_ -]?me$`)
	scheme  = regexp.MustCompile(`(?i)^(Bearer|Basic|Token)\s`)
)

// quotes are the marks that people and their editors put around a value.
const quotes = "\"'`“”„‘’«»"

// credential checks a name or a secret that the provider of a service has given out.
func (c *checker) credential(t text, form *regexp.Regexp, needed bool, want string) {
	switch {
	case t.silent() || t.Value == "" && !needed:
	case t.Value == "" && t.Env != "":
		c.add(t.At, t.origin()+" is empty", "set the variable to "+want)
	case t.Value == "":
		c.wrong(t, "is empty", "write "+want)
	case !c.sound(t, form, want):
	case !form.MatchString(t.Value):
		c.add(t.At, t.origin()+" does not look right", "write "+want)
	}
}

// sound reports whether a secret is what was given out, and nothing that came with it on its way into the file or the environment. It reports a
// problem otherwise, which never shows the value. Without a form the value may have blanks in it, as a password can.
func (c *checker) sound(t text, form *regexp.Regexp, want string) bool {
	what, instead := oddity(t.Value, t.Env)
	if what == "" && form != nil {
		what, instead = strange(t.Value, form, want)
	}
	if what != "" {
		c.add(t.At, t.origin()+" "+what, instead)
	}
	return what == ""
}

// oddity returns what is wrong with any secret, and what to do; "" where nothing is. env is the environment variable that it comes from.
func oddity(value, env string) (what, instead string) {
	trimmed := strings.TrimFunc(value, blank)
	marked := []rune(trimmed)
	switch {
	case trimmed == "" && value != "":
		return "holds nothing but blanks", "write the value"
	case strings.ContainsAny(value, "\r\n"):
		return "has a line end in it", "write the value alone; a file with Windows line ends leaves one after each value"
	case len(marked) > 1 && strings.ContainsRune(quotes, marked[0]) && strings.ContainsRune(quotes, marked[len(marked)-1]):
		return "has quotation marks around it", "write it without them: env files keep quotation marks as part of the value"
	case trimmed != value:
		return "begins or ends with a blank", "write it without"
	case strings.ContainsFunc(value, hidden):
		return "has a character in it that cannot be seen", "copy it again, or type it"
	case scheme.MatchString(value):
		return "begins with " + quoted(scheme.FindString(value)), "write what comes after it, alone"
	case env != "" && (strings.HasPrefix(value, env+"=") || strings.HasPrefix(value, "export "+env)):
		return "begins with the variable's own name", "write what comes after " + env + "="
	case standIn.MatchString(value):
		return "is a placeholder", "write the real value"
	case strings.HasPrefix(value, "${") && strings.HasSuffix(value, "}"):
		return "is a reference that nobody replaced", "write the value itself: references work in the configuration, not in the environment"
	}
	return "", ""
}

// strange returns what is wrong with a secret that has a form, and what to do; "" where the form alone can tell.
func strange(value string, form *regexp.Regexp, want string) (what, instead string) {
	outside := func(r rune) bool { return r > unicode.MaxASCII }
	switch {
	case strings.ContainsFunc(value, blank):
		return "has a blank in it", "write " + want
	case strings.ContainsFunc(value, outside):
		return "has letters or signs in it that none of the kind has", "copy it again: a document or a keyboard may have changed some"
	case strings.ContainsAny(value, quotes):
		return "has a quotation mark in it", "write it without: env files keep quotation marks as part of the value"
	case anySID.MatchString(value) && (form == secret || !form.MatchString(value)):
		return fmt.Sprintf("is a SID (%s...), which only names %s", value[:2], named(value)), "write " + want
	case form == accountSID && usualToken.MatchString(value):
		return "is an auth token, or lacks the AC in front", "write " + want
	}
	return "", ""
}

// named returns what a SID is of.
func named(sid string) string {
	switch sid[:2] {
	case "AC":
		return "an account"
	case "SK":
		return "an API key"
	}
	return "something at the provider"
}

// blank reports whether a character is a space of any width, those that are not seen at all included.
func blank(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Zs, r) || r == '\u200b' || r == '\ufeff'
}

// hidden reports whether a character leaves nothing on the screen.
func hidden(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
