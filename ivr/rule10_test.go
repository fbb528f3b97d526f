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
	'R': "says what the restricted account may call for, once more, and goodbye",
	'V': "says that the line is closed, and records",
	'M': "says that the line is closed, and hangs up",
}

// nights are settings of a closed line.
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
		{"connects critical calls", true, nil, "CVVVV"}, // asked before it is known who calls
		{"connects critical calls", true, raised, "CVVVV"},
		{"connects critical calls", true, question, "CVVVV"},
		{"connects critical, says the rest", false, nil, "CMMMM"},
		{"connects critical, says the rest", true, nil, "CMMMM"},
		{"connects critical, says the rest", true, raised, "CMMMM"},

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
	case reply.Then == ivr.ThenHangup && says(reply, "account-goodbye"):
		return "says what the restricted account may call for, once more, and goodbye"
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
			account.Restricted = state == policy.CaseRestricted

			call, reply := chooses(rt, ivr.Machine{Settings: s}, account, intent, rapid.Bool().Draw(rt, "known number"), now)

			refused := now.Equal(tuesday) && state == policy.CaseRestricted && intent != policy.Critical && !slices.Contains(s.FairUse.LetThrough, intent)
			if heard := says(reply, "account-goodbye"); heard != refused {
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

// keyOf are the menu's keys.
var keyOf = map[policy.Intent]string{
	policy.Critical: "1", policy.Restricted: "2", policy.TicketStatus: "3", policy.RaiseSeverity: "4", policy.Question: "5",
}

// chooses plays a call of the account up to the choice of its reason.
func chooses(rt interface{ Fatalf(string, ...any) }, m ivr.Machine, account policy.Customer, intent policy.Intent, known bool, now time.Time) (policy.Call, ivr.Reply) {
	first := ivr.Input{Step: "arrive", Line: uk, From: caller}
	answer := ivr.Input{Keys: "204518", Number: "204518", Customer: &account}
	if known {
		first.Attested, first.Callers = true, []policy.Customer{account}
		answer = ivr.Input{Keys: "*", Callers: first.Callers}
	}
	call, reply := m.Next(policy.Call{SID: "CA1"}, first, now)
	if !reply.Then.Asks() {
		return call, reply // the line is closed to every reason
	}
	if says(reply, "closed-critical") || says(reply, "closed-critical-message") {
		key := "2"
		if intent == policy.Critical {
			key = "1"
		}
		call, reply = m.Next(call, follow(rt, reply, pressed(key, first.Callers)), now)
		if intent != policy.Critical {
			return call, reply
		}
		return m.Next(call, follow(rt, reply, answer), now)
	}
	call, reply = m.Next(call, follow(rt, reply, answer), now)
	call, reply = m.Next(call, follow(rt, reply, pressed(keyOf[intent], nil)), now)
	if says(reply, "account-restricted") || says(reply, "account-limited") { // asked once more
		return m.Next(call, follow(rt, reply, pressed(keyOf[intent], nil)), now)
	}
	return call, reply
}

// pressed is one key. callers are the accounts of the caller's number, at the steps that look at them.
func pressed(key string, callers []policy.Customer) ivr.Input {
	return ivr.Input{Keys: key, Number: strings.Trim(key, "*#"), Callers: callers}
}

func says(reply ivr.Reply, id string) bool {
	for _, p := range reply.Say {
		if p.ID == id {
			return true
		}
	}
	return false
}

// TestRestrictedCall plays a refused call from its first ring to its end, and checks what is said, the trace and the outcome.
func TestRestrictedCall(t *testing.T) {
	t.Parallel()
	account := northwind
	account.Restricted = true
	m := ivr.Machine{Settings: settings(t)}
	call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
	call, reply = m.Next(call, follow(t, reply, ivr.Input{Keys: "204518", Number: "204518", Customer: &account}), tuesday)
	for range 2 { // silence is no way round the restriction
		if !says(reply, "account-restricted") {
			t.Errorf("a restricted account hears %+v", reply)
		}
		call, reply = m.Next(call, follow(t, reply, ivr.Input{}), tuesday)
	}
	last := call.Trace[len(call.Trace)-1]
	if !says(reply, "account-goodbye") || reply.Then != ivr.ThenHangup || call.Outcome() != policy.RestrictedAccount || last.Rule != "account.restricted" {
		t.Errorf("a restricted account that stays silent hears %+v, ends %q after %+v", reply, call.Outcome(), last)
	}
}

// TestPeopleBeatTheMenu: what a person set on a call that goes on is not overwritten by what the caller enters later.
func TestPeopleBeatTheMenu(t *testing.T) {
	t.Parallel()
	m := ivr.Machine{Settings: settings(t)}
	call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
	call = act(t, call, policy.Act{Kind: policy.ActAttach, Value: string(loft.Number)})
	call = act(t, call, policy.Act{Kind: policy.ActTicket, Value: "4711"})
	for _, in := range []ivr.Input{{Keys: "204518", Number: "204518", Customer: &northwind}, {Keys: "3"}, {Keys: "99#", Number: "99", Ticket: "99"}} {
		call, reply = m.Next(call, follow(t, reply, in), tuesday)
	}
	if call.Customer != loft.Number || call.Account != loft.Name || call.Ticket != "4711" || reply.Then != ivr.ThenRing {
		t.Errorf("the call belongs to %s %q, is about %q, and then %s", call.Customer, call.Account, call.Ticket, reply.Then)
	}
}

func act(t *testing.T, call policy.Call, a policy.Act) policy.Call {
	t.Helper()
	a.By, a.At = "mila", tuesday
	call, err := call.WithAct(a, -1, loft, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return call
}

// TestCriticalAlwaysRings holds rule 10: whatever an entitled caller did before on an open line, or on a closed one that connects critical
// calls, the key for critical rings the critical team.
func TestCriticalAlwaysRings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := settings(t)
		s.AfterHours.ByIntent = map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.Connect}
		s.Identification.Unidentified = rapid.SampledFrom([]policy.Unidentified{
			{Default: policy.UnidentifiedConnect}, {Default: policy.UnidentifiedVoicemail}, {Default: policy.UnidentifiedRefuse}, onlyCritical,
		}).Draw(rt, "unidentified")
		now := rapid.SampledFrom([]time.Time{tuesday, sunday}).Draw(rt, "now")
		m := ivr.Machine{Settings: s}
		call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, now)
		if closed := now.Equal(sunday); closed {
			if rapid.Bool().Draw(rt, "dithers at the closed line") {
				call, reply = m.Next(call, follow(rt, reply, pressed(rapid.SampledFrom([]string{"", "0", "7", "#", "*"}).Draw(rt, "key"), nil)), now)
			}
			call, reply = m.Next(call, follow(rt, reply, pressed("1", nil)), now)
		}
		for range rapid.IntRange(0, s.Identification.Tries-1).Draw(rt, "misses") {
			call, reply = m.Next(call, follow(rt, reply, pressed(rapid.SampledFrom([]string{"", "123456"}).Draw(rt, "wrong"), nil)), now)
		}
		call, reply = m.Next(call, follow(rt, reply, ivr.Input{Keys: "204518", Number: "204518", Customer: &northwind}), now)
		if reply.Then != ivr.ThenRing {
			for range rapid.IntRange(0, 2).Draw(rt, "dithers") {
				call, reply = m.Next(call, follow(rt, reply, pressed(rapid.SampledFrom([]string{"", "6", "7", "9", "#", "8"}).Draw(rt, "key"), nil)), now)
			}
			call, reply = m.Next(call, follow(rt, reply, pressed("1", nil)), now)
		}
		if reply.Then != ivr.ThenRing || call.State.Team != "critical" || reply.Ring.To[0] != oncall1 {
			rt.Fatalf("a critical call does not ring: %+v", reply)
		}
	})
}

// follow returns in as the answer to the question of a reply.
func follow(t interface{ Fatalf(string, ...any) }, reply ivr.Reply, in ivr.Input) ivr.Input {
	step, number, ok := cutNext(reply)
	if !ok {
		t.Fatalf("nothing follows %+v", reply)
	}
	in.Step, in.Exchange = step, number
	return in
}
