package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/users"
)

// crashes holds that whoever dies between two steps of an alarm, of its notices or of an act of a person, and whoever does a step again since its answer was
// lost, loses nothing and tells nobody twice: neither before its commit, nor after it and before anybody hears.
func crashes(t *testing.T, storage Storage) {
	f := follow(t, storage)
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		w := world{followed: f, r: r, number: policy.CustomerNumber(fmt.Sprint(200000 + run)), now: today, owners: map[followup.ID]string{}, shown: map[string]policy.Notice{}, stepped: map[string]bool{}}
		acts := map[string]func(){"miss": w.miss, "step": w.step, "deliver": w.deliver, "hear": w.hear, "take": w.take, "finish": w.finish, "later": w.later}
		names := slices.Sorted(maps.Keys(acts))
		w.miss()
		for range rapid.IntRange(4, 24).Draw(r, "steps") {
			acts[rapid.SampledFrom(names).Draw(r, "act")]()
		}
		w.deliverAll()
		w.check()
		w.clear()
	})
}

// world is one account, whose critical calls are missed, with those who tell people of it and those who take it.
type world struct {
	*followed
	r       *rapid.T
	number  policy.CustomerNumber
	now     time.Time
	calls   []policy.CallSID
	seen    []alarm.Alarm            // as some process read them, perhaps long ago
	stepped map[string]bool          // the steps that somebody took
	unheard []func() error           // store what was delivered, if whoever did so lives that long
	owners  map[followup.ID]string   // who was told first to have a follow-up
	shown   map[string]policy.Notice // what receivers got last, by key
}

// try does a step. Whoever does it may die before its commit, and it may be done twice, since whoever did it died before hearing.
func (w *world) try(step func() error) {
	switch rapid.SampledFrom([]string{"done", "done", "lost", "again"}).Draw(w.r, "fate") {
	case "lost":
		w.FailWrites(errors.New("no space left on device"))
		_ = step()
		w.FailWrites(nil)
		return
	case "again":
		w.must(step())
	}
	w.must(step())
}

// must takes no error but that somebody else was quicker.
func (w *world) must(err error) {
	var quicker *followup.Conflict
	if err != nil && !errors.As(err, &quicker) {
		w.r.Fatal(err)
	}
}

func (w *world) miss() {
	id := policy.CallSID(fmt.Sprintf("CA-crash-%s-%d", w.number, len(w.calls)))
	w.calls = append(w.calls, id)
	for _, change := range []func(policy.Call) policy.Call{rings(policy.Critical, w.number, "anonymous"), unanswered} {
		w.try(func() error { _, err := w.log.Advance(w.Context(), id, change); return err })
		w.followed.step(id, change) // the provider reports it until it is heard
	}
}

// step takes an alarm a step on, as it was seen at any time.
func (w *world) step() {
	w.now = w.now.Add(3 * time.Minute)
	due, err := w.DueAlarms(w.Context(), w.now, 100)
	w.must(err)
	w.seen = append(w.seen, slices.DeleteFunc(due, func(a alarm.Alarm) bool { return a.Event.Customer != w.number })...)
	if len(w.seen) == 0 {
		return
	}
	seen := rapid.SampledFrom(w.seen).Draw(w.r, "seen")
	w.try(func() error {
		stepped, err := w.StepAlarm(w.Context(), seen, func(a alarm.Alarm) (alarm.Alarm, []policy.Notice) {
			a.Step, a.NextAt = a.Step+1, a.NextAt.Add(time.Minute)
			return a, []policy.Notice{{
				Key: fmt.Sprintf("alarm/%s/%d", a.ID, a.Step), Channel: policy.ChannelWebhook, Kind: a.Event.Kind, Customer: w.number, Alarm: string(a.ID), At: w.now,
			}}
		})
		if name := fmt.Sprintf("step %d of alarm %s", seen.Step, seen.ID); stepped && w.stepped[name] {
			w.r.Errorf("%s was taken twice", name)
		} else if stepped {
			w.stepped[name] = true
		}
		return err
	})
}

