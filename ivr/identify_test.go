package ivr_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// onlyCritical lets the critical calls of callers without a customer number through, and refuses the others.
var onlyCritical = policy.Unidentified{
	Default: policy.UnidentifiedRefuse, ByIntent: map[policy.Intent]policy.UnidentifiedAction{policy.Critical: policy.UnidentifiedConnect},
}

func restricted(c policy.Customer) policy.Customer {
	c.Restricted = true
	return c
}

// anything is whatever a caller can press or say at any question. numbers are the customer numbers that they try.
func anything(rt *rapid.T, numbers ...policy.Customer) ivr.Input {
	in := ivr.Input{}
	switch rapid.SampledFrom([]string{"key", "keys", "number", "word", "intent", "silence"}).Draw(rt, "kind") {
	case "key":
		in.Keys = rapid.StringMatching(`[0-9*#]`).Draw(rt, "key")
	case "keys":
		in.Keys = rapid.StringMatching(`[0-9*]{2,6}`).Draw(rt, "keys")
	case "number":
		c := rapid.SampledFrom(numbers).Draw(rt, "number")
		if in.Number = string(c.Number); c.Name != "" { // one without a name is nobody's
			in.Customer = &c
		}
		if in.Said = "it's " + in.Number; rapid.Bool().Draw(rt, "keyed") {
			in.Keys, in.Said = in.Number, ""
		}
		return in
	case "word":
		in.Said = "hm"
		in.Word = rapid.SampledFrom([]ivr.Word{ivr.WordYes, ivr.WordNo, ivr.WordLost, ivr.WordPerson, ivr.WordRepeat, ivr.WordTraining}).Draw(rt, "word")
	case "intent":
		in.Said, in.Intent = "hm", rapid.SampledFrom(policy.Intents()).Draw(rt, "intent")
	}
	if in.Number = strings.Trim(in.Keys, "*#"); len(in.Keys) == 1 {
		in.Key = in.Keys
	}
	return in
}

// plays answers at random until the call rings, records or ends, and returns it with the last reply. It fails if that takes longer than any
// caller would bear.
func plays(rt *rapid.T, m ivr.Machine, first ivr.Input, before int, numbers ...policy.Customer) (policy.Call, ivr.Reply) {
	call, reply := m.Next(policy.Call{SID: "CA1"}, first, tuesday)
	for n := 0; reply.Then.Asks(); n++ {
		if n > 60 {
			rt.Fatalf("the caller is still asked: %+v", reply)
		}
		in := follow(rt, reply, anything(rt, numbers...))
		in.Callers, in.WrongNumbers = first.Callers, before+len(call.WrongNumbers)
		call, reply = m.Next(call, in, tuesday)
	}
	return call, reply
}

// TestNobodyGetsAroundThePromise: where callers without a number are refused but for critical calls, a customer without the package and one that
// is restricted are never connected but as critical, whatever they press, say or leave unsaid. The same holds with callers connected, for those
// whose number is on file. Who has no package is never connected as that account, and a restricted one can have a ticket raised by what it says.
func TestNobodyGetsAroundThePromise(t *testing.T) {
	t.Parallel()
	for name, account := range map[string]policy.Customer{"without the package": loft, "restricted": restricted(northwind)} {
		rang, ended := 0, map[policy.Outcome]int{}
		play := func(rt *rapid.T) {
			s := settings(t)
			first := ivr.Input{Step: "arrive", Line: uk, From: caller, Attested: rapid.Bool().Draw(rt, "attested")}
			s.Identification.CallerID = rapid.SampledFrom([]policy.CallerID{"off", policy.CallerIDAny, policy.CallerIDAttested}).Draw(rt, "caller_id")
			s.Identification.Unidentified = onlyCritical
			if rapid.Bool().Draw(rt, "on file") {
				first.Callers = []policy.Customer{account}
				s.Identification.Unidentified.Default = rapid.SampledFrom([]policy.UnidentifiedAction{policy.UnidentifiedConnect, policy.UnidentifiedRefuse}).Draw(rt, "unidentified")
			}
			before := rapid.SampledFrom([]int{0, 8, 10}).Draw(rt, "wrong numbers before")
			first.WrongNumbers = before
			call, reply := plays(rt, ivr.Machine{Settings: s}, first, before, account)
			if reply.Then == ivr.ThenHangup {
				ended[call.Outcome()]++
				return
			}
			rang++
			raises := call.Intent == policy.RaiseSeverity && call.Customer != "" // in words, which may be about SEV 1 (rule 10)
			if reply.Then != ivr.ThenRing || call.Intent != policy.Critical && !raises || call.State.Team != "critical" {
				rt.Fatalf("a %s call goes on: %+v", call.Intent, reply)
			}
			if call.Customer != "" && !account.Restricted {
				rt.Fatalf("it is connected as %s", call.Customer)
			}
		}
		for n := 0; n == 0 || n < 20 && (rang == 0 || ended[policy.UnidentifiedRefused] == 0); n++ { // few draws may reach one of the two only
			rapid.Check(t, play)
		}
		if rang == 0 || ended[policy.UnidentifiedRefused] == 0 {
			t.Errorf("%s: %d calls rang, the others ended %v", name, rang, ended)
		}
	}
}

