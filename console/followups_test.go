package console_test

import (
	"context"
	"errors"
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
	page.Want(t, http.StatusOK, "Northwind Flex Offices", "Unidentified caller", "nobody answered", ">critical<", ">critical 1<", ">1 critical late<", ">restricted 1<",
		`<span class="sign bad">5 min late</span>`, `<span class="sign warn">due in 50 min</span><span class="also">half the time is gone, waiting since`, `<span class="sign ok">due in 20 h 00 min</span>`)
	page.Without(t, browsertest.Caller.Full()[1:], ">Take<")
	at := func(id string) int { return strings.Index(page.Body, `href="/followups/`+id+`"`) }
	if at("3") < 0 || at("3") > at("2") || at("2") > at("1") {
		t.Error("the most urgent is not first")
	}
	viewer.Get("/followups/3").Want(t, http.StatusOK, "+44********18").Without(t, browsertest.Caller.Full()[1:], "Show the telephone number")
	viewer.Get("/followups?owner=viewer").Want(t, http.StatusOK, "No follow-up matches.")
	viewer.Get("/followups?state=late").Want(t, http.StatusUnprocessableEntity, "State is &#34;late&#34;; write waiting, all, open, taken, done.")
	viewer.Get("/followups/9").Want(t, http.StatusNotFound, "No such follow-up")
	viewer.Get("/followups?after=9").Want(t, http.StatusNotFound)
	viewer.Get("/now").Want(t, http.StatusOK, "3 callers are waiting for a person", ">1 late<", `href="/followups/3"`, "Ada Moreau", "then Ben Okafor").Without(t, ">Take<")
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
	operator.Post("/followups/1/take").Want(t, http.StatusOK, "It is yours now.", ">you have it<", "Ada Moreau took it in the console.")
	operator.Get("/followups?owner=Ada+Moreau").Want(t, http.StatusOK, "Northwind", `<a href="/followups?owner=Ada+Moreau" aria-current="true">Mine</a>`)
	operator.Get("/calls/CA1").Want(t, http.StatusOK, `<a href="/followups/1">Follow-up 1</a>`, ">you have it<", "After the call", "Ada Moreau took it in the console.")
	viewer.Get("/followups/1").Want(t, http.StatusOK, ">Ada Moreau has it<")
	operator.Post("/followups/1/reopen").Want(t, http.StatusOK, "It is back in the list for anybody to take.", ">nobody has it<")
	operator.Post("/followups/1/done", "note", " ").Want(t, http.StatusUnprocessableEntity, "No note: write what was done")
	operator.Post("/followups/1/done", "note", "called back on 020 7946 0018").Want(t, http.StatusOK, "Done. It is out of the list.", ">done by Ada Moreau<", "Ada Moreau finished it: called back on *********18",
		"<dt>Waited</dt><dd>1 min", "done in time").Without(t, "Waiting<", "late")
	operator.Get("/followups?state=done").Want(t, http.StatusOK, "Northwind", ">done by Ada Moreau<", "done in time")
	operator.Get("/followups").Want(t, http.StatusOK, "No caller is waiting for a person.")
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
	admin.Post("/followups/1/take").Want(t, http.StatusConflict, "Ada Moreau took it at 2026-11-23 10:00:00. Nothing of yours was done")
	admin.Post("/followups/1/done", "note", "I call now", "seen", "open ").Want(t, http.StatusConflict, "Ada Moreau took it at", ">I call now</textarea>", `name="seen" value="taken Ada Moreau" form="done"`)
	admin.Post("/followups/1/call", "number", "+12125552368", "seen", "open ").Want(t, http.StatusConflict, "Ada Moreau took it at")
	operator.Post("/followups/1/done", "note", "called back").Want(t, http.StatusOK)
	admin.Post("/followups/1/reopen", "seen", "taken Ada Moreau").Want(t, http.StatusConflict, "Ada Moreau finished it at 2026-11-23 10:00:00", ">done by Ada Moreau<")
	page := admin.Post("/followups/1/done", "note", "me too")
	page.Want(t, http.StatusConflict, "Ada Moreau finished it at 2026-11-23 10:00:00", "What you wrote is not saved.", ">me too</textarea>").Without(t, "It is yours")
	admin.Post("/calls/CA1/acts", "kind", "note", "seen", "0", "value", "me too").Want(t, http.StatusOK, "The note is added.", "me too")
}

