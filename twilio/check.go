package twilio

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The bounds of a document. The provider's "64 kB" may be 64,000 or 65,536 bytes; the smaller is safe either way.
const (
	maxDocument = 64_000
	maxNouns    = 10
	maxPolly    = 3000
	maxGoogle   = 5000
	maxBasic    = 4096
	maxRoom     = 128 // characters of a conference's name
)

// check returns an error for the first thing in r that the provider would refuse, cut short or loop on.
func (r Response) check() error {
	for i, verb := range r.Verbs {
		if _, isReject := verb.(Reject); isReject && i > 0 {
			return fmt.Errorf("verb %d: Reject: only the first verb can refuse a call unanswered: put it first or use Hangup", i+1)
		}
		if err := checkElement(verb); err != nil {
			return fmt.Errorf("verb %d: %w", i+1, err)
		}
	}
	return nil
}

func checkElement(value any) error {
	name, w, err := elementOf(value)
	if err != nil {
		return err
	}
	c := checker{name: name}
	w.walk(&c)
	switch v := w.(type) {
	case *Say:
		c.say(*v)
	case *Number:
		c.events(v.StatusCallback, v.StatusEvents)
	case *Conference:
		c.events(v.StatusCallback, v.StatusEvents)
		if n := utf8.RuneCountInString(v.Name); n > maxRoom {
			c.fail("the name has %d characters: write %d at most", n, maxRoom)
		}
	case *Sip:
		c.events(v.StatusCallback, v.StatusEvents)
		if !strings.HasPrefix(strings.TrimSpace(v.URI), "sip:") && !strings.HasPrefix(strings.TrimSpace(v.URI), "sips:") {
			c.fail(`%q is no SIP address: write "sip:user@host"`, v.URI)
		}
	}
	return c.err
}

// checker is a visitor that keeps the first error of an element and its children.
type checker struct {
	name string
	err  error
}

func (c *checker) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%s: %w", c.name, fmt.Errorf(format, args...))
	}
}

func (c *checker) child(index int, value any) {
	if err := checkElement(value); err != nil {
		c.fail("child %d: %w", index+1, err)
	}
}

// say checks the length of a text, whose bound depends on the voice: beyond it the provider logs a warning and the caller hears nothing.
func (c *checker) say(s Say) {
	limit, kind := maxBasic, "basic"
	switch {
	case strings.HasPrefix(s.Voice, "Polly."):
		limit, kind = maxPolly, "Polly"
	case strings.HasPrefix(s.Voice, "Google."):
		limit, kind = maxGoogle, "Google"
	}
	if n := utf8.RuneCountInString(s.Text); n > limit {
		c.fail("the text has %d characters and %s voices take %d: split it over several Says", n, kind, limit)
	}
}

func (c *checker) events(callback string, events []string) {
	if callback == "" && len(events) > 0 {
		c.fail("statusCallbackEvent without a statusCallback: nobody would hear of the events")
	}
}

func (c *checker) text(name string, value *string, allowed ...string) {
	if *value != "" && len(allowed) > 0 && !slices.Contains(allowed, *value) {
		c.fail("%s is %q: write %s", name, *value, strings.Join(allowed, ", "))
	}
}

func (c *checker) checked(name string, value *string, check func(*checker, string, string)) {
	check(c, name, *value)
}

// required checks the actions of Gather and Record. Their default is the present document, which makes a loop that is billed.
func (c *checker) required(name, value string) {
	if value == "" {
		c.fail("no %s: give one, or the provider asks for the present document again and again", name)
	}
}

func (c *checker) keys(name, value string) {
	if strings.Trim(value, "0123456789*#") != "" {
		c.fail("%s is %q: only the keys 0 to 9, * and # exist", name, value)
	}
}

func (c *checker) optionalKeys(name string, value **string) {
	if *value != nil {
		c.keys(name, **value)
	}
}

func (c *checker) number(name string, value *int, limit int) {
	if *value < 0 || *value > limit {
		c.fail("%s is %d: write 1 to %d, or 0 for the provider's default", name, *value, limit)
	}
}

func (c *checker) secondsOrAuto(name, value string) {
	n, err := strconv.Atoi(value)
	if value != "" && value != "auto" && (err != nil || n < 1 || n > maxSeconds) {
		c.fail("%s is %q: write auto or 1 to %d seconds", name, value, maxSeconds)
	}
}

func (c *checker) flag(string, *bool, bool) {}

func (c *checker) words(name string, value *[]string, allowed ...string) {
	for i := range *value {
		c.text(name, &(*value)[i], allowed...)
		if (*value)[i] == "" {
			c.fail("%s has an empty word: write %s", name, strings.Join(allowed, ", "))
		}
	}
}

func (c *checker) content(what string, value *string) {
	if strings.TrimSpace(*value) == "" {
		c.fail("no %s: give one or leave the element out", what)
	}
}

func (c *checker) prompts(value *[]Verb) {
	for i, prompt := range *value {
		switch prompt.(type) {
		case Say, Play, Pause:
			c.child(i, prompt)
		default:
			c.fail("child %d is a %T: only Say, Play and Pause can be nested", i+1, prompt)
		}
	}
}

func (c *checker) nouns(value *[]Noun) {
	if n := len(*value); n < 1 || n > maxNouns {
		c.fail("%d parties to ring: give 1 to %d", n, maxNouns)
	}
	for i, noun := range *value {
		if _, room := noun.(Conference); room && len(*value) > 1 {
			c.fail("child %d is a Conference: it stands alone in its Dial", i+1)
		}
		c.child(i, noun)
	}
}
