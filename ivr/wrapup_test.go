package ivr_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// afterTalk returns a call in a conference with Ada, whose caller hangs up after so long a talk. Nothing has come of that yet but the caller's own end.
func afterTalk(t *testing.T, long time.Duration) *outboundCall {
	t.Helper()
	c := newOutboundCall(t)
	c.machine.Settings.WrapUp = policy.ChannelSMS
	c.machine.Settings.People = []policy.Person{{ID: "ada", Name: "Ada Moreau", Phone: oncall1}}
	c.placed(3, "CA2")
	c.presses("CA2", 3, "1")
	c.fetched(3)
	c.wants("the caller is joined", ivr.ThenJoin, "")
	c.now = c.now.Add(long)
	return c
}

// left returns what the specialist's leg gets once the conference is over, at a turn.
func (c *outboundCall) left(turn int, keys string) ivr.Reply {
	return c.legAsks(ivr.LegInput{Step: "left", Leg: "CA2", To: oncall1, Try: turn, Attempt: 3, Keys: keys})
}

func (c *outboundCall) legAsks(in ivr.LegInput) (reply ivr.Reply) {
	c.changes(func(call policy.Call) (after policy.Call) {
		after, reply = c.machine.NextLeg(call, in, c.now)
		return after
	})
	return reply
}

func ids(say []ivr.Phrase) (all []string) {
	for _, p := range say {
		all = append(all, p.ID)
	}
	return all
}

// After the caller hung up the specialist is asked what the call was, by the keys that make sense, twice at most. A key is the act of the console, in the
// specialist's name.
func TestSpecialistSaysByKeyWhatTheCallWas(t *testing.T) {
	const long, short = 20*time.Minute + time.Second, 20 * time.Minute
	for name, row := range map[string]struct {
		talk  time.Duration
		keys  []string // at the second webhook and those after it
		hears []string // all phrases
		acts  []policy.Act
	}{
		"necessary":                {long, []string{"1"}, []string{"word-left", "word-necessary", "word-training", "word-noted-necessary"}, []policy.Act{{Kind: policy.ActWaive, Reason: "said by key after the call", Limit: 20 * time.Minute}}},
		"training":                 {long, []string{"2"}, []string{"word-left", "word-necessary", "word-training", "word-noted-training"}, []policy.Act{{Kind: policy.ActTraining}}},
		"at the second question":   {long, []string{"", "1"}, []string{"word-left", "word-necessary", "word-training", "word-necessary", "word-training", "word-noted-necessary"}, []policy.Act{{Kind: policy.ActWaive, Reason: "said by key after the call", Limit: 20 * time.Minute}}},
		"silence":                  {long, []string{"", ""}, []string{"word-left", "word-necessary", "word-training", "word-necessary", "word-training", "word-goodbye"}, nil},
		"within the limit":         {short, []string{"2"}, []string{"word-left", "word-training", "word-noted-training"}, []policy.Act{{Kind: policy.ActTraining}}},
		"a key that means nothing": {short, []string{"1", "9"}, []string{"word-left", "word-training", "word-training", "word-goodbye"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := afterTalk(t, row.talk)
			reply := c.left(1, "")
			hears := ids(reply.Say)
			for i, key := range row.keys {
				if reply.Then != ivr.ThenWord {
					t.Fatalf("no key is asked for before %q: %+v", key, reply)
				}
				reply = c.left(i+2, key)
				hears = append(hears, ids(reply.Say)...)
			}
			if diff := cmp.Diff(row.hears, hears); diff != "" || reply.Then != ivr.ThenHangup {
				t.Errorf("then %s; hears (-want +got):\n%s", reply.Then, diff)
			}
			for i := range row.acts {
				row.acts[i].At, row.acts[i].By, row.acts[i].Via = c.now, "Ada Moreau", "phone"
			}
			if diff := cmp.Diff(row.acts, c.call.Acts); diff != "" {
				t.Errorf("acts (-want +got):\n%s", diff)
			}
			if len(c.actions) > 0 || c.call.Stage() != "over" {
				t.Errorf("%s, %+v", c.call.Stage(), c.actions)
			}
		})
	}
}

