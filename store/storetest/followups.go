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
	"github.com/officernd/supportline/store"
)

// today is when the calls of these tests end: older ones are not followed up.
var today = time.Now().UTC().Truncate(time.Second)

// followed is a store as a program uses it that follows calls up.
type followed struct {
	testing.TB
	*store.Store
	log store.NotifyingLog
}

// follow opens a store that tells of missed critical calls, and of those that ring, by alarms, and of everything else by a notice.
func follow(t testing.TB, storage Storage) *followed {
	t.Helper()
	s := storage.Open(t).(*store.Store)
	s.TellBy(byAlarms)
	return &followed{t, s, store.NotifyingLog{Store: s, Link: func(policy.CallSID) string { return "" }}}
}

// alarming is an account of which every event makes an alarm.
const alarming policy.CustomerNumber = "555555"

func byAlarms(event policy.Notice, running *alarm.Alarm, fresh alarm.ID, at time.Time) (*alarm.Alarm, []policy.Notice) {
	one := event
	one.Key, one.Channel = event.Key+"/webhook", policy.ChannelWebhook
	if event.Kind != policy.NoticeCriticalMissed && event.Kind != policy.NoticeCriticalRinging && event.Customer != alarming {
		return nil, []policy.Notice{one}
	}
	if running != nil {
		joined := *running
		joined.Count++
		return &joined, nil
	}
	one.Key, one.Alarm = "alarm/"+string(fresh)+"/1", string(fresh)
	chat := one
	chat.Key, chat.State = "alarm/"+string(fresh)+"/chat", policy.AlarmOpen
	next := alarm.Alarm{ID: fresh, Event: event, Count: 1, StartedAt: at, Step: 1, NextAt: today.Add(3 * time.Minute), State: policy.AlarmOpen}
	return &next, []policy.Notice{one, chat}
}

func (f *followed) step(sid policy.CallSID, change func(policy.Call) policy.Call) {
	f.Helper()
	if _, err := f.log.Advance(f.Context(), sid, change); err != nil {
		f.Fatal(err)
	}
}

// rings returns a call that waits for a specialist.
func rings(intent policy.Intent, number policy.CustomerNumber, from policy.Phone) func(policy.Call) policy.Call {
	return func(c policy.Call) policy.Call {
		c.Line, c.From, c.StartedAt, c.Answered, c.Intent, c.Customer = ukLine, from, today.Add(-2*time.Minute), true, intent, number
		c.HuntingAt, c.State.RungAt = today.Add(-time.Minute), today.Add(-time.Minute)
		if number != "" {
			c.Account, c.Month = "Northwind", "2026-11"
		}
		return c
	}
}

func unanswered(c policy.Call) policy.Call {
	c.Exhausted, c.LeftAt = true, today
	return c
}

func takenAt(at time.Time) func(policy.Call) policy.Call {
	return func(c policy.Call) policy.Call {
		return c.WithLeg(policy.Leg{SID: "CA-leg-" + c.SID, To: "+15550100001", AcceptedAt: at})
	}
}

func (f *followed) of(sid policy.CallSID) followup.FollowUp {
	f.Helper()
	found, err := f.FollowUpOf(f.Context(), sid)
	if err != nil {
		f.Fatal(err)
	}
	return found
}

func (f *followed) queue() (ids []followup.ID) {
	f.Helper()
	list, err := f.OpenFollowUps(f.Context(), "", 100)
	if err != nil {
		f.Fatal(err)
	}
	for _, one := range list {
		ids = append(ids, one.ID)
	}
	return ids
}

func (f *followed) waits() (keys []string) {
	f.Helper()
	due, err := f.DueNotices(f.Context(), policy.ChannelWebhook, today.Add(24*time.Hour), 1000)
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range due {
		keys = append(keys, n.Key)
	}
	slices.Sort(keys)
	return keys
}