// A person calls back with the own phone, another one's or a number; a second call back and one that is not possible are refused with the reason.
func TestCallBack(t *testing.T) {
	var s policy.Settings
	p := browsertest.NewPlace(t, onShift(t), func(d *console.Deps) { s = d.Policy })
	p.Store.FollowBy(followup.UsualClock(), func() policy.Settings { return s })
	missed(t, p, "CA1", policy.Question, time.Minute)
	missed(t, p, "CA2", policy.Question, time.Minute, func(c *policy.Call) { c.Customer, c.Account, c.From = "", "", "anonymous" })
	operator, admin := p.As(t, users.Operator), p.As(t, users.Admin)
	p.As(t, users.Viewer).Post("/followups/1/call").Want(t, http.StatusForbidden)
	admin.Get("/followups/1").Want(t, http.StatusOK, `<option value="">Choose</option>`, `<option value="ben">Ben Okafor</option>`)
	admin.Post("/followups/1/call").Want(t, http.StatusUnprocessableEntity, "There is no phone to ring first: no specialist signs in as")
	admin.Post("/followups/1/call", "number", "911").Want(t, http.StatusUnprocessableEntity, "no specialist is called", `value="911"`)
	operator.Get("/followups/2").Want(t, http.StatusOK, "it is withheld. The caller cannot be called back from here now.").Without(t, `action="/followups/2/call"`)
	operator.Post("/followups/2/call").Want(t, http.StatusUnprocessableEntity, "it is withheld")
	operator.Get("/followups/1").Want(t, http.StatusOK, `<option value="">my phone</option>`)
	operator.Post("/followups/1/call").Want(t, http.StatusOK, "The specialist&#39;s phone rings in a moment.", "Ada Moreau is calling back: the specialist&#39;s phone rings in a moment.").Without(t, `action="/followups/1/call"`)
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
	operator.Get("/followups").Want(t, http.StatusOK, "left a message", "not played yet")
	viewer.Get("/followups/1").Want(t, http.StatusOK, "Your role cannot play recordings.")
	operator.Get("/followups/1").Want(t, http.StatusOK, "Play the message").Without(t, "<audio")
	page := operator.Post("/calls/CA1/recordings/RE1", "followup", "1")
	page.Want(t, http.StatusOK, "<audio controls autoplay", "played first by Ada Moreau", "Ada Moreau played the message.", "/followups/1/events?play=1&amp;writing=1")
	if page.Path != "/followups/1?play=1" {
		t.Errorf("it led to %s", page.Path)
	}
	operator.Get("/followups").Want(t, http.StatusOK, "played first by Ada Moreau")
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
	viewer.Get("/now").Want(t, http.StatusOK, "A critical call was missed: Northwind Flex Offices", "nobody has it", "If nobody takes it, the next people are told at", "15:03:00", "On its way: ", "Ben Okafor by text", "15*******99 by text", "channel ops-slack").Without(t, "Take", "+15550100099", "+15550100012")
	viewer.Post("/alarms/1/take").Want(t, http.StatusForbidden)
	viewer.Get("/alarms/2").Want(t, http.StatusNotFound, "No such alarm")
	operator.Get("/now").Want(t, http.StatusOK, `action="/alarms/1/take"`, "Close …")
	operator.Post("/alarms/1/take").Want(t, http.StatusOK, "It is yours now.", "Ada Moreau has it", "Taken ", " in the console, ", "Nobody else is told.", "not needed any more")
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
	operator.Get("/now").Want(t, http.StatusOK, "1 caller is waiting for a person", "Ada Moreau").Without(t, `href="/alarms/1"`)
}

