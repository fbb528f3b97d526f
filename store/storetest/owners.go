package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"pgregory.net/rapid"
)

// takenTogether lets many people take one follow-up, and one alarm of two calls: one is the owner, the others learn who, and the audit has one entry.
func takenTogether(t *testing.T, storage Storage) {
	f := follow(t, storage)
	for _, id := range []policy.CallSID{sid, "CA2"} {
		f.step(id, rings(policy.Critical, customer, caller))
		f.step(id, unanswered)
	}
	one := f.of(sid)
	if two := f.of("CA2"); two.Alarm != one.Alarm || two.ID == one.ID {
		t.Fatalf("a second critical call of the account: %+v after %+v", two, one)
	}
	if raised := f.raised(one.Alarm); raised.Count != 2 || len(raised.FollowUps) != 2 {
		t.Errorf("the alarm of two calls: %+v", raised)
	}
	owners := f.takeAtOnce(one)
	first, second := f.of(sid), f.of("CA2")
	if first.State != followup.Taken || !owners[first.Owner] || second.State != followup.Taken || !owners[second.Owner] || len(owners) > 2 {
		t.Errorf("taken by %v: %+v, %+v", slices.Collect(maps.Keys(owners)), first, second)
	}
	if raised := f.raised(one.Alarm); raised.State != policy.AlarmTaken || len(f.due()) > 0 {
		t.Errorf("once taken: %+v, and due %+v", raised, f.due())
	}
	same(t, "what waits to be sent", []string{"alarm/" + one.Alarm + "/chat"}, f.waits())
	for _, id := range []followup.ID{first.ID, second.ID} {
		if _, err := f.FinishFollowUp(t.Context(), id, followup.Act{At: today.Add(2 * time.Minute), By: "ada", Note: "called back"}); err != nil {
			t.Error(err)
		}
	}
	if raised := f.raised(one.Alarm); raised.State != policy.AlarmDone {
		t.Errorf("the alarm once all is done: %+v", raised)
	}
	if open, err := f.OpenAlarms(t.Context()); err != nil || len(open) > 0 {
		t.Errorf("open alarms: %+v, %v", open, err)
	}
	if acts := f.acts(); acts["followup-take"] != 2 || acts["followup-done"] != 2 || acts["alarm-take"] > 1 {
		t.Errorf("the audit has %v", acts)
	}
	back, err := f.ReopenFollowUp(t.Context(), first.ID, followup.Act{At: today, By: "ada"})
	if err != nil || back.State != followup.Open || !slices.Equal(f.queue(), []followup.ID{first.ID}) {
		t.Errorf("put back: %+v, %v", back, err)
	}
}

// takeAtOnce lets many people take a follow-up and its alarm at once, and returns who is told to have it. All others are told who was quicker.
func (f *followed) takeAtOnce(one followup.FollowUp) (owners map[string]bool) {
	won := make(chan string, 64)
	crowd(func(worker int) {
		act := followup.Act{At: today.Add(time.Minute), By: fmt.Sprint("person-", worker), Via: followup.ViaConsole, Note: "called back"}
		var err error
		switch worker % 2 {
		case 0:
			_, err = f.TakeFollowUp(f.Context(), one.ID, act)
		default:
			_, err = f.TakeAlarm(f.Context(), alarm.ID(one.Alarm), act)
		}
		var quicker *followup.Conflict
		switch {
		case err == nil:
			won <- act.By
		case !errors.As(err, &quicker) || quicker.By == "" || quicker.By == act.By:
			f.Errorf("%s: %v", act.By, err)
		}
	})
	close(won)
	owners = map[string]bool{}
	for by := range won {
		owners[by] = true
	}
	return owners
}

