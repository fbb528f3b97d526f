package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/users"
)

// Tell decides by which alarm and which notices people are told of an event. running is the alarm that it may join, nil if there is none; fresh is the
// number of a new one. next is the alarm that it makes, or the running one as it is with the event; nil for an event that makes no alarm. It is a pure
// function, and runs on the goroutine that writes.
type Tell func(event policy.Notice, running *alarm.Alarm, fresh alarm.ID, at time.Time) (next *alarm.Alarm, out []policy.Notice)

// TellBy sets how events are told from now on. Before it is called, an event is a notice as it is.
func (s *Store) TellBy(tell Tell) { s.telling.Store(&tell) }

func (s *Store) tellEvent(event policy.Notice, running *alarm.Alarm, fresh alarm.ID) (*alarm.Alarm, []policy.Notice) {
	if tell := s.telling.Load(); tell != nil {
		return (*tell)(event, running, fresh, s.now())
	}
	return nil, []policy.Notice{event}
}

// raises reports whether an event makes an alarm.
func (s *Store) raises(event policy.Notice) bool {
	next, _ := s.tellEvent(event, nil, "1")
	return next != nil
}

// alarmEntries returns the entries of an alarm: by the events that it is about, by account while it is not done, and by its next step while nobody has
// taken it.
func alarmEntries(k []byte, a alarm.Alarm) (edits []Edit) {
	for _, event := range append([]string{a.Event.Key}, a.Joined...) {
		edits = append(edits, Edit{Bucket: indexBucket, Key: key(byEvent).text(event), Value: bytes.Clone(k)})
	}
	if a.State != policy.AlarmDone {
		edits = append(edits, Edit{Bucket: indexBucket, Key: append(runningKey(a.Event), k...), Value: []byte(a.State)})
	}
	if a.State == policy.AlarmOpen && !a.NextAt.IsZero() {
		edits = append(edits, Edit{Bucket: indexBucket, Key: append(key(byAlarmStep).time(a.NextAt), k...)})
	}
	return edits
}

func runningKey(event policy.Notice) indexKey {
	return key(byRunning).part(string(event.Kind)).part(string(event.Customer))
}

// Alarm returns an alarm, or alarm.ErrNone.
func (s *Store) Alarm(ctx context.Context, id alarm.ID) (alarm.Alarm, error) {
	return fetch(ctx, s, func(tx Reader) (alarm.Alarm, error) {
		_, a, err := alarmTable.numbered(tx, string(id))
		return a, err
	})
}

// DueAlarms returns the alarms that nobody has taken and whose next step is due, at most limit of them, the longest due first.
func (s *Store) DueAlarms(ctx context.Context, now time.Time, limit int) ([]alarm.Alarm, error) {
	prefix := key(byAlarmStep)
	return fetch(ctx, s, func(tx Reader) ([]alarm.Alarm, error) {
		return lookUp(tx, due(prefix, now), len(prefix)+timeLength, limit, alarmTable.all)
	})
}

// OpenAlarms returns the alarms that are not done, in the order in which they began.
func (s *Store) OpenAlarms(ctx context.Context) ([]alarm.Alarm, error) {
	return fetch(ctx, s, func(tx Reader) ([]alarm.Alarm, error) {
		var keys [][]byte
		for k := range under(key(byRunning)).in(tx, indexBucket) {
			keys = append(keys, bytes.Clone(k[len(k)-numberLength:]))
		}
		slices.SortFunc(keys, bytes.Compare)
		return alarmTable.all(tx, keys)
	})
}

// CountAlarms returns how many alarms are not done.
func (s *Store) CountAlarms(ctx context.Context) (int, error) {
	return fetch(ctx, s, func(tx Reader) (int, error) { return under(key(byRunning)).count(tx, indexBucket, noLimit), nil })
}

// Tell writes how people are told of events (TellBy), all or nothing. An event that was told before is not told again.
func (s *Store) Tell(ctx context.Context, events ...policy.Notice) error {
	if !slices.ContainsFunc(events, s.raises) {
		var out []policy.Notice
		for _, event := range events {
			_, notices := s.tellEvent(event, nil, "")
			out = append(out, notices...)
		}
		return s.PutNotices(ctx, out)
	}
	return s.alone(ctx, func(t *step) error {
		_, err := t.tellAll(ctx, events)
		return err
	})
}