// TestUnidentifiedByReason holds rule 12: whatever the company decided for each reason to call, a caller who gives no number is connected, leaves a
// message or is refused as it decided for theirs, and hears how to get the number where the call ends.
func TestUnidentifiedByReason(t *testing.T) {
	t.Parallel()
	reached := map[ivr.Then]int{}
	rapid.Check(t, func(rt *rapid.T) {
		s := settings(t)
		actions := []policy.UnidentifiedAction{policy.UnidentifiedConnect, policy.UnidentifiedVoicemail, policy.UnidentifiedRefuse}
		u := policy.Unidentified{Default: rapid.SampledFrom(actions).Draw(rt, "default"), ByIntent: map[policy.Intent]policy.UnidentifiedAction{}}
		for _, i := range policy.Intents() {
			if rapid.Bool().Draw(rt, "decided") {
				u.ByIntent[i] = rapid.SampledFrom(actions).Draw(rt, string(i))
			}
		}
		s.Identification.Unidentified = u
		first := ivr.Input{Step: "arrive", Line: uk, From: caller}
		first.WrongNumbers = rapid.SampledFrom([]int{0, 10}).Draw(rt, "wrong numbers before")
		call, reply := plays(rt, ivr.Machine{Settings: s}, first, first.WrongNumbers, policy.Customer{Number: "20451"})
		want := map[ivr.Then]policy.UnidentifiedAction{
			ivr.ThenRing: policy.UnidentifiedConnect, ivr.ThenRecord: policy.UnidentifiedVoicemail, ivr.ThenHangup: policy.UnidentifiedRefuse,
		}[reply.Then]
		fits := func(i policy.Intent) bool { return u.For(i) == want }
		if i := call.Intent; i != "" && !fits(i) || i == "" && !slices.ContainsFunc(policy.Intents(), fits) {
			rt.Fatalf("a %q call, where %v is decided: %+v", i, u, reply)
		}
		if reply.Then == ivr.ThenHangup && (!says(reply, "number-goodbye") || call.Outcome() != policy.UnidentifiedRefused) {
			rt.Fatalf("a refused call ends %q: %+v", call.Outcome(), reply)
		}
		reached[reply.Then]++
	})
	if len(reached) != 3 {
		t.Errorf("reached are %v", reached)
	}
}

