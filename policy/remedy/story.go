package remedy

import (
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// Entry is one thing that somebody said about a call, or offered to somebody.
type Entry struct {
	At   time.Time      `json:"at"`
	Call policy.CallSID `json:"call,omitempty"`
	Text string         `json:"text"` // without its time: `Ada Moreau waived the call as necessary: "the site was down"`
}

// Story returns what people said about some calls, and what was offered, in the order of time. Telephone numbers in people's own words are masked.
func Story(calls []policy.Call, offers []Offer) (story []Entry) {
	for _, c := range calls {
		for _, a := range c.Acts {
			text := a.Masked().Words()
			if a.Via == string(followup.ViaLink) {
				text += " (by link)"
			}
			story = append(story, Entry{a.At, c.SID, text})
		}
	}
	for _, o := range offers {
		story = append(story, Entry{o.At, o.Call, o.Words()})
	}
	slices.SortStableFunc(story, func(a, b Entry) int {
		if order := a.At.Compare(b.At); order != 0 {
			return order
		}
		return strings.Compare(string(a.Call), string(b.Call))
	})
	return story
}
