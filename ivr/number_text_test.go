package ivr_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

const ownMobile policy.Phone = "+447400123456"

// texting returns settings under which callers without a customer number may be sent the way to it.
func texting(t testing.TB, change ...func(*policy.Settings)) policy.Settings {
	s := settings(t)
	s.Links.CustomerNumber, s.Texts, s.Countries = "https://example.com/number", true, []string{"GB", "US"}
	for _, f := range change {
		f(&s)
	}
	return s
}

// withoutNumber returns a call whose caller pressed star at the question for the customer number, and what was said then.
func withoutNumber(t testing.TB, s policy.Settings, change func(*ivr.Input)) (ivr.Machine, policy.Call, ivr.Reply) {
	m := ivr.Machine{Settings: s}
	call, _ := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: ownMobile}, tuesday)
	in := ivr.Input{Step: "number", Exchange: 1, Keys: "*", MayText: true}
	change(&in)
	call, reply := m.Next(call, in, tuesday)
	return m, call, reply
}

func asked(reply ivr.Reply, id string) bool { return slices.Contains(ids(reply.Say), id) }

// A caller who has no customer number, by star or with all tries used up, hears the key for a text after the menu, presses it once, and is at the menu
// again. It is a key that the menu does not use.
func TestWayToTheNumberIsTexted(t *testing.T) {
	m, call, reply := withoutNumber(t, texting(t), func(*ivr.Input) {})
	if diff := cmp.Diff([]string{"number-missing", "menu", "number-text"}, ids(reply.Say)); diff != "" || reply.Say[2].Args["key"] != "6" {
		t.Fatalf("%+v\n%s", reply, diff)
	}
	silent, again := m.Next(call, ivr.Input{Step: "menu", Exchange: 2}, tuesday)
	if diff := cmp.Diff([]string{"menu-silence", "menu", "number-text", "menu-repeat"}, ids(again.Say)); diff != "" {
		t.Errorf("after a silence:\n%s", diff)
	}
	for name, in := range map[string]ivr.Input{"pressed": {Keys: "6"}, "spoken": {Said: "six", Key: "6"}} {
		in.Step, in.Exchange = "menu", 3
		texted, reply := m.Next(silent, in, tuesday)
		if diff := cmp.Diff([]string{"number-texted", "menu"}, ids(reply.Say)); diff != "" || !texted.State.Texted || reply.Then != ivr.ThenAskKey || texted.State.Misses != 1 {
			t.Errorf("%s: %+v\n%s", name, texted.State, diff)
		}
		once, reply := m.Next(texted, ivr.Input{Step: "menu", Exchange: 4, Keys: "6"}, tuesday)
		if !asked(reply, "menu-wrong") || asked(reply, "number-text") || len(once.Trace) != len(texted.Trace)+1 {
			t.Errorf("%s again: %+v", name, reply)
		}
	}
	own := texting(t, func(s *policy.Settings) {
		s.Menu = append(slices.Clip(s.Menu), policy.MenuKey{Key: "6", Intent: policy.Question})
	})
	if _, _, reply := withoutNumber(t, own, func(*ivr.Input) {}); reply.Say[2].Args["key"] != "7" {
		t.Errorf("a menu that uses 6: %+v", reply.Say)
	}
	tries := ivr.Machine{Settings: texting(t)}
	call, _ = tries.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: ownMobile}, tuesday)
	for n := range 3 {
		call, reply = tries.Next(call, ivr.Input{Step: "number", Exchange: n + 1, Keys: "999999", Number: "999999", MayText: true}, tuesday)
		if asked(reply, "number-text") != (n == 2) {
			t.Errorf("wrong number %d: %+v", n+1, reply)
		}
	}
}

// A refused caller presses star, with which no number begins, and is left the other ways out. It keeps its ten seconds.
func TestRefusedCallerIsTexted(t *testing.T) {
	refuse := func(s *policy.Settings) {
		s.Identification.Unidentified = policy.Unidentified{Default: policy.UnidentifiedRefuse, ByIntent: map[policy.Intent]policy.UnidentifiedAction{policy.Critical: policy.UnidentifiedConnect}}
	}
	m, call, reply := withoutNumber(t, texting(t, refuse), func(*ivr.Input) {})
	if diff := cmp.Diff([]string{"number-refused", "number-refused-critical", "number-refused-again", "number-refused-text"}, ids(reply.Say)); diff != "" {
		t.Fatal(diff)
	}
	for _, language := range languages {
		var said []string
		for _, p := range reply.Say {
			said = append(said, ivr.DefaultWords().Speak(policy.Line{Language: language}, p))
		}
		if text := strings.Join(said, " "); ivr.Seconds(text) > 10 {
			t.Errorf("%s: %.1f seconds: %s", language, ivr.Seconds(text), text)
		}
	}
	texted, reply := m.Next(call, ivr.Input{Step: "refused", Exchange: 2, Keys: "*"}, tuesday)
	if diff := cmp.Diff([]string{"number-texted", "number-refused-critical", "number-refused-again"}, ids(reply.Say)); diff != "" || !texted.State.Texted {
		t.Errorf("%+v\n%s", texted.State, diff)
	}
	for _, key := range []string{"2", "6"} { // the first digit of a number that is typed over the prompt texts nobody
		if typed, reply := m.Next(call, ivr.Input{Step: "refused", Exchange: 2, Keys: key}, tuesday); typed.State.Texted || reply.Then != ivr.ThenAskNumber {
			t.Errorf("%s: %+v", key, reply)
		}
	}
}

