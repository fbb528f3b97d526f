package policy_test

import (
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

// TestAfterHoursAt: a closed line's calls go to the team of another line while that one is open, and end as if that were not configured while it is
// closed as well.
func TestAfterHoursAt(t *testing.T) {
	us, uk := usLine(func(l *policy.Line) { l.Number = "+18883071053" }), ukLine(func(l *policy.Line) { l.Number = "+448000668187" })
	us.Routes = map[policy.Intent]string{policy.Critical: "night"}
	s := policy.Settings{
		Lines: []policy.Line{us, uk},
		Menu:  []policy.MenuKey{{Key: "1", Intent: policy.Critical}, {Key: "2", Intent: policy.Question}},
		Teams: map[string]policy.Team{"day": {Name: "day"}, "night": {Name: "night"}}, Routes: map[policy.Intent]string{policy.Question: "day"},
		AfterHours: policy.AfterHours{Default: policy.Voicemail, ByIntent: map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.OtherLine(us.Number)}},
	}
	for _, row := range []struct {
		name, at string
		action   policy.AfterHoursAction
		line     policy.Phone
		team     string
	}{
		{"both are open", "2026-11-24T15:00:00Z", policy.Connect, uk.Number, "day"},
		{"the other one is open", "2026-11-24T22:00:00Z", policy.Connect, us.Number, "night"},
		{"at the other one's last second", "2026-11-25T00:59:59Z", policy.Connect, us.Number, "night"},
		{"both are closed", "2026-11-25T01:00:00Z", policy.Voicemail, uk.Number, "day"},
	} {
		at := must(time.Parse(time.RFC3339, row.at))
		got := s.CallerOutcomes(uk, at)
		if c := got[0]; c.Action != row.action || c.Line.Number != row.line || c.Team.Name != row.team {
			t.Errorf("%s: a critical call gets %s, line %s, team %q", row.name, c.Action, c.Line.Number.Full(), c.Team.Name)
		}
		if q := got[1]; q.Line.Number != uk.Number || (q.Action == policy.Connect) != uk.Opening(at).Open {
			t.Errorf("%s: a question gets %s, line %s", row.name, q.Action, q.Line.Number.Full())
		}
	}
	s.AfterHours.ByIntent[policy.Critical] = policy.OtherLine("+15005550006")
	if action, line := s.AfterHoursAt(uk, policy.Critical, time.Date(2026, 11, 24, 22, 0, 0, 0, time.UTC)); action != policy.Voicemail || line.Number != uk.Number {
		t.Errorf("a line that is no longer configured: %s, %s", action, line.Number.Full())
	}
}

// TestMessagesAreTaken wherever a call can end at the voicemail: after a search that found nobody, on a closed line, or without a customer number.
func TestMessagesAreTaken(t *testing.T) {
	for name, row := range map[string]struct {
		set  func(*policy.Settings)
		want bool
	}{
		"nowhere":              {func(*policy.Settings) {}, false},
		"where nobody answers": {func(s *policy.Settings) { s.NoAnswer = policy.Voicemail }, true},
		"on a closed line":     {func(s *policy.Settings) { s.AfterHours.Default = policy.Voicemail }, true},
		"on a closed line, for one reason": {func(s *policy.Settings) {
			s.AfterHours.ByIntent = map[policy.Intent]policy.AfterHoursAction{policy.Question: policy.Voicemail}
		}, true},
		"without a number": {func(s *policy.Settings) { s.Identification.Unidentified.Default = policy.UnidentifiedVoicemail }, true},
		"without a number, for one reason": {func(s *policy.Settings) {
			s.Identification.Unidentified.ByIntent = map[policy.Intent]policy.UnidentifiedAction{policy.Question: policy.UnidentifiedVoicemail}
		}, true},
		"nowhere, as others are connected there": {func(s *policy.Settings) { s.Identification.Unidentified.Default = policy.UnidentifiedConnect }, false},
	} {
		var s policy.Settings
		if row.set(&s); s.TakesMessages() != row.want {
			t.Errorf("%s: messages are taken: %t", name, s.TakesMessages())
		}
	}
}

