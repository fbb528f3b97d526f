package console_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/users"
)

func message(c *policy.Call) {
	c.Message = &policy.Recording{SID: "RE1", URL: "https://api.example.com/RE1", Seconds: 12, At: c.EndedAt, Copy: &policy.RecordingCopy{At: c.EndedAt, Type: "audio/wav"}}
}

// The inbox has who waits, why they called, since when and how late that is, the most urgent first; the number of nobody is on it in full.
func TestFollowUps(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	missed(t, p, "CA1", policy.Question, time.Hour)
	missed(t, p, "CA2", policy.Restricted, 70*time.Minute, func(c *policy.Call) { c.Customer, c.Account = "", "" })
	missed(t, p, "CA3", policy.Critical, 20*time.Minute)
	viewer := p.As(t, users.Viewer)
	page := viewer.Get("/followups")
	page.Want(t, http.StatusOK, "Northwind Flex Offices", "Unidentified caller", "nobody answered", ">critical<", "critical: 1, 1 late", "restricted: 1<",
		`<span class="sign bad">late by 5 min</span>`, `<span class="sign warn">half is gone, due in 50 min</span>`, `<span class="sign ok">due in 20 h 00 min</span>`)
	page.Without(t, browsertest.Caller.Full()[1:], ">Take<")
	at := func(id string) int { return strings.Index(page.Body, `href="/followups/`+id+`"`) }
	if at("3") < 0 || at("3") > at("2") || at("2") > at("1") {
		t.Error("the most urgent is not first")
	}
	viewer.Get("/followups/3").Want(t, http.StatusOK, "+44********18").Without(t, browsertest.Caller.Full()[1:], "Show the telephone number")
	viewer.Get("/followups?show=mine").Want(t, http.StatusOK, "You have none.")
	viewer.Get("/followups?show=late").Want(t, http.StatusUnprocessableEntity, "choose one above the list")
	viewer.Get("/followups/9").Want(t, http.StatusNotFound, "No such follow-up")
	viewer.Get("/followups?after=9").Want(t, http.StatusNotFound)
	viewer.Get("/now").Want(t, http.StatusOK, "3 callers wait for a person", "1 late", `href="/followups/3"`, "Ada Moreau", "then Ben Okafor").Without(t, ">Take<")
}

// Half of a time that goes by the opening hours is gone when half of these hours is: a night does not count.
func TestClockOfAFollowUpGoesByOpeningHours(t *testing.T) {
	p := browsertest.NewPlace(t)
	p.Now = p.Now.Add(3 * time.Hour) // Monday at 18:00; the line closes at 19:00, and 8 hours end on Tuesday at 15:00
	missed(t, p, "CA1", policy.Question, 0)
	for at, class := range map[string]string{"2026-11-24T07:59:00Z": "ok", "2026-11-24T10:59:00Z": "ok", "2026-11-24T11:00:00Z": "warn", "2026-11-24T15:00:01Z": "bad"} {
		p.Now, _ = time.Parse(time.RFC3339, at)
		if page := p.As(t, users.Viewer).Get("/followups"); !page.Has(`<span class="sign ` + class + `">`) {
			t.Errorf("at %s it is not %s:\n%s", at, class, page.Body)
		}
	}
}