// Two people look at one follow-up: what one does, the other sees at once without a reload, and what that one has typed meanwhile is never lost.
func TestTwoPeopleAtAFollowUpInTheBrowser(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	p.Store.TellBy(byAlarm)
	missed(t, p, "CA1", policy.Critical, time.Minute)
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/followups/1")
	tab.SignIn("operator")
	tab.See("nobody has it")
	tab.Keys("[name=note]", "I called them")
	act := followup.Act{At: p.Now, By: "Ben Okafor", Via: followup.ViaPhone}
	if _, err := p.Store.TakeFollowUp(t.Context(), "1", act); err != nil {
		t.Fatal(err)
	}
	tab.Wait(`#live [action$=reopen]`)
	tab.See("Ben Okafor has it", "Ben Okafor took it with a key on the phone.")
	if written := tab.Value("[name=note]"); written != "I called them" || tab.Focused() != "What you did" {
		t.Errorf("the note is %q, and the focus on %q", written, tab.Focused())
	}
	tab.Check("followup-others")
	act.Note = "called back"
	if _, err := p.Store.FinishFollowUp(t.Context(), "1", act); err != nil {
		t.Fatal(err)
	}
	tab.Gone(`#call`)
	tab.See("done by Ben Okafor", "Ben Okafor finished it: called back")
	if status := tab.Follow(`#done button`); status != http.StatusConflict {
		t.Errorf("the status is %d", status)
	}
	tab.See("Ben Okafor finished it at 2026-11-23 15:00:00", "What you wrote is not saved.")
	tab.Check("followup-conflict")
	tab.Thumb("followup-conflict")
	tab.Follow(`[aria-label="Your note"] button`)
	tab.See("The note is added.", "I called them", "After the call")
	tab.Check("call-after")
	tab.Go(p.Server.URL + "/followups/1")
	tab.Check("followup-done")
}

// A note that came back with a refusal stays in its field, too, when the page moves on.
func TestARefusedNoteStaysWhileThePageMoves(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	missed(t, p, "CA1", policy.Critical, time.Minute)
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/followups")
	tab.SignIn("operator")
	tab.Scripts(false) // an old page
	tab.Go(p.Server.URL + "/followups/1")
	if _, err := p.Store.TakeFollowUp(t.Context(), "1", followup.Act{At: p.Now, By: "Ben Okafor"}); err != nil {
		t.Fatal(err)
	}
	tab.Fill("[name=note]", "I called them")
	tab.Scripts(true)
	if status := tab.Follow("#done button"); status != http.StatusConflict {
		t.Errorf("the status is %d", status)
	}
	tab.Wait("#put-back")
	if _, err := p.Store.ReopenFollowUp(t.Context(), "1", followup.Act{At: p.Now, By: "Ben Okafor"}); err != nil {
		t.Fatal(err)
	}
	tab.Wait("#take")
	if written := tab.Value("[name=note]"); written != "I called them" {
		t.Errorf("the note is %q", written)
	}
}