// tell writes how people are told of an event, unless they were told before: its notices, and the alarm that it makes or joins.
func (t *step) tell(ctx context.Context, event policy.Notice) (raised alarm.ID, told []policy.Notice, err error) {
	if t.tx.Get(indexBucket, key(byEvent).text(event.Key)) != nil {
		return "", nil, nil
	}
	running, err := joinable(t.tx, event)
	if err != nil {
		return "", nil, err
	}
	next, notices := t.store.tellEvent(event, running, "1")
	if next != nil {
		k, err := alarmTable.next(ctx, t.store)
		if err != nil {
			return "", nil, err
		}
		next, notices = t.store.tellEvent(event, running, alarm.ID(numberOf(k)))
		if err := t.putRaised(event, running, *next); err != nil {
			return "", nil, err
		}
		raised = next.ID
	}
	// An event leads to others, such as that a rota has nobody, and never to one of its own kind: that is a notice as it is.
	led := newsOf(notices)
	own := slices.DeleteFunc(slices.Clone(led.events), func(n policy.Notice) bool { return n.Kind != event.Kind })
	led.notices = append(led.notices, own...)
	led.events = slices.DeleteFunc(led.events, func(n policy.Notice) bool { return n.Kind == event.Kind })
	if told, err = t.tellNews(ctx, led); err != nil {
		return "", nil, fmt.Errorf("event %s: %w", event.Key, err)
	}
	return raised, told, nil
}

// tellAll writes the notices of a list whose keys are new, and how people are told of its events. It returns all notices that are new.
func (t *step) tellAll(ctx context.Context, list []policy.Notice) ([]policy.Notice, error) {
	return t.tellNews(ctx, newsOf(list))
}

// tellNews is tellAll for a list whose events are known.
func (t *step) tellNews(ctx context.Context, n news) (told []policy.Notice, err error) {
	out, err := newNotices(n.notices)
	if err != nil {
		return nil, err
	}
	for _, one := range untoldOf(t.tx, out) {
		told = append(told, one.notice)
		write(t.tx, one.edits())
	}
	for _, event := range n.events {
		_, more, err := t.tell(ctx, event)
		if err != nil {
			return nil, err
		}
		told = append(told, more...)
	}
	return told, nil
}

// putRaised writes the alarm that an event made, or the running one that it joined.
func (t *step) putRaised(event policy.Notice, running *alarm.Alarm, next alarm.Alarm) error {
	k := numberKey(string(next.ID))
	if k == nil {
		return fmt.Errorf("the alarm of event %s has no number", event.Key)
	}
	if id := followup.ID(event.FollowUp); id != "" && !slices.Contains(next.FollowUps, id) {
		next.FollowUps = append(slices.Clip(next.FollowUps), id)
	}
	if running == nil || running.ID != next.ID {
		return alarmTable.put(t.tx, k, nil, next)
	}
	if !slices.Contains(next.Joined, event.Key) {
		next.Joined = append(slices.Clip(next.Joined), event.Key)
	}
	if err := alarmTable.put(t.tx, k, running, next); err != nil {
		return err
	}
	return t.eachNotice(next.ID, func(n policy.Notice) policy.Notice { return n.Counted(next.Count, t.store.now()) })
}