// TestAccepting holds rules 3 and 8 for a call that is about to be connected: which ticket of the month it is of, whether it adds that, and whether
// its account is over then. A call in its own month counts once.
func TestAccepting(t *testing.T) {
	fair := policy.FairUse{TicketsPerMonth: 2, OverLongCallsPerMonth: 1, CallLimit: 20 * time.Minute}
	month := func(tickets ...policy.Ticket) (calls []policy.CallSummary) {
		for i, ticket := range tickets {
			calls = append(calls, policy.CallSummary{SID: policy.CallSID("CA" + string(rune('a'+i))), Customer: "204518", Accepted: true, Ticket: ticket})
		}
		return calls
	}
	long := month("")
	long[0].Talked, long[0].TalkSeconds = true, 1201
	for _, row := range []struct {
		name   string
		call   policy.Call
		month  []policy.CallSummary
		ticket int
		adds   bool
		over   bool
	}{
		{"the first of the month", policy.Call{SID: "CAx", Customer: "204518"}, nil, 1, true, false},
		{"the last within", policy.Call{SID: "CAx", Customer: "204518"}, month(""), 2, true, false},
		{"one over", policy.Call{SID: "CAx", Customer: "204518"}, month("", "4711"), 3, true, true},
		{"about a ticket that counts", policy.Call{SID: "CAx", Customer: "204518", Ticket: "4711"}, month("", "4711"), 2, false, false},
		{"among the month's calls already", policy.Call{SID: "CAb", Customer: "204518"}, month("", ""), 2, true, false},
		{"over by a long call", policy.Call{SID: "CAx", Customer: "204518"}, long, 2, true, true},
		{"of nobody", policy.Call{SID: "CAx"}, month("", ""), 0, false, false},
	} {
		ticket, adds, over := fair.Accepting(row.call, row.month)
		if ticket != row.ticket || adds != row.adds || over != row.over {
			t.Errorf("%s: ticket %d, adds %t, over %t, want %d, %t, %t", row.name, ticket, adds, over, row.ticket, row.adds, row.over)
		}
	}
}

// TestUntilOver holds that an account is known to be over at the first of its calls that makes it so, as a recount of all up to there says.
func TestUntilOver(t *testing.T) {
	fair := policy.FairUse{TicketsPerMonth: 2, OverLongCallsPerMonth: 2, CallLimit: 20 * time.Minute}
	served := func(ticket policy.Ticket, talk int) policy.CallSummary {
		return policy.CallSummary{Customer: "204518", Ticket: ticket, Accepted: true, TalkSeconds: talk, Talked: true}
	}
	for name, row := range map[string]struct {
		month []policy.CallSummary
		at    int // the call that makes the account over, from 1; 0: none does
	}{
		"within the limit":              {[]policy.CallSummary{served("", 60), served("", 60)}, 0},
		"one ticket more":               {[]policy.CallSummary{served("", 60), served("", 60), served("", 60), served("", 60)}, 3},
		"calls about one ticket":        {[]policy.CallSummary{served("1", 60), served("1", 60), served("1", 60)}, 0},
		"calls that nobody took":        {[]policy.CallSummary{served("", 60), {}, {}, {}, served("", 60)}, 0},
		"over-long calls of one ticket": {[]policy.CallSummary{served("1", 1201), served("1", 1200), served("1", 1201)}, 3},
	} {
		enough, at := fair.UntilOver(), 0
		for i, c := range row.month {
			if enough(c) {
				at = i + 1
				break
			}
		}
		if at != row.at {
			t.Errorf("%s: over at call %d, want %d", name, at, row.at)
		}
	}
}

// TestALineIsKnownInAnySpelling: it stands in the log as it is configured, and what is none of our lines as it came.
func TestALineIsKnownInAnySpelling(t *testing.T) {
	s := policy.Settings{Lines: []policy.Line{{Number: "+18883071053"}, {Number: "+448000668187"}}}
	for to, want := range map[policy.Phone]policy.Phone{
		"+448000668187": "+448000668187", "448000668187": "+448000668187", "tel:+44-800-066-8187": "+448000668187",
		"sip:+18883071053@sip.example.com;user=phone": "+18883071053", "442079460018": "442079460018", "sip:jo@example.com": "sip:jo@example.com", "": "",
	} {
		if got := s.Dialled(to); got != want {
			t.Errorf("who dials %q reaches %q, want %q", to.Full(), got.Full(), want.Full())
		}
	}
}