// A person takes a follow-up under the name of the specialist, puts it back, and finishes it with a note; the audit has each act.
func TestTakeAndFinishAFollowUp(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	missed(t, p, "CA1", policy.Critical, time.Minute)
	operator, viewer := p.As(t, users.Operator), p.As(t, users.Viewer)
	for _, act := range []string{"take", "done", "reopen"} {
		viewer.Post("/followups/1/"+act, "note", "x").Want(t, http.StatusForbidden, "Not permitted")
	}
	operator.Post("/followups/1/take").Want(t, http.StatusOK, "It is yours now.", "Ada Moreau", ">you<", "by console")
	operator.Get("/followups?show=mine").Want(t, http.StatusOK, "Northwind")
	operator.Get("/calls/CA1").Want(t, http.StatusOK, `<a href="/followups/1">taken</a>`, "by Ada Moreau")
	operator.Post("/followups/1/reopen").Want(t, http.StatusOK, "nobody&#39;s")
	operator.Post("/followups/1/done", "note", " ").Want(t, http.StatusUnprocessableEntity, "No note: write what was done")
	operator.Post("/followups/1/done", "note", "called back on 020 7946 0018").Want(t, http.StatusOK, "Done.", "by Ada Moreau", "called back on *********18")
	operator.Get("/followups?show=done").Want(t, http.StatusOK, "Northwind", ">done<")
	operator.Get("/followups").Want(t, http.StatusOK, "Nobody waits for a person.")
	want := []string{
		"followup-take 1 by Ada Moreau: via console", "followup-reopen 1 by Ada Moreau: via console", "followup-done 1 by Ada Moreau: via console called back on 020 7946 0018",
	}
	got := p.Audit(t)
	if diff := cmp.Diff(want, got[len(got)-3:]); diff != "" {
		t.Errorf("the audit (-want +got):\n%s", diff)
	}
}

// The second of two people who take one follow-up reads who has it, at the time of the reader's own zone, and keeps what was written.
func TestTwoPeopleTakeAFollowUp(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	missed(t, p, "CA1", policy.Critical, time.Minute)
	admin, operator := p.As(t, users.Admin), p.As(t, users.Operator)
	operator.Post("/followups/1/take").Want(t, http.StatusOK)
	admin.Post("/profile", "zone", "America/New_York").Want(t, http.StatusOK)
	admin.Post("/followups/1/take").Want(t, http.StatusConflict, "Ada Moreau took it at 2026-11-23 10:00:00, before you.")
	operator.Post("/followups/1/done", "note", "called back").Want(t, http.StatusOK)
	admin.Post("/followups/1/done", "note", "me too").Want(t, http.StatusConflict, "Ada Moreau finished it at 2026-11-23 10:00:00").Without(t, "It is yours")
}

// A person calls back with the own phone, another one's or a number; a second call back and one that is not possible are refused with the reason.
func TestCallBack(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	p.Store.FollowBy(followup.UsualClock(), func() policy.Settings {
		s := browsertest.Company(t)
		s.Countries, s.MadeUp = []string{"GB", "US"}, true
		s.People = []policy.Person{{ID: "ada", Name: "Ada Moreau", Phone: browsertest.Specialist, User: "operator"}, {ID: "ben", Name: "Ben Okafor", Phone: "+15550100012"}}
		return s
	})
	missed(t, p, "CA1", policy.Question, time.Minute)
	missed(t, p, "CA2", policy.Question, time.Minute, func(c *policy.Call) { c.Customer, c.Account, c.From = "", "", "anonymous" })
	operator, admin := p.As(t, users.Operator), p.As(t, users.Admin)
	p.As(t, users.Viewer).Post("/followups/1/call").Want(t, http.StatusForbidden)
	admin.Get("/followups/1").Want(t, http.StatusOK, `<option value="">Choose</option>`, `<option value="ben">Ben Okafor</option>`)
	admin.Post("/followups/1/call").Want(t, http.StatusUnprocessableEntity, "There is no phone to ring first: no specialist signs in as")
	admin.Post("/followups/1/call", "number", "911").Want(t, http.StatusUnprocessableEntity, "no specialist is called", `value="911"`)
	operator.Post("/followups/2/call").Want(t, http.StatusUnprocessableEntity, "it is withheld")
	operator.Get("/followups/1").Want(t, http.StatusOK, `<option value="">my phone</option>`)
	operator.Post("/followups/1/call").Want(t, http.StatusOK, "The phone rings in a moment.", "Ada Moreau calls back since", "going on").Without(t, `action="/followups/1/call"`)
	admin.Post("/followups/1/call", "to", "ben").Want(t, http.StatusConflict, "The caller is being called back already: Ada Moreau asked for it")
	p.Now = p.Now.Add(8 * time.Hour)
	missed(t, p, "CA3", policy.Question, 0, func(c *policy.Call) { c.Customer, c.Account, c.From = "310022", "Harbor Cowork", "+442079460019" })
	p.As(t, users.Admin).Post("/followups/3/call", "to", "ben").Want(t, http.StatusConflict, "The line that was called is closed, and opens again on Tuesday 24 November at 08:00 GMT.")
}

