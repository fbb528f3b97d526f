package followup_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// endedAt is the end of the calls of these tests, a Monday.
var endedAt = time.Date(2026, time.November, 23, 14, 0, 0, 0, time.UTC)

const (
	line   = policy.Phone("+448000668187")
	caller = policy.Phone("+442079460018")
)

// waiting is a call that waits since a time before its end.
func waiting(wait time.Duration) policy.Call {
	return policy.Call{
		SID: "CA1", Line: line, From: caller, Customer: "204518", Account: "Northwind", Intent: policy.Restricted, Answered: true,
		StartedAt: endedAt.Add(-wait - time.Minute), HuntingAt: endedAt.Add(-wait),
	}
}

func over(c policy.Call) policy.Call { c.EndedAt = endedAt; return c }

func nobody(c policy.Call) policy.Call { c.Exhausted = true; return c }

func message(c policy.Call) policy.Call {
	c.Message = &policy.Recording{SID: "RE1", Seconds: 42}
	return c
}

func accepted(c policy.Call, at time.Time) policy.Call {
	return c.WithLeg(policy.Leg{SID: "CA-leg", To: "+15550100001", AcceptedAt: at})
}

// TestCallsThatAreFollowedUp is rule 18: a call that ended without a person while the caller wanted one.
func TestCallsThatAreFollowedUp(t *testing.T) {
	closed := waiting(0)
	closed.Closed, closed.HuntingAt = true, time.Time{}
	menu := waiting(0)
	menu.HuntingAt = time.Time{}
	refused := menu
	refused.Refused = policy.NotEntitled
	tried := over(nobody(waiting(time.Minute)))
	tried.From = policy.TestCaller("mila")
	listed := over(waiting(0))
	listed.Listed, listed.Answered, listed.HuntingAt = true, false, time.Time{}
	for name, test := range map[string]struct {
		before, after policy.Call
		later         time.Duration
		want          followup.Reason
	}{
		"nobody answered":                               {waiting(time.Minute), over(nobody(waiting(time.Minute))), 0, followup.Unanswered},
		"abandoned after 10 s of waiting":               {waiting(10 * time.Second), over(waiting(10 * time.Second)), 0, followup.Abandoned},
		"abandoned after less":                          {waiting(10*time.Second - 1), over(waiting(10*time.Second - 1)), 0, ""},
		"abandoned in the menu":                         {menu, over(menu), 0, ""},
		"a message on an open line":                     {waiting(time.Minute), over(message(nobody(waiting(time.Minute)))), 0, followup.Voicemail},
		"a message on a closed line":                    {closed, over(message(closed)), 0, followup.Voicemail},
		"a closed line without a message":               {closed, over(closed), 0, ""},
		"a call that goes on":                           {waiting(time.Minute), message(nobody(waiting(time.Minute))), 0, ""},
		"a served call":                                 {waiting(time.Minute), over(accepted(waiting(time.Minute), endedAt.Add(-time.Second))), 0, ""},
		"not entitled":                                  {refused, over(refused), 0, ""},
		"a call to try the line":                        {waiting(time.Minute), tried, 0, ""},
		"a call of an account that was erased":          {waiting(time.Minute), over(nobody(waiting(time.Minute))).Anonymised(), 0, ""},
		"a call that the provider's list alone knows":   {policy.Call{SID: "CA1"}, listed, 0, ""},
		"the same end again":                            {over(nobody(waiting(time.Minute))), over(nobody(waiting(time.Minute))), 0, ""},
		"a message that becomes known after the end":    {over(nobody(waiting(time.Minute))), over(message(nobody(waiting(time.Minute)))), 0, followup.Voicemail},
		"an end that comes to light a day later":        {waiting(time.Minute), over(nobody(waiting(time.Minute))), 24 * time.Hour, followup.Unanswered},
		"an end that comes to light after more":         {waiting(time.Minute), over(nobody(waiting(time.Minute))), 24*time.Hour + 1, ""},
		"an acceptance that turns out to reach nobody":  {over(accepted(waiting(time.Minute), endedAt)), over(nobody(waiting(time.Minute))), 0, followup.Unanswered},
		"a call that nobody knows to have ended so far": {policy.Call{SID: "CA1"}, over(nobody(waiting(time.Minute))), time.Minute, followup.Unanswered},
	} {
		t.Run(name, func(t *testing.T) {
			f, opened := followup.Of(test.before, test.after, policy.Settings{}, followup.UsualClock(), endedAt.Add(test.later))
			if f.Reason != test.want || opened != (test.want != "") {
				t.Errorf("opened %v, %q; want %q", opened, f.Reason, test.want)
			}
		})
	}
}

