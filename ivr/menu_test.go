package ivr_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// phrases returns the IDs of what a reply says.
func phrases(reply ivr.Reply) (ids []string) {
	for _, p := range reply.Say {
		ids = append(ids, p.ID)
	}
	return ids
}

// TestClosedLineAsksForWhatItTakes: two keys where critical calls alone are let through, number and reason where the company's map is another one,
// and nothing where all calls end alike.
func TestClosedLineAsksForWhatItTakes(t *testing.T) {
	t.Parallel()
	connect := map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.Connect}
	other := map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.OtherLine(us)}
	evening := tuesday.Add(12 * time.Hour) // closed in London, open in New York
	for name, test := range map[string]struct {
		hours policy.AfterHours
		at    time.Time
		want  []string
	}{
		"records":                          {policy.AfterHours{Default: policy.Voicemail}, sunday, []string{"closed", "closed-hours", "voicemail"}},
		"says so":                          {policy.AfterHours{Default: policy.Message}, sunday, []string{"closed", "closed-hours", "goodbye"}},
		"critical calls, records the rest": {policy.AfterHours{Default: policy.Voicemail, ByIntent: connect}, sunday, []string{"closed-critical"}},
		"critical calls, says so":          {policy.AfterHours{Default: policy.Message, ByIntent: connect}, sunday, []string{"closed-critical-message"}},
		"another line, which is open":      {policy.AfterHours{Default: policy.Voicemail, ByIntent: other}, evening, []string{"closed-critical"}},
		"another line, closed as well":     {policy.AfterHours{Default: policy.Voicemail, ByIntent: other}, sunday, []string{"closed", "closed-hours", "voicemail"}},
		"every call":                       {policy.AfterHours{Default: policy.Connect}, sunday, []string{"welcome"}},
		"some that are not critical":       {nights["connects raised severities too"], sunday, []string{"closed-urgent", "welcome"}},
		"questions are connected as well":  {policy.AfterHours{Default: policy.Voicemail, ByIntent: map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.Connect, policy.Question: policy.Connect}}, sunday, []string{"closed-urgent", "welcome"}},
		"one in the middle ends otherwise": {policy.AfterHours{Default: policy.Voicemail, ByIntent: map[policy.Intent]policy.AfterHoursAction{policy.Restricted: policy.Message}}, sunday, []string{"closed", "welcome"}},
		"questions end in another way":     {nights["records, but not questions"], sunday, []string{"closed", "welcome"}},
	} {
		s := settings(t)
		s.AfterHours = test.hours
		_, reply := ivr.Machine{Settings: s}.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, test.at)
		if diff := cmp.Diff(test.want, phrases(reply)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestAnotherLinesTeam: critical callers of a closed line ring the team of the open one by its routes, and hear so; a place that was given is kept
// when that line closes meanwhile (rule 1).
func TestAnotherLinesTeam(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.AfterHours.ByIntent = map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.OtherLine(us)}
	s.Lines[0].Routes = map[policy.Intent]string{policy.Critical: "general"}
	m := ivr.Machine{Settings: s}
	last := time.Date(2026, 11, 25, 0, 59, 59, 0, time.UTC) // the last second in New York
	call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, last)
	for _, in := range []ivr.Input{pressed("1", nil), {Keys: "204518", Number: "204518", Customer: &northwind}} {
		call, reply = m.Next(call, follow(t, reply, in), last.Add(time.Minute))
	}
	if reply.Then != ivr.ThenRing || reply.Ring.To[0] != general || !slices.Equal(phrases(reply), []string{"closed-other-line"}) {
		t.Errorf("a critical call to a closed line: %+v", reply)
	}
	if p := reply.Say[0]; p.Args["line"] != "USA and Canada" || call.Line != uk {
		t.Errorf("it hears of the line %q, and is logged for %s", p.Args["line"], call.Line.Full())
	}
}