// calledBack checks that a caller is called back once at a time, however many ask, and that the follow-up is brought up to the call in its commits.
func calledBack(t *testing.T, storage Storage) {
	f := follow(t, storage)
	company := policy.Settings{
		Lines: []policy.Line{{Number: ukLine, Zone: time.UTC}}, Countries: []string{"GB"}, MadeUp: true,
		People: []policy.Person{{ID: "ada", Name: "Ada Moreau", Phone: "+15550100001", User: "ada"}, {ID: "ben", Name: "Ben Okafor", Phone: "+15550100002"}},
	}
	f.FollowBy(followup.UsualClock(), func() policy.Settings { return company })
	f.step(sid, rings(policy.Critical, customer, caller))
	f.step(sid, unanswered)
	id := f.of(sid).ID
	answers := make(chan error)
	for n := range 6 {
		go func() {
			to := []policy.Target{"", "ben", "+15550100001"}[n%3]
			_, err := f.AskCallBack(f.Context(), id, to, followup.Act{At: today, By: "ada", Via: followup.ViaConsole})
			answers <- err
		}()
	}
	asked := 0
	for range 6 {
		if err := <-answers; err == nil {
			asked++
		} else {
			wantError(t, "a second one", err, followup.ErrUnderWay)
		}
	}
	under, err := f.CallBacksUnderWay(t.Context())
	if now := f.of(sid); err != nil || asked != 1 || len(under) != 1 || len(now.CallBacks) != 1 || now.State != followup.Taken || now.Owner != "ada" {
		t.Fatalf("%v: %d of 6 were let in, %d under way, %+v", err, asked, len(under), now)
	}
	const back policy.CallSID = "CA-back"
	if _, err := f.ChangeFollowUp(t.Context(), id, func(u followup.FollowUp) (followup.FollowUp, error) { return u.PickedUp(1, back, today), nil }); err != nil {
		t.Fatal(err)
	}
	f.step(back, func(c policy.Call) policy.Call {
		c.CallBackOf, c.Line, c.From, c.Customer, c.Month, c.StartedAt, c.Answered = sid, ukLine, caller, customer, "2026-11", today, true
		return c.WithLeg(policy.Leg{SID: back, To: "+15550100001", Person: "ada"})
	})
	f.step(back, takenAt(today.Add(time.Minute)))
	if now := f.of(sid); now.State != followup.Done || now.ServedBy != back || now.DoneBy != "" {
		t.Errorf("once the caller confirmed: %+v", now)
	}
	leg := policy.CallSID("CA-leg-" + back)
	f.step(back, func(c policy.Call) policy.Call {
		return c.Learn(policy.Report{At: today.Add(2 * time.Minute), Leg: leg, DialEnd: true, NotBridged: true})
	})
	if now := f.of(sid); now.State != followup.Taken || !now.CallBacks[0].EndedAt.IsZero() {
		t.Errorf("once it turns out that nobody talked: %+v", now)
	}
	f.step(back, func(c policy.Call) policy.Call {
		return c.Learn(policy.Report{At: today.Add(3 * time.Minute), Status: "completed"})
	})
	under, err = f.CallBacksUnderWay(t.Context())
	if now := f.of(sid); err != nil || len(under) != 0 || !now.CallBacks[0].EndedAt.Equal(today.Add(3*time.Minute)) || now.CallBacks[0].Result == "" {
		t.Errorf("%v: %d under way once it is over: %+v", err, len(under), now)
	}
	if _, err := f.FollowUpOf(t.Context(), back); !errors.Is(err, followup.ErrNone) {
		t.Errorf("a call-back has a follow-up of its own: %v", err)
	}
}

// anyOrder holds that no order of what happens to calls, no repetition and no crash between two steps loses or doubles a follow-up or an alarm.
func anyOrder(t *testing.T, storage Storage) {
	f := follow(t, storage)
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		number := policy.CustomerNumber(fmt.Sprint(100000 + run))
		names := []policy.CallSID{}
		for n := range rapid.IntRange(1, 4).Draw(r, "calls") {
			name := policy.CallSID(fmt.Sprintf("CA-%d-%d", run, n))
			names = append(names, name)
			f.step(name, rings(rapid.SampledFrom([]policy.Intent{policy.Critical, policy.Question}).Draw(r, "intent"), number, "anonymous"))
		}
		for range rapid.IntRange(1, 16).Draw(r, "steps") {
			change := happenings[rapid.SampledFrom(slices.Sorted(maps.Keys(happenings))).Draw(r, "change")]
			name := rapid.SampledFrom(names).Draw(r, "call")
			if rapid.IntRange(0, 4).Draw(r, "lost") == 0 {
				f.FailWrites(errors.New("no space left on device"))
				_, _ = f.log.Advance(f.Context(), name, change)
				f.FailWrites(nil)
				continue
			}
			f.step(name, change)
		}
		f.checkFollowed(r, number, names)
	})
}

// happenings are what happens to a call that waits for a specialist.
var happenings = map[string]func(policy.Call) policy.Call{
	"ends": unanswered, "taken": takenAt(today.Add(time.Minute)),
	"message": func(c policy.Call) policy.Call { c.Message = &policy.Recording{SID: "RE1"}; return c },
	"completed": func(c policy.Call) policy.Call {
		return c.Learn(policy.Report{At: today.Add(5 * time.Second), Status: "completed"})
	},
}

// checkFollowed checks the follow-ups and the alarms of an account against its calls.
func (f *followed) checkFollowed(r *rapid.T, number policy.CustomerNumber, names []policy.CallSID) {
	list, err := f.FollowUpsOf(f.Context(), number)
	if err != nil {
		r.Fatal(err)
	}
	served, open, calls := false, 0, map[policy.CallSID]bool{}
	for _, one := range list {
		if calls[one.Call] {
			r.Errorf("%s has two follow-ups", one.Call)
		}
		calls[one.Call] = true
		if one.State != followup.Done {
			open++
		}
	}
	for _, name := range names {
		c, err := f.Call(f.Context(), name)
		if err != nil {
			r.Fatal(err)
		}
		_, accepted := c.Accepted()
		served = served || accepted
		if wants := followup.ReasonOf(c) != ""; wants && !calls[name] || calls[name] && !wants && !accepted {
			r.Errorf("%s, %s, has a follow-up: %v", name, c.Outcome(), calls[name])
		}
	}
	if served && open > 0 || !served && open != len(list) {
		r.Errorf("served %v, and %d of %d wait", served, open, len(list))
	}
	alarms, err := f.OpenAlarms(f.Context())
	if err != nil {
		r.Fatal(err)
	}
	for _, a := range alarms {
		if a.Event.Customer != number || a.Event.Kind != policy.NoticeCriticalMissed {
			continue
		}
		if served || a.Count != len(a.FollowUps) {
			r.Errorf("served %v, and an alarm counts %d calls of follow-ups %v", served, a.Count, a.FollowUps)
		}
	}
}