// TestForgedCallerNumberTellsNothing holds rule 12: a caller whose number is on file of an account that is refused hears the same for an account
// without the package and for a restricted one, at every answer. The trace alone says which it is, and the call is nobody's.
func TestForgedCallerNumberTellsNothing(t *testing.T) {
	t.Parallel()
	refused := 0
	rapid.Check(t, func(rt *rapid.T) {
		s := settings(t)
		s.Identification.CallerID = "off"
		s.Identification.Unidentified = rapid.SampledFrom([]policy.Unidentified{
			{Default: policy.UnidentifiedConnect}, {Default: policy.UnidentifiedRefuse}, {Default: policy.UnidentifiedVoicemail}, onlyCritical,
		}).Draw(rt, "unidentified")
		m := ivr.Machine{Settings: s}
		var calls [2]policy.Call
		var replies [2]ivr.Reply
		wrong := rapid.SampledFrom([]int{0, 10}).Draw(rt, "wrong numbers before")
		for i, c := range []policy.Customer{loft, restricted(northwind)} {
			calls[i], replies[i] = m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller, Callers: []policy.Customer{c}, WrongNumbers: wrong}, tuesday)
		}
		for range 30 {
			if diff := cmp.Diff(replies[0], replies[1]); diff != "" {
				rt.Fatalf("the two hear different things (-without package +restricted):\n%s", diff)
			}
			if calls[0].Outcome() != calls[1].Outcome() || calls[0].Customer != "" || calls[1].Customer != "" {
				rt.Fatalf("the calls end %q and %q, and belong to %q and %q", calls[0].Outcome(), calls[1].Outcome(), calls[0].Customer, calls[1].Customer)
			}
			if !replies[0].Then.Asks() {
				break
			}
			in := follow(rt, replies[0], anything(rt, policy.Customer{Number: "999999"}))
			for i := range calls {
				in.WrongNumbers = wrong + len(calls[i].WrongNumbers)
				calls[i], replies[i] = m.Next(calls[i], in, tuesday)
			}
		}
		if calls[0].Refused == policy.UnidentifiedRefused {
			refused++
			if on := traced(calls[0], "caller-id.on-file"); !strings.Contains(on, "555010") || !strings.Contains(on, "not-entitled") {
				rt.Fatalf("the trace says %q", on)
			}
			if on := traced(calls[1], "caller-id.on-file"); !strings.Contains(on, "204518") || !strings.Contains(on, "restricted-account") {
				rt.Fatalf("the trace says %q", on)
			}
		}
	})
	if refused == 0 {
		t.Error("no call was refused")
	}
}

// traced returns the first decision of a rule with its inputs.
func traced(call policy.Call, rule string) string {
	i := slices.IndexFunc(call.Trace, func(d policy.Decision) bool { return d.Rule == rule })
	if i < 0 {
		return ""
	}
	return fmt.Sprint(call.Trace[i].Result, call.Trace[i].Inputs)
}

// TestPresumption: who is refused without a number although the company connects such callers. A number of several accounts presumes none.
func TestPresumption(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		callers []policy.Customer
		refused bool
	}{
		{"on file of nobody", nil, false},
		{"on file of an entitled account", []policy.Customer{northwind}, false},
		{"on file of a restricted account", []policy.Customer{restricted(northwind)}, true},
		{"on file of an account without the package", []policy.Customer{loft}, true},
		{"on file of two that are refused", []policy.Customer{loft, restricted(northwind)}, false},
	} {
		for _, attested := range []bool{false, true} {
			for _, callerID := range []policy.CallerID{"off", policy.CallerIDAny, policy.CallerIDAttested} {
				s := settings(t)
				s.Identification.CallerID = callerID
				m := ivr.Machine{Settings: s}
				call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller, Attested: attested, Callers: test.callers}, tuesday)
				for reply.Then.Asks() && call.State.Step != "menu" && call.State.Step != "refused" {
					call, reply = m.Next(call, follow(t, reply, ivr.Input{Callers: test.callers}), tuesday) // silence
				}
				if says(reply, "number-refused") != test.refused || says(reply, "menu") == test.refused {
					t.Errorf("%s, attested %t, caller_id %s: %+v", test.name, attested, callerID, reply)
				}
				if (traced(call, "caller-id.on-file") != "") != test.refused || call.Customer != "" {
					t.Errorf("%s: the trace is %v and the call belongs to %q", test.name, call.Trace, call.Customer)
				}
			}
		}
	}
}