// With the keyboard alone: the list moves under whoever is about to press, and Enter still takes what had the focus.
func TestFollowUpsByKeyboard(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	missed(t, p, "CA1", policy.Critical, 5*time.Minute)
	missed(t, p, "CA2", policy.Critical, time.Minute, func(c *policy.Call) { c.Customer, c.Account, c.From = "310022", "Harbor Cowork", "+442079460019" })
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/followups")
	tab.SignIn("operator")
	tab.Keys(`[aria-label="Open Northwind Flex Offices, follow-up 1"]`, "\t\t")
	if on := tab.Focused(); on != "Take Harbor Cowork, follow-up 2" {
		t.Fatalf("the focus is on %q", on)
	}
	if _, err := p.Store.FinishFollowUp(t.Context(), "1", followup.Act{At: p.Now, By: "Ben Okafor", Note: "called back"}); err != nil {
		t.Fatal(err)
	}
	tab.Gone(`#followup-1`)
	if on := tab.Focused(); on != "Take Harbor Cowork, follow-up 2" {
		t.Errorf("after the list moved the focus is on %q", on)
	}
	tab.Press("\r")
	tab.Wait(".said.ok")
	tab.See("It is yours now.", "Harbor Cowork")
	f := missed(t, p, "CA3", policy.Question, time.Minute)
	tab.Go(p.Server.URL + "/followups/3")
	tab.Keys("#take button", "")
	if _, err := p.Store.TakeFollowUp(t.Context(), f.ID, followup.Act{At: p.Now, By: "Ben Okafor"}); err != nil {
		t.Fatal(err)
	}
	tab.Wait("#put-back")
	if tab.Press("\r"); tab.Focused() == "Put back" {
		t.Error("the button to take became the button to put back, under whoever was about to press it")
	}
	tab.See("Ben Okafor has it")
}

// The list is narrowed by line, severity, owner, state and account, by the addresses to which forms and figures lead.
func TestFollowUpsAreNarrowed(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	missed(t, p, "CA1", policy.Critical, time.Hour)
	missed(t, p, "CA2", policy.Question, time.Minute, func(c *policy.Call) {
		c.Line, c.Customer, c.Account, c.From = "+18883071053", "310022", "Harbor Cowork", "+442079460019"
	})
	missed(t, p, "CA3", policy.Question, time.Minute, func(c *policy.Call) { c.Customer, c.Account, c.From = "", "", "+442079460020" })
	for id, by := range map[followup.ID]string{"2": "Ben Okafor", "3": "Ada Moreau"} {
		if _, err := p.Store.TakeFollowUp(t.Context(), id, followup.Act{At: p.Now, By: by}); err != nil {
			t.Fatal(err)
		}
	}
	operator := p.As(t, users.Operator)
	for path, want := range map[string]string{
		"/followups": "123", "/followups?line=%2B18883071053": "2", "/followups?severity=critical": "1", "/followups?severity=default": "23", "/followups?owner=Ben+Okafor": "2",
		"/followups?state=open": "1", "/followups?state=taken": "23", "/followups?state=done": "", "/followups?state=all": "321", "/followups?late=yes": "1", "/followups?customer=310022": "2",
		"/followups?owner=Ada+Moreau&severity=default": "3", "/followups?line=&severity=&owner=&customer=": "123",
	} {
		got := ""
		for _, row := range strings.Split(operator.Get(path).Body, `<tr id="followup-`)[1:] {
			got += row[:1]
		}
		if got != want {
			t.Errorf("%s has %q, want %q", path, got, want)
		}
	}
	operator.Get("/followups?line=%2B15550100000").Want(t, http.StatusNotFound, "No such line")
	operator.Get("/followups?severity=high").Want(t, http.StatusUnprocessableEntity, "write critical, restricted, default")
	operator.Get("/followups?severity=critical&line=").Want(t, http.StatusOK, `<option value="critical" selected>`, `href="/followups?severity=critical&amp;state=done"`, "Everybody")
	operator.Get("/now").Want(t, http.StatusOK, `href="/followups?severity=critical">critical 1<`, `href="/followups?late=yes">1 late<`)
}