// undelivered notes at an alarm that a notice of it does not reach anybody ever.
func undelivered(tx Writer, n policy.Notice, at time.Time) error {
	k, before, err := alarmTable.numbered(tx, n.Alarm)
	if errors.Is(err, alarm.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	after := before.Undelivered(n, at)
	if after.Hoped == before.Hoped {
		return nil
	}
	return alarmTable.put(tx, k, &before, after)
}

// joinable returns the alarm that an event may join: a missed critical call joins the one of its account that nobody has taken yet. There is none for
// any other event.
func joinable(tx Reader, event policy.Notice) (*alarm.Alarm, error) {
	if event.Kind != policy.NoticeCriticalMissed || event.Customer == "" {
		return nil, nil
	}
	prefix := runningKey(event)
	for k, v := range under(prefix).in(tx, indexBucket) {
		if policy.AlarmState(v) == policy.AlarmOpen {
			return alarmTable.find(tx, bytes.Clone(k[len(prefix):]))
		}
	}
	return nil, nil
}

// StepAlarm stores the next state of an alarm and the notices of that step, together. change is given the alarm as it is by then, with the events that
// joined it meanwhile, and must be a pure function. Where the alarm has gone on since it was seen, was taken or is done, nothing is written and stepped
// is false. Errors: alarm.ErrNone.
func (s *Store) StepAlarm(
	ctx context.Context, seen alarm.Alarm, change func(alarm.Alarm) (alarm.Alarm, []policy.Notice),
) (stepped bool, err error) {
	return update(ctx, s, func(t *step) (bool, error) {
		k, before, err := alarmTable.numbered(t.tx, string(seen.ID))
		if err != nil || before.State != policy.AlarmOpen || before.Step != seen.Step || before.Told != seen.Told || !before.NextAt.Equal(seen.NextAt) {
			return false, err
		}
		before.Joined, before.FollowUps = slices.Clip(before.Joined), slices.Clip(before.FollowUps)
		after, notices := change(before)
		if err := alarmTable.put(t.tx, k, &before, after); err != nil {
			return false, err
		}
		_, err = t.tellAll(ctx, notices)
		return err == nil, err
	})
}

// TakeAlarm makes somebody the owner of an alarm and of all its follow-ups that are open, and withdraws what waits to be sent, in one step: of two
// people at once one is the owner. Errors: alarm.ErrNone, a followup.Conflict.
func (s *Store) TakeAlarm(ctx context.Context, id alarm.ID, act followup.Act) (alarm.Alarm, error) {
	return s.actOnAlarm(ctx, id, act, "alarm-take", func(t *step, a alarm.Alarm) (alarm.Alarm, error) {
		taken, err := a.Taken(act)
		if err != nil {
			return a, err
		}
		return taken, t.eachFollowUp(a, act, "followup-take", func(f followup.FollowUp) (followup.FollowUp, error) {
			if f.State != followup.Open {
				return f, nil
			}
			return f.Taken(act)
		})
	})
}

// FinishAlarm notes that what an alarm is about is done, with all its follow-ups that were not, in one step as TakeAlarm. The note is needed where it
// has any. Errors: alarm.ErrNone, policy.ErrNoNote.
func (s *Store) FinishAlarm(ctx context.Context, id alarm.ID, act followup.Act) (alarm.Alarm, error) {
	return s.actOnAlarm(ctx, id, act, "alarm-done", func(t *step, a alarm.Alarm) (alarm.Alarm, error) {
		return a.Finished(act.At), t.eachFollowUp(a, act, "followup-done", func(f followup.FollowUp) (followup.FollowUp, error) {
			if f.State == followup.Done {
				return f, nil
			}
			return f.Finished(act)
		})
	})
}

func (s *Store) actOnAlarm(
	ctx context.Context, id alarm.ID, act followup.Act, name string, change func(*step, alarm.Alarm) (alarm.Alarm, error),
) (alarm.Alarm, error) {
	if _, err := policy.WrittenLine("the name of who does it", act.By); err != nil {
		return alarm.Alarm{}, err
	}
	return update(ctx, s, func(t *step) (after alarm.Alarm, err error) {
		_, before, err := alarmTable.numbered(t.tx, string(id))
		if err != nil {
			return after, err
		}
		if after, err = change(t, before); err != nil || after.State == before.State {
			return after, err
		}
		if err := t.putAlarm(before, after, act); err != nil {
			return after, err
		}
		return after, s.note(ctx, t.tx, users.AuditEntry{
			At: act.At, By: act.By, Act: name, Customer: before.Event.Customer, Subject: string(id), Detail: via(act), Reason: act.Note,
		})
	})
}

// eachFollowUp changes the follow-ups of an alarm as a person does. Those that are past their retention are left out.
func (t *step) eachFollowUp(a alarm.Alarm, act followup.Act, name string, change func(followup.FollowUp) (followup.FollowUp, error)) error {
	for _, id := range a.FollowUps {
		k, before, err := followUpTable.numbered(t.tx, string(id))
		if errors.Is(err, followup.ErrNone) {
			continue
		}
		if err != nil {
			return err
		}
		after, err := change(before)
		if err != nil {
			return err
		}
		if after.State == before.State {
			continue
		}
		if err := followUpTable.put(t.tx, k, &before, after); err != nil {
			return err
		}
		if err := t.store.noteFollowUp(t.request.ctx, t.tx, after, act, name); err != nil {
			return err
		}
	}
	return nil
}

// settleAlarm brings an alarm up to its follow-ups: it stops when none of them is open, and is done when all of them are.
func (t *step) settleAlarm(a alarm.Alarm, act followup.Act) error {
	taken, by := false, act.By
	for _, id := range a.FollowUps {
		_, f, err := followUpTable.numbered(t.tx, string(id))
		switch {
		case errors.Is(err, followup.ErrNone): // past its retention
		case err != nil:
			return err
		case f.State == followup.Open:
			return nil
		case f.State == followup.Taken:
			taken, by = true, f.Owner
		}
	}
	after := a.Finished(act.At)
	if taken {
		act.By = by
		var err error
		if after, err = a.Taken(act); err != nil { // by somebody else before: it has stopped already
			return nil
		}
	}
	return t.putAlarm(a, after, act)
}

// putAlarm writes an alarm that was taken or is done, with its notices: those that wait to be sent are withdrawn, and those that are kept up to date
// show its new state next.
func (t *step) putAlarm(before, after alarm.Alarm, act followup.Act) error {
	if before.State == after.State {
		return nil
	}
	if err := alarmTable.put(t.tx, numberKey(string(after.ID)), &before, after); err != nil {
		return err
	}
	by := act.By
	if after.State == policy.AlarmTaken {
		by = after.TakenBy
	}
	return t.eachNotice(after.ID, func(n policy.Notice) policy.Notice { return n.Settled(after.State, by, act.At) })
}

// eachNotice changes the notices of an alarm.
func (t *step) eachNotice(id alarm.ID, change func(policy.Notice) policy.Notice) error {
	list, err := noticeTable.in(t.tx, under(alarmPrefix(id)))
	if err != nil {
		return err
	}
	for _, n := range list {
		if err := noticeTable.put(t.tx, []byte(n.Key), &n, change(n)); err != nil {
			return err
		}
	}
	return nil
}

// alarmPrefix begins the keys of all notices of an alarm.
func alarmPrefix(id alarm.ID) []byte { return []byte("alarm/" + string(id) + "/") }

// SettleAlarms keeps a restored store from telling people again what they took or finished since the copy was made: follow-ups and alarms are as in the
// store that it replaces, and an alarm that does not run there is told no further. before is nil where that store is not known. It returns how many
// alarms were stopped.
func (s *Store) SettleAlarms(ctx context.Context, before *Store) (stopped int, err error) {
	for f, err := range followUpTable.scan(ctx, s, span{}) {
		if err != nil {
			return stopped, err
		}
		if f.State == followup.Done || before == nil {
			continue
		}
		now, err := before.FollowUp(ctx, f.ID)
		if errors.Is(err, followup.ErrNone) || err == nil && now.Call != f.Call {
			continue
		}
		if err == nil {
			err = s.write(ctx, func(tx Writer) error { return followUpTable.put(tx, numberKey(string(f.ID)), &f, now) })
		}
		if err != nil {
			return stopped, err
		}
	}
	open, err := s.OpenAlarms(ctx)
	for _, a := range open {
		now := a
		now.NextAt, now.Held = time.Time{}, false
		if before != nil {
			if known, err := before.Alarm(ctx, a.ID); err == nil && known.Event.Key == a.Event.Key {
				now = known
			}
		}
		if now.NextAt.IsZero() && !a.NextAt.IsZero() {
			stopped++
		}
		if err := s.write(ctx, func(tx Writer) error { return alarmTable.put(tx, numberKey(string(a.ID)), &a, now) }); err != nil {
			return stopped, err
		}
	}
	return stopped, err
}

// news is what follows from a change of a call, beside the call.
type news struct {
	notices     []policy.Notice // to be written, if their keys are new
	events      []policy.Notice // to be told
	followUp    *followup.FollowUp
	served      bool // a specialist accepted it, or it turned out that nobody did
	ringingOver bool // a critical call was taken or has ended
	calledBack  bool // it is a call-back, and came further
}

// newsOf returns notices and, among them, events: those without a channel.
func newsOf(list []policy.Notice) (n news) {
	for _, one := range list {
		if one.Channel == "" {
			n.events = append(n.events, one)
		} else {
			n.notices = append(n.notices, one)
		}
	}
	return n
}

// follow notes what a change of a call may mean to follow-ups and alarms that there are.
func (n *news) follow(before, after policy.Call) {
	_, was := before.Accepted()
	_, is := after.Accepted()
	n.served, n.ringingOver = was != is, policy.RingingOver(before, after)
	n.calledBack = after.CallBackOf != "" && (was != is || !before.End().Equal(after.End()) || followup.ResultOf(before) != followup.ResultOf(after))
}

// weigh returns the notices of a change that can be written with others. What opens a follow-up, or changes one or an alarm, reads what others write as
// well, and so runs in a transaction of its own: the error is errAlone. Most acceptances serve no follow-up, and do not.
func (t *step) weigh(n *news, after policy.Call) ([]outgoing, error) {
	notices := n.notices
	for _, event := range n.events {
		if t.tx == nil && t.store.raises(event) {
			return nil, errAlone
		}
		if t.tx == nil {
			_, out := t.store.tellEvent(event, nil, "")
			notices = append(slices.Clip(notices), out...)
		}
	}
	if t.tx == nil && (n.followUp != nil || n.calledBack) {
		return nil, errAlone
	}
	if t.tx == nil && (n.served || n.ringingOver) {
		_, accepted := after.Accepted()
		if n.served && !accepted {
			return nil, errAlone
		}
		if waits, err := t.waitsFor(after, n.ringingOver); err != nil || waits {
			return nil, errors.Join(err, errAlone)
		}
	}
	out, err := newNotices(notices)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", t.sid, err)
	}
	return out, nil
}

