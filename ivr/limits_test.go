package ivr_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// TestTries: the number is asked for as often as the company says, whether the answers are wrong or missing, and then no more.
func TestTries(t *testing.T) {
	t.Parallel()
	for tries := 1; tries <= 4; tries++ {
		for name, wrong := range map[string]ivr.Input{"wrong": {Keys: "123456", Number: "123456"}, "missing": {}} {
			s := settings(t)
			s.Identification.Tries = tries
			m := ivr.Machine{Settings: s}
			call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
			asked := 0
			for reply.Then == ivr.ThenAskNumber && asked < 9 {
				asked++
				call, reply = m.Next(call, follow(t, reply, wrong), tuesday)
			}
			if asked != tries || !says(reply, "menu") || !call.State.Unidentified {
				t.Errorf("%s numbers, %d tries: asked %d times, then %+v", name, tries, asked, reply)
			}
		}
	}
}

// TestMenuIsRepeatedFiveTimes: a caller may hear the menu five times more, and goes on as one with a question then; who gives no answer, or a
// wrong one, hears it twice more.
func TestMenuIsRepeatedFiveTimes(t *testing.T) {
	t.Parallel()
	m := ivr.Machine{Settings: settings(t)}
	for name, test := range map[string]struct {
		answer ivr.Input
		heard  int
	}{"repeat": {ivr.Input{Keys: "9"}, 6}, "a # after the number": {ivr.Input{Keys: "#"}, 6}, "silence": {ivr.Input{}, 3}, "a wrong key": {ivr.Input{Keys: "7"}, 3}} {
		call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
		call, reply = m.Next(call, follow(t, reply, ivr.Input{Keys: string(northwind.Number), Number: string(northwind.Number), Customer: &northwind}), tuesday)
		heard := 0
		for says(reply, "menu") && heard < 20 {
			heard++
			call, reply = m.Next(call, follow(t, reply, test.answer), tuesday)
		}
		if heard != test.heard || !says(reply, "menu-default") || call.Intent != policy.Question {
			t.Errorf("%s: heard the menu %d times, want %d, then %+v", name, heard, test.heard, reply)
		}
	}
}

// TestRounds: every step of a team rings in every round, in their order, in both ways of ringing; then the hunt is over.
func TestRounds(t *testing.T) {
	t.Parallel()
	first, second := "+15550100001", "sip:oncall@example.com +15550100002"
	for rounds, want := range map[int][]string{1: {first, second}, 2: {first, second, first, second}, 3: {first, second, first, second, first, second}} {
		s := settings(t)
		team := s.Teams["critical"]
		team.Rounds = rounds
		s.Teams["critical"] = team
		if got, last := huntDialled(t, s); !slices.Equal(got, want) || !says(last, "voicemail-unanswered") {
			t.Errorf("%d rounds, dialled: rings %q, then %+v", rounds, got, last)
		}
		if got, last := huntOutbound(t, s); !slices.Equal(got, want) || !says(last, "voicemail-unanswered") {
			t.Errorf("%d rounds, outbound: rings %q, then %+v", rounds, got, last)
		}
	}
}

func addresses(to []policy.Phone) (all string) {
	for i, p := range to {
		if i > 0 {
			all += " "
		}
		all += string(p)
	}
	return all
}

// huntDialled returns whom a critical call rings, step by step, and what it hears when nobody accepts.
func huntDialled(t *testing.T, s policy.Settings) (rang []string, last ivr.Reply) {
	t.Helper()
	m := ivr.Machine{Settings: s}
	call, reply := chooses(t, m, northwind, policy.Critical, false, tuesday)
	for reply.Then == ivr.ThenRing && len(rang) < 20 {
		rang = append(rang, addresses(reply.Ring.To))
		call, reply = m.Next(call, follow(t, reply, ivr.Input{}), tuesday)
	}
	return rang, reply
}

