package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
)

// alarmOfSeveral checks that an alarm is told on as long as one of its follow-ups is open.
func alarmOfSeveral(t *testing.T, storage Storage) {
	f := follow(t, storage)
	for _, id := range []policy.CallSID{"CA1", "CA2", "CA3"} {
		f.step(id, rings(policy.Critical, customer, caller))
		f.step(id, unanswered)
	}
	id := alarm.ID(f.of("CA1").Alarm)
	state := func(want policy.AlarmState, due int) {
		t.Helper()
		if a, list := f.raised(string(id)), f.due(); a.Count != 3 || a.State != want || len(list) != due {
			t.Errorf("the alarm is %s with %d due, want %s with %d: %+v", a.State, len(list), want, due, a)
		}
	}
	act := followup.Act{At: today, By: "ada", Note: "called back"}
	state(policy.AlarmOpen, 1)
	for n, do := range []func() error{
		func() error { _, err := f.TakeFollowUp(t.Context(), f.of("CA1").ID, act); return err },
		func() error { _, err := f.FinishFollowUp(t.Context(), f.of("CA2").ID, act); return err },
		func() error { _, err := f.TakeFollowUp(t.Context(), f.of("CA3").ID, act); return err },
		func() error { _, err := f.FinishAlarm(t.Context(), id, act); return err },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
		switch n {
		case 0, 1:
			state(policy.AlarmOpen, 1)
		case 2:
			state(policy.AlarmTaken, 0)
		case 3:
			state(policy.AlarmDone, 0)
		}
	}
	for _, sid := range []policy.CallSID{"CA1", "CA3"} {
		if done := f.of(sid); done.State != followup.Done || done.Note != act.Note {
			t.Errorf("%s once its alarm is done: %+v", sid, done)
		}
	}
	if _, err := f.FinishAlarm(t.Context(), id, act); err != nil {
		t.Errorf("finished again by who finished it: %v", err)
	}
	var quicker *followup.Conflict
	if _, err := f.FinishAlarm(t.Context(), id, followup.Act{At: today, By: "ben", Note: "me too"}); !errors.As(err, &quicker) || quicker.By != "ada" {
		t.Errorf("finished again by somebody else, whose note nobody would read: %v", err)
	}
}

// severalAlarms checks that a follow-up that several alarms tell of stops each, and that nobody is woken for what is taken.
func severalAlarms(t *testing.T, storage Storage) {
	f := follow(t, storage)
	left := func(c policy.Call) policy.Call { c.Message = &policy.Recording{SID: "RE1"}; return c }
	for _, id := range []policy.CallSID{"CA1", "CA2"} {
		f.step(id, rings(policy.Question, alarming, "anonymous"))
		f.step(id, unanswered)
	}
	f.step("CA1", left)
	one := f.of("CA1")
	if len(one.Alarms) != 2 || one.Alarm != one.Alarms[1] || one.Reason != followup.Voicemail {
		t.Fatalf("missed, then with a message: %+v", one)
	}
	for _, id := range []policy.CallSID{"CA1", "CA2"} {
		if _, err := f.TakeFollowUp(t.Context(), f.of(id).ID, followup.Act{At: today, By: "ada"}); err != nil {
			t.Fatal(err)
		}
	}
	f.step("CA2", left)
	if two := f.of("CA2"); len(two.Alarms) != 1 || two.Reason != followup.Voicemail || two.Owner != "ada" {
		t.Errorf("a message of what is taken: %+v", two)
	}
	if due := f.due(); len(due) > 0 {
		t.Errorf("told on although taken: %+v", due)
	}
}

// alarmSteps checks that a step of an alarm is stored once, whoever steps it, with what joined it meanwhile, and not once it was taken.
func alarmSteps(t *testing.T, storage Storage) {
	f := follow(t, storage)
	event := policy.Notice{Key: "critical-missed/CA1", Kind: policy.NoticeCriticalMissed, At: today, Customer: customer, Facts: map[string]string{"sid": "CA1"}}
	for range 2 {
		if err := f.Tell(t.Context(), event, policy.Notice{Key: "backup-late/1", Kind: policy.NoticeBackup, At: today}); err != nil {
			t.Fatal(err)
		}
	}
	due, err := f.DueAlarms(t.Context(), today.Add(3*time.Minute), 10)
	if err != nil || len(due) != 1 {
		t.Fatalf("due: %+v, %v", due, err)
	}
	seen := due[0]
	if early, err := f.DueAlarms(t.Context(), today.Add(3*time.Minute-1), 10); err != nil || len(early) > 0 {
		t.Errorf("due too early: %+v, %v", early, err)
	}
	event.Key = "critical-missed/CA2"
	if err := f.Tell(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	steps := make(chan bool, 64)
	crowd(func(int) {
		stepped, err := f.StepAlarm(t.Context(), seen, func(a alarm.Alarm) (alarm.Alarm, []policy.Notice) {
			a.Step, a.NextAt = a.Step+1, a.NextAt.Add(time.Minute)
			return a, []policy.Notice{{Key: fmt.Sprintf("alarm/%s/2-%d", a.ID, a.Count), Channel: policy.ChannelWebhook, At: today}}
		})
		if err != nil {
			t.Error(err)
		}
		steps <- stepped
	})
	stepped := 0
	for range 64 {
		if <-steps {
			stepped++
		}
	}
	after := f.raised(string(seen.ID))
	if stepped != 1 || after.Step != 2 || after.Count != 2 || !slices.Equal(after.Joined, []string{event.Key}) {
		t.Errorf("%d of 64 stepped it: %+v", stepped, after)
	}
	key := "alarm/" + string(seen.ID) + "/"
	same(t, "what waits to be sent", []string{key + "1", key + "2-2", key + "chat", "backup-late/1/webhook"}, f.waits())
	if err := f.NoticeSent(t.Context(), key+"1", today); err != nil {
		t.Fatal(err)
	}
	if _, err := f.FinishAlarm(t.Context(), seen.ID, followup.Act{At: today, By: "ada"}); err != nil {
		t.Fatal(err)
	}
	same(t, "what waits once it is done: nothing that was never shown is resolved", []string{"backup-late/1/webhook"}, f.waits())
	if stepped, err := f.StepAlarm(t.Context(), after, func(a alarm.Alarm) (alarm.Alarm, []policy.Notice) { return a, nil }); stepped || err != nil {
		t.Errorf("a step of what is done: %v, %v", stepped, err)
	}
	_, err = f.TakeAlarm(t.Context(), seen.ID, followup.Act{At: today, By: "ben"})
	wantError(t, "taking what is done", err, followup.ErrDone)
	_, err = f.Alarm(t.Context(), "99")
	wantError(t, "an alarm that is not there", err, alarm.ErrNone)
}