// TestOneCallHasOneFollowUp: a message that is left in the end is another reason of the same follow-up, and changes nothing that people did.
func TestOneCallHasOneFollowUp(t *testing.T) {
	first, _ := followup.Of(waiting(time.Minute), over(nobody(waiting(time.Minute))), policy.Settings{}, followup.UsualClock(), endedAt)
	first.ID = "7"
	taken, err := first.Taken(followup.Act{At: endedAt, By: "Ada Moreau", Via: followup.ViaPhone})
	if err != nil {
		t.Fatal(err)
	}
	second, _ := followup.Of(over(nobody(waiting(time.Minute))), over(message(nobody(waiting(time.Minute)))), policy.Settings{}, followup.UsualClock(), endedAt)
	want := taken
	want.Reason = followup.Voicemail
	if diff := cmp.Diff(want, taken.Again(second)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// weekdays returns a line that is open from Monday to Friday, and on Sundays over the hours at which clocks change.
func weekdays(t testing.TB, zoneName, hours string) policy.Line {
	t.Helper()
	spans, err := policy.ParseSpans(hours)
	if err != nil {
		t.Fatal(err)
	}
	l := policy.Line{Number: line, Zone: zone(t, zoneName)}
	for day := time.Monday; day <= time.Friday; day++ {
		l.Hours.Week[day] = spans
	}
	l.Hours.Week[time.Sunday] = []policy.Span{{From: 30, To: 150}}
	return l
}

// TestWhenAFollowUpIsDue: the clock runs in the opening hours of the line that was called, for critical callers at any time.
func TestWhenAFollowUpIsDue(t *testing.T) {
	uk := weekdays(t, "Europe/London", "08:00-19:00")
	uk.Hours.Week[time.Sunday] = nil
	never := policy.Line{Zone: uk.Zone}
	at := func(text string) time.Time {
		parsed, err := time.ParseInLocation("2006-01-02 15:04", text, uk.Zone)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for name, test := range map[string]struct {
		intent      policy.Intent
		line        policy.Line
		since, want string
	}{
		"within the hours":                    {policy.Restricted, uk, "2026-11-23 14:00", "2026-11-23 16:00"},
		"up to the closing":                   {policy.Restricted, uk, "2026-11-23 17:00", "2026-11-23 19:00"},
		"over a night":                        {policy.Restricted, uk, "2026-11-23 18:00", "2026-11-24 09:00"},
		"over a weekend":                      {policy.Restricted, uk, "2026-11-27 18:30", "2026-11-30 09:30"},
		"a message at night":                  {policy.Question, uk, "2026-11-23 23:00", "2026-11-24 16:00"},
		"critical at night":                   {policy.Critical, uk, "2026-11-23 23:00", "2026-11-23 23:15"},
		"without a reason":                    {"", uk, "2026-11-23 08:00", "2026-11-23 16:00"},
		"of a line that never opens":          {policy.Restricted, never, "2026-11-23 14:00", "2026-11-23 16:00"},
		"of a line that is no longer there":   {policy.Restricted, policy.Line{}, "2026-11-23 14:00", "2026-11-23 16:00"},
		"over a day whose clock is put ahead": {policy.Restricted, weekdays(t, "Europe/London", "08:00-19:00"), "2027-03-28 00:30", "2027-03-29 09:00"},
	} {
		t.Run(name, func(t *testing.T) {
			got, want := followup.UsualClock().DueAt(test.intent, at(test.since), test.line), at(test.want)
			if !got.Equal(want) {
				t.Errorf("due at %v, want %v", got.In(uk.Zone), want)
			}
		})
	}
}

// TestDueByBruteForce compares with counting the open minutes one by one, over the days on which clocks change.
func TestDueByBruteForce(t *testing.T) {
	lines := []policy.Line{
		weekdays(t, "Europe/London", "08:00-19:00"), weekdays(t, "America/New_York", "08:00-12:00, 13:00-20:00"), weekdays(t, "Australia/Lord_Howe", "00:00-24:00"),
	}
	days := []time.Time{
		time.Date(2027, 3, 26, 0, 0, 0, 0, time.UTC), time.Date(2027, 10, 29, 0, 0, 0, 0, time.UTC), time.Date(2027, 3, 12, 0, 0, 0, 0, time.UTC),
		time.Date(2027, 11, 5, 0, 0, 0, 0, time.UTC), time.Date(2027, 4, 2, 0, 0, 0, 0, time.UTC), time.Date(2027, 10, 1, 0, 0, 0, 0, time.UTC),
	}
	rapid.Check(t, func(r *rapid.T) {
		l := rapid.SampledFrom(lines).Draw(r, "line")
		since := rapid.SampledFrom(days).Draw(r, "day").Add(time.Duration(rapid.IntRange(0, 4*24*60).Draw(r, "minute")) * time.Minute)
		minutes := rapid.IntRange(1, 20*60).Draw(r, "minutes")
		want := since
		for left := minutes; left > 0; want = want.Add(time.Minute) {
			if l.At(want).Open {
				left--
			}
		}
		clock := followup.Clock{Default: time.Duration(minutes) * time.Minute}
		if got := clock.DueAt(policy.Question, since, l); !got.Equal(want) {
			r.Errorf("%d minutes from %v are over at %v, want %v", minutes, since.In(l.Zone), got.In(l.Zone), want.In(l.Zone))
		}
	})
}

// TestTakenAndDone: one owner, who and when for everybody else, and a retry changes nothing.
func TestTakenAndDone(t *testing.T) {
	f := followup.FollowUp{ID: "3", Call: "CA1", State: followup.Open, WaitingSince: endedAt, DueAt: endedAt.Add(time.Hour)}
	ada, ben := followup.Act{At: endedAt, By: "Ada Moreau", Via: followup.ViaPhone}, followup.Act{At: endedAt.Add(time.Minute), By: "Ben Okafor", Via: followup.ViaLink}
	taken, err := f.Taken(ada)
	if err != nil || taken.State != followup.Taken || taken.Owner != "Ada Moreau" || taken.TakenVia != followup.ViaPhone || !taken.TakenAt.Equal(endedAt) {
		t.Fatalf("taken: %+v, %v", taken, err)
	}
	if again, err := taken.Taken(followup.Act{At: endedAt.Add(time.Hour), By: "Ada Moreau", Via: followup.ViaConsole}); err != nil || !cmp.Equal(again, taken) {
		t.Errorf("taken twice by one: %+v, %v", again, err)
	}
	_, err = taken.Taken(ben)
	var quicker *followup.Conflict
	if !errors.Is(err, followup.ErrTaken) || !errors.As(err, &quicker) || quicker.By != "Ada Moreau" || !quicker.At.Equal(endedAt) ||
		err.Error() != "follow-up 3 was taken by Ada Moreau at 2026-11-23T14:00:00Z" {
		t.Errorf("taken by another: %v", err)
	}
	if _, err := taken.Finished(ben); !errors.Is(err, policy.ErrNoNote) {
		t.Errorf("done without a note: %v", err)
	}
	if _, err := f.Taken(followup.Act{At: endedAt, By: " "}); !errors.Is(err, policy.ErrInput) {
		t.Errorf("taken by nobody: %v", err)
	}
	ben.Note = " Called back: solved. "
	done, err := taken.Finished(ben)
	if err != nil || done.State != followup.Done || done.Owner != "Ada Moreau" || done.DoneBy != "Ben Okafor" || done.Note != "Called back: solved." {
		t.Fatalf("done: %+v, %v", done, err)
	}
	if again, err := done.Finished(ben); err != nil || !cmp.Equal(again, done) {
		t.Errorf("done twice by one: %+v, %v", again, err)
	}
	for name, act := range map[string]func(followup.Act) (followup.FollowUp, error){"take": done.Taken, "finish": done.Finished} {
		if _, err := act(ada); !errors.Is(err, followup.ErrDone) || err.Error() != "follow-up 3 was done by Ben Okafor at 2026-11-23T14:01:00Z" {
			t.Errorf("%s what is done: %v", name, err)
		}
	}
	back, err := done.Reopened(ada)
	if err != nil || back.State != followup.Open || back.Owner != "" || !back.DoneAt.IsZero() {
		t.Errorf("put back: %+v", back)
	}
	alone, err := f.Finished(ben)
	if err != nil || alone.Owner != "Ben Okafor" {
		t.Errorf("done without being taken: %+v, %v", alone, err)
	}
}

// TestAnOldPageUndoesNothing: who looked before somebody else took or finished a follow-up neither finishes, puts back nor calls back by what was so then.
// Who knows of it may, and so may who never looked, such as a command.
func TestAnOldPageUndoesNothing(t *testing.T) {
	open := followup.FollowUp{ID: "3", State: followup.Open}
	taken, _ := open.Taken(followup.Act{At: endedAt, By: "Ben Okafor"})
	done, _ := taken.Finished(followup.Act{At: endedAt, By: "Ben Okafor", Note: "called back"})
	finish := followup.FollowUp.Finished
	back := func(f followup.FollowUp, a followup.Act) (followup.FollowUp, error) { return f.Reopened(a) }
	call := func(f followup.FollowUp, a followup.Act) (followup.FollowUp, error) {
		return f.CallBackAsked("", policy.Settings{}, a)
	}
	for name, row := range map[string]struct {
		f    followup.FollowUp
		do   func(followup.FollowUp, followup.Act) (followup.FollowUp, error)
		seen followup.Seen
		want error
	}{
		"finish what was taken since":     {taken, finish, followup.Seen{State: followup.Open}, followup.ErrTaken},
		"finish what is seen taken":       {taken, finish, followup.Seen{State: followup.Taken, Owner: "Ben Okafor"}, nil},
		"finish without looking":          {taken, finish, followup.Seen{}, nil},
		"put back what changed hands":     {taken, back, followup.Seen{State: followup.Taken, Owner: "Ada Moreau"}, followup.ErrTaken},
		"put back what was done since":    {done, back, followup.Seen{State: followup.Taken, Owner: "Ben Okafor"}, followup.ErrDone},
		"open again what is seen done":    {done, back, followup.Seen{State: followup.Done}, nil},
		"open again without looking":      {done, back, followup.Seen{}, nil},
		"open again what was taken since": {taken, back, followup.Seen{State: followup.Done}, followup.ErrTaken},
		"call back what was taken since":  {taken, call, followup.Seen{State: followup.Open}, followup.ErrTaken},
		"call back what is seen taken":    {taken, call, followup.Seen{State: followup.Taken, Owner: "Ben Okafor"}, followup.ErrNoPhone},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := row.do(row.f, followup.Act{At: endedAt, By: "Ada Moreau", Note: "called back", Seen: row.seen}); !errors.Is(err, row.want) {
				t.Errorf("%v, want %v", err, row.want)
			}
		})
	}
}

// TestServedMeanwhile: done by itself where the same account, or the same number, is served within the time of the severity.
func TestServedMeanwhile(t *testing.T) {
	due := endedAt.Add(2 * time.Hour)
	identified := followup.FollowUp{Call: "CA1", Customer: "204518", From: caller, State: followup.Open, WaitingSince: endedAt, DueAt: due}
	unknown, withheld := identified, identified
	unknown.Customer = ""
	withheld.Customer, withheld.From = "", "anonymous"
	by := func(customer policy.CustomerNumber, from policy.Phone, at time.Time) policy.Call {
		return accepted(policy.Call{SID: "CA2", Customer: customer, From: from}, at)
	}
	soon := endedAt.Add(time.Minute)
	test := by("204518", caller, soon)
	test.From = policy.TestCaller("mila")
	for name, row := range map[string]struct {
		f    followup.FollowUp
		c    policy.Call
		want bool
	}{
		"the same account from another number":            {identified, by("204518", "+12125550142", soon), true},
		"the same number, unidentified":                   {identified, by("", caller, soon), true},
		"the same number in another spelling":             {identified, by("", "442079460018", soon), true},
		"another account from the same number":            {identified, by("310022", caller, soon), false},
		"an unidentified caller's number, identified now": {unknown, by("204518", caller, soon), true},
		"an unidentified caller's account":                {unknown, by("204518", "+12125550142", soon), false},
		"a withheld number":                               {withheld, by("", "anonymous", soon), false},
		"in the last moment":                              {identified, by("204518", caller, due), true},
		"too late":                                        {identified, by("204518", caller, due.Add(1)), false},
		"before it waited":                                {identified, by("204518", caller, endedAt.Add(-1)), false},
		"a call to try the line":                          {identified, test, false},
		"a call that nobody accepted":                     {identified, policy.Call{SID: "CA2", Customer: "204518", From: caller}, false},
		"its own call, reported late":                     {withheld, func() policy.Call { c := by("", "anonymous", endedAt.Add(-time.Minute)); c.SID = "CA1"; return c }(), true},
	} {
		t.Run(name, func(t *testing.T) {
			served, is := row.f.ServedIn(row.c)
			if is != row.want || is && (served.State != followup.Done || served.ServedBy != row.c.SID || served.DoneBy != "") {
				t.Errorf("served %v: %+v", is, served)
			}
			if is {
				if open, was := served.NotServedIn(row.c.SID); !was || !cmp.Equal(open, row.f) {
					t.Errorf("not served after all: %v %+v", was, open)
				}
			}
		})
	}
}

// TestRowOfAFollowUp: the names are a contract, what is not known is null, and numbers are masked for those who may not see them.
func TestRowOfAFollowUp(t *testing.T) {
	f := followup.FollowUp{
		ID: "12", Call: "CA1", From: caller, Reason: followup.Voicemail, WaitingSince: endedAt, DueAt: endedAt.Add(8 * time.Hour), State: followup.Taken,
		Owner: "Ada Moreau", Note: "try +442079460018",
	}
	text, err := json.Marshal(f.Row())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"12","call":"CA1","account":null,"customer":null,"from":"+442079460018","reason":"voicemail","intent":null,` +
		`"waiting_since":"2026-11-23T14:00:00Z","due_at":"2026-11-23T22:00:00Z","state":"taken","owner":"Ada Moreau","done_at":null,"note":"try +442079460018"}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if masked := f.Row().Masked(); masked.From != caller.String() || *masked.Note == f.Note {
		t.Errorf("masked: %+v, %s", masked, *masked.Note)
	}
}