// huntOutbound is huntDialled where the legs are calls that we place.
func huntOutbound(t *testing.T, s policy.Settings) (rang []string, last ivr.Reply) {
	t.Helper()
	m := ivr.Machine{Settings: s, Outbound: true}
	before := policy.Call{}
	call, reply := chooses(t, m, northwind, policy.Critical, false, tuesday)
	for reply.Then == ivr.ThenWait && len(rang) < 20 {
		order := *m.Actions(before, call)[0].Ring
		rang = append(rang, addresses(order.To))
		leg := policy.CallSID("CA" + strconv.Itoa(order.Attempt))
		before = m.Placed(call, ivr.Placed{Attempt: order.Attempt, Legs: []policy.Leg{{SID: leg, To: order.To[0]}}}, tuesday)
		before = before.Learn(policy.Report{At: tuesday, Leg: leg, Status: "no-answer"})
		call, reply = m.Next(before, follow(t, reply, ivr.Input{Fetched: true}), tuesday)
	}
	return rang, reply
}

// TestCallerIDShortcut: who is offered to confirm with one key, by the configuration, the attestation of the carrier, and how many accounts
// have the number. A weaker attestation is none, and a number that several share is nobody's.
func TestCallerIDShortcut(t *testing.T) {
	t.Parallel()
	const full, partial, none = "TN-Validation-Passed-A", "TN-Validation-Passed-B", ""
	sharing := loft
	sharing.CallerNumbers = northwind.CallerNumbers
	other := northwind
	other.CallerNumbers = []policy.Phone{"+442079460099"}
	nobody, one, two := []policy.Customer{other}, []policy.Customer{northwind}, []policy.Customer{northwind, sharing}
	for _, test := range []struct {
		callerID    policy.CallerID
		attestation string
		customers   []policy.Customer
		offered     bool
	}{
		{policy.CallerIDAttested, full, one, true},
		{policy.CallerIDAttested, full, two, false},
		{policy.CallerIDAttested, full, nobody, false},
		{policy.CallerIDAttested, partial, one, false},
		{policy.CallerIDAttested, none, one, false},
		{policy.CallerIDAny, full, one, true},
		{policy.CallerIDAny, partial, one, true},
		{policy.CallerIDAny, none, one, true},
		{policy.CallerIDAny, none, two, false},
		{policy.CallerIDAny, full, two, false},
		{policy.CallerIDAny, none, nobody, false},
		{policy.CallerID("off"), full, one, false},
		{policy.CallerID("off"), full, two, false},
	} {
		s := newServerWith(t, func(d *ivr.Deps) {
			own := settings(t)
			own.Identification.CallerID = test.callerID
			d.Settings = always(own)
		})
		s.customers = test.customers
		s.post("/voice", "StirVerstat", test.attestation)
		s.post("/voice/"+s.calls[sid].State.Step+"/1", "Digits", "*")
		call := s.calls[sid]
		if (call.State.Offered != "") != test.offered || (call.Customer == northwind.Number) != test.offered || call.Known != (&test.customers[0] != &nobody[0]) {
			t.Errorf("caller_id %s, attestation %q, %d accounts: offered %q, belongs to %q, known %t",
				test.callerID, test.attestation, len(test.customers), call.State.Offered, call.Customer, call.Known)
		}
	}
}

