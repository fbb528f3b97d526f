package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/users"
)

// TakeFollowUp makes somebody the owner of a follow-up, and stops the alarm that tells people of it once none of its follow-ups is open. Both, what
// they withdraw and the entry in the audit are one step: of two people at once one is the owner. Errors: followup.ErrNone, a followup.Conflict.
func (s *Store) TakeFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error) {
	return s.actOn(ctx, id, act, "followup-take", func(f followup.FollowUp) (followup.FollowUp, error) { return f.Taken(act) })
}

// FinishFollowUp notes that somebody has done a follow-up, and what, in one step as TakeFollowUp. Errors: followup.ErrNone, policy.ErrNoNote, a
// followup.Conflict.
func (s *Store) FinishFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error) {
	return s.actOn(ctx, id, act, "followup-done", func(f followup.FollowUp) (followup.FollowUp, error) { return f.Finished(act) })
}

// ReopenFollowUp puts a follow-up back, so that it is nobody's again. Its alarm stays as it is. Errors: followup.ErrNone, a
// followup.Conflict.
func (s *Store) ReopenFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error) {
	return s.actOn(ctx, id, act, "followup-reopen", func(f followup.FollowUp) (followup.FollowUp, error) { return f.Reopened(act) })
}

// ChangeFollowUp changes a follow-up in one step, for what is no act of a person, such as how far a call-back has come. change must be a pure
// function; it may run again. An error of change leaves everything as it was. Errors: followup.ErrNone.
func (s *Store) ChangeFollowUp(ctx context.Context, id followup.ID, change func(followup.FollowUp) (followup.FollowUp, error)) (followup.FollowUp, error) {
	return update(ctx, s, func(t *step) (after followup.FollowUp, err error) {
		k, before, err := followUpTable.numbered(t.tx, string(id))
		if err != nil {
			return after, err
		}
		before.CallBacks = slices.Clip(before.CallBacks)
		if after, err = change(before); err != nil {
			return after, err
		}
		return after, t.putFollowUp(k, before, after, followup.Act{At: s.Now(), By: after.DoneBy})
	})
}

// AskCallBack notes that the caller of a follow-up is to be called back, and takes the follow-up for whoever asks if nobody has it. to is the
// specialist whose phone rings first, or a number; "" is whoever acts. Both and the entry in the audit are one step, so that of two people at once one
// is let in. It places no call: whoever works on CallBacksUnderWay does. Errors: followup.ErrNone, a followup.Conflict, followup.ErrUnderWay,
// ErrOnThePhone, ErrOutsideHours, ErrUnreachable and ErrNoPhone, each with a sentence for whoever asked.
func (s *Store) AskCallBack(ctx context.Context, id followup.ID, to policy.Target, act followup.Act) (followup.CallBack, error) {
	return update(ctx, s, func(t *step) (asked followup.CallBack, err error) {
		k, before, err := followUpTable.numbered(t.tx, string(id))
		if err != nil {
			return asked, err
		}
		_, settings := s.clock(policy.Settings{})
		after, err := before.CallBackAsked(to, settings, act)
		if err == nil {
			err = onThePhone(t.tx, before, act.At)
		}
		if err != nil {
			return asked, err
		}
		if err := t.putFollowUp(k, before, after, act); err != nil {
			return asked, err
		}
		asked, _ = after.UnderWay()
		return asked, s.noteFollowUp(ctx, t.tx, after, act, "followup-call")
	})
}

// onThePhone returns followup.ErrOnThePhone if the caller of a follow-up, or somebody of the same account, is calling us.
func onThePhone(tx Reader, f followup.FollowUp, now time.Time) error {
	records, err := unindexed(tx, placeAt(now.Add(-longestCall)), placeAt(endOfTime))
	if err == nil && slices.ContainsFunc(records, func(r record) bool { return f.CallsNow(r.Call) }) {
		err = followup.ErrOnThePhone
	}
	return err
}

// actOn changes a follow-up as a person does. A change that leaves it as it was writes nothing.
func (s *Store) actOn(
	ctx context.Context, id followup.ID, act followup.Act, name string, change func(followup.FollowUp) (followup.FollowUp, error),
) (followup.FollowUp, error) {
	return update(ctx, s, func(t *step) (after followup.FollowUp, err error) {
		k, before, err := followUpTable.numbered(t.tx, string(id))
		if err != nil {
			return after, err
		}
		if after, err = change(before); err != nil || after.State == before.State && after.Owner == before.Owner {
			return after, err
		}
		if err := t.putFollowUp(k, before, after, act); err != nil {
			return after, err
		}
		return after, s.noteFollowUp(ctx, t.tx, after, act, name)
	})
}

func (s *Store) noteFollowUp(ctx context.Context, tx Writer, f followup.FollowUp, act followup.Act, name string) error {
	return s.note(ctx, tx, users.AuditEntry{
		At: act.At, By: act.By, Act: name, Customer: f.Customer, Subject: string(f.ID), Detail: via(act), Reason: f.Note,
	})
}

func via(act followup.Act) string {
	if act.Via == "" {
		return ""
	}
	return "via " + string(act.Via)
}

// putFollowUp writes a follow-up that an act changed, and takes its alarms along.
func (t *step) putFollowUp(k []byte, before, after followup.FollowUp, act followup.Act) error {
	if err := followUpTable.put(t.tx, k, &before, after); err != nil {
		return err
	}
	if before.State == after.State || after.State == followup.Open {
		return nil
	}
	for _, id := range after.Alarms {
		_, a, err := alarmTable.numbered(t.tx, id)
		if errors.Is(err, alarm.ErrNone) { // past its retention
			continue
		}
		if err == nil {
			err = t.settleAlarm(a, act)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// HeardVoicemail notes who played the message of a call first. A call without a follow-up has nothing to note.
func (s *Store) HeardVoicemail(ctx context.Context, sid policy.CallSID, by string, at time.Time) error {
	return s.write(ctx, func(tx Writer) error {
		f, err := followUpOf(tx, sid)
		if f == nil || err != nil || !f.HeardAt.IsZero() {
			return err
		}
		return followUpTable.put(tx, numberKey(string(f.ID)), f, f.Heard(by, at))
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
// has any, and is never lost: where others have done all of them meanwhile, that is a conflict. Errors: alarm.ErrNone, policy.ErrNoNote, a
// followup.Conflict.
func (s *Store) FinishAlarm(ctx context.Context, id alarm.ID, act followup.Act) (alarm.Alarm, error) {
	return s.actOnAlarm(ctx, id, act, "alarm-done", func(t *step, a alarm.Alarm) (alarm.Alarm, error) {
		done, err := a.FinishedBy(act)
		if err != nil {
			return a, err
		}
		wrote, by := false, ""
		act.Seen = followup.Seen{} // is of the alarm
		err = t.eachFollowUp(a, act, "followup-done", func(f followup.FollowUp) (followup.FollowUp, error) {
			if f.State == followup.Done {
				wrote, by = wrote || f.DoneBy == act.By, f.DoneBy
				return f, nil
			}
			wrote = true
			return f.Finished(act)
		})
		if err == nil && a.State == policy.AlarmDone && len(a.FollowUps) > 0 && !wrote {
			err = &followup.Conflict{What: "alarm " + string(id), Err: followup.ErrDone, By: by, At: a.DoneAt}
		}
		return done, err
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