func (w *world) due() []policy.Notice {
	due, err := w.DueNotices(w.Context(), policy.ChannelWebhook, w.now, 1000)
	w.must(err)
	return slices.DeleteFunc(due, func(n policy.Notice) bool { return n.Customer != w.number })
}

// deliver delivers a notice. That it was is stored later, or never.
func (w *world) deliver() {
	if due := w.due(); len(due) > 0 {
		if sent := w.send(rapid.SampledFrom(due).Draw(w.r, "notice")); sent != nil {
			w.unheard = append(w.unheard, sent)
		}
	}
}

// hear stores that a notice was delivered.
func (w *world) hear() {
	if len(w.unheard) > 0 {
		n := rapid.IntRange(0, len(w.unheard)-1).Draw(w.r, "unheard")
		w.try(w.unheard[n])
		w.unheard = slices.Delete(w.unheard, n, n+1)
	}
}

// deliverAll delivers what is due, once nobody waits for those any more who claimed a notice and died.
func (w *world) deliverAll() {
	w.now = w.now.Add(time.Hour)
	for _, n := range w.due() {
		if sent := w.send(n); sent != nil {
			w.must(sent())
		}
	}
}

// send claims and delivers a notice, and returns what stores that it was delivered; nil where it may not be.
func (w *world) send(n policy.Notice) func() error {
	claimed, err := w.ClaimNotice(w.Context(), n.Key, "a process", w.now, w.now.Add(time.Minute))
	w.must(err)
	if !claimed {
		return nil
	}
	list, err := w.NoticesUnder(w.Context(), []string{n.Key}, 10) // as it is once it is claimed
	w.must(err)
	n = list[slices.IndexFunc(list, func(one policy.Notice) bool { return one.Key == n.Key })]
	w.shown[n.Key] = n
	at := w.now
	return func() error {
		if n.State == "" {
			return w.NoticeSent(w.Context(), n.Key, at)
		}
		return w.NoticeShown(w.Context(), n, map[string]string{"ts": "1"}, at)
	}
}

// anyFollowUp returns one of the account's, and the act of some person.
func (w *world) anyFollowUp() (followup.FollowUp, followup.Act) {
	list, err := w.FollowUpsOf(w.Context(), w.number)
	w.must(err)
	by := rapid.SampledFrom([]string{"ada", "ben"}).Draw(w.r, "by")
	return rapid.SampledFrom(list).Draw(w.r, "follow-up"), followup.Act{At: w.now, By: by, Via: followup.ViaLink, Note: "called back"}
}

func (w *world) take() {
	f, act := w.anyFollowUp()
	whole := rapid.Bool().Draw(w.r, "the alarm")
	w.try(func() error {
		if whole {
			_, err := w.TakeAlarm(w.Context(), alarm.ID(f.Alarm), act)
			return err
		}
		taken, err := w.TakeFollowUp(w.Context(), f.ID, act)
		if err != nil {
			return err
		}
		if w.owners[f.ID] == "" {
			w.owners[f.ID] = taken.Owner
		}
		if taken.Owner != act.By || w.owners[f.ID] != act.By {
			w.r.Errorf("%s is told to have %s, which %s has", act.By, f.ID, w.owners[f.ID])
		}
		return nil
	})
}

func (w *world) finish() {
	f, act := w.anyFollowUp()
	whole := rapid.Bool().Draw(w.r, "the alarm")
	w.try(func() (err error) {
		if whole {
			_, err = w.FinishAlarm(w.Context(), alarm.ID(f.Alarm), act)
		} else {
			_, err = w.FinishFollowUp(w.Context(), f.ID, act)
		}
		return err
	})
}

func (w *world) later() {
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 4).Draw(w.r, "minutes")) * time.Minute)
}