// TestAcceptingKey: only the key 1 accepts, at the first and at the second time of asking, in both ways of ringing.
func TestAcceptingKey(t *testing.T) {
	t.Parallel()
	accepts := map[bool]ivr.Then{false: ivr.ThenBridge, true: ivr.ThenJoin}
	for _, outbound := range []bool{false, true} {
		s := settings(t)
		m := ivr.Machine{Settings: s, Outbound: outbound}
		asked, reply := chooses(t, m, northwind, policy.Critical, false, tuesday)
		_, order, _ := cutNext(reply)
		if !outbound {
			order = 0
		}
		for _, test := range []struct {
			try  int
			keys string
			want ivr.Then
		}{
			{1, "1", accepts[outbound]},
			{1, "2", ivr.ThenHangup},
			{1, "", ivr.ThenScreen},
			{1, "3", ivr.ThenScreen},
			{1, "#", ivr.ThenScreen},
			{1, "11", ivr.ThenScreen},
			{2, "1", accepts[outbound]},
			{2, "2", ivr.ThenHangup},
			{2, "", ivr.ThenHangup},
			{2, "3", ivr.ThenHangup},
			{2, "*", ivr.ThenHangup},
		} {
			leg := ivr.LegInput{Step: "screen", Leg: "CA2", To: oncall1, Try: 1, Attempt: order}
			call, _ := m.NextLeg(asked, leg, tuesday)
			leg.Step, leg.Try, leg.Keys = "answer", test.try, test.keys
			call, reply := m.NextLeg(call, leg, tuesday.Add(time.Second))
			_, accepted := call.Accepted()
			if reply.Then != test.want || accepted != (test.keys == "1") || call.Leg("CA2").PassedAt.IsZero() == (test.keys == "2") {
				t.Errorf("outbound %t, time %d, key %q: %s, accepted %t, want %s", outbound, test.try, test.keys, reply.Then, accepted, test.want)
			}
		}
	}
}

// TestLineRoutes: a line's own route beats the general one, for that line and that reason alone.
func TestLineRoutes(t *testing.T) {
	t.Parallel()
	s := settings(t)
	london, night := policy.Phone("+442079460001"), policy.Phone("+442079460002")
	s.Teams["london"] = policy.Team{Name: "london", Rounds: 1, Steps: []policy.RingStep{{To: []policy.Target{policy.Target(london)}, For: time.Second}}}
	s.Teams["night"] = policy.Team{Name: "night", Rounds: 1, Steps: []policy.RingStep{{To: []policy.Target{policy.Target(night)}, For: time.Second}}}
	s.Lines[1].Routes = map[policy.Intent]string{policy.Critical: "london", policy.Question: "night"}
	delete(s.Routes, policy.Restricted) // goes where the line's questions go
	both := tuesday.Add(5 * time.Hour)  // open in London and in New York
	for _, test := range []struct {
		line   policy.Phone
		intent policy.Intent
		rings  policy.Phone
	}{
		{uk, policy.Critical, london},
		{uk, policy.Question, night},
		{uk, policy.Restricted, night},
		{uk, policy.TicketStatus, general},
		{uk, policy.RaiseSeverity, oncall1},
		{us, policy.Critical, oncall1},
		{us, policy.Question, general},
		{us, policy.Restricted, general},
	} {
		m := ivr.Machine{Settings: s}
		call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: test.line, From: caller}, both)
		call, reply = m.Next(call, follow(t, reply, ivr.Input{Keys: "204518", Number: "204518", Customer: &northwind}), both)
		call, reply = m.Next(call, follow(t, reply, ivr.Input{Keys: keyOf[test.intent]}), both)
		if reply.Then == ivr.ThenAskTicket {
			_, reply = m.Next(call, follow(t, reply, ivr.Input{}), both)
		}
		if reply.Then != ivr.ThenRing || !slices.Equal(reply.Ring.To, []policy.Phone{test.rings}) {
			t.Errorf("a %s call to %s: %+v, want %s rung", test.intent, test.line.Full(), reply, test.rings.Full())
		}
	}
}

