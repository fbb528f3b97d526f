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

// ExplainedRow is a call of an account's month as JSON: how it counted, and what people said about it and offered on it.
type ExplainedRow struct {
	policy.CountedRow
	Said []Entry `json:"said"`
}

// Explained returns the calls of a month with what their story has of each.
func Explained(explained []policy.Counted, story []Entry) []ExplainedRow {
	counted := policy.CountedRows(explained)
	rows := make([]ExplainedRow, len(counted))
	for i, c := range counted {
		rows[i] = ExplainedRow{c, []Entry{}}
		for _, e := range story {
			if e.Call == c.SID {
				rows[i].Said = append(rows[i].Said, e)
			}
		}
	}
	return rows
}

// OfCase returns what the account of a case was offered since the first month of the case began, as one story in the order of time: the alternatives that
// people offered as they moved it, and the pages that were sent. zone is that of the account's home line.
func OfCase(c policy.Case, offers []Offer, zone *time.Location) []Entry {
	begin := c.Moves[0].At
	if len(c.Months) > 0 {
		begin, _ = c.Months[0].Month.Bounds(zone)
	}
	story := Story(nil, slices.DeleteFunc(slices.Clone(offers), func(o Offer) bool {
		return o.At.Before(begin) || !c.Open() && o.At.After(c.LastMove().At)
	}))
	for _, m := range c.Moves {
		for _, a := range m.Offered {
			text := m.By + " offered " + alternativeWords[a]
			if m.Via != "" {
				text += " by " + m.Via
			}
			story = append(story, Entry{At: m.At, Text: text})
		}
	}
	slices.SortStableFunc(story, func(a, b Entry) int { return a.At.Compare(b.At) })
	return story
}

// alternativeWords are the words of what people offer as they move a case.
var alternativeWords = map[policy.Alternative]string{
	policy.Alternative(ScreenSharing): ScreenSharing.Words(), policy.Alternative(Training): Training.Words(), "plan": "another plan",
}