// check compares follow-ups, alarms, notices and the audit with each other, once everything that is due was delivered.
func (w *world) check() {
	list, err := w.FollowUpsOf(w.Context(), w.number)
	w.must(err)
	calls, alarms := map[policy.CallSID]int{}, map[string][]followup.FollowUp{}
	for _, f := range list {
		calls[f.Call]++
		alarms[f.Alarm] = append(alarms[f.Alarm], f)
		if len(f.Alarms) != 1 {
			w.r.Errorf("follow-up %s is told of by alarms %v", f.ID, f.Alarms)
		}
	}
	for _, id := range w.calls {
		if calls[id] != 1 {
			w.r.Errorf("%s has %d follow-ups", id, calls[id])
		}
	}
	for id, about := range alarms {
		w.checkAlarm(w.raised(id), about)
	}
	w.checkAudit(list)
}

func (w *world) checkAlarm(a alarm.Alarm, about []followup.FollowUp) {
	states := map[followup.State]int{}
	for _, f := range about {
		states[f.State]++
	}
	want := policy.AlarmDone
	switch {
	case states[followup.Open] > 0:
		want = policy.AlarmOpen
	case states[followup.Taken] > 0:
		want = policy.AlarmTaken
	}
	if a.State != want || a.Count != len(about) || len(a.FollowUps) != len(about) || len(a.Joined) != len(about)-1 {
		w.r.Errorf("alarm %s is %s, of %d events, with %v follow-ups that are %v", a.ID, a.State, a.Count, a.FollowUps, states)
	}
	if a.State != policy.AlarmOpen && !a.NextAt.IsZero() {
		w.r.Errorf("alarm %s is %s and goes on at %s", a.ID, a.State, a.NextAt)
	}
	list, err := w.NoticesUnder(w.Context(), []string{"alarm/" + string(a.ID) + "/"}, 100)
	w.must(err)
	if len(list) != a.Step+1 { // a notice for each step, and the chat's
		w.r.Errorf("alarm %s is at step %d, and has %d notices", a.ID, a.Step, len(list))
	}
	for _, n := range list {
		got, delivered := w.shown[n.Key]
		switch {
		case n.Waits():
			w.r.Errorf("%s still waits: %+v", n.Key, n)
		case !n.WithdrawnAt.IsZero() && a.State == policy.AlarmOpen:
			w.r.Errorf("%s is withdrawn, and nobody has the alarm", n.Key)
		case n.WithdrawnAt.IsZero() && !delivered:
			w.r.Errorf("%s was sent, and never delivered: %+v", n.Key, n)
		case n.State != "" && delivered && (got.State != a.State || got.Count != a.Count && a.State == policy.AlarmOpen):
			w.r.Errorf("%s shows %s of %d, and the alarm is %s of %d", n.Key, got.State, got.Count, a.State, a.Count)
		}
	}
}

// checkAudit checks that each act that changed a follow-up is noted once.
func (w *world) checkAudit(list []followup.FollowUp) {
	acts := map[string]int{}
	found, err := w.SearchAudit(w.Context(), users.AuditFilter{Customer: w.number}, policy.Page{Length: 500})
	w.must(err)
	for _, e := range found.List {
		acts[e.Act+" "+e.Subject]++
	}
	for _, f := range list {
		taken, done := acts["followup-take "+string(f.ID)], acts["followup-done "+string(f.ID)]
		if taken > 1 || f.State == followup.Open && taken+done > 0 || f.State == followup.Taken && (taken != 1 || done != 0) || f.State == followup.Done && done != 1 {
			w.r.Errorf("follow-up %s is %s, and was taken %d times and done %d times by the audit", f.ID, f.State, taken, done)
		}
		if owner := w.owners[f.ID]; owner != "" && f.Owner != owner {
			w.r.Errorf("%s was told to have %s, and %q has it", owner, f.ID, f.Owner)
		}
	}
}

// clear ends what goes on, so that another account's run need not look through it.
func (w *world) clear() {
	list, err := w.FollowUpsOf(w.Context(), w.number)
	w.must(err)
	for _, f := range list {
		_, err := w.FinishAlarm(w.Context(), alarm.ID(f.Alarm), followup.Act{At: w.now, By: "ada", Note: "the run is over"})
		w.must(err)
	}
	w.deliverAll()
}