// A call back leads to the call before and to its follow-up.
func TestTheCallOfACallBack(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	missed(t, p, "CA1", policy.Question, time.Hour)
	back := browsertest.Served("CA2", p.Now.Add(-30*time.Minute), 60)
	back.CallBackOf = "CA1"
	p.Load(t, back)
	p.As(t, users.Viewer).Get("/calls/CA2").Want(t, http.StatusOK, `<a href="/calls/CA1">The call before</a>`, `<a href="/followups/1">`)
}

// The list is shown in pages that go on where the one before ended.
func TestPagesOfFollowUps(t *testing.T) {
	p := browsertest.NewPlace(t)
	for n := range 51 {
		missed(t, p, policy.CallSID(fmt.Sprintf("CA%02d", n)), policy.Question, time.Duration(n)*time.Minute)
	}
	viewer := p.As(t, users.Viewer)
	first := viewer.Get("/followups")
	second := viewer.Get(first.Link(t, "Next page"))
	if n := strings.Count(first.Body, `data-label="Who"`); n != 50 {
		t.Errorf("the first page has %d", n)
	}
	if n := strings.Count(second.Body, `data-label="Who"`); n != 1 || second.Has("Next page") {
		t.Errorf("the second page has %d", n)
	}
	second.Want(t, http.StatusOK, "First page")
}

// played are recordings that can be played.
type played struct{}

func (played) OpenRecording(context.Context, policy.CallSID, string) (console.Sound, error) {
	return console.Sound{ReadSeekCloser: nopCloser{strings.NewReader("RIFF")}, Type: "audio/wav"}, nil
}

func (played) Reveal(context.Context, policy.CallSID, string, string) error { return nil }

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

// A voicemail plays at the first click on its follow-up, which has who heard it first from then on.
func TestAVoicemailIsHeard(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t), func(d *console.Deps) { d.Recordings = played{} })
	missed(t, p, "CA1", policy.Question, time.Minute, message)
	operator, viewer := p.As(t, users.Operator), p.As(t, users.Viewer)
	operator.Post("/calls/CA1/recordings/RE2").Want(t, http.StatusOK, "What happened") // of a talk
	operator.Get("/followups").Want(t, http.StatusOK, "left a message", "not heard yet")
	viewer.Get("/followups/1").Want(t, http.StatusOK, "Your role cannot play recordings.")
	operator.Get("/followups/1").Want(t, http.StatusOK, "Play the message").Without(t, "<audio")
	page := operator.Post("/calls/CA1/recordings/RE1", "followup", "1")
	page.Want(t, http.StatusOK, "<audio controls autoplay", "heard first by Ada Moreau")
	if page.Path != "/followups/1?play=1" {
		t.Errorf("it led to %s", page.Path)
	}
	operator.Get("/followups").Want(t, http.StatusOK, "heard by Ada Moreau")
	p.As(t, users.Admin).Post("/calls/CA1/recordings/RE1").Want(t, http.StatusOK, "What happened")
	if f, _ := p.Store.FollowUp(t.Context(), "1"); f.HeardBy != "Ada Moreau" {
		t.Errorf("heard by %q", f.HeardBy)
	}
	operator.Post("/calls/CA1/reveal", "followup", "1").Want(t, http.StatusOK, "+442079460018", "Follow-ups</a></p>")
	operator.Post("/calls/CA1/reveal", "followup", "//evil.example").Want(t, http.StatusOK, "What happened")
}

