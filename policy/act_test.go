package policy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

var other = policy.Customer{Number: "555010", Name: "Loft & Ledger", Line: "+18883071053"}

// overLong is a served call of 1300 s that began a minute before midnight in London at the end of October.
func overLong() policy.Call {
	start := time.Date(2026, 10, 31, 23, 59, 0, 0, time.UTC)
	return policy.Call{
		SID: "CA1", StartedAt: start, Answered: true, Customer: holder.Number, Account: holder.Name, Month: "2026-10",
		EndedAt: start.Add(1400 * time.Second), Status: "completed",
	}.WithLeg(policy.Leg{SID: "CA2", ScreenedAt: start.Add(60 * time.Second), AcceptedAt: start.Add(64 * time.Second), Seconds: seconds(1304)})
}

func by(who string, kind policy.ActKind, value string) policy.Act {
	a := policy.Act{At: at(500), By: who, Kind: kind, Value: value}
	if kind == policy.ActWaive {
		a.Reason, a.Limit = "the site was down", fair.CallLimit
	}
	return a
}

func undo(kind policy.ActKind) policy.Act {
	return policy.Act{At: at(600), By: "jo", Kind: kind, Undo: true}
}

func mustAct(t testing.TB, c policy.Call, acts ...policy.Act) policy.Call {
	t.Helper()
	for _, a := range acts {
		var err error
		if c, err = c.WithAct(a, -1, other, time.UTC); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// TestActs holds what each act makes of the call, that undoing it restores the call, and that both acts stay.
func TestActs(t *testing.T) {
	t.Parallel()
	ticketed := overLong()
	ticketed.Ticket = "7"
	unidentified := overLong()
	unidentified.Customer, unidentified.Account, unidentified.Month = "", "", ""
	for name, row := range map[string]struct {
		call   policy.Call
		act    policy.Act
		change func(*policy.Call)
	}{
		"rule 6: waive":                      {overLong(), by("mila", policy.ActWaive, ""), func(c *policy.Call) { c.Waived = true }},
		"rule 7: training":                   {overLong(), by("mila", policy.ActTraining, ""), func(c *policy.Call) { c.Training = true }},
		"a ticket number":                    {overLong(), by("mila", policy.ActTicket, "9"), func(c *policy.Call) { c.Ticket = "9" }},
		"another ticket number":              {ticketed, by("mila", policy.ActTicket, "9"), func(c *policy.Call) { c.Ticket = "9" }},
		"a note":                             {overLong(), by("mila", policy.ActNote, "calls back"), func(*policy.Call) {}},
		"rule 12: attach an unidentified":    {unidentified, by("mila", policy.ActAttach, "555010"), func(c *policy.Call) { c.Customer, c.Account, c.Month = other.Number, other.Name, "2026-10" }},
		"rule 12: attach a wrongly attached": {overLong(), by("mila", policy.ActAttach, "555010"), func(c *policy.Call) { c.Customer, c.Account, c.Month = other.Number, other.Name, "2026-10" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done := mustAct(t, row.call, row.act)
			want := row.call
			row.change(&want)
			if diff := cmp.Diff(want, bare(done)); diff != "" {
				t.Errorf("after the act: %s", diff)
			}
			back := mustAct(t, done, undo(row.act.Kind))
			if diff := cmp.Diff(row.call, bare(back)); diff != "" {
				t.Errorf("after the undoing: %s", diff)
			}
			if len(back.Acts) != 2 || back.Acts[0].By != "mila" || back.Acts[1].By != "jo" {
				t.Errorf("the log keeps %+v", back.Acts)
			}
		})
	}
}

// bare is a call without its acts.
func bare(c policy.Call) policy.Call {
	c.Acts = nil
	return c
}

// TestActsRefused holds each refusal, and that it changes nothing.
func TestActsRefused(t *testing.T) {
	t.Parallel()
	short := overLong()
	short.Legs[0].Seconds = seconds(1204)
	atLimit, abandoned := short, overLong()
	abandoned.Legs = nil
	reasonless, nobody := by("mila", policy.ActWaive, ""), by(" ", policy.ActTraining, "")
	reasonless.Reason = "  "
	for name, row := range map[string]struct {
		call policy.Call
		act  policy.Act
		want error
	}{
		"a waiver without a reason":      {overLong(), reasonless, wrong("no reason")},
		"nobody did it":                  {overLong(), nobody, wrong("no name: say who does it")},
		"a waiver at the limit":          {atLimit, by("mila", policy.ActWaive, ""), policy.ErrNothingToWaive},
		"a waiver of an abandoned call":  {abandoned, by("mila", policy.ActWaive, ""), policy.ErrNothingToWaive},
		"a second waiver":                {mustAct(t, overLong(), by("jo", policy.ActWaive, "")), by("mila", policy.ActWaive, ""), policy.ErrAlready},
		"a second training mark":         {mustAct(t, overLong(), by("jo", policy.ActTraining, "")), by("mila", policy.ActTraining, ""), policy.ErrAlready},
		"the account it has":             {mustAct(t, overLong(), by("jo", policy.ActAttach, "555010")), by("mila", policy.ActAttach, "555010"), policy.ErrAlready},
		"an account that is not there":   {overLong(), by("mila", policy.ActAttach, "999999"), policy.ErrNoCustomer},
		"the ticket number it has":       {mustAct(t, overLong(), by("jo", policy.ActTicket, "9")), by("mila", policy.ActTicket, "9"), policy.ErrAlready},
		"a ticket without a number":      {overLong(), by("mila", policy.ActTicket, ""), wrong("nothing was given")},
		"an empty note":                  {overLong(), by("mila", policy.ActNote, " "), wrong("nothing was given")},
		"nothing that people can do":     {overLong(), by("mila", "delete", ""), wrong("nothing was given")},
		"undoing what was never done":    {overLong(), undo(policy.ActWaive), policy.ErrNothingToUndo},
		"undoing twice":                  {mustAct(t, overLong(), by("jo", policy.ActTraining, ""), undo(policy.ActTraining)), undo(policy.ActTraining), policy.ErrNothingToUndo},
		"undoing an act of another kind": {mustAct(t, overLong(), by("jo", policy.ActTraining, "")), undo(policy.ActNote), policy.ErrNothingToUndo},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := row.call.WithAct(row.act, -1, other, time.UTC)
			if !matches(err, row.want) {
				t.Errorf("%v, want %v", err, row.want)
			}
			if diff := cmp.Diff(row.call, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWaiveWhileTheyTalk: the specialist need not wait for the end of the call (rule 6).
func TestWaiveWhileTheyTalk(t *testing.T) {
	t.Parallel()
	talks := overLong()
	talks.EndedAt, talks.Legs[0].Seconds = time.Time{}, nil
	if c := mustAct(t, talks, by("mila", policy.ActWaive, "")); !c.Waived {
		t.Error("the call is not waived")
	}
}

// TestUndoIsAStack: what is undone is the last act that stands, back to the call as the machine left it.
func TestUndoIsAStack(t *testing.T) {
	t.Parallel()
	c := mustAct(t, overLong(), by("a", policy.ActTicket, "1"), by("b", policy.ActTicket, "2"), by("c", policy.ActTicket, "3"))
	var got []policy.Ticket
	for range 3 {
		c = mustAct(t, c, undo(policy.ActTicket))
		got = append(got, c.Ticket)
	}
	if diff := cmp.Diff([]policy.Ticket{"2", "1", ""}, got); diff != "" {
		t.Error(diff)
	}
	c = mustAct(t, overLong(), by("a", policy.ActNote, "one"), by("b", policy.ActNote, "two"), undo(policy.ActNote), by("c", policy.ActNote, "three"))
	var notes []string
	for range 2 {
		last, _ := c.LastAct(policy.ActNote)
		notes, c = append(notes, last.Value), mustAct(t, c, undo(policy.ActNote))
	}
	if diff := cmp.Diff([]string{"three", "one"}, notes); diff != "" {
		t.Error(diff)
	}
}

// TestSecondPersonSeesWhatChanged: two people act on what they saw; the second is refused and told what the first did.
func TestSecondPersonSeesWhatChanged(t *testing.T) {
	t.Parallel()
	c := overLong()
	first, err := c.WithAct(by("mila", policy.ActWaive, ""), 0, policy.Customer{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	same, err := first.WithAct(by("jo", policy.ActTraining, ""), 0, policy.Customer{}, nil)
	if !errors.Is(err, policy.ErrCallChanged) || !strings.Contains(err.Error(), `mila waived the call as necessary: "the site was down"`) {
		t.Errorf("the second person is told %v", err)
	}
	if same.Training || len(same.Acts) != 1 {
		t.Errorf("the refused act changed the call: %+v", same.Acts)
	}
	if _, err := first.WithAct(by("jo", policy.ActTraining, ""), 1, policy.Customer{}, nil); err != nil {
		t.Errorf("with what changed in view: %v", err)
	}
}

// TestAttachTakesTheHomeLinesMonth holds rule 4 on the last minute of a month: it is still October in New York.
func TestAttachTakesTheHomeLinesMonth(t *testing.T) {
	t.Parallel()
	c := overLong()
	c.StartedAt, c.Month = time.Date(2026, 11, 1, 3, 59, 30, 0, time.UTC), "2026-11"
	got, err := c.WithAct(by("mila", policy.ActAttach, "555010"), -1, other, inZone(t, "America/New_York"))
	if err != nil || got.Month != "2026-10" {
		t.Fatalf("the call is of %s, %v", got.Month, err)
	}
	// The account that had it may have moved its home line meanwhile: its closed month is as it was.
	if back := mustAct(t, got, undo(policy.ActAttach)); back.Month != "2026-11" || back.Customer != holder.Number {
		t.Errorf("back with %s in %s", back.Customer, back.Month)
	}
}

// TestExplainTellsActs: the history of a call has what people did to it, in the order of time.
func TestExplainTellsActs(t *testing.T) {
	t.Parallel()
	c := explainCall()
	late := c.EndedAt.Add(time.Hour)
	for i, a := range []policy.Act{
		by("mila", policy.ActTraining, ""), by("mila", policy.ActTicket, "9"), by("mila", policy.ActAttach, "555010"),
		by("mila", policy.ActNote, "calls back"), undo(policy.ActTraining), undo(policy.ActTicket), undo(policy.ActAttach), undo(policy.ActNote),
	} {
		a.At = late.Add(time.Duration(i) * time.Second)
		c = mustAct(t, c, a)
	}
	var got []string
	for _, d := range explained.Explain(c, true, late) {
		if strings.HasPrefix(d.Rule, "act.") {
			got = append(got, d.Rule+": "+d.Result)
		}
	}
	want := []string{
		"act.training: mila marked the call as training",
		"act.ticket: mila set the ticket number 9",
		"act.attach: mila attached the call to customer 555010 instead of 204518",
		`act.note: mila noted "calls back"`,
		"act.training: jo took the training mark back",
		"act.ticket: jo took the ticket number 9 back",
		"act.attach: jo took the attaching to customer 555010 back",
		`act.note: jo took back the note "calls back"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAnonymisedActs: erasing keeps that people acted, and nothing of what they wrote (rule 13).
func TestAnonymisedActs(t *testing.T) {
	t.Parallel()
	c := mustAct(t, overLong(), by("mila", policy.ActWaive, ""), by("mila", policy.ActNote, "Ada was upset"), by("jo", policy.ActAttach, "555010"))
	for _, a := range c.Anonymised().Acts {
		if a.By == "" || a.Kind == "" || a.Value != "" || a.Reason != "" || a.Before != "" || a.BeforeAccount != "" {
			t.Errorf("%+v", a)
		}
	}
}

// TestAlreadyNamesWhoDidIt holds that the second of two people hears what the first one did, and when.
func TestAlreadyNamesWhoDidIt(t *testing.T) {
	t.Parallel()
	waived := mustAct(t, overLong(), by("jo", policy.ActWaive, ""))
	_, err := waived.WithAct(by("mila", policy.ActWaive, ""), -1, policy.Customer{}, time.UTC)
	if err == nil || !strings.Contains(err.Error(), "jo waived the call") {
		t.Errorf("the second hears %v", err)
	}
	moved := policy.Case{ID: "1", State: policy.CaseFlagged}
	move := policy.Move{At: at(1), By: "jo", To: policy.CaseContacted, Via: policy.ViaPhone, Note: "called"}
	if moved, err = moved.Moved(move); err != nil {
		t.Fatal(err)
	}
	move.By = "mila"
	if _, err := moved.Moved(move); err == nil || !strings.Contains(err.Error(), "jo moved it to contacted at 2026-11-24T10:00:01Z") {
		t.Errorf("the second hears %v", err)
	}
}

// wrong is an error for wrong input whose text begins so.
type wrong string

func (w wrong) Error() string { return string(w) }

// matches reports whether an error is the one that is wanted.
func matches(err, want error) bool {
	if w, ok := want.(wrong); ok {
		return errors.Is(err, policy.ErrInput) && strings.HasPrefix(err.Error(), string(w))
	}
	return errors.Is(err, want)
}

// A note of 9 MB is refused, and so is what is no text: the call stays as it was, and the error names what to write instead.
func TestTextsOfActsAreBounded(t *testing.T) {
	t.Parallel()
	long, line := strings.Repeat("ä", policy.MaxWritten+1), strings.Repeat("a", policy.MaxLine+1)
	reason := by("mila", policy.ActWaive, "")
	reason.Reason = long
	for name, row := range map[string]struct {
		act  policy.Act
		says string
	}{
		"a note":              {by("mila", policy.ActNote, long), "the note has 2001 characters: write at most 2000"},
		"a reason":            {reason, "the reason has 2001 characters: write at most 2000"},
		"a ticket number":     {by("mila", policy.ActTicket, line), "the ticket number has 255 characters: write at most 254"},
		"a ticket of lines":   {by("mila", policy.ActTicket, "47\n11"), "the ticket number has several lines"},
		"a customer number":   {by("mila", policy.ActAttach, line), "the customer number has 255 characters"},
		"a name":              {by(line, policy.ActTraining, ""), "the name of who does it has 255 characters"},
		"a sign of terminals": {by("mila", policy.ActNote, "a\x1b[2Jb"), "the note has characters that are no text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := overLong().WithAct(row.act, -1, other, time.UTC)
			if !errors.Is(err, policy.ErrInput) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%v, want %q", err, row.says)
			}
			if diff := cmp.Diff(overLong(), got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := mustAct(t, overLong(), by("mila", policy.ActNote, " down\r\nsince nine ")).Acts[0].Value; got != "down\nsince nine" {
		t.Errorf("a note of two lines became %q", got)
	}
}

// A call takes 200 acts, and no more. Each can still be undone, and undoing makes no room: what was done stays in the log.
func TestActsOfACallAreBounded(t *testing.T) {
	t.Parallel()
	c := overLong()
	for n := range 200 {
		c = mustAct(t, c, by("mila", policy.ActNote, "calls back"))
		if n%2 == 0 {
			c = mustAct(t, c, undo(policy.ActNote))
		}
	}
	refused := func() {
		t.Helper()
		got, err := c.WithAct(by("mila", policy.ActTraining, ""), -1, other, time.UTC)
		if !errors.Is(err, policy.ErrManyActs) || errors.Is(err, policy.ErrInput) || len(got.Acts) != len(c.Acts) || got.Training {
			t.Errorf("act %d: %v", len(c.Acts)+1, err)
		}
	}
	refused()
	for range 100 {
		c = mustAct(t, c, undo(policy.ActNote))
		refused()
	}
	if _, stands := c.LastAct(policy.ActNote); stands {
		t.Error("a note could not be undone")
	}
}

// Rule 13: in what people did to a call, numbers in their own words are masked, also in a word that a later one replaced. The numbers of tickets and
// customers, each in a field of its own, stay.
func TestNumbersInActsAreMasked(t *testing.T) {
	const words, hidden = "call 020 7946 0018 back", "call *********18 back"
	for act, want := range map[policy.Act]policy.Act{
		{Kind: policy.ActNote, Value: words, Before: words}:                     {Kind: policy.ActNote, Value: hidden, Before: hidden},
		{Kind: policy.ActTicket, Value: "4711004711", Before: "4711004710"}:     {Kind: policy.ActTicket, Value: "4711004711", Before: "4711004710"},
		{Kind: policy.ActAttach, Value: "20451800", Reason: words, By: "mila"}:  {Kind: policy.ActAttach, Value: "20451800", Reason: hidden, By: "mila"},
		{Kind: policy.ActWaive, Reason: words, Undo: true, Before: "204518000"}: {Kind: policy.ActWaive, Reason: hidden, Undo: true, Before: "204518000"},
	} {
		if got := act.Masked(); got != want {
			t.Errorf("%+v became %+v, want %+v", act, got, want)
		}
	}
}