// TestFirstWordsOfARestrictedAccount holds rules 9 and 10: the key for critical calls first, the words of critical and of raising a ticket at once,
// what the company lets through in a menu of exactly that, and nothing else.
func TestFirstWordsOfARestrictedAccount(t *testing.T) {
	t.Parallel()
	account := northwind
	account.Restricted = true
	spoken := func(i policy.Intent) ivr.Input { return ivr.Input{Said: "about " + string(i), Intent: i} }
	for _, test := range []struct {
		through []policy.Intent
		answer  ivr.Input
		want    string
	}{
		{nil, pressed("1", nil), "rings critical"},
		{nil, spoken(policy.Critical), "rings critical"},
		{nil, spoken(policy.RaiseSeverity), "rings critical"},
		{nil, ivr.Input{Said: "yes", Word: ivr.WordYes}, "rings critical"},
		{nil, pressed("4", nil), "account-restricted"},
		{nil, spoken(policy.Question), "account-restricted"},
		{nil, ivr.Input{Said: "agent", Word: ivr.WordPerson}, "account-restricted"},
		{nil, ivr.Input{Said: "training", Word: ivr.WordTraining}, "account-restricted"},
		{nil, ivr.Input{}, "account-restricted"},
		{[]policy.Intent{policy.RaiseSeverity}, spoken(policy.RaiseSeverity), "asks for the ticket"},
		{[]policy.Intent{policy.Question}, pressed("1", nil), "rings critical"},
		{[]policy.Intent{policy.Question}, pressed("5", nil), "rings general"},
		{[]policy.Intent{policy.Question}, pressed("2", nil), "account-limited"},
		{[]policy.Intent{policy.Question}, spoken(policy.TicketStatus), "account-limited"},
	} {
		s := settings(t)
		s.FairUse.LetThrough = test.through
		m := ivr.Machine{Settings: s}
		call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
		call, reply = m.Next(call, follow(t, reply, ivr.Input{Keys: "204518", Number: "204518", Customer: &account}), tuesday)
		if !says(reply, "account-restricted") && !says(reply, "account-limited") {
			t.Fatalf("%v let through: first heard %v", test.through, phrases(reply))
		}
		call, reply = m.Next(call, follow(t, reply, test.answer), tuesday)
		got := answerOf(reply)
		if through := reply.Then != ivr.ThenAskKey; through != (call.Refused == "") { // who hangs up while it rings was not refused
			t.Errorf("%v let through, %+v: refused as %q", test.through, test.answer, call.Refused)
		}
		if reply.Then == ivr.ThenAskKey {
			got = reply.Say[len(reply.Say)-1].ID
		}
		if got != test.want {
			t.Errorf("%v let through, %+v: %s, want %s", test.through, test.answer, got, test.want)
		}
	}
}

// TestHashAfterTheNumberIsNoAnswer: many callers end their number with # although its length has ended it already. A restricted account is asked as
// often as if it had not been pressed.
func TestHashAfterTheNumberIsNoAnswer(t *testing.T) {
	t.Parallel()
	account := northwind
	account.Restricted = true
	m := ivr.Machine{Settings: settings(t)}
	call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
	for _, in := range []ivr.Input{{Keys: "204518", Number: "204518", Customer: &account}, pressed("#", nil), pressed("7", nil)} {
		call, reply = m.Next(call, follow(t, reply, in), tuesday)
	}
	if !says(reply, "account-restricted") {
		t.Errorf("after a # and one wrong key: %v", phrases(reply))
	}
}

// monthOf returns calls of an account's month that a specialist accepted, each about a ticket or "".
func monthOf(tickets ...policy.Ticket) []policy.CallSummary {
	month := []policy.CallSummary{}
	for i, ticket := range tickets {
		sid := policy.CallSID(fmt.Sprintf("CAm%d", i))
		month = append(month, policy.CallSummary{SID: sid, Customer: northwind.Number, StartedAt: tuesday.Add(-time.Hour), Accepted: true, Ticket: ticket})
	}
	return month
}

// ofOther returns the calls as those of another account.
func ofOther(month []policy.CallSummary) []policy.CallSummary {
	for i := range month {
		month[i].Customer = loft.Number
	}
	return month
}

// TestToldOfATicketOverTheLimit holds rule 15: an identified caller hears of a ticket over the limit before it costs, never a critical one or one who
// raises a ticket, and not of a ticket that counts already.
func TestToldOfATicketOverTheLimit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		intent policy.Intent
		ticket string
		month  []policy.CallSummary
		off    bool
		told   string // the ticket's number in the month
		over   bool
	}{
		{"the last within", policy.Question, "", monthOf(""), false, "", false},
		{"the first over", policy.Question, "", monthOf("", ""), false, "3", true},
		{"a new ticket", policy.TicketStatus, "4713", monthOf("4711", "4712"), false, "3", true},
		{"a ticket that counts already", policy.TicketStatus, "4711", monthOf("4711", "4712"), false, "", false},
		{"one of those over", policy.TicketStatus, "4713", monthOf("4711", "4712", "4713"), false, "", true},
		{"calls of another account", policy.Question, "", ofOther(monthOf("", "")), false, "", false},
		{"a critical call", policy.Critical, "", monthOf("", ""), false, "", true},
		{"a raised ticket", policy.RaiseSeverity, "4713", monthOf("", ""), false, "", true},
		{"not configured", policy.Question, "", monthOf("", ""), true, "", true},
		{"the month could not be read", policy.Question, "", nil, false, "", false},
	} {
		s := settings(t)
		s.FairUse.TicketsPerMonth, s.FairUse.TellCaller = 2, !test.off
		m := ivr.Machine{Settings: s}
		call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
		answers := []ivr.Input{{Keys: "204518", Number: "204518", Customer: &northwind}, pressed(keyOf[test.intent], nil)}
		if test.intent.AsksTicket() {
			answers = append(answers, ivr.Input{Keys: test.ticket, Ticket: test.ticket})
		}
		for _, in := range answers {
			in.Month = test.month
			call, reply = m.Next(call, follow(t, reply, in), tuesday)
		}
		call, _ = m.NextLeg(call, ivr.LegInput{Step: "screen", Leg: "CA2", To: general, Try: 1, Month: test.month}, tuesday)
		told := ""
		for _, p := range reply.Say {
			if p.ID == "told-over" {
				told = p.Args["count"]
			}
		}
		if told != test.told || call.State.Over != test.over || reply.Then != ivr.ThenRing {
			t.Errorf("%s: told %q, over %t, want %q, %t; %v", test.name, told, call.State.Over, test.told, test.over, phrases(reply))
		}
	}
}

