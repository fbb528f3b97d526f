package ivr

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// Fallback makes the documents that callers hear while no server of ours answers. They are files, which cannot know the time, so they say the
// hours of the week to come, and ring in any case.
type Fallback struct {
	form
	settings policy.Settings
}

// NewFallback returns a Fallback whose documents refer to each other below base, a URL without a slash at its end.
func NewFallback(s policy.Settings, w Words, base string) Fallback {
	return Fallback{form{words: w, base: base}, s}
}

// FallbackFolder returns the folder of a line's documents below the base: the digits of its number.
func FallbackFolder(number policy.Phone) string { return digits(number.Full()) }

// The documents of a line.
const (
	fallbackVoice  = "voice.xml"  // the number's fallback URL
	fallbackScreen = "screen.xml" // a specialist picked up
	fallbackAccept = "accept.xml" // and pressed a key
	fallbackEnd    = "end.xml"    // the Dial is over: each is rung alone
	fallbackAlone  = "bin.xml"    // all in one, for hosts where documents can't refer to others; it takes a voicemail for a person
)

// Documents returns a line's documents by their names. They are right for a week from the time on, and are fetched with GET.
func (f Fallback) Documents(line policy.Line, from time.Time) (map[string][]byte, error) {
	base := f.base + "/" + FallbackFolder(line.Number) + "/"
	goodbye := f.say(line, phrase("fallback-goodbye"))
	hooks := legHooks{screen: base + fallbackScreen, method: http.MethodGet}
	ring := f.ring(line, hooks)
	ring.Action, ring.Method = base+fallbackEnd, http.MethodGet
	key := oneKey(base+fallbackAccept, f.say(line, phrase("fallback-screen"))) // without EmptyResult: a file takes silence for a key
	key.Method = http.MethodGet
	opening := f.say(line, f.opening(line, from)...)
	all := map[string]twilio.Response{
		fallbackVoice:  document(slices.Clone(opening), ring),
		fallbackScreen: document(nil, key, twilio.Hangup{}),
		fallbackAccept: document(nil),
		fallbackEnd:    document(append(f.eachAlone(line, hooks), goodbye...), twilio.Hangup{}),
		fallbackAlone:  document(append(append(slices.Clone(opening), f.ring(line, legHooks{})), goodbye...), twilio.Hangup{}),
	}
	rendered := map[string][]byte{}
	for name, doc := range all {
		text, err := doc.Render()
		if err != nil {
			return nil, fmt.Errorf("the fallback document %s of line %s: %w", name, line.Name, err)
		}
		rendered[name] = text
	}
	return rendered, nil
}

// opening returns the first words: that something is wrong, the hours, and each day of the week to come that differs from them.
func (f Fallback) opening(line policy.Line, from time.Time) []Phrase {
	say := []Phrase{phrase("fallback"), phrase("closed-hours")}
	today := policy.DateOf(from.In(line.Zone))
	for n := range 7 {
		if day := line.Day(today.Plus(n)); !day.Usual {
			say = append(say, phrase("fallback-day", "date", day.Date.String(), "open", minutes(day.Open)))
		}
	}
	return say
}

// minutes formats the intervals of a day as minutes after its midnight: "480-720".
func minutes(open []policy.Interval) string {
	var parts []string
	for _, i := range open {
		from, to := i.From.Hour()*60+i.From.Minute(), i.To.Hour()*60+i.To.Minute()
		if to == 0 {
			to = midnight
		}
		parts = append(parts, strconv.Itoa(from)+"-"+strconv.Itoa(to))
	}
	return strings.Join(parts, ",")
}

// eachAlone rings each of those who were rung at once, one after the other: the first pick-up has stopped the others, and a file cannot know
// whether it was a voicemail's (rule 16). Before each, who has talked is told to hang up.
func (f Fallback) eachAlone(line policy.Line, hooks legHooks) []twilio.Verb {
	ring := f.rung(line)
	if len(ring.To) < 2 {
		return nil
	}
	var verbs []twilio.Verb
	for _, to := range ring.To {
		verbs = append(verbs, f.say(line, phrase("fallback-next"))...)
		verbs = append(verbs, f.dialNumbers(line, Ring{To: []policy.Phone{to}, Seconds: ring.Seconds}, "", hooks))
	}
	return verbs
}

// ring rings the whole critical team at once, since without state nobody knows who was rung already, and everybody of its rotas, since a file
// does not know who is on call. Where there are too many, the first steps ring.
func (f Fallback) ring(line policy.Line, hooks legHooks) twilio.Dial {
	return f.dialNumbers(line, f.rung(line), "", hooks)
}

func (f Fallback) rung(line policy.Line) Ring {
	team := f.settings.Team(line, policy.Critical)
	var ring Ring
	for _, step := range team.Steps {
		ring.Seconds = max(ring.Seconds, int(step.For/time.Second))
		for _, r := range f.settings.MayReach(step.To) {
			if r.Phone != "" && !slices.Contains(ring.To, r.Phone) && len(ring.To) < maxRung {
				ring.To = append(ring.To, r.Phone)
			}
		}
	}
	return ring
}
