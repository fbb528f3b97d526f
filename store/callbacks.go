package store

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

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

// CallBacksUnderWay returns the follow-ups whose callers are being called back, in the order of their numbers. It reads those alone.
func (s *Store) CallBacksUnderWay(ctx context.Context) ([]followup.FollowUp, error) {
	return fetch(ctx, s, func(tx Reader) ([]followup.FollowUp, error) {
		prefix := key(byCallBack)
		return lookUp(tx, under(prefix), len(prefix), noLimit, followUpTable.all)
	})
}

// calledBack brings the follow-up of a call-back up to how far the call has come.
func (t *step) calledBack(c policy.Call) error {
	k := bytes.Clone(t.tx.Get(indexBucket, key(byFollowUp).text(string(c.CallBackOf))))
	if k == nil { // past its retention
		return nil
	}
	f, err := followUpTable.at(t.tx, k)
	if err != nil {
		return err
	}
	return followUpTable.put(t.tx, k, &f, f.CalledBack(c))
}
