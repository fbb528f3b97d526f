package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

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
	chat.Key, chat.State, chat.Count = "alarm/"+string(fresh)+"/chat", policy.AlarmOpen, 1
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

// raised returns an alarm by its number.
func (f *followed) raised(id string) alarm.Alarm {
	f.Helper()
	a, err := f.Alarm(f.Context(), alarm.ID(id))
	if err != nil {
		f.Fatal(err)
	}
	return a
}

// due returns the alarms whose next step is due within the next hour.
func (f *followed) due() []alarm.Alarm {
	f.Helper()
	due, err := f.DueAlarms(f.Context(), today.Add(time.Hour), 10)
	if err != nil {
		f.Fatal(err)
	}
	return due
}

// acts returns how often each act is in the audit.
func (f *followed) acts() map[string]int {
	f.Helper()
	acts := map[string]int{}
	for _, e := range collect(f, f.Audit(f.Context())) {
		acts[e.Act]++
	}
	return acts
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

// queued are calls without a person, in the order in which they are to be called (rule 20).
var queued = []policy.CallSID{"CA-critical-2", "CA-critical-1", "CA-critical-nobody", "CA-restricted", "CA-question-early", "CA-question-late", "CA-nobody"}

// queueUp lets the calls end, and returns the numbers of their follow-ups.
func (f *followed) queueUp() map[policy.CallSID]followup.ID {
	f.Helper()
	ids := map[policy.CallSID]followup.ID{}
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
		ids[id] = f.of(id).ID
	}
	return ids
}

// queueOrder checks the order of the queue (rule 20), also page by page.
func queueOrder(t *testing.T, storage Storage) {
	f := follow(t, storage)
	ids := f.queueUp()
	var order, paged []followup.ID
	for _, id := range queued {
		order = append(order, ids[id])
	}
	same(t, "the queue", order, f.queue())
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
}

// queueFilters checks what each filter selects, and the counts.
func queueFilters(t *testing.T, storage Storage) {
	f := follow(t, storage)
	ids := f.queueUp()
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
		"critical":            {followup.Filter{Waiting: true, Severity: followup.Critical}, queued[:3]},
		"of an account":       {followup.Filter{Waiting: true, Customer: customer}, []policy.CallSID{"CA-critical-2", "CA-restricted", "CA-question-late"}},
		"late":                {followup.Filter{LateAt: now}, queued[:3]},
		"done":                {followup.Filter{State: followup.Done}, []policy.CallSID{"CA-nobody"}},
		"open on a line":      {followup.Filter{State: followup.Open, Line: usLine}, nil},
		"unanswered, waiting": {followup.Filter{Waiting: true, Reason: followup.Unanswered}, queued[:6]},
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