// A page says how far a call-back is, up to the talk.
func TestHowFarACallBackIs(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	missed(t, p, "CA1", policy.Question, time.Minute)
	viewer, at := p.As(t, users.Viewer), p.Now
	asked := followup.CallBack{Number: 1, By: "Ada Moreau", Phone: browsertest.Specialist, AskedAt: at}
	for _, step := range []struct {
		come func(*followup.CallBack)
		want string
	}{
		{func(*followup.CallBack) {}, "phone rings in a moment"},
		{func(c *followup.CallBack) { c.PlacedAt = at }, "phone rings."},
		{func(c *followup.CallBack) { c.PickedUp = at }, "has picked up, and is asked for 1"},
		{func(c *followup.CallBack) { c.DialledAt = at }, "phone was dialled"},
		{func(c *followup.CallBack) { c.Result = "served" }, "they are talking"},
	} {
		step.come(&asked)
		if _, err := p.Store.ChangeFollowUp(t.Context(), "1", func(f followup.FollowUp) (followup.FollowUp, error) {
			f.CallBacks = []followup.CallBack{asked}
			return f, nil
		}); err != nil {
			t.Fatal(err)
		}
		viewer.Get("/followups/1").Want(t, http.StatusOK, "Ada Moreau is calling back: ", step.want)
	}
}

// What happened after a call is on its page and on its follow-up's, in its order and without numbers; the account's page has the last follow-ups.
func TestWhatHappenedAfterACall(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	p.Enrol(t, browsertest.Northwind)
	p.Store.TellBy(byAlarm)
	missed(t, p, "CA1", policy.Critical, 20*time.Minute)
	lost := p.Store.NoticeLost(t.Context(), "alarm/1/0/0/sms+15550100099", p.Now.Add(-19*time.Minute), errors.New("30006: a landline, +15550100099"))
	if err := errors.Join(lost, p.Store.NoticeSent(t.Context(), "alarm/1/0/0/sms+15550100012", p.Now.Add(-18*time.Minute))); err != nil {
		t.Fatal(err)
	}
	back := followup.CallBack{
		Number: 1, By: "Ada Moreau", Phone: browsertest.Specialist, AskedAt: p.Now.Add(-8 * time.Minute), EndedAt: p.Now.Add(-7 * time.Minute), SID: "CA9", Result: "the caller did not answer",
	}
	if _, err := p.Store.ChangeFollowUp(t.Context(), "1", func(f followup.FollowUp) (followup.FollowUp, error) {
		f.CallBacks = []followup.CallBack{back}
		return f.Taken(followup.Act{At: p.Now.Add(-9 * time.Minute), By: "Ada Moreau", Via: followup.ViaLink})
	}); err != nil {
		t.Fatal(err)
	}
	viewer := p.As(t, users.Viewer)
	story := []string{
		"The call ended: nobody answered it.", "Not reached: &#43;15*******99 by text. 30006: a landline, &#43;15*******99", "Told: Ben Okafor by text.", "Ada Moreau took it by the link of a message.",
		`Ada Moreau called back: the caller did not answer. <a href="/calls/CA9">The call back</a>`, "It was due, and nobody had finished it.",
	}
	for _, path := range []string{"/followups/1", "/calls/CA1"} {
		page := viewer.Get(path)
		page.Want(t, http.StatusOK, story...)
		at := 0
		for _, one := range story {
			next := strings.Index(page.Body, one)
			if next < at {
				t.Errorf("%s: %q is not in its place", path, one)
			}
			at = next
		}
	}
	viewer.Get("/accounts/204518").Want(t, http.StatusOK, `<a href="/followups/1">`, `<a href="/alarms/1">`, "the caller did not answer", "Ada Moreau has it", "20 min so far")
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
	tab.See("A critical call was missed: Northwind Flex Offices", "3 callers are waiting for a person", "Ada Moreau", "then Ben Okafor")
	tab.Check("now-people")
	tab.Thumb("now-people")
	tab.Go(p.Server.URL + "/alarms/1")
	tab.Check("alarm")
	tab.Thumb("alarm")
	tab.Go(p.Server.URL + "/followups")
	tab.See("5 min late", "half the time is gone")
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
	tab.See("played first by Ada Moreau")
	tab.Scripts(true)
	tab.Go(p.Server.URL + "/followups/1")
	tab.Check("followup")
	tab.Thumb("followup")
}