// Nobody hears the key to whom nothing can be sent, nor whoever was sent a text today, and who says that the platform is down hears nothing more at all.
func TestWhoHearsNoKeyForAText(t *testing.T) {
	full := func(s *policy.Settings) {
		s.Menu = nil
		for key := range 9 {
			s.Menu = append(s.Menu, policy.MenuKey{Key: fmt.Sprint(key + 1), Intent: policy.Question})
		}
	}
	for name, row := range map[string]struct {
		settings func(*policy.Settings)
		change   func(*ivr.Input)
		then     ivr.Then
	}{
		"may not be texted":    {func(*policy.Settings) {}, func(in *ivr.Input) { in.MayText = false }, ivr.ThenAskKey},
		"texted today":         {func(*policy.Settings) {}, func(in *ivr.Input) { in.Texted = true }, ivr.ThenAskKey},
		"no more is looked up": {func(*policy.Settings) {}, func(in *ivr.Input) { in.Keys, in.Number, in.WrongNumbers = "99", "99", 100 }, ivr.ThenAskKey},
		"the menu has no room": {full, func(*ivr.Input) {}, ivr.ThenAskKey},
		"the platform is down": {func(*policy.Settings) {}, func(in *ivr.Input) {
			in.Keys, in.Said, in.Intent, in.Word = "", "no number, everything is down", policy.Critical, ivr.WordLost
		}, ivr.ThenRing},
		"the number was found": {func(*policy.Settings) {}, func(in *ivr.Input) { in.Keys, in.Number, in.Customer = "204518", "204518", &northwind }, ivr.ThenAskKey},
		"a message is left":    {func(s *policy.Settings) { s.Identification.Unidentified.Default = policy.UnidentifiedVoicemail }, func(*ivr.Input) {}, ivr.ThenRecord},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, reply := withoutNumber(t, texting(t, row.settings), row.change)
			if asked(reply, "number-text") || asked(reply, "number-refused-text") || reply.Then != row.then {
				t.Errorf("%+v", reply)
			}
		})
	}
}

// Which numbers may be texted the webhooks find out, and the log says in the same step whether one was today: no question of its own delays the caller.
func TestWhichCallersMayBeTexted(t *testing.T) {
	for name, row := range map[string]struct {
		from   policy.Phone
		change func(*policy.Settings)
		hears  bool
	}{
		"a mobile":                   {ownMobile, func(*policy.Settings) {}, true},
		"what may be a mobile":       {"+12127363100", func(*policy.Settings) {}, true},
		"a landline":                 {"+442079460018", func(*policy.Settings) {}, false},
		"withheld":                   {"anonymous", func(*policy.Settings) {}, false},
		"foreign":                    {"+18765550123", func(*policy.Settings) {}, false},
		"a call that tries the line": {policy.TestCaller("mila"), func(*policy.Settings) {}, false},
		"no page":                    {ownMobile, func(s *policy.Settings) { s.Links.CustomerNumber = "" }, false},
		"no texts":                   {ownMobile, func(s *policy.Settings) { s.Texts = false }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServerWith(t, func(d *ivr.Deps) { d.Settings = always(texting(t, row.change)) })
			s.post("/voice", "CallStatus", "ringing", "From", string(row.from))
			before := s.advances
			got := spoken(document(t, s.post("/voice/number/1", "Digits", "*", "From", string(row.from))).Verbs)
			if hears := strings.Contains(got, "To be texted where your number is, 6."); hears != row.hears || s.advances != before+1 {
				t.Errorf("%d steps: %s", s.advances-before, got)
			}
			s.textedAt = tuesday
			s.calls = map[policy.CallSID]policy.Call{}
			s.post("/voice", "CallStatus", "ringing", "From", string(row.from))
			if got := spoken(document(t, s.post("/voice/number/1", "Digits", "*", "From", string(row.from))).Verbs); strings.Contains(got, "texted") {
				t.Errorf("texted today: %s", got)
			}
		})
	}
}