// An alarm is on the page of the present, with who was told and when the next step is due; taking it takes its follow-ups.
func TestAlarms(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	p.Store.TellBy(byAlarm)
	f := missed(t, p, "CA1", policy.Critical, time.Minute)
	if f.Alarm != "1" {
		t.Fatalf("the alarm is %q", f.Alarm)
	}
	operator, viewer := p.As(t, users.Operator), p.As(t, users.Viewer)
	viewer.Get("/now").Want(t, http.StatusOK, "A critical call was missed: Northwind Flex Offices", "nobody has it", "The next step is due at", "15:03:00", "Ben Okafor (sms): on its way",
		"+15*******99 (sms)", "ops-slack").Without(t, "Take", "+15550100099", "+15550100012")
	viewer.Post("/alarms/1/take").Want(t, http.StatusForbidden)
	viewer.Get("/alarms/2").Want(t, http.StatusNotFound, "No such alarm")
	operator.Get("/now").Want(t, http.StatusOK, `action="/alarms/1/take"`, "Close …")
	operator.Post("/alarms/1/take").Want(t, http.StatusOK, "It is yours now.", "Ada Moreau has it", "Nobody is told any more.", "withdrawn")
	if f, _ := p.Store.FollowUp(t.Context(), "1"); f.State != followup.Taken || f.Owner != "Ada Moreau" {
		t.Errorf("the follow-up is %s by %q", f.State, f.Owner)
	}
	p.As(t, users.Admin).Post("/alarms/1/take").Want(t, http.StatusConflict, "Ada Moreau took it at 2026-11-23 15:00:00")
	operator.Post("/alarms/1/done", "note", "").Want(t, http.StatusUnprocessableEntity, "No note")
	operator.Post("/alarms/1/done", "note", "called back").Want(t, http.StatusOK, "Done.", ">done<")
	viewer.Get("/now").Without(t, "A critical call was missed")
}

// Once an alarm tells nobody any more, its follow-ups alone show on the page of the present how far people are.
func TestAlarmsThatGoOnAreOnNow(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	p.Store.TellBy(byAlarm)
	missed(t, p, "CA1", policy.Critical, time.Minute)
	operator := p.As(t, users.Operator)
	operator.Get("/now").Want(t, http.StatusOK, "A critical call was missed", `href="/alarms/1"`)
	operator.Post("/alarms/1/take").Want(t, http.StatusOK)
	operator.Get("/now").Want(t, http.StatusOK, "1 caller waits for a person", "Ada Moreau").Without(t, `href="/alarms/1"`)
}

// A person plays, takes and finishes what waits, in a real browser and with a thumb; every page on the way is accessible and keeps to the policy.
func TestFollowUpsInTheBrowser(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t), func(d *console.Deps) { d.Recordings, d.Usage = played{}, near{} })
	p.Store.TellBy(byAlarm)
	missed(t, p, "CA1", policy.Question, 5*time.Hour, message)
	missed(t, p, "CA2", policy.Restricted, 70*time.Minute, func(c *policy.Call) { c.Customer, c.Account = "", "" })
	missed(t, p, "CA3", policy.Critical, 20*time.Minute)
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/now")
	tab.SignIn("operator")
	tab.See("A critical call was missed: Northwind Flex Offices", "3 callers wait for a person", "Ada Moreau", "then Ben Okafor")
	tab.Check("now-people")
	tab.Thumb("now-people")
	tab.Go(p.Server.URL + "/alarms/1")
	tab.Check("alarm")
	tab.Thumb("alarm")
	tab.Go(p.Server.URL + "/followups")
	tab.See("late by 5 min", "half is gone")
	tab.Check("followups")
	tab.Thumb("followups")
	tab.Scripts(false)
	tab.Go(p.Server.URL + "/followups")
	tab.Follow(`[action="/followups/3/take"] button`)
	tab.See("It is yours now.")
	tab.Fill("[name=note]", "The platform is up again.")
	tab.Follow(`[action$=done] button`)
	tab.See("Done.", "The platform is up again.")
	tab.Go(p.Server.URL + "/followups/1")
	tab.Follow(`[action$=RE1] button`)
	tab.See("heard first by Ada Moreau")
	tab.Scripts(true)
	tab.Go(p.Server.URL + "/followups/1")
	tab.Check("followup")
	tab.Thumb("followup")
}