// TestStarAndZero: star or zero alone, and words, say that the caller does not have the number. With other digits beside them they don't.
func TestStarAndZero(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in   ivr.Input
		none bool
	}{
		"star":                     {ivr.Input{Keys: "*"}, true},
		"star twice":               {ivr.Input{Keys: "**"}, true},
		"zero":                     {ivr.Input{Keys: "0", Number: "0", Key: "0"}, true},
		"zero and star":            {ivr.Input{Keys: "0*", Number: "0"}, true},
		"two zeros":                {ivr.Input{Keys: "00", Number: "00"}, false},
		"a number that begins so":  {ivr.Input{Keys: "045180", Number: "045180"}, false},
		"star after some digits":   {ivr.Input{Keys: "204*", Number: "204"}, false},
		"silence":                  {ivr.Input{}, false},
		"zero spoken":              {ivr.Input{Said: "zero", Number: "0", Key: "0"}, true},
		"not having it":            {ivr.Input{Said: "I don't have it", Word: ivr.WordLost}, true},
		"agent":                    {ivr.Input{Said: "agent", Word: ivr.WordPerson}, true},
		"a number with an excuse":  {ivr.Input{Said: "I don't know if it's 204519", Word: ivr.WordLost, Number: "204519"}, false},
		"an excuse with a few":     {ivr.Input{Said: "I don't have it, only 20", Word: ivr.WordLost, Number: "20"}, true},
		"something else":           {ivr.Input{Said: "hm", Word: ivr.WordNo}, false},
		"a number with wrong size": {ivr.Input{Said: "20451", Number: "20451"}, false},
	} {
		m := ivr.Machine{Settings: settings(t)}
		call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
		call, reply = m.Next(call, follow(t, reply, test.in), tuesday)
		if none := says(reply, "number-missing") && says(reply, "menu"); none != test.none || (traced(call, "customer.none") != "") != test.none {
			t.Errorf("%s: %+v", name, reply)
		}
	}
}

// TestTypedNumberConfirmsNothing: whatever number is typed over the question for the phone's account, and whatever part of it is lost on the way,
// it is asked for again at worst: it confirms nothing, chooses nothing, and is no wrong number.
func TestTypedNumberConfirmsNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := ivr.Machine{Settings: settings(t)}
		number := rapid.StringMatching(`[0-9]{6}`).Draw(rt, "number")
		rest := number[rapid.IntRange(1, 6).Draw(rt, "lost"):]
		first := ivr.Input{Step: "arrive", Line: uk, From: caller, Attested: true, Callers: []policy.Customer{northwind}}
		call, reply := m.Next(policy.Call{SID: "CA1"}, first, tuesday)
		call, reply = m.Next(call, follow(rt, reply, ivr.Input{Keys: number[:1], Number: number[:1], Callers: first.Callers}), tuesday)
		call, reply = m.Next(call, follow(rt, reply, ivr.Input{Keys: rest, Number: rest}), tuesday)
		if reply.Then != ivr.ThenAskNumber || call.Customer != "" || call.Intent != "" || len(call.WrongNumbers) > 0 {
			rt.Fatalf("%s typed, %s heard: belongs to %q, %v wrong numbers, %+v", number, rest, call.Customer, call.WrongNumbers, reply)
		}
	})
}

// TestLockedKeysChooseNothing: for a caller of too many wrong numbers, the keys of a number that is typed, in whatever pieces, choose nothing from
// what follows, with callers connected or refused.
func TestLockedKeysChooseNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := settings(t)
		s.Identification.Unidentified = rapid.SampledFrom([]policy.Unidentified{{Default: policy.UnidentifiedConnect}, onlyCritical}).Draw(rt, "unidentified")
		m := ivr.Machine{Settings: s}
		first := ivr.Input{Step: "arrive", Line: uk, From: caller, WrongNumbers: 10}
		number := rapid.StringMatching(`[0-9]{6}`).Draw(rt, "number")
		if rapid.Bool().Draw(rt, "known") {
			first.Attested, first.Callers = true, []policy.Customer{northwind}
		}
		call, reply := m.Next(policy.Call{SID: "CA1"}, first, tuesday)
		for number != "" {
			keys := number[:min(len(number), max(1, reply.Digits))]
			if reply.Digits > 0 {
				keys = keys[:rapid.IntRange(1, len(keys)).Draw(rt, "piece")]
			}
			in := follow(rt, reply, ivr.Input{Keys: keys, Number: keys, Callers: first.Callers, WrongNumbers: 10})
			number = number[len(keys):]
			call, reply = m.Next(call, in, tuesday)
		}
		if call.Intent != "" || call.Customer != "" || !call.State.Locked || !reply.Then.Asks() || call.State.Step == "number" {
			rt.Fatalf("the keys chose: %q %q, %+v", call.Intent, call.Customer, reply)
		}
	})
}