// TestUnidentifiedCallersAreToldOfNoTickets: they belong to no account, and their calls count for nobody.
func TestUnidentifiedCallersAreToldOfNoTickets(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.FairUse.TicketsPerMonth, s.FairUse.TellCaller = 0, true
	m := ivr.Machine{Settings: s}
	call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
	call, reply = m.Next(call, follow(t, reply, ivr.Input{Keys: "*"}), tuesday)
	in := pressed("5", nil)
	in.Month = monthOf("")
	call, reply = m.Next(call, follow(t, reply, in), tuesday)
	call, _ = m.NextLeg(call, ivr.LegInput{Step: "screen", Leg: "CA2", To: general, Try: 1, Month: in.Month}, tuesday)
	if says(reply, "told-over") || call.State.Over || reply.Then != ivr.ThenRing {
		t.Errorf("a caller without a number hears %v, over %t", phrases(reply), call.State.Over)
	}
}

// TestCallGoesOnWithoutItsMonth: a log that cannot tell of the account's month stops no call.
func TestCallGoesOnWithoutItsMonth(t *testing.T) {
	t.Parallel()
	s := newServerWith(t, func(d *ivr.Deps) {
		own := settings(t)
		own.FairUse.TicketsPerMonth, own.FairUse.TellCaller = 0, true
		d.Settings = always(own)
	})
	s.monthFails = errors.New("no index")
	s.post("/voice")
	s.post("/voice/number/1", "Digits", "204518")
	s.post("/voice/menu/2", "Digits", "5")
	if call := s.calls[sid]; call.State.Team != "general" || call.Intent != policy.Question {
		t.Errorf("the call is at %+v", call.State)
	}
	s.monthFails = nil
	s.post("/voice", "CallSid", "CA2")
	s.post("/voice/number/1", "CallSid", "CA2", "Digits", "204518")
	s.post("/voice/menu/2", "CallSid", "CA2", "Digits", "5")
	s.post("/leg/CA2/screen/1", "CallSid", legSID, "Direction", "outbound-dial", "To", general.Full())
	if call := s.calls["CA2"]; !call.State.Over {
		t.Errorf("where it can tell, the account is not over: %+v", call.State)
	}
}

// TestWhoCalls: a specialist hears the reason first, then who calls, and at most two facts, the ticket first and then the rarest.
func TestWhoCalls(t *testing.T) {
	t.Parallel()
	identified := policy.Call{SID: "CA1", Line: uk, Intent: policy.Critical, Customer: northwind.Number, Account: northwind.Name}
	change := func(c policy.Call, f func(*policy.Call)) policy.Call {
		f(&c)
		return c
	}
	unidentified := policy.Call{SID: "CA1", Line: uk, Intent: policy.Question}
	for _, test := range []struct {
		name string
		call policy.Call
		want []string
	}{
		{"nothing to be known", identified, []string{"screen-account"}},
		{"a known number", change(identified, func(c *policy.Call) { c.Known = true }), []string{"screen-account", "screen-known"}},
		{"over and restricted, with a known number", change(identified, func(c *policy.Call) {
			c.Known, c.State.Over, c.State.Restricted = true, true, true
		}), []string{"screen-account", "screen-over", "screen-restricted"}},
		{"a ticket, over and restricted", change(identified, func(c *policy.Call) {
			c.Ticket, c.State.Over, c.State.Restricted = "4711", true, true
		}), []string{"screen-account", "screen-ticket", "screen-over"}},
		{"nobody", unidentified, []string{"screen-unidentified"}},
		{"on file of one account", change(unidentified, func(c *policy.Call) {
			c.Known, c.OnFile, c.State.OnFileName = true, northwind.Number, northwind.Name
		}), []string{"screen-unidentified", "screen-on-file"}},
		{"on file of several", change(unidentified, func(c *policy.Call) { c.Known = true }), []string{"screen-unidentified", "screen-known"}},
		{"on file, about a ticket", change(unidentified, func(c *policy.Call) {
			c.Known, c.OnFile, c.State.OnFileName, c.Ticket = true, northwind.Number, northwind.Name, "4711"
		}), []string{"screen-unidentified", "screen-ticket"}},
	} {
		_, reply := ivr.Machine{Settings: settings(t)}.NextLeg(test.call, ivr.LegInput{Step: "screen", Leg: "CA2", To: oncall1, Try: 1}, tuesday)
		want := slices.Concat([]string{"screen-intent"}, test.want, []string{"screen-keys"})
		if diff := cmp.Diff(want, phrases(reply)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
