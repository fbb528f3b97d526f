package notices

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
)

// poster posts notices. What was signed for one address is not carried to another by a redirect.
var poster = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// maxAnswer bounds what is read of an answer: a chat answers with the whole message, which has a few kilobytes.
const maxAnswer = 256 << 10

// answer is what a service said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// asked sends a request of a channel to a service that is named in errors, and returns its whole answer. The body of one that is none of the
// service's own, such as that of a proxy, is for the caller to refuse.
func asked(service string, r *http.Request) (answer, error) {
	r.Header.Set("User-Agent", "supportline")
	response, err := poster.Do(r)
	if err != nil {
		return answer{}, unreached(service, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil && r.Context().Err() != nil:
		return answer{}, unreached(service, context.Cause(r.Context()))
	case err != nil:
		return answer{}, later(service+" cut", service+" broke off in the middle of its answer")
	case len(body) > maxAnswer:
		return answer{}, later(service+" long", service+" answered at a length that is no answer of its own")
	}
	return answer{response.StatusCode, response.Header, body}, nil
}

// unreached returns the failure of a connection to a service.
func unreached(service string, err error) *failure {
	f := unreachable(service, err)
	if f.class == "timeout" {
		f.reason = service + " did not answer in time"
		return f
	}
	f.reason = oneLine(service + " could not be reached: " + f.reason)
	return f
}

// read reads an answer in JSON. What else is there, such as the page of a proxy, may be different at the next attempt.
func (a answer) read(service string, into any) error {
	if err := json.Unmarshal(a.body, into); err != nil {
		return later(service+" unreadable", fmt.Sprintf("%s answered %s with something that is not JSON: a proxy on the way may have answered in its place", service, statusText(a.status)))
	}
	return nil
}

// statusText returns a status with its meaning.
func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// The bounds of how long a service may ask us to wait, and what is taken where it does not say how long.
const (
	usualWait   = 30 * time.Second
	longestWait = time.Hour
)

// wait returns how long a service that limits us asks us to wait.
func (a answer) wait(now time.Time) time.Duration {
	said := a.header.Get("Retry-After")
	if seconds, err := strconv.Atoi(said); err == nil && seconds > 0 {
		return min(time.Duration(min(seconds, 24*3600))*time.Second, longestWait)
	}
	if at, err := http.ParseTime(said); err == nil && at.After(now) {
		return min(at.Sub(now), longestWait)
	}
	return usualWait
}

// clip returns a text with at most so many units of UTF-16, in which services count, cut between two letters as people see them: an emoji of several
// characters, or a letter with its accents, stays whole or goes.
func clip(s string, most int) string {
	const ellipsis = "…"
	if units(s) <= most {
		return s
	}
	all := []rune(strings.ToValidUTF8(s, "?"))
	fit, used := 0, units(ellipsis)
	for fit < len(all) && used+utf16.RuneLen(all[fit]) <= most {
		used += utf16.RuneLen(all[fit])
		fit++
	}
	for fit > 0 && fit < len(all) && joined(all[:fit], all[fit]) {
		fit--
	}
	return strings.TrimRightFunc(string(all[:fit]), unicode.IsSpace) + ellipsis
}

func units(s string) (n int) {
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// zeroWidthJoiner makes one emoji of two.
const zeroWidthJoiner = '\u200d'

// joined reports whether a character belongs to the same letter as the one before it.
func joined(before []rune, r rune) bool {
	const firstTone, lastTone = 0x1F3FB, 0x1F3FF // the tones of skin
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc) || r == zeroWidthJoiner || r >= firstTone && r <= lastTone || before[len(before)-1] == zeroWidthJoiner {
		return true
	}
	flags := 0 // a flag is two letters of its own kind
	for i := len(before) - 1; i >= 0 && isFlagLetter(before[i]); i-- {
		flags++
	}
	return isFlagLetter(r) && flags%2 == 1
}

func isFlagLetter(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

// asFailure returns the failure that an error of a channel is, nil for none.
func asFailure(err error) *failure {
	f, _ := errors.AsType[*failure](err)
	return f
}