// TestLockedCallersDoNotWait: the keys of a number are collected without a long silence after the greeting.
func TestLockedCallersDoNotWait(t *testing.T) {
	t.Parallel()
	s := newServerWith(t, func(d *ivr.Deps) {
		own := settings(t)
		own.Identification.WrongNumbersPerHour = 1
		d.Settings = always(own)
	})
	s.post("/voice", "CallSid", "CA1")
	s.post("/voice/number/1", "CallSid", "CA1", "Digits", "111111")
	gather, _ := document(t, s.post("/voice", "CallSid", "CA2")).Verbs[0].(twilio.Gather)
	if gather.Timeout > 2 || gather.NumDigits != 6 || !strings.Contains(spoken(gather.Prompts), "Welcome to phone support.") {
		t.Errorf("a locked caller hears %+v", gather)
	}
}

// TestPartsAreNoWrongNumbers: what has another length than customer numbers is asked for again, within the tries, and counts for no limit.
func TestPartsAreNoWrongNumbers(t *testing.T) {
	t.Parallel()
	for digits := 2; digits <= 12; digits++ {
		m := ivr.Machine{Settings: settings(t)}
		call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
		number := strings.Repeat("7", digits)
		call, reply = m.Next(call, follow(t, reply, ivr.Input{Said: number, Number: number}), tuesday)
		if got := len(call.WrongNumbers); (got == 1) != (digits == 6) || !says(reply, "number-unknown") {
			t.Errorf("%d digits: %d wrong numbers, %+v", digits, got, reply)
		}
	}
}

// TestPackagesAreComparedByTheirLetters: a customer who was stored with a package in another case, or with blanks, has phone support. One whose package
// is nearly right has not.
func TestPackagesAreComparedByTheirLetters(t *testing.T) {
	t.Parallel()
	for name, entitled := range map[string]bool{
		"Ultimate": true, "ultimate": true, "Ultimate ": true, " ULTIMATE\u00a0": true, "Ultimat": false, "Ultimate plan": false, "": false,
	} {
		m := ivr.Machine{Settings: settings(t)}
		call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
		stored := northwind
		stored.Package = name
		call, reply = m.Next(call, follow(t, reply, ivr.Input{Keys: "204518", Number: "204518", Customer: &stored}), tuesday)
		if says(reply, "menu") != entitled || (call.Refused == policy.NotEntitled) == entitled {
			t.Errorf("an account with the package %q hears %+v, refused %q", name, reply, call.Refused)
		}
	}
}

// TestMistypedNumberIsReplaced: the account of a mistyped number leaves no trace on the call's account, month and restriction. A person who attached
// the call is not overruled.
func TestMistypedNumberIsReplaced(t *testing.T) {
	t.Parallel()
	for _, attached := range []bool{false, true} {
		m := ivr.Machine{Settings: settings(t)}
		call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
		if attached {
			call = act(t, call, policy.Act{Kind: policy.ActAttach, Value: string(loft.Number)})
		}
		mistyped := restricted(loft)
		call, reply = m.Next(call, follow(t, reply, ivr.Input{Keys: "555010", Number: "555010", Customer: &mistyped}), tuesday)
		if call.Customer != loft.Number || call.Refused != policy.NotEntitled || reply.Then != ivr.ThenAskKey {
			t.Fatalf("an account without the package hears %+v and belongs to %q", reply, call.Customer)
		}
		call, reply = m.Next(call, follow(t, reply, ivr.Input{Keys: "1"}), tuesday)
		if (call.Customer == "") == attached || (call.Month == "") == attached || call.Refused != "" || call.State.Restricted || reply.Then != ivr.ThenAskNumber {
			t.Errorf("attached %t: after the key the call belongs to %q and %+v follows", attached, call.Customer, reply)
		}
		if _, lost := m.Next(call, follow(t, reply, ivr.Input{Keys: "*"}), tuesday); !says(lost, "number-refused") {
			t.Errorf("attached %t: star after the key is a way round the package: %+v", attached, lost)
		}
		call, reply = m.Next(call, follow(t, reply, ivr.Input{Keys: "204518", Number: "204518", Customer: &northwind}), tuesday)
		if (call.Customer == northwind.Number) == attached || !says(reply, "menu") {
			t.Errorf("attached %t: the right number makes it %q, and %+v follows", attached, call.Customer, reply)
		}
	}
}