// carryOut writes what follows from a change of a call, in the transaction of the change.
func (t *step) carryOut(n news, before, after policy.Call) error {
	if n.served || n.followUp != nil {
		t.rewriteGuards(after)
	}
	if n.served {
		if err := t.serve(before, after); err != nil {
			return err
		}
	}
	if n.calledBack {
		if err := t.calledBack(after); err != nil {
			return err
		}
	}
	if n.ringingOver {
		if err := t.stopRinging(after.SID); err != nil {
			return err
		}
	}
	var k []byte
	var f followup.FollowUp
	if n.followUp != nil {
		var err error
		if k, f, err = t.openFollowUp(*n.followUp); err != nil {
			return err
		}
	}
	raised := alarm.ID("")
	for _, event := range n.events {
		if event.Kind != policy.NoticeRotaGap {
			event.FollowUp = string(f.ID)
		}
		if event.FollowUp != "" && f.State != followup.Open && t.store.raises(event) { // taken, or served meanwhile: nobody is woken for it
			continue
		}
		id, _, err := t.tell(t.request.ctx, event)
		if err != nil {
			return err
		}
		if id != "" && event.FollowUp != "" {
			raised = id
		}
	}
	if raised == "" || f.ID == "" || slices.Contains(f.Alarms, string(raised)) {
		return nil
	}
	linked := f
	linked.Alarm, linked.Alarms = string(raised), append(slices.Clip(f.Alarms), string(raised))
	return followUpTable.put(t.tx, k, &f, linked)
}

// stopRinging ends the alarm that a critical call rings: it was taken, or has ended.
func (t *step) stopRinging(sid policy.CallSID) error {
	k := t.tx.Get(indexBucket, key(byEvent).text(policy.EventKey(policy.NoticeCriticalRinging, sid)))
	if k == nil {
		return nil
	}
	a, err := alarmTable.at(t.tx, bytes.Clone(k))
	if err != nil {
		return err
	}
	at := t.store.now()
	return t.putAlarm(a, a.Finished(at), followup.Act{At: at})
}
