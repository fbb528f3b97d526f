package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// day carries a day of calls of several kinds and gives their SIDs. lose drops callbacks.
func (l *telephony) day(lose func(n int) bool) (sids []policy.CallSID) {
	l.t.Helper()
	l.provision(true)
	dropped := 0
	l.provider.Faults.NoActionAfterHangUp = true // what nobody needs an answer to is not asked
	l.provider.Faults.Lose = func(int) bool { dropped++; return lose(dropped) }
	for i := range 24 {
		keys := [][]string{{"204518", "1"}, {"204518", "5"}, {"204518", "4", "7731#"}}[i%3]
		record, _ := l.call(ukLine, keys...)
		sids = append(sids, policy.CallSID(record.SID))
		l.clock.Sleep(7 * time.Minute)
	}
	return sids
}

func (l *telephony) reconcile() (all []server.Repair, err error) {
	log := server.NotifyingLog(l.app.Store, l.conf.Settings, l.conf.Notices)
	r := &server.Reconciler{Log: log, List: l.client, Settings: l.conf.Settings, Now: l.clock.Now()}
	for found, failed := range r.Repairs(l.t.Context(), tuesday.Add(-server.FirstLook), l.clock.Now()) {
		if failed != nil {
			return all, failed
		}
		all = append(all, found)
	}
	return all, nil
}

// figures are what a person, or fair use, reads off a call.
func (l *telephony) figures(sids []policy.CallSID) (all []policy.Row) {
	l.t.Helper()
	for _, sid := range sids {
		c, err := l.app.Store.Call(l.t.Context(), sid)
		if err != nil {
			l.t.Fatalf("call %s: %v", sid, err)
		}
		row := l.conf.Settings.Row(c, false)
		row.SID = "" // another in each run
		all = append(all, row)
	}
	return all
}

// TestADayWithLostCallbacksEqualsOneWithout after reconcile, whichever third of them is lost; a second run finds nothing.
func TestADayWithLostCallbacksEqualsOneWithout(t *testing.T) {
	for name, announce := range map[string]bool{"dialled legs": false, "outbound legs": true} {
		t.Run(name, func(t *testing.T) {
			aDayWithLostCallbacks(t, func(c *config.Config) { c.Settings.Announce = announce })
		})
	}
}

func aDayWithLostCallbacks(t *testing.T, change func(*config.Config)) {
	whole := newTelephony(t, change)
	want := whole.figures(whole.day(func(int) bool { return false }))
	if found, err := whole.reconcile(); err != nil || len(found) > 0 {
		t.Errorf("a day with nothing lost had to be repaired: %+v, %v", found, err)
	}
	for third := range 3 {
		l := newTelephony(t, change)
		sids := l.day(func(n int) bool { return n%3 == third })
		if cmp.Equal(want, l.figures(sids)) {
			t.Fatal("nothing was lost: the test shows nothing")
		}
		found, err := l.reconcile()
		if err != nil || len(found) == 0 {
			t.Fatalf("%d calls repaired, %v", len(found), err)
		}
		if diff := cmp.Diff(want, l.figures(sids)); diff != "" {
			t.Errorf("with the callbacks %d of 3 lost (-without +with):\n%s", third, diff)
		}
		if again, err := l.reconcile(); err != nil || len(again) > 0 {
			t.Errorf("a second run repaired %+v, %v", again, err)
		}
	}
}

