package ivr_test

import (
	"testing"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// answering plays the first ring of a call and then the answers, and returns where they lead.
func answering(t *testing.T, s policy.Settings, first ivr.Input, answers ...ivr.Input) (policy.Call, ivr.Reply) {
	t.Helper()
	now := tuesday
	if s.AfterHours.ByIntent != nil {
		now = sunday
	}
	m := ivr.Machine{Settings: s}
	first.Step, first.Line, first.From = "arrive", uk, caller
	call, reply := m.Next(policy.Call{SID: "CA1"}, first, now)
	for _, in := range answers {
		in.Callers = first.Callers
		call, reply = m.Next(call, follow(t, reply, in), now)
	}
	return call, reply
}

// TestCriticalCallsOfThosePresumedRing holds rules 10 and 12: who is refused because of the account that the number is on file of, or that was given
// up, is connected as a critical call all the same.
func TestCriticalCallsOfThosePresumedRing(t *testing.T) {
	t.Parallel()
	star := pressed("*", nil)
	for _, action := range []policy.Unidentified{{Default: policy.UnidentifiedConnect}, onlyCritical} {
		s := settings(t)
		s.Identification.CallerID, s.Identification.Unidentified = "off", action
		for name, test := range map[string]struct {
			callers []policy.Customer
			answers []ivr.Input
		}{
			"on file, without the package": {[]policy.Customer{loft}, []ivr.Input{star}},
			"on file, restricted":          {[]policy.Customer{restricted(northwind)}, []ivr.Input{star}},
			"a number given up":            {nil, []ivr.Input{{Keys: "555010", Number: "555010", Customer: &loft}, pressed("1", nil), star}},
		} {
			_, reply := answering(t, s, ivr.Input{Callers: test.callers}, test.answers...)
			if !says(reply, "number-refused-critical") {
				t.Errorf("%s: no way out is offered: %+v", name, reply)
				continue
			}
			call, reply := answering(t, s, ivr.Input{Callers: test.callers}, append(test.answers, pressed("1", nil))...)
			if reply.Then != ivr.ThenRing || call.Intent != policy.Critical || call.State.Team != "critical" || call.Customer != "" {
				t.Errorf("%s: a critical call of %q gets %+v", name, call.Customer, reply)
			}
		}
	}
}

// TestPlatformDownWinsOverTheReasonBefore: who was refused with another reason, and says with the number that the platform is down, is a critical
// call.
func TestPlatformDownWinsOverTheReasonBefore(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.Identification.Unidentified.ByIntent = map[policy.Intent]policy.UnidentifiedAction{policy.Question: policy.UnidentifiedRefuse}
	call, reply := answering(t, s, ivr.Input{}, pressed("*", nil), pressed("5", nil), pressed("2", nil),
		ivr.Input{Said: "204518, our platform is down", Number: "204518", Customer: &northwind, Intent: policy.Critical})
	if call.Intent != policy.Critical || call.Customer != northwind.Number || reply.Then != ivr.ThenRing {
		t.Errorf("a %s call of %q gets %+v", call.Intent, call.Customer, reply)
	}
}

// TestWaysBackToTheNumber: a caller goes back twice on one call, with all of the tries each time, and is not offered what is not there.
func TestWaysBackToTheNumber(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.Identification.Unidentified = onlyCritical
	answers := []ivr.Input{pressed("*", nil)}
	for n := range 4 {
		_, reply := answering(t, s, ivr.Input{}, answers...)
		if offered := says(reply, "number-refused-again"); offered != (n < 2) || !says(reply, "number-refused-critical") {
			t.Errorf("after %d ways back another one is offered: %t", n, offered)
		}
		if answers = append(answers, pressed("2", nil), pressed("*", nil)); n == 2 {
			break
		}
	}
	s.Identification.Tries = 2
	unknown := ivr.Input{Said: "123456", Number: "123456"}
	_, reply := answering(t, s, ivr.Input{}, pressed("*", nil), pressed("7*", nil), unknown)
	if reply.Then != ivr.ThenAskNumber {
		t.Errorf("the first number said after one wrong key gets %+v", reply)
	}
}

// TestWhoLeavesAMessageIsNotConnected: such a caller does not hear that the call goes on without the number.
func TestWhoLeavesAMessageIsNotConnected(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.Identification.Unidentified = policy.Unidentified{Default: policy.UnidentifiedVoicemail}
	for name, answers := range map[string][]ivr.Input{"star": {pressed("*", nil)}, "silence": {{}, {}, {}}} {
		_, reply := answering(t, s, ivr.Input{}, answers...)
		if reply.Then != ivr.ThenRecord || says(reply, "number-missing") || !says(reply, "number-voicemail") {
			t.Errorf("%s: %v, then %s", name, phrases(reply), reply.Then)
		}
	}
}

// TestYesOnAClosedLineWithAnotherReason: "yes, I have a question" is no critical call.
func TestYesOnAClosedLineWithAnotherReason(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.AfterHours = nights["connects critical calls"]
	call, reply := answering(t, s, ivr.Input{}, ivr.Input{Said: "yes, a question about invoices", Word: ivr.WordYes, Intent: policy.Question})
	if call.Intent != policy.Question || reply.Then != ivr.ThenRecord {
		t.Errorf("a %q call gets %+v", call.Intent, reply)
	}
}

// TestOnFileIsNotedWhereNobodyIdentified: a message on a closed line is traced to the account on file, unless the caller gave a number.
func TestOnFileIsNotedWhereNobodyIdentified(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.Identification.CallerID, s.AfterHours = "off", nights["records, but not questions"]
	for noted, number := range map[bool]ivr.Input{true: pressed("*", nil), false: {Keys: "204518", Number: "204518", Customer: &northwind}} {
		call, _ := answering(t, s, ivr.Input{Callers: []policy.Customer{northwind}}, number, pressed("2", nil))
		if got := traced(call, "caller-id.on-file") != ""; got != noted || call.OnFile != northwind.Number {
			t.Errorf("a call of %q from a number on file of %q: noted %t", call.Customer, call.OnFile, got)
		}
	}
}

// TestTrainingIsRepeatedSoOften: nobody keeps a line by asking for the same words again.
func TestTrainingIsRepeatedSoOften(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.Links.Training = "https://example.com/training"
	answers := []ivr.Input{{Keys: "204518", Number: "204518", Customer: &northwind}, {Said: "training", Word: ivr.WordTraining}}
	for range 6 {
		answers = append(answers, pressed("9", nil))
	}
	if _, reply := answering(t, s, ivr.Input{}, answers[:7]...); reply.Then != ivr.ThenAskKey {
		t.Errorf("repeated 5 times: %+v", reply)
	}
	if call, reply := answering(t, s, ivr.Input{}, answers...); reply.Then != ivr.ThenHangup || call.Outcome() != policy.Informed {
		t.Errorf("repeated 6 times: %+v, and the call ends %q", reply, call.Outcome())
	}
}

// TestRestrictedMenuHasNoKeyTwice: 1 is for critical calls where the menu has no key for them, but never for two reasons.
func TestRestrictedMenuHasNoKeyTwice(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.Menu = []policy.MenuKey{{Key: "1", Intent: policy.Question}, {Key: "2", Intent: policy.Restricted}}
	s.FairUse.LetThrough = []policy.Intent{policy.Question, policy.Restricted}
	account := restricted(northwind)
	_, reply := answering(t, s, ivr.Input{}, ivr.Input{Keys: "204518", Number: "204518", Customer: &account})
	if len(reply.Say) == 0 || reply.Say[0].Args["items"] != "1=question,2=restricted" {
		t.Errorf("a restricted account hears %+v", reply.Say)
	}
}

// TestARefusedCallerIsAskedTwice: silence and wrong keys at the ways out are answered once, and then with goodbye.
func TestARefusedCallerIsAskedTwice(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.Identification.Unidentified = onlyCritical
	for _, wrong := range []ivr.Input{{}, pressed("#", nil)} {
		if _, reply := answering(t, s, ivr.Input{}, pressed("*", nil), wrong); reply.Then != ivr.ThenAskKey {
			t.Errorf("after one %q: %+v", wrong.Keys, reply)
		}
		call, reply := answering(t, s, ivr.Input{}, pressed("*", nil), wrong, wrong)
		if reply.Then != ivr.ThenHangup || !says(reply, "number-goodbye") || call.Outcome() != policy.UnidentifiedRefused {
			t.Errorf("after two %q: %+v, and the call ends %q", wrong.Keys, reply, call.Outcome())
		}
	}
}

// TestWhoLeavesNoMessageWasRefused: where callers without a number leave a message, one who hangs up before was refused, and not lost.
func TestWhoLeavesNoMessageWasRefused(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.Identification.Unidentified = policy.Unidentified{Default: policy.UnidentifiedVoicemail}
	call, _ := answering(t, s, ivr.Input{}, pressed("*", nil), ivr.Input{Gone: true})
	if call.Outcome() != policy.UnidentifiedRefused {
		t.Errorf("the call ends %q", call.Outcome())
	}
}

// TestAWholeNumberEndsTheCollecting: a locked caller who has typed as many keys as a number has is asked for the reason at once.
func TestAWholeNumberEndsTheCollecting(t *testing.T) {
	t.Parallel()
	for _, pieces := range [][]string{{"204518"}, {"2045", "18"}, {"2", "04518"}} {
		answers := []ivr.Input{}
		for _, keys := range pieces {
			answers = append(answers, ivr.Input{Keys: keys, Number: keys, WrongNumbers: 10})
		}
		if _, reply := answering(t, settings(t), ivr.Input{WrongNumbers: 10}, answers...); !says(reply, "menu") {
			t.Errorf("%v typed: %+v", pieces, reply)
		}
	}
}

// TestOnFileIsOfOneAccount: a number of several accounts is on file of none, and one in another spelling than the carrier's is vouched for by nobody.
func TestOnFileIsOfOneAccount(t *testing.T) {
	t.Parallel()
	for n, want := range []policy.CustomerNumber{"", northwind.Number, ""} {
		call, _ := answering(t, settings(t), ivr.Input{Callers: []policy.Customer{northwind, loft}[:n]})
		if call.OnFile != want || (call.State.OnFileName == "") != (want == "") {
			t.Errorf("a number of %d accounts is on file of %q", n, call.OnFile)
		}
	}
	m := ivr.Machine{Settings: settings(t)}
	for from, offered := range map[policy.Phone]policy.CustomerNumber{"+442079460018": northwind.Number, "442079460018": "", "sip:+442079460018@example.com": ""} {
		in := ivr.Input{Step: "arrive", Line: uk, From: from, Attested: true, Callers: []policy.Customer{northwind}}
		call, reply := m.Next(policy.Call{SID: "CA1"}, in, tuesday)
		if call.State.Offered != offered || says(reply, "welcome-known") != (offered != "") {
			t.Errorf("%s is offered %q: %+v", from.Full(), call.State.Offered, reply)
		}
	}
}

// TestTheTeamAfterTraining: who was told where training is booked, and wants the team, is not counted as informed while it rings.
func TestTheTeamAfterTraining(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.Links.Training = "https://example.com/training"
	call, reply := answering(t, s, ivr.Input{}, pressed("*", nil), ivr.Input{Said: "training", Word: ivr.WordTraining}, pressed("1", nil))
	if reply.Then != ivr.ThenRing || call.Refused != "" || call.Intent != policy.Question {
		t.Errorf("a %s call, refused as %q, gets %+v", call.Intent, call.Refused, reply)
	}
}

// TestHashIsIgnoredSoOften: a restricted caller does not stay on the line by pressing # for ever.
func TestHashIsIgnoredSoOften(t *testing.T) {
	t.Parallel()
	account := restricted(northwind)
	answers := []ivr.Input{{Keys: "204518", Number: "204518", Customer: &account}}
	for range 7 {
		answers = append(answers, pressed("#", nil))
	}
	if _, reply := answering(t, settings(t), ivr.Input{}, answers...); reply.Then != ivr.ThenHangup {
		t.Errorf("after 7 of them: %+v", reply)
	}
}

// TestATicketIsAskedForTwice: who says nothing that may be a ticket number is asked once more, and then connected.
func TestATicketIsAskedForTwice(t *testing.T) {
	t.Parallel()
	answers := []ivr.Input{{Keys: "204518", Number: "204518", Customer: &northwind}, pressed("3", nil), {Said: "well, let me see"}, {Said: "well, let me see"}}
	if _, reply := answering(t, settings(t), ivr.Input{}, answers[:3]...); reply.Then != ivr.ThenAskTicket {
		t.Errorf("after one: %+v", reply)
	}
	if _, reply := answering(t, settings(t), ivr.Input{}, answers...); reply.Then != ivr.ThenRing {
		t.Errorf("after two: %+v", reply)
	}
}