// A key is noted once: the webhook that comes again gets its answer again, and a tone that is sent twice takes nothing back. What somebody noted
// meanwhile is not noted again.
func TestWordIsNotedOnce(t *testing.T) {
	c := afterTalk(t, 25*time.Minute)
	c.left(1, "")
	first := c.left(2, "1")
	for range 3 {
		c.now = c.now.Add(time.Second)
		if again := c.left(2, "1"); !cmp.Equal(first, again) || len(c.call.Acts) != 1 {
			t.Errorf("a retry: %+v, %+v", again, c.call.Acts)
		}
	}
	if again := c.left(3, "1"); !slices.Equal(ids(again.Say), []string{"word-known"}) || !c.call.Waived || len(c.call.Acts) != 1 {
		t.Errorf("the tone again: %+v, %+v", again, c.call.Acts)
	}
	other := afterTalk(t, 25*time.Minute)
	other.left(1, "")
	mila := policy.Act{At: other.now, By: "mila", Kind: policy.ActTraining}
	other.changes(func(call policy.Call) policy.Call {
		call, err := call.WithAct(mila, 0, policy.Customer{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return call
	})
	if reply := other.left(2, "2"); !slices.Equal(ids(reply.Say), []string{"word-known"}) || len(other.call.Acts) != 1 {
		t.Errorf("noted at the console: %+v, %+v", reply, other.call.Acts)
	}
}

// Whoever can't be asked hears nothing more: the leg ends as soon as the caller has hung up.
func TestWhoIsNotAskedAfterTheCall(t *testing.T) {
	left := ivr.LegInput{Step: "left", Leg: "CA2", To: oncall1, Try: 1, Attempt: 3}
	done := func(kind policy.ActKind) func(*outboundCall, *ivr.LegInput) {
		return func(c *outboundCall, _ *ivr.LegInput) {
			c.call.Training, c.call.Waived = true, kind == policy.ActWaive
		}
	}
	for name, row := range map[string]struct {
		change func(*outboundCall, *ivr.LegInput)
		asked  bool
	}{
		"wrap-up is on":                 {func(*outboundCall, *ivr.LegInput) {}, true},
		"wrap-up is off":                {func(c *outboundCall, _ *ivr.LegInput) { c.machine.Settings.WrapUp = "" }, false},
		"a number of nobody":            {func(c *outboundCall, _ *ivr.LegInput) { c.machine.Settings.People = nil }, false},
		"a call that tries the line":    {func(c *outboundCall, _ *ivr.LegInput) { c.call.From = policy.TestCaller("mila") }, false},
		"an erased customer":            {func(c *outboundCall, _ *ivr.LegInput) { c.call.Erased = true }, false},
		"the specialist hung up":        {func(_ *outboundCall, in *ivr.LegInput) { in.Gone = true }, false},
		"training and waived already":   {done(policy.ActWaive), false},
		"training already, not waived":  {done(policy.ActTraining), true},
		"another specialist has talked": {func(_ *outboundCall, in *ivr.LegInput) { in.Leg = "CA9" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, in := afterTalk(t, 25*time.Minute), left
			row.change(c, &in)
			reply := c.legAsks(in)
			if asked := reply.Then == ivr.ThenWord; asked != row.asked || !asked && (reply.Then != ivr.ThenHangup || len(reply.Say) > 0) {
				t.Errorf("%+v", reply)
			}
			in.Try, in.Keys = 2, "2"
			if reply := c.legAsks(in); !row.asked && (reply.Then != ivr.ThenHangup || len(c.call.Acts) > 0) {
				t.Errorf("a key all the same: %+v, %+v", reply, c.call.Acts)
			}
		})
	}
}

// A specialist who says nothing is let go within 20 seconds of the caller's end, in each language: somebody else may be waiting.
func TestAskedLegEndsWithinTwentySeconds(t *testing.T) {
	const perQuestion = 4.0
	for _, language := range languages {
		c, total := afterTalk(t, 25*time.Minute), 0.0
		for turn, reply := 1, c.left(1, ""); ; reply = c.left(turn, "") {
			var said []string
			for _, p := range reply.Say {
				said = append(said, ivr.DefaultWords().Speak(policy.Line{Language: language}, p))
			}
			length := ivr.Seconds(strings.Join(said, " "))
			if total += length; length > 10 {
				t.Errorf("%s: %.1f seconds: %q", language, length, said)
			}
			if reply.Then == ivr.ThenHangup {
				break
			}
			total += perQuestion
			turn++
		}
		if total > 20 {
			t.Errorf("%s: the leg is held for %.1f seconds", language, total)
		}
	}
}

// The talk ends with the caller: not while the specialist is asked, whatever is reported first, and to the second by the provider's own figures.
func TestTalkEndsWithTheCaller(t *testing.T) {
	c := afterTalk(t, 20*time.Minute)
	hungUp := c.now
	c.now = c.now.Add(300 * time.Millisecond)
	c.left(1, "")
	if seconds, _, known := c.call.Talk(); !known || seconds != 1200 {
		t.Errorf("while asked: %d, %t", seconds, known)
	}
	total, leg := 1230, 1200+17
	reports := []policy.Report{
		{At: hungUp, Status: "completed", Seconds: &total},
		{At: hungUp.Add(17 * time.Second), Leg: "CA2", Status: "completed", Seconds: &leg},
	}
	for _, order := range [][]int{{0, 1}, {1, 0}, {1, 0, 1}} {
		call := c.call
		for _, i := range order {
			call = call.Learn(reports[i])
		}
		if seconds, rule, known := call.Talk(); !known || seconds != 1200 || rule != "talk.leg" || !call.End().Equal(hungUp) {
			t.Errorf("%v: %d by %s, the end at %s", order, seconds, rule, call.End())
		}
	}
	legOnly := c.call.Learn(reports[1])
	if seconds, _, _ := legOnly.Talk(); seconds != 1200 {
		t.Errorf("the caller's end was never reported: %d", seconds)
	}
}

// The question is a document of its own for the leg, which ends in a hang-up, and its key comes back to the same route. Without the log a key is not noted,
// and the specialist is told so.
func TestWordIsAskedOnTheLeg(t *testing.T) {
	asked := afterTalk(t, 21*time.Minute)
	s := newServerWith(t, func(d *ivr.Deps) {
		d.Settings, d.Now = always(asked.machine.Settings), func() time.Time { return asked.now }
	})
	s.calls["CA1"] = asked.call
	leg := []string{"CallSid", "CA2", "From", string(uk), "To", string(oncall1), "Direction", "outbound-api"}
	noKey := ""
	want := twilio.Response{Verbs: []twilio.Verb{
		twilio.Gather{Input: "dtmf", Action: publicURL + "/leg/CA1/3/left/2", Timeout: 4, NumDigits: 1, FinishOnKey: &noKey, EmptyResult: true, Prompts: []twilio.Verb{
			twilio.Say{Language: "en-GB", Voice: "Polly.Amy-Neural", Text: "The caller has hung up."},
			twilio.Say{Language: "en-GB", Voice: "Polly.Amy-Neural", Text: "If the call was necessary, press 1."},
			twilio.Say{Language: "en-GB", Voice: "Polly.Amy-Neural", Text: "If it was training, press 2."},
		}},
		twilio.Hangup{},
	}}
	if diff := cmp.Diff(want, document(t, s.post("/leg/CA1/3/left/1", leg...))); diff != "" {
		t.Errorf("the question (-want +got):\n%s", diff)
	}
	noted := document(t, s.post("/leg/CA1/3/left/2", append(leg, "Digits", "1")...))
	if !strings.Contains(spoken(noted.Verbs), "Noted as necessary. Goodbye.") || !s.calls["CA1"].Waived {
		t.Errorf("noted: %+v", noted)
	}
	s.fail = errDisk
	refused := document(t, s.post("/leg/CA1/3/left/3", append(leg, "Digits", "2")...))
	if !strings.Contains(spoken(refused.Verbs), "I couldn't note that. Please look at the console.") || s.calls["CA1"].Training {
		t.Errorf("without the log: %+v", refused)
	}
	if silent := document(t, s.post("/leg/CA1/3/left/4", leg...)); !cmp.Equal(silent, twilio.Response{Verbs: []twilio.Verb{twilio.Hangup{}}}) {
		t.Errorf("silence without the log: %+v", silent)
	}
}