// TestRepairedLegsKnowWhoseTheyAre: a leg of which every callback was lost is its specialist's, as the list brings its address.
func TestRepairedLegsKnowWhoseTheyAre(t *testing.T) {
	l := newTelephony(t, func(c *config.Config) {
		c.Settings.Announce = false
		for _, team := range c.Settings.Teams {
			for _, to := range team.Steps[0].Numbers() {
				id := policy.PersonID("at" + to.Full()[1:])
				c.Settings.People = append(c.Settings.People, policy.Person{ID: id, Name: string(id), Phone: to})
			}
		}
	})
	sids := l.day(func(int) bool { return true })
	for _, sid := range sids { // as if the webhooks of the legs had failed too
		if _, err := l.app.Store.Advance(t.Context(), sid, func(c policy.Call) policy.Call { c.Legs = nil; return c }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.reconcile(); err != nil {
		t.Fatal(err)
	}
	rung := 0
	for _, sid := range sids {
		c, err := l.app.Store.Call(t.Context(), sid)
		if err != nil {
			t.Fatal(err)
		}
		for _, leg := range c.Legs {
			rung++
			if want := "at" + leg.To.Full()[1:]; string(leg.Person) != want {
				t.Errorf("a leg to %s is of %q", leg.To.Full(), leg.Person)
			}
		}
	}
	if rung == 0 {
		t.Error("nobody was rung: the test shows nothing")
	}
}

// TestReconcileSurvivesBeingStopped at any write: run again, it ends where an undisturbed run does.
func TestReconcileSurvivesBeingStopped(t *testing.T) {
	want := newTelephony(t)
	sids := want.day(func(n int) bool { return n%3 == 0 })
	if _, err := want.reconcile(); err != nil {
		t.Fatal(err)
	}
	l := newTelephony(t)
	ours := l.day(func(n int) bool { return n%3 == 0 })
	for writes := 0; ; writes++ {
		log := &stoppedLog{Repairable: l.app.Store}
		log.left.Store(int64(writes))
		r := &server.Reconciler{Log: log, List: l.client, Settings: l.conf.Settings, Now: l.clock.Now(), Found: func(server.Repair) {}}
		err := r.Run(t.Context(), tuesday.Add(-server.FirstLook), l.clock.Now())
		if at, _ := l.app.Store.Checkpoint(t.Context()); err != nil && !at.IsZero() {
			t.Fatalf("stopped after %d writes, and the checkpoint moved to %v", writes, at)
		}
		if err == nil {
			break
		}
	}
	if diff := cmp.Diff(want.figures(sids), l.figures(ours)); diff != "" {
		t.Errorf("(-undisturbed +stopped again and again):\n%s", diff)
	}
	if at, err := l.app.Store.Checkpoint(t.Context()); !at.Equal(l.clock.Now()) || err != nil {
		t.Errorf("the checkpoint is %v, %v", at, err)
	}
}

// stoppedLog fails after so many writes, as a process that is killed does.
type stoppedLog struct {
	server.Repairable
	left atomic.Int64
}

var errStopped = errors.New("stopped")

func (l *stoppedLog) Advance(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error) {
	if l.left.Add(-1) < 0 {
		return policy.Call{}, errStopped
	}
	return l.Repairable.Advance(ctx, sid, change)
}

// TestCallsThatNeverReachedUs are added as such; those to other numbers, and those that go on, are left alone.
func TestCallsThatNeverReachedUs(t *testing.T) {
	l := newTelephony(t)
	length := 42
	began := tuesday.Add(-30 * time.Minute)
	call := twilio.ListedCall{
		SID: "CA00000000000000000000000000000001", From: "+15551234567", To: ukLine, Direction: "inbound", Status: "completed", Seconds: &length,
		StartedAt: began, EndedAt: began.Add(45 * time.Second),
	}
	elsewhere, ongoing, unwritten := call, call, call
	elsewhere.SID, elsewhere.To = "CA00000000000000000000000000000002", "+15550009999"
	ongoing.SID, ongoing.Status, ongoing.Seconds, ongoing.EndedAt = "CA00000000000000000000000000000003", "in-progress", nil, time.Time{}
	unwritten.SID, unwritten.Seconds = "CA00000000000000000000000000000004", nil
	l.at.Change(func(s *fake.State) { s.Calls = []twilio.ListedCall{call, elsewhere, ongoing, unwritten} })
	found, err := l.reconcile()
	if err != nil || len(found) != 1 || found[0].Repairs[0] != (policy.Repair{What: "call", After: "added"}) {
		t.Fatalf("%+v, %v", found, err)
	}
	c, err := l.app.Store.Call(t.Context(), "CA00000000000000000000000000000001")
	if err != nil || c.Outcome() != policy.Failed || !c.StartedAt.Equal(began) || *c.TotalSeconds != 42 || c.Trace[0].Rule != "provider.listed" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, sid := range []policy.CallSID{"CA00000000000000000000000000000002", "CA00000000000000000000000000000003", "CA00000000000000000000000000000004"} {
		if _, err := l.app.Store.Call(t.Context(), sid); !errors.Is(err, policy.ErrNoCall) {
			t.Errorf("call %s was logged: %v", sid, err)
		}
	}
	l.clock.Sleep(2 * time.Hour) // a duration that is missing so long does not come any more
	if found, err = l.reconcile(); err != nil || len(found) != 1 || found[0].SID != "CA00000000000000000000000000000004" {
		t.Errorf("later: %+v, %v", found, err)
	}
}

// TestVoicemailWhoseCallbackWasLost is found in the provider's list.
func TestVoicemailWhoseCallbackWasLost(t *testing.T) {
	l := newTelephony(t)
	sid := policy.CallSID("CA00000000000000000000000000000007")
	_, err := l.app.Store.Advance(t.Context(), sid, func(c policy.Call) policy.Call {
		c.Line, c.From, c.StartedAt, c.Answered, c.LeftAt, c.Exhausted = ukLine, "+15551234567", tuesday, true, tuesday.Add(time.Minute), true
		return c
	})
	if err != nil {
		t.Fatal(err)
	}
	length := 9
	l.at.Change(func(s *fake.State) {
		s.Recordings = []twilio.ListedRecording{{
			SID: "RE1", CallSID: string(sid), Status: "completed", Source: "RecordVerb", Seconds: &length, StartedAt: tuesday.Add(30 * time.Second),
		}}
	})
	l.clock.Sleep(time.Hour)
	if found, err := l.reconcile(); err != nil || len(found) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	c, err := l.app.Store.Call(t.Context(), sid)
	if err != nil || c.Outcome() != "voicemail" || c.Message.SID != "RE1" {
		t.Errorf("%s, %+v, %v", c.Outcome(), c.Message, err)
	}
	if again, err := l.reconcile(); err != nil || len(again) > 0 {
		t.Errorf("a second run repaired %+v, %v", again, err)
	}
}

// TestListThatBreaksOff moves no checkpoint.
func TestListThatBreaksOff(t *testing.T) {
	l := newTelephony(t)
	l.at.Change(func(s *fake.State) { s.Token = "another" })
	if _, err := l.reconcile(); err == nil {
		t.Error("no error")
	}
	if at, err := l.app.Store.Checkpoint(t.Context()); !at.IsZero() || err != nil {
		t.Errorf("the checkpoint is %v, %v", at, err)
	}
}

// TestErasedCallStaysErased (rule 13): neither a late callback nor the list brings back where somebody can be heard.
func TestErasedCallStaysErased(t *testing.T) {
	l := newTelephony(t)
	sid, length := policy.CallSID("CA00000000000000000000000000000008"), 9
	made := policy.Recording{SID: "RE1", URL: "https://api.twilio.com/RE1", Seconds: length, At: tuesday}
	_, err := l.app.Store.Advance(t.Context(), sid, func(c policy.Call) policy.Call {
		c.Line, c.From, c.StartedAt, c.Answered, c.LeftAt, c.Message = ukLine, "+15551234567", tuesday, true, tuesday.Add(time.Minute), &made
		c = c.Anonymised().Learn(policy.Report{Recording: &made})
		return c.Learn(policy.Report{Message: &made})
	})
	if err != nil {
		t.Fatal(err)
	}
	l.at.Change(func(s *fake.State) {
		s.Recordings = []twilio.ListedRecording{
			{SID: "RE1", CallSID: string(sid), Status: "completed", Source: "RecordVerb", Seconds: &length, StartedAt: tuesday},
			{SID: "RE2", CallSID: string(sid), Status: "completed", Source: "DialVerb", Seconds: &length, StartedAt: tuesday},
		}
	})
	l.clock.Sleep(time.Hour)
	if found, err := l.reconcile(); err != nil || len(found) > 0 {
		t.Errorf("%+v, %v", found, err)
	}
	c, err := l.app.Store.Call(t.Context(), sid)
	if err != nil || len(c.Recordings) > 0 || c.Message.SID != "" || c.Message.URL != "" {
		t.Errorf("%+v, %+v, %v", c.Message, c.Recordings, err)
	}
}

// TestCheckpointLeavesNoGap: a run that begins later than the last one ended repairs, and moves nothing.
func TestCheckpointLeavesNoGap(t *testing.T) {
	l := newTelephony(t)
	r := &server.Reconciler{Log: l.app.Store, List: l.client, Settings: l.conf.Settings, Now: l.clock.Now(), Found: func(server.Repair) {}}
	if err := r.Run(t.Context(), tuesday.Add(-time.Hour), tuesday); err != nil {
		t.Fatal(err)
	}
	if at, err := l.app.Store.Checkpoint(t.Context()); !at.IsZero() || err != nil {
		t.Errorf("the checkpoint is %v, %v", at, err)
	}
}

// TestLegsWaitForTheirCall: a leg is merged with the call that it belongs to, and of another application's calls nothing is logged, though they
// show our number.
func TestLegsWaitForTheirCall(t *testing.T) {
	l := newTelephony(t)
	length := 42
	began := tuesday.Add(-30 * time.Minute)
	call := twilio.ListedCall{
		SID: "CA00000000000000000000000000000001", From: "+15551234567", To: ukLine, Direction: "inbound", Status: "completed", Seconds: &length,
		StartedAt: began, EndedAt: began.Add(45 * time.Second),
	}
	leg := call
	leg.SID, leg.ParentSID, leg.Direction = "CA00000000000000000000000000000002", call.SID, "outbound-dial"
	leg.From, leg.To, leg.StartedAt = ukLine, "+15550100003", began.Add(2*time.Second)
	orphan := leg
	orphan.SID, orphan.ParentSID = "CA00000000000000000000000000000003", "CA00000000000000000000000000000009"
	l.at.Change(func(s *fake.State) { s.Calls = []twilio.ListedCall{call, leg, orphan} })
	if found, err := l.reconcile(); err != nil || len(found) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	c, err := l.app.Store.Call(t.Context(), policy.CallSID(call.SID))
	if err != nil || len(c.Legs) != 1 || c.Line != ukLine {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := l.app.Store.Call(t.Context(), policy.CallSID(orphan.ParentSID)); !errors.Is(err, policy.ErrNoCall) {
		t.Errorf("an orphan's call was logged: %v", err)
	}
	if again, err := l.reconcile(); err != nil || len(again) > 0 {
		t.Errorf("a second run repaired %+v, %v", again, err)
	}
}

// TestCallOfALineThatIsGone is repaired, since the log knows it.
func TestCallOfALineThatIsGone(t *testing.T) {
	l := newTelephony(t)
	sids := l.day(func(int) bool { return true })
	l.conf.Settings.Lines = l.conf.Settings.Lines[:1] // without the United Kingdom
	if found, err := l.reconcile(); err != nil || len(found) != len(sids) {
		t.Errorf("%d of %d repaired, %v", len(found), len(sids), err)
	}
}

// TestRepairsAreShown as rows that line up, and as JSON with the names of the columns.
func TestRepairsAreShown(t *testing.T) {
	var out bytes.Buffer
	err := writeRepairs(&control.Session{Out: &out}, func(yield func(server.Repair, error) bool) {
		yield(server.Repair{
			SID: "CA00000000000000000000000000000001", StartedAt: tuesday, Line: ukLine,
			Repairs: []policy.Repair{{What: "total", After: "42 s"}, {What: "outcome", Before: "abandoned", After: "served"}},
		}, nil)
	}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	want := "SID                                 STARTED (UTC)        LINE              WHAT        BEFORE                AFTER\n" +
		"CA00000000000000000000000000000001  2026-11-24 15:00:00  +448000668187     total                             42 s\n" +
		"CA00000000000000000000000000000001  2026-11-24 15:00:00  +448000668187     outcome     abandoned             served\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	text, err := json.Marshal(policy.Repair{What: "total", After: "42 s"})
	if diff := cmp.Diff(`{"what":"total","before":"","after":"42 s"}`, string(text)); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
}

// TestReconcileBringsNothingBack that retention removed (rule 13), though the provider still lists it and the run is told to look further back.
func TestReconcileBringsNothingBack(t *testing.T) {
	for name, announce := range map[string]bool{"dialled legs": false, "outbound legs": true} {
		t.Run(name, func(t *testing.T) {
			l := newTelephony(t, func(c *config.Config) { c.Settings.Announce, c.Settings.Retention = announce, 20*24*time.Hour })
			sids := l.day(func(int) bool { return false })
			cut, err := l.app.Store.Call(t.Context(), sids[12])
			if err != nil {
				t.Fatal(err)
			}
			l.at.Change(func(s *fake.State) {
				length := 9
				s.Recordings = append(s.Recordings, twilio.ListedRecording{
					SID: "RE1", CallSID: s.Calls[0].SID, Status: "completed", Source: "RecordVerb", Seconds: &length, StartedAt: tuesday,
				})
			})
			// A second after the start of a call in the middle of the day, before its legs began.
			l.clock.Sleep(cut.StartedAt.Add(time.Second + l.conf.Settings.Retention).Sub(l.clock.Now()))
			gone, err := l.app.Store.Expire(t.Context(), l.clock.Now().Add(-l.conf.Settings.Retention))
			if err != nil || gone.Calls == 0 {
				t.Fatalf("retention removed %+v, %v", gone, err)
			}
			kept := l.logged()
			if found, err := l.reconcile(); err != nil || len(found) > 0 {
				t.Errorf("repaired %+v, %v", found, err)
			}
			if diff := cmp.Diff(kept, l.logged()); diff != "" || len(kept) == 0 {
				t.Errorf("(-after retention +after reconcile):\n%s", diff)
			}
		})
	}
}

// logged returns the SIDs in the log, newest first.
func (l *telephony) logged() (sids []policy.CallSID) {
	l.t.Helper()
	for c, err := range l.app.Store.Calls(l.t.Context(), policy.Filter{}) {
		if err != nil {
			l.t.Fatal(err)
		}
		sids = append(sids, c.SID)
	}
	return sids
}

// TestOutboundLegIsRepaired: the end of a leg that we placed ourselves is found by its own SID, since the provider lists it without a parent;
// another outbound call from our number is left alone.
func TestOutboundLegIsRepaired(t *testing.T) {
	l := newTelephony(t, func(c *config.Config) { c.Settings.Announce = true })
	sid, began := policy.CallSID("CA00000000000000000000000000000001"), tuesday.Add(-30*time.Minute)
	_, err := l.app.Store.Advance(t.Context(), sid, func(c policy.Call) policy.Call {
		c.Line, c.From, c.StartedAt, c.Answered, c.HuntingAt = ukLine, "+15551234567", began, true, began.Add(20*time.Second)
		c.Legs = []policy.Leg{{
			SID: "CA00000000000000000000000000000002", To: "+15550100003", RangAt: began.Add(21 * time.Second), AnsweredAt: began.Add(25 * time.Second),
			ScreenedAt: began.Add(26 * time.Second), AcceptedAt: began.Add(30 * time.Second),
		}}
		return c
	})
	if err != nil {
		t.Fatal(err)
	}
	whole, talk := 180, 150
	call := twilio.ListedCall{
		SID: string(sid), From: "+15551234567", To: ukLine, Direction: "inbound", Status: "completed", Seconds: &whole,
		StartedAt: began, EndedAt: began.Add(3 * time.Minute),
	}
	leg := twilio.ListedCall{
		SID: "CA00000000000000000000000000000002", From: ukLine, To: "+15550100003", Direction: "outbound-api", Status: "completed", Seconds: &talk,
		StartedAt: began.Add(21 * time.Second), EndedAt: began.Add(175 * time.Second),
	}
	other := leg
	other.SID = "CA00000000000000000000000000000003"
	l.at.Change(func(s *fake.State) { s.Calls = []twilio.ListedCall{call, leg, other} })
	found, err := l.reconcile()
	if err != nil || len(found) != 1 || found[0].SID != sid {
		t.Fatalf("%+v, %v", found, err)
	}
	c, err := l.app.Store.Call(t.Context(), sid)
	if err != nil || len(c.Legs) != 1 {
		t.Fatalf("%+v, %v", c, err)
	}
	if got := c.Legs[0]; got.Status != "completed" || got.Seconds == nil || *got.Seconds != talk || !got.EndedAt.Equal(leg.EndedAt) {
		t.Errorf("the leg is %+v", got)
	}
	if diff := cmp.Diff([]policy.CallSID{sid}, l.logged()); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
	if again, err := l.reconcile(); err != nil || len(again) > 0 {
		t.Errorf("a second run repaired %+v, %v", again, err)
	}
}
