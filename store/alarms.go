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
)

// Tell decides by which alarm and which notices people are told of an event. running is the alarm that it may join, nil if there is none; fresh is the
// number of a new one. next is the alarm that it makes, or the running one as it is with the event; nil for an event that makes no alarm. It is a pure
// function, and runs on the goroutine that writes.
type Tell func(event policy.Notice, running *alarm.Alarm, fresh alarm.ID, at time.Time) (next *alarm.Alarm, out []policy.Notice)

// TellBy sets how events are told from now on. Before it is called, an event is a notice as it is.
func (s *Store) TellBy(tell Tell) { s.telling.Store(&tell) }

func (s *Store) tellEvent(event policy.Notice, running *alarm.Alarm, fresh alarm.ID) (*alarm.Alarm, []policy.Notice) {
	if tell := s.telling.Load(); tell != nil {
		return (*tell)(event, running, fresh, s.Now())
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
	return t.eachNotice(next.ID, func(n policy.Notice) policy.Notice { return n.Counted(next.Count, t.store.Now()) })
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