// TestRefusalIsAskedOnceMore: after silence and after a wrong key the caller who is refused hears which it was, and the ways out again, once.
func TestRefusalIsAskedOnceMore(t *testing.T) {
	t.Parallel()
	for sorry, in := range map[string]ivr.Input{"menu-silence": {}, "menu-wrong": {Keys: "#"}} {
		s := settings(t)
		s.Identification.Unidentified = onlyCritical
		m := ivr.Machine{Settings: s}
		call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
		call, reply = m.Next(call, follow(t, reply, ivr.Input{Keys: "*"}), tuesday)
		call, reply = m.Next(call, follow(t, reply, in), tuesday)
		if reply.Say[0].ID != sorry || !says(reply, "number-refused-critical") || !says(reply, "number-refused-again") || reply.Then != ivr.ThenAskKey {
			t.Errorf("%q: it hears %+v", in.Keys, reply)
		}
		call, reply = m.Next(call, follow(t, reply, in), tuesday)
		if !says(reply, "number-goodbye") || reply.Then != ivr.ThenHangup || call.Outcome() != policy.UnidentifiedRefused {
			t.Errorf("%q again: it hears %+v, and the call is %q", in.Keys, reply, call.Outcome())
		}
	}
}

// TestRefusedCriticalCallsRing holds rule 10 for callers without a number: where the company lets their critical calls through, the key and the words
// ring the critical team at once, whatever came before.
func TestRefusedCriticalCallsRing(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]ivr.Input{
		"key":              {Keys: "1", Number: "1", Key: "1"},
		"spoken key":       {Said: "one", Number: "1", Key: "1"},
		"yes":              {Said: "yes", Word: ivr.WordYes},
		"platform down":    {Said: "our platform is down", Intent: policy.Critical},
		"raise to SEV 1":   {Said: "raise it to sev 1", Intent: policy.RaiseSeverity},
		"a second thought": {Keys: "*"},
	} {
		s := settings(t)
		s.Identification.Unidentified = onlyCritical
		m := ivr.Machine{Settings: s}
		call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
		call, reply = m.Next(call, follow(t, reply, ivr.Input{Keys: "*"}), tuesday)
		if name == "a second thought" {
			call, reply = m.Next(call, follow(t, reply, in), tuesday)
			in = ivr.Input{Keys: "1"}
		}
		call, reply = m.Next(call, follow(t, reply, in), tuesday)
		if reply.Then != ivr.ThenRing || call.Intent != policy.Critical || call.State.Team != "critical" || call.Refused != "" || !call.State.Unidentified {
			t.Errorf("%s: %+v", name, reply)
		}
	}
}

// TestRefusalOffersWhatConnects: a caller without a number is told of a key only where it leads somewhere: to the critical team where critical calls
// ring at this moment, and to the number where it would be looked up.
func TestRefusalOffersWhatConnects(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name             string
		action           policy.Unidentified
		night            string
		wrong            int
		critical, number bool
	}{
		{"open", onlyCritical, "", 0, true, true},
		{"open, too many wrong numbers", onlyCritical, "", 10, true, false},
		{"all refused", policy.Unidentified{Default: policy.UnidentifiedRefuse}, "", 0, false, true},
		{"all refused, too many wrong numbers", policy.Unidentified{Default: policy.UnidentifiedRefuse}, "", 10, false, false},
		{"a closed line that connects nobody", onlyCritical, "records, but not questions", 0, false, true},
		{"a closed line that connects critical calls", onlyCritical, "connects raised severities too", 0, true, true},
	} {
		s, now := settings(t), tuesday
		s.Identification.Unidentified = test.action
		if test.night != "" {
			s.AfterHours, now = nights[test.night], sunday
		}
		m := ivr.Machine{Settings: s}
		call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller, WrongNumbers: test.wrong}, now)
		for !says(reply, "number-refused") && reply.Then.Asks() {
			call, reply = m.Next(call, follow(t, reply, ivr.Input{WrongNumbers: test.wrong}), now)
		}
		if says(reply, "number-refused-critical") != test.critical || says(reply, "number-refused-again") != test.number {
			t.Errorf("%s: %+v", test.name, reply)
		}
		if end := reply.Then == ivr.ThenHangup; end == (test.critical || test.number) || end != says(reply, "number-goodbye") {
			t.Errorf("%s: %+v", test.name, reply)
		}
	}
}