// TestRightNumberBeyondTheLimit: a caller who used up the wrong numbers on one call learns nothing from a right one on another that has been
// asking all the while; the answer is that of a wrong number. An hour later a right one identifies again.
func TestRightNumberBeyondTheLimit(t *testing.T) {
	t.Parallel()
	const first, second, third = "CA1", "CA2", "CA3"
	now := tuesday
	limited := func() *server {
		return newServerWith(t, func(d *ivr.Deps) {
			own := settings(t)
			own.Identification.WrongNumbersPerHour = 3
			d.Settings, d.Now = always(own), func() time.Time { return now }
		})
	}
	twoCalls := func(last string) (*server, string) {
		s := limited()
		s.post("/voice", "CallSid", first)
		s.post("/voice", "CallSid", second)
		s.post("/voice/number/1", "CallSid", first, "Digits", "111111")
		s.post("/voice/number/1", "CallSid", second, "Digits", "222222")
		s.post("/voice/number/2", "CallSid", first, "Digits", "333333") // the third of this caller, on any call
		return s, s.post("/voice/number/2", "CallSid", second, "Digits", last).Body.String()
	}
	s, right := twoCalls("204518")
	_, wrong := twoCalls("444444")
	if call := s.calls[second]; call.Customer != "" || !call.State.Unidentified {
		t.Errorf("the right number identifies beyond the limit: %q, %+v", call.Customer, call.State)
	}
	if diff := cmp.Diff(wrong, right); diff != "" {
		t.Errorf("a right number sounds different from a wrong one (-wrong +right):\n%s", diff)
	}
	s.post("/voice", "CallSid", third)
	if call := s.calls[third]; !call.State.Locked || call.State.Step == "number" {
		t.Errorf("a third call is asked for a number: %+v", call.State)
	}
	now = tuesday.Add(time.Hour + time.Second)
	s.post("/voice", "CallSid", "CA4")
	s.post("/voice/number/1", "CallSid", "CA4", "Digits", "204518")
	if call := s.calls["CA4"]; call.Customer != northwind.Number {
		t.Errorf("an hour later the right number does not identify: %+v", call.State)
	}

	below := limited()
	below.post("/voice", "CallSid", first)
	below.post("/voice", "CallSid", second)
	below.post("/voice/number/1", "CallSid", first, "Digits", "111111")
	below.post("/voice/number/2", "CallSid", first, "Digits", "222222")
	below.post("/voice/number/1", "CallSid", second, "Digits", "204518")
	if call := below.calls[second]; call.Customer != northwind.Number {
		t.Errorf("two wrong numbers of three, and the right one does not identify: %+v", call.State)
	}
}

// TestNoWayAroundTheLimitOfWrongNumbers: wherever a number can be entered, also as the way out of a refusal, and at the fallback URL, a caller beyond
// the limit finds out about none. Those are the steps of which the log counts the wrong numbers.
func TestNoWayAroundTheLimitOfWrongNumbers(t *testing.T) {
	t.Parallel()
	const number = "two oh four five one eight"
	for name, row := range map[string]struct {
		before, then []string // the answers of a call before the limit is reached, and after it, in pairs
	}{
		"after an account without phone support, said":  {[]string{"Digits", string(loft.Number)}, []string{"SpeechResult", number}},
		"after an account without phone support, typed": {[]string{"Digits", string(loft.Number)}, []string{"Digits", "2"}},
		"after a refusal, said":                         {[]string{"SpeechResult", "I don't have one"}, []string{"SpeechResult", number}},
		"after a refusal, typed":                        {[]string{"SpeechResult", "I don't have one"}, []string{"Digits", "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServerWith(t, func(d *ivr.Deps) {
				own := settings(t)
				own.Identification.WrongNumbersPerHour, own.Identification.Unidentified = 2, policy.Unidentified{Default: policy.UnidentifiedRefuse}
				d.Settings = always(own)
			})
			s.customers = []policy.Customer{northwind, loft}
			s.customers[0].CallerNumbers = nil
			s.post("/voice", "CallSid", "CA2")
			s.post("/voice/number/1", append([]string{"CallSid", "CA2"}, row.before...)...)
			s.post("/voice", "CallSid", "CA1")
			s.post("/voice/number/1", "CallSid", "CA1", "Digits", "111111")
			s.post("/voice/number/2", "CallSid", "CA1", "Digits", "222222")
			at := s.calls["CA2"].State
			s.post(fmt.Sprintf("/voice/%s/%d", at.Step, at.Exchange), append([]string{"CallSid", "CA2"}, row.then...)...)
			if c := s.calls["CA2"]; c.Customer == northwind.Number || c.State.Step == "number" || !c.State.Locked {
				t.Errorf("from %s: the call is that of %q, and at %+v", at.Step, c.Customer, c.State)
			}
			s.post("/fallback", "CallSid", "CA3", "ErrorCode", "11200", "ErrorUrl", publicURL+"/voice")
			if c := s.calls["CA3"]; !c.State.Locked {
				t.Errorf("a call that begins at the fallback URL is at %+v", c.State)
			}
		})
	}
}