// opened checks that the follow-up, its alarm and its notices are written with the end of the call, all or nothing, and once.
func opened(t *testing.T, storage Storage) {
	f := follow(t, storage)
	f.step(sid, rings(policy.Critical, customer, caller))
	full := errors.New("no space left on device")
	f.FailWrites(full)
	_, err := f.log.Advance(t.Context(), sid, unanswered)
	wantError(t, "an end on a full disk", err, full)
	f.FailWrites(nil)
	if _, err := f.FollowUpOf(t.Context(), sid); !errors.Is(err, followup.ErrNone) {
		t.Errorf("the follow-up of an end that was not written: %v", err)
	}
	for range 3 { // the report comes again
		f.step(sid, unanswered)
	}
	before := followup.FollowUp{
		ID: f.of(sid).ID, Call: sid, Line: ukLine, Customer: customer, Account: "Northwind", From: caller, Reason: followup.Unanswered, Intent: policy.Critical,
		WaitingSince: today, DueAt: today.Add(15 * time.Minute), State: followup.Open, Alarm: f.of(sid).Alarm, Alarms: []string{f.of(sid).Alarm},
	}
	same(t, "the follow-up", before, f.of(sid))
	f.step(sid, func(c policy.Call) policy.Call { c.Message = &policy.Recording{SID: "RE1"}; return c })
	before.Reason = followup.Voicemail
	same(t, "with a message", before, f.of(sid))
	same(t, "the queue", []followup.ID{before.ID}, f.queue())
	raised, err := f.Alarm(t.Context(), alarm.ID(before.Alarm))
	if err != nil || !slices.Equal(raised.FollowUps, []followup.ID{before.ID}) || raised.Event.FollowUp != string(before.ID) {
		t.Errorf("the alarm: %+v, %v", raised, err)
	}
	// The alarm of the ringing is over, and what it would have sent is withdrawn.
	same(t, "what waits to be sent", []string{
		"alarm/" + before.Alarm + "/1", "alarm/" + before.Alarm + "/chat", "voicemail/" + string(sid) + "/webhook",
	}, f.waits())
	if err := f.HeardVoicemail(t.Context(), sid, "mila", today); err != nil {
		t.Fatal(err)
	}
	if err := f.HeardVoicemail(t.Context(), sid, "ben", today.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if heard := f.of(sid); heard.HeardBy != "mila" || !heard.HeardAt.Equal(today) {
		t.Errorf("heard: %+v", heard)
	}
	same(t, "after a crash", f.of(sid), follow(t, storage.Copy(t)).of(sid))
}

// servedMeanwhile checks which follow-ups an acceptance does, in its own step, and that an end which comes to light later finds it.
func servedMeanwhile(t *testing.T, storage Storage) {
	f := follow(t, storage)
	const mobile = policy.Phone("+12125550142")
	for id, call := range map[policy.CallSID]func(policy.Call) policy.Call{
		"CA-account": rings(policy.Critical, customer, mobile), "CA-number": rings(policy.Question, "", caller),
		"CA-withheld": rings(policy.Question, "", "anonymous"), "CA-other": rings(policy.Question, "310022", "+12125550143"),
	} {
		f.step(id, call)
		f.step(id, unanswered)
	}
	f.step("CA-late", rings(policy.Restricted, customer, caller)) // whose end is reported last
	f.step("CA2", rings(policy.Restricted, customer, caller))
	f.step("CA2", takenAt(today.Add(time.Minute)))
	f.step("CA-late", unanswered)
	for id, want := range map[policy.CallSID]followup.State{
		"CA-account": followup.Done, "CA-number": followup.Done, "CA-late": followup.Done, "CA-withheld": followup.Open, "CA-other": followup.Open,
	} {
		if got := f.of(id); got.State != want || want == followup.Done && (got.ServedBy != "CA2" || got.DoneBy != "" || !got.DoneAt.Equal(today.Add(time.Minute))) {
			t.Errorf("%s: %+v, want it %s", id, got, want)
		}
	}
	raised, err := f.Alarm(t.Context(), alarm.ID(f.of("CA-account").Alarm))
	if err != nil || raised.State != policy.AlarmDone {
		t.Errorf("the alarm of what was served: %+v, %v", raised, err)
	}
	for _, key := range f.waits() {
		if key[:6] == "alarm/" {
			t.Errorf("%s still waits to be sent", key)
		}
	}
	f.step("CA2", func(c policy.Call) policy.Call { // they never heard each other
		leg := c.Leg("CA-leg-CA2")
		leg.NotBridged = true
		return unanswered(c.WithLeg(leg))
	})
	for _, id := range []policy.CallSID{"CA-account", "CA-number", "CA-late", "CA2"} {
		if got := f.of(id); got.State != followup.Open && id != "CA-late" {
			t.Errorf("%s, which nobody was served with: %+v", id, got)
		}
	}
}

// takenTogether lets many people take and finish one follow-up, and one alarm: one is the owner, the others learn who, and the audit has one entry.
func takenTogether(t *testing.T, storage Storage) {
	f := follow(t, storage)
	f.step(sid, rings(policy.Critical, customer, caller))
	f.step(sid, unanswered)
	f.step("CA2", rings(policy.Critical, customer, caller))
	f.step("CA2", unanswered)
	one := f.of(sid)
	if two := f.of("CA2"); two.Alarm != one.Alarm || two.ID == one.ID {
		t.Fatalf("a second critical call of the account: %+v after %+v", two, one)
	}
	raised, err := f.Alarm(t.Context(), alarm.ID(one.Alarm))
	if err != nil || raised.Count != 2 || len(raised.FollowUps) != 2 {
		t.Errorf("the alarm of two calls: %+v, %v", raised, err)
	}
	won := make(chan string, 64)
	crowd(func(worker int) {
		act := followup.Act{At: today.Add(time.Minute), By: fmt.Sprint("person-", worker), Via: followup.ViaConsole, Note: "called back"}
		var err error
		switch worker % 2 {
		case 0:
			_, err = f.TakeFollowUp(t.Context(), one.ID, act)
		default:
			_, err = f.TakeAlarm(t.Context(), alarm.ID(one.Alarm), act)
		}
		var quicker *followup.Conflict
		switch {
		case err == nil:
			won <- act.By
		case !errors.As(err, &quicker) || quicker.By == "" || quicker.By == act.By:
			t.Errorf("%s: %v", act.By, err)
		}
	})
	close(won)
	owners := map[string]bool{}
	for by := range won {
		owners[by] = true
	}
	first, second := f.of(sid), f.of("CA2")
	if first.State != followup.Taken || !owners[first.Owner] || second.State != followup.Taken || !owners[second.Owner] || len(owners) > 2 {
		t.Errorf("taken by %v: %+v, %+v", slices.Collect(maps.Keys(owners)), first, second)
	}
	if raised, err = f.Alarm(t.Context(), raised.ID); err != nil || raised.State != policy.AlarmTaken {
		t.Errorf("the alarm once taken: %+v, %v", raised, err)
	}
	due, err := f.DueAlarms(t.Context(), today.Add(time.Hour), 10)
	if err != nil || len(due) > 0 {
		t.Errorf("due although taken: %+v, %v", due, err)
	}
	same(t, "what waits to be sent", []string{"alarm/" + one.Alarm + "/chat"}, f.waits())
	for _, id := range []followup.ID{first.ID, second.ID} {
		if _, err := f.FinishFollowUp(t.Context(), id, followup.Act{At: today.Add(2 * time.Minute), By: "ada", Note: "called back"}); err != nil {
			t.Error(err)
		}
	}
	if raised, err = f.Alarm(t.Context(), raised.ID); err != nil || raised.State != policy.AlarmDone {
		t.Errorf("the alarm once all is done: %+v, %v", raised, err)
	}
	if open, err := f.OpenAlarms(t.Context()); err != nil || len(open) > 0 {
		t.Errorf("open alarms: %+v, %v", open, err)
	}
	acts := map[string]int{}
	for _, e := range collect(t, f.Audit(t.Context())) {
		acts[e.Act]++
	}
	if acts["followup-take"] != 2 || acts["followup-done"] != 2 || acts["alarm-take"] > 1 {
		t.Errorf("the audit has %v", acts)
	}
	back, err := f.ReopenFollowUp(t.Context(), first.ID, followup.Act{At: today, By: "ada"})
	if err != nil || back.State != followup.Open || !slices.Equal(f.queue(), []followup.ID{first.ID}) {
		t.Errorf("put back: %+v, %v", back, err)
	}
}

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
		a, err := f.Alarm(t.Context(), id)
		list, dueErr := f.DueAlarms(t.Context(), today.Add(time.Hour), 10)
		if err := errors.Join(err, dueErr); err != nil || a.Count != 3 || a.State != want || len(list) != due {
			t.Errorf("the alarm is %s with %d due, want %s with %d: %+v, %v", a.State, len(list), want, due, a, err)
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
	if due, err := f.DueAlarms(t.Context(), today.Add(time.Hour), 10); err != nil || len(due) > 0 {
		t.Errorf("told on although taken: %+v, %v", due, err)
	}
}

// queueOrder checks the order of the queue (rule 20), its pages, the filters and the counts.
func queueOrder(t *testing.T, storage Storage) {
	f := follow(t, storage)
	want := []policy.CallSID{"CA-critical-2", "CA-critical-1", "CA-critical-nobody", "CA-restricted", "CA-question-early", "CA-question-late", "CA-nobody"}
	for id, row := range map[policy.CallSID]struct {
		intent policy.Intent
		number policy.CustomerNumber
		since  time.Duration
	}{
		"CA-critical-1": {policy.Critical, "310022", 2 * time.Minute}, "CA-critical-2": {policy.Critical, customer, time.Minute},
		"CA-critical-nobody": {policy.Critical, "", 0}, "CA-restricted": {policy.Restricted, customer, -time.Hour},
		"CA-question-late": {policy.Question, customer, time.Hour}, "CA-question-early": {policy.TicketStatus, "310022", -time.Hour}, "CA-nobody": {policy.Question, "", -2 * time.Hour},
	} {
		f.step(id, rings(row.intent, row.number, "anonymous"))
		f.step(id, func(c policy.Call) policy.Call { c.Exhausted, c.EndedAt = true, today.Add(row.since); return c })
	}
	ids := map[policy.CallSID]followup.ID{}
	var order []followup.ID
	for _, id := range want {
		ids[id] = f.of(id).ID
		order = append(order, ids[id])
	}
	same(t, "the queue", order, f.queue())
	var paged []followup.ID
	for page := (followup.Page{Limit: 3}); ; {
		found, err := f.FollowUps(t.Context(), followup.Filter{Waiting: true}, page)
		if err != nil || len(found.List) > 3 {
			t.Fatalf("%+v, %v", found, err)
		}
		for _, one := range found.List {
			paged = append(paged, one.ID)
		}
		if page.After = found.Next; page.After == "" {
			break
		}
	}
	same(t, "page by page", order, paged)
	if _, err := f.TakeFollowUp(t.Context(), ids["CA-restricted"], followup.Act{At: today, By: "ada"}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.FinishFollowUp(t.Context(), ids["CA-nobody"], followup.Act{At: today, By: "ada", Note: "no number"}); err != nil {
		t.Fatal(err)
	}
	now := today.Add(20 * time.Minute)
	for name, row := range map[string]struct {
		filter followup.Filter
		want   []policy.CallSID
	}{
		"taken by ada":        {followup.Filter{State: followup.Taken, Owner: "ada"}, []policy.CallSID{"CA-restricted"}},
		"taken by ben":        {followup.Filter{Waiting: true, Owner: "ben"}, nil},
		"critical":            {followup.Filter{Waiting: true, Severity: followup.Critical}, want[:3]},
		"of an account":       {followup.Filter{Waiting: true, Customer: customer}, []policy.CallSID{"CA-critical-2", "CA-restricted", "CA-question-late"}},
		"late":                {followup.Filter{LateAt: now}, want[:3]},
		"done":                {followup.Filter{State: followup.Done}, []policy.CallSID{"CA-nobody"}},
		"open on a line":      {followup.Filter{State: followup.Open, Line: usLine}, nil},
		"unanswered, waiting": {followup.Filter{Waiting: true, Reason: followup.Unanswered}, want[:6]},
	} {
		var got, wanted []followup.ID
		found, err := f.FollowUps(t.Context(), row.filter, followup.Page{Limit: 50})
		if err != nil || found.Next != "" {
			t.Errorf("%s: more after %q, %v", name, found.Next, err)
		}
		for _, one := range found.List {
			got = append(got, one.ID)
		}
		for _, id := range row.want {
			wanted = append(wanted, ids[id])
		}
		if name == "late" { // those without a customer wait as long
			slices.Sort(got)
			slices.Sort(wanted)
		}
		same(t, name, wanted, got)
	}
	counts, err := f.CountFollowUps(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the counts", map[followup.Severity]followup.Count{followup.Critical: {Waiting: 3, Late: 3}, followup.Restricted: {Waiting: 1}, followup.Default: {Waiting: 2}}, counts)
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
	after, err := f.Alarm(t.Context(), seen.ID)
	if err != nil || stepped != 1 || after.Step != 2 || after.Count != 2 || !slices.Equal(after.Joined, []string{event.Key}) {
		t.Errorf("%d of 64 stepped it: %+v, %v", stepped, after, err)
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

// followUpsErased checks that follow-ups and alarms go with their account, and with their call (rule 13).
func followUpsErased(t *testing.T, storage Storage) {
	f := follow(t, storage)
	if _, err := f.ImportCustomers(t.Context(), []policy.Customer{northwind, harbor}, "anna"); err != nil {
		t.Fatal(err)
	}
	f.step(sid, rings(policy.Critical, customer, caller))
	f.step(sid, unanswered)
	f.step("CA2", rings(policy.Critical, harbor.Number, "+12125550143"))
	f.step("CA2", unanswered)
	exported, err := f.Followed(t.Context(), customer)
	if err != nil || len(exported.FollowUps) != 1 || len(exported.Alarms) != 2 || exported.FollowUps[0].Call != sid {
		t.Errorf("the export: %+v, %v", exported, err)
	}
	if _, err := f.Erase(t.Context(), customer, "anna", today.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	left := f.of(sid)
	if left.Customer != "" || left.Account != "" || left.From != "" || !left.Erased || left.State != followup.Done {
		t.Errorf("after erasing: %+v", left)
	}
	if open, err := f.OpenAlarms(t.Context()); err != nil || len(open) != 1 || open[0].Event.Customer != harbor.Number {
		t.Errorf("the alarms that are left: %+v, %v", open, err)
	}
	for _, key := range f.waits() {
		if other := f.of("CA2").Alarm; key != "alarm/"+other+"/1" && key != "alarm/"+other+"/chat" {
			t.Errorf("%s still waits to be sent", key)
		}
	}
	if _, err := f.Expire(t.Context(), today.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.FollowUpOf(t.Context(), "CA2"); !errors.Is(err, followup.ErrNone) || len(f.queue()) > 0 {
		t.Errorf("after the retention: %v, %v", err, f.queue())
	}
	if open, err := f.OpenAlarms(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("the alarms after the retention: %+v, %v", open, err)
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
		changes := map[string]func(policy.Call) policy.Call{
			"ends": unanswered, "taken": takenAt(today.Add(time.Minute)),
			"message": func(c policy.Call) policy.Call { c.Message = &policy.Recording{SID: "RE1"}; return c },
			"completed": func(c policy.Call) policy.Call {
				return c.Learn(policy.Report{At: today.Add(5 * time.Second), Status: "completed"})
			},
		}
		for range rapid.IntRange(1, 16).Draw(r, "steps") {
			change := changes[rapid.SampledFrom(slices.Sorted(maps.Keys(changes))).Draw(r, "change")]
			name := rapid.SampledFrom(names).Draw(r, "call")
			if rapid.IntRange(0, 4).Draw(r, "lost") == 0 {
				f.FailWrites(errors.New("no space left on device"))
				_, _ = f.log.Advance(f.Context(), name, change)
				f.FailWrites(nil)
				continue
			}
			f.step(name, change)
		}
		list, err := f.FollowUpsOf(f.Context(), number)
		if err != nil {
			r.Fatal(err)
		}
		served, calls := false, map[policy.CallSID]followup.FollowUp{}
		for _, one := range list {
			if _, twice := calls[one.Call]; twice {
				r.Errorf("%s has two follow-ups", one.Call)
			}
			calls[one.Call] = one
		}
		for _, name := range names {
			c, err := f.Call(f.Context(), name)
			if err != nil {
				r.Fatal(err)
			}
			_, accepted := c.Accepted()
			served = served || accepted
			_, has := calls[name]
			if wants := followup.ReasonOf(c) != ""; wants && !has || has && !wants && !accepted {
				r.Errorf("%s, %s, has a follow-up: %v", name, c.Outcome(), has)
			}
		}
		open := 0
		for _, one := range list {
			if one.State != followup.Done {
				open++
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
	})
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
