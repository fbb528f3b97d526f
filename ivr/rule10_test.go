package ivr_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// The answers to a caller who names a reason, one letter each, in the order of policy.Intents: critical, restricted, ticket-status,
// raise-severity, question.
var answerLetters = map[byte]string{
	'C': "rings critical",
	'G': "rings general",
	'T': "asks for the ticket",
	'R': "says that the account is restricted",
	'V': "says that the line is closed, and records",
	'M': "says that the line is closed, and hangs up",
}

// nights are what a closed line can be set to do.
var nights = map[string]policy.AfterHours{
	"records":                          {Default: policy.Voicemail},
	"says so":                          {Default: policy.Message},
	"connects critical calls":          {Default: policy.Voicemail, ByIntent: map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.Connect}},
	"connects critical, says the rest": {Default: policy.Message, ByIntent: map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.Connect}},
	"connects everything":              {Default: policy.Connect},
	"records, but not questions":       {Default: policy.Voicemail, ByIntent: map[policy.Intent]policy.AfterHoursAction{policy.Question: policy.Message}},
	"connects raised severities too":   {Default: policy.Voicemail, ByIntent: map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.Connect, policy.RaiseSeverity: policy.Connect}},
}

// TestRule10 is the rule as a table: what the caller gets for each reason, by the line's state and the account's. The letters were written by
// hand from the rule and from the after-hours actions.
func TestRule10(t *testing.T) {
	t.Parallel()
	type row struct {
		closed     string // the after-hours action of a closed line; "": the line is open
		restricted bool
		letThrough []policy.Intent
		want       string
	}
	raised, question := []policy.Intent{policy.RaiseSeverity, policy.Question}, []policy.Intent{policy.Critical, policy.Question}
	for _, r := range []row{
		{"", false, nil, "CCTTG"},
		{"", false, raised, "CCTTG"},
		{"", true, nil, "CRRRR"},
		{"", true, []policy.Intent{policy.Critical}, "CRRRR"},
		{"", true, raised, "CRRTG"},
		{"", true, question, "CRRRG"},

		// Where all reasons end alike, nobody is asked for one.
		{"records", false, nil, "VVVVV"},
		{"records", true, nil, "VVVVV"},
		{"records", true, raised, "VVVVV"},
		{"says so", false, nil, "MMMMM"},
		{"says so", true, nil, "MMMMM"},
		{"says so", true, raised, "MMMMM"},

		{"connects critical calls", false, nil, "CVVVV"},
		{"connects critical calls", true, nil, "CRRRR"},
		{"connects critical calls", true, raised, "CRRVV"},
		{"connects critical calls", true, question, "CRRRV"},
		{"connects critical, says the rest", false, nil, "CMMMM"},
		{"connects critical, says the rest", true, nil, "CRRRR"},
		{"connects critical, says the rest", true, raised, "CRRMM"},

		{"connects everything", false, nil, "CCTTG"},
		{"connects everything", true, nil, "CRRRR"},
		{"connects everything", true, raised, "CRRTG"},

		// The company connects no call to a closed line: a restriction makes that neither better nor worse for critical ones.
		{"records, but not questions", false, nil, "VVVVM"},
		{"records, but not questions", true, nil, "VRRRR"},
		{"records, but not questions", true, raised, "VRRVM"},

		{"connects raised severities too", false, nil, "CVVTV"},
		{"connects raised severities too", true, nil, "CRRRR"},
		{"connects raised severities too", true, raised, "CRRTV"},
	} {
		for _, known := range []bool{false, true} {
			for i, intent := range policy.Intents() {
				s, now := settings(t), tuesday
				s.FairUse.LetThrough = r.letThrough
				if r.closed != "" {
					s.AfterHours, now = nights[r.closed], sunday
				}
				account := northwind
				account.Restricted = r.restricted
				_, reply := chooses(t, ivr.Machine{Settings: s}, account, intent, known, now)
				if got, want := answerOf(reply), answerLetters[r.want[i]]; got != want {
					t.Errorf("closed line %q, restricted %t with %v let through, known %t: a %s call %s, want %s",
						r.closed, r.restricted, r.letThrough, known, intent, got, want)
				}
			}
		}
	}
}

// answerOf returns what a reply does to a caller, in the words of answerLetters.
func answerOf(reply ivr.Reply) string {
	switch {
	case reply.Then == ivr.ThenRing && reply.Ring.To[0] == oncall1:
		return "rings critical"
	case reply.Then == ivr.ThenRing && reply.Ring.To[0] == general:
		return "rings general"
	case reply.Then == ivr.ThenAskTicket:
		return "asks for the ticket"
	case reply.Then == ivr.ThenHangup && says(reply, "account-restricted"):
		return "says that the account is restricted"
	case reply.Then == ivr.ThenRecord && says(reply, "closed"):
		return "says that the line is closed, and records"
	case reply.Then == ivr.ThenHangup && says(reply, "closed"):
		return "says that the line is closed, and hangs up"
	}
	return "does something else"
}

// TestRestrictionFollowsTheCase holds the end of rule 9: at each state of the account's case, and whatever the company lets through, critical
// calls ring the critical team, and of the others those that are not let through hear the restriction while the case stands at restricted,
// and at no other state. Each state is reached, and at each of them critical calls and others.
func TestRestrictionFollowsTheCase(t *testing.T) {
	t.Parallel()
	for _, state := range append([]policy.CaseState{""}, policy.CaseStates()...) { // "": no case
		reached := map[string]int{}
		rapid.Check(t, func(rt *rapid.T) {
			s := settings(t)
			s.AfterHours = nights["connects critical calls"]
			if rapid.Bool().Draw(rt, "some let through") {
				s.FairUse.LetThrough = rapid.SliceOfDistinct(rapid.SampledFrom(policy.Intents()), rapid.ID).Draw(rt, "let through")
			}
			intent := policy.Critical
			if rapid.Bool().Draw(rt, "another reason") {
				intent = rapid.SampledFrom(policy.Intents()[1:]).Draw(rt, "intent")
			}
			now := rapid.SampledFrom([]time.Time{tuesday, sunday}).Draw(rt, "now")
			account := northwind
			account.Restricted = state.Restricts()

			call, reply := chooses(rt, ivr.Machine{Settings: s}, account, intent, rapid.Bool().Draw(rt, "known number"), now)

			refused := state == policy.CaseRestricted && intent != policy.Critical && !slices.Contains(s.FairUse.LetThrough, intent)
			if heard := says(reply, "account-restricted"); heard != refused {
				rt.Fatalf("a %s call of an account at %q hears the restriction: %t", intent, state, heard)
			}
			if (call.Outcome() == policy.RestrictedAccount) != refused {
				rt.Fatalf("a %s call of an account at %q ends %q", intent, state, call.Outcome())
			}
			if intent == policy.Critical && answerOf(reply) != "rings critical" {
				rt.Fatalf("a critical call of an account at %q does not ring: %+v", state, reply)
			}
			switch {
			case intent == policy.Critical:
				reached["critical"]++
			case refused:
				reached["refused"]++
			default:
				reached["other"]++
			}
		})
		want := []string{"critical", "other"}
		if state == policy.CaseRestricted {
			want = append(want, "refused")
		}
		if got := slices.Sorted(maps.Keys(reached)); !slices.Equal(got, want) {
			t.Errorf("at %q only %v were reached, want %s", state, reached, strings.Join(want, ", "))
		}
	}
}