// TestACallIsLockedOnce: a call that starts over, as its state was lost, stays locked, also an hour later, and tells of the limit no second time.
func TestACallIsLockedOnce(t *testing.T) {
	t.Parallel()
	m := ivr.Machine{Settings: settings(t)}
	call, _ := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller, WrongNumbers: 10}, tuesday)
	for n, wrong := range []int{10, 0} {
		call, _ = m.Next(call, ivr.Input{Step: "menu", Exchange: 90 + n, Line: uk, From: caller, WrongNumbers: wrong}, tuesday.Add(time.Minute))
		told := 0
		for _, d := range call.Trace {
			if d.Rule == string(ivr.LimitOfCaller) {
				told++
			}
		}
		if told != 1 || !call.State.Locked {
			t.Errorf("with %d wrong numbers the trace tells of the limit %d times, and the call is at %+v", wrong, told, call.State)
		}
	}
}

// TestTicketNumberIsBounded: what a caller keys in as a ticket number is kept up to 20 digits.
func TestTicketNumberIsBounded(t *testing.T) {
	t.Parallel()
	m := ivr.Machine{Settings: settings(t)}
	for digits, want := range map[int]int{1: 1, 20: 20, 21: 20, 300: 20} {
		call, reply := chooses(t, m, northwind, policy.TicketStatus, false, tuesday)
		number := strings.Repeat("7", digits)
		call, _ = m.Next(call, follow(t, reply, ivr.Input{Keys: number, Ticket: number}), tuesday)
		if len(call.Ticket) != want {
			t.Errorf("%d digits: ticket %q, want %d of them", digits, call.Ticket, want)
		}
	}
}

// TestEmptyMessageIsNone: a recording of no seconds is no voicemail, and the caller hears that nothing was left.
func TestEmptyMessageIsNone(t *testing.T) {
	t.Parallel()
	s := settings(t)
	team := s.Teams["critical"]
	team.Steps = nil
	s.Teams["critical"] = team
	m := ivr.Machine{Settings: s}
	for seconds, want := range map[int]string{0: "voicemail-empty", 1: "voicemail-saved"} {
		call, reply := chooses(t, m, northwind, policy.Critical, false, tuesday)
		if reply.Then != ivr.ThenRecord {
			t.Fatalf("nobody can be rung: %+v", reply)
		}
		message := &policy.Recording{SID: "RE1", URL: "https://api.example/RE1", Seconds: seconds}
		call, reply = m.Next(call, follow(t, reply, ivr.Input{Message: message}), tuesday)
		if !says(reply, want) || (call.Message != nil) != (seconds > 0) {
			t.Errorf("%d seconds: %+v, message %+v", seconds, reply, call.Message)
		}
	}
}

// TestFirstScreeningCounts: talk time is the leg's without its screening, which begins with the first request and not with one that is
// repeated (rule 5).
func TestFirstScreeningCounts(t *testing.T) {
	t.Parallel()
	m := ivr.Machine{Settings: settings(t)}
	call, _ := chooses(t, m, northwind, policy.Critical, false, tuesday)
	for try := 1; try <= 2; try++ {
		call, _ = m.NextLeg(call, ivr.LegInput{Step: "screen", Leg: "CAleg", To: oncall1, Try: try}, tuesday.Add(time.Duration(try)*10*time.Second))
	}
	if got := call.Leg("CAleg").ScreenedAt; !got.Equal(tuesday.Add(10 * time.Second)) {
		t.Errorf("screened at %v, want 10 s after %v", got, tuesday)
	}
}
