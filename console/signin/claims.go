package signin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/policy/users"
)

// claims is an object of JSON from the provider. Names are compared to the letter, as the standard has it; values are read leniently, because many
// providers send texts for booleans, numbers and lists.
type claims map[string]any

func parseClaims(body []byte) (claims, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var c claims
	if err := decoder.Decode(&c); err != nil || c == nil {
		return nil, errors.New("not an object of JSON")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not an object of JSON alone")
	}
	return c, nil
}

// find returns the claim of a name, or else the claim that dots in the name lead to: realm_access.roles is roles in realm_access. It is nil if there
// is none.
func (c claims) find(name string) any {
	if value := c[name]; value != nil {
		return value
	}
	for at := range len(name) {
		if name[at] != '.' {
			continue
		}
		if inner, ok := c[name[:at]].(map[string]any); ok {
			if value := claims(inner).find(name[at+1:]); value != nil {
				return value
			}
		}
	}
	return nil
}

// text returns a claim that is a text, or a list of one.
func (c claims) text(name string) string {
	value := c[name]
	if list, ok := value.([]any); ok && len(list) == 1 {
		value = list[0]
	}
	text, _ := value.(string)
	return strings.TrimSpace(text)
}

// list returns a claim that is a list of texts, or one text with blanks between its words. None of them is empty.
func (c claims) list(name string) (texts []string) {
	switch value := c[name].(type) {
	case string:
		return strings.Fields(value)
	case []any:
		for _, each := range value {
			if text, ok := each.(string); ok && text != "" {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// isTrue reports whether a claim is true, or a text or a number that means it.
func (c claims) isTrue(name string) bool {
	switch value := c[name].(type) {
	case bool:
		return value
	case json.Number:
		return value == "1"
	case string:
		value = strings.TrimSpace(value)
		return strings.EqualFold(value, "true") || value == "1"
	}
	return false
}

// lastSecond bounds the times of a token: about the year 36800.
const lastSecond = 1 << 40

// time returns a claim that counts seconds since 1970 in UTC, as a number or as the text of one.
func (c claims) time(name string) (at time.Time, ok bool) {
	text := c.text(name)
	if number, is := c[name].(json.Number); is {
		text = number.String()
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds >= 0 && seconds <= lastSecond) {
		return at, false
	}
	return time.Unix(int64(seconds), 0).UTC(), true
}

// person returns the name that a person can have here: the user name, or else an e-mail address that the provider has verified. The error is
// ErrNoName or ErrUnverified.
func (c claims) person() (string, error) {
	if name, err := users.ParseName(c.text("preferred_username")); err == nil {
		return name, nil
	}
	name, err := users.ParseName(c.text("email"))
	switch {
	case err != nil:
		return "", ErrNoName
	case !c.isTrue("email_verified"):
		return "", ErrUnverified
	}
	return name, nil
}

// keptElsewhere reports whether a claim was left out, and stands where another program shows it (OpenID Connect Core, section 5.6.2): what some
// providers do with the groups of people who have very many.
func (c claims) keptElsewhere(name string) bool {
	sources, _ := c["_claim_names"].(map[string]any)
	return sources[name] != nil || c.isTrue("has"+name)
}

// The bounds of shape, so that a line of the log stays one.
const (
	shapeClaims = 50
	shapeName   = 80
)

// shape returns which claims there are, of which type and with how many items, in order of their names. What they hold is left out.
func (c claims) shape(before string) (lines []string) {
	for name, value := range c {
		lines = append(lines, cut(before+name, shapeName)+": "+kind(value))
	}
	slices.Sort(lines)
	if more := len(lines) - shapeClaims; more > 0 {
		lines = append(lines[:shapeClaims], fmt.Sprintf("and %d more", more))
	}
	return lines
}

// kind returns the type of a value of JSON.
func kind(value any) string {
	switch v := value.(type) {
	case string:
		return "text"
	case json.Number:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return fmt.Sprintf("list of %d", len(v))
	case map[string]any:
		return fmt.Sprintf("object of %d", len(v))
	}
	return "null"
}

// cut returns a text of the provider's, shortened for a line of the log.
func cut(text string, most int) string {
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most]) + "..."
	}
	return text
}
