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
	"github.com/officernd/supportline/policy/remedy"
)

// NotifyingLog is the log of a program that follows up the calls that ended without a person, and tells people of them: the follow-ups, the alarms and
// the notices are written in the step in which they become due (followup.Of, policy.CallNotice, policy.RingingNotice, policy.GapNotices).
type NotifyingLog struct {
	*Store
	Settings policy.Settings
	// Link returns the address of a call in the console, or "".
	Link func(policy.CallSID) string
	// OfferLink returns the address of our own page of an offer; nil: what is offered leads straight to the company's page.
	OfferLink func(remedy.ID, time.Time) string
	// Told is called after something was written that people are told of, so that it goes out at once. It must return at once; nil: nobody waits for
	// that.
	Told func()
}

// Advance is Store.Advance with what follows from the change.
func (l NotifyingLog) Advance(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error) {
	uncounted := func(c policy.Call, _ policy.WrongNumbers) policy.Call { return change(c) }
	return l.AdvanceCounting(ctx, sid, policy.WrongNumberCount{}, uncounted)
}

// AdvanceCounting is Store.AdvanceCounting with what follows from the change.
func (l NotifyingLog) AdvanceCounting(
	ctx context.Context, sid policy.CallSID, count policy.WrongNumberCount, change func(policy.Call, policy.WrongNumbers) policy.Call,
) (policy.Call, error) {
	now, telling := l.Now(), false
	call, err := l.advance(ctx, sid, count, func(before policy.Call, wrong policy.WrongNumbers) (policy.Call, news) {
		after := change(before, wrong)
		n := l.news(before, after, now)
		telling = len(n.events) > 0 || n.served || n.ringingOver || n.offer != nil
		return after, n
	})
	if err == nil && telling && l.Told != nil {
		l.Told()
	}
	return call, err
}

// news returns what follows from a change of a call. Most changes have no news.
func (l NotifyingLog) news(before, after policy.Call, now time.Time) (n news) {
	link := func() string { return l.Link(after.SID) }
	if len(after.State.Gaps) > len(before.State.Gaps) {
		n.events = policy.GapNotices(before, after, link())
	}
	if offer, asked := remedy.OfCaller(before, after, l.Settings, now); asked {
		n.offer, n.offering = &offer, Offering{Settings: l.Settings, Link: l.OfferLink}
	}
	n.acts = after.Acts[min(len(before.Acts), len(after.Acts)):]
	if after.End().IsZero() && before.State.RungAt.Equal(after.State.RungAt) && len(after.Legs) == 0 {
		return n // nothing of it has to do with people yet
	}
	n.follow(before, after)
	if event, told := policy.RingingNotice(before, after, l.Settings, ""); told {
		n.events = append(n.events, event.WithFact("link", link()))
	}
	if event, told := remedy.WrapUp(before, after, l.Settings, now); told {
		n.events = append(n.events, event)
	}
	if after.End().IsZero() {
		return n
	}
	if event, told := policy.CallNotice(before, after, l.Settings, link(), now); told {
		n.events = append(n.events, event)
	}
	if followup.ReasonOf(after) == "" {
		return n
	}
	clock, settings := l.clock(l.Settings)
	if f, opened := followup.Of(before, after, settings, clock, now); opened {
		n.followUp = &f
	}
	return n
}

// news is what follows from a change of a call, beside the call.
type news struct {
	notices     []policy.Notice // to be written, if their keys are new
	events      []policy.Notice // to be told
	followUp    *followup.FollowUp
	served      bool          // a specialist accepted it, or it turned out that nobody did
	ringingOver bool          // a critical call was taken or has ended
	calledBack  bool          // it is a call-back, and came further
	acts        []policy.Act  // what somebody did to it by telephone
	offer       *remedy.Offer // that its caller asked for by a key; it has no number yet
	offering    Offering
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
	if t.tx == nil && (n.followUp != nil || n.calledBack || n.offer != nil || len(n.acts) > 0) {
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
	if err := t.byPhone(n, before, after); err != nil {
		return err
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

// byPhone notes in the audit what a specialist did by a key, and offers what a caller asked for by one. A caller who was sent a text today gets no other.
func (t *step) byPhone(n news, before, after policy.Call) error {
	for _, act := range n.acts {
		if err := t.store.note(t.request.ctx, t.tx, actEntry(before, after, act)); err != nil {
			return err
		}
	}
	if n.offer == nil {
		return nil
	}
	texted, err := offersUnder(t.tx, textedKey(after.From))
	if err != nil {
		return err
	}
	s := n.offering.Settings
	if remedy.MayText(after, texted, n.offer.At, s) != nil {
		return nil
	}
	switch err := t.mayText(*n.offer, n.offer.At, s.LineZone(after.Line)); {
	case errors.Is(err, remedy.ErrSentToday):
		return nil
	case err != nil:
		return err
	}
	_, err = t.putOffer(t.request.ctx, *n.offer, n.offering)
	return err
}

// openFollowUp writes what a call waits for: a follow-up of its own, or what became known of the one that it has.
func (t *step) openFollowUp(wanted followup.FollowUp) (k []byte, f followup.FollowUp, err error) {
	had, err := followUpOf(t.tx, wanted.Call)
	if err != nil {
		return nil, f, err
	}
	if had != nil {
		k, f = numberKey(string(had.ID)), had.Again(wanted)
		return k, f, followUpTable.put(t.tx, k, had, f)
	}
	if k, err = followUpTable.next(t.request.ctx, t.store); err != nil {
		return nil, f, err
	}
	wanted.ID = followup.ID(numberOf(k))
	if f, err = servedSince(t.tx, wanted, t.store.Now()); err != nil {
		return nil, f, err
	}
	return k, f, followUpTable.put(t.tx, k, nil, f)
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

// lookAhead reads in one round trip what a step that runs alone will read of its call, as far as it is known in memory: an Update remembers what it read.
func (t *step) lookAhead() {
	known := t.store.recent.calls[t.sid]
	if t.tx == nil || known == nil || known.value == nil {
		return
	}
	c, place := known.call, placeOf(known.call)
	entries := []Entry{
		{Bucket: callsBucket, Key: place}, {Bucket: searchBucket, Key: unindexedKey(place)}, {Bucket: indexBucket, Key: key(byFollowUp).text(string(c.SID))},
	}
	for _, kind := range []policy.NoticeKind{policy.NoticeCriticalRinging, policy.NoticeCriticalMissed, policy.NoticeMissed, policy.NoticeVoicemail} {
		entries = append(entries, Entry{Bucket: indexBucket, Key: key(byEvent).text(policy.EventKey(kind, c.SID))})
	}
	if t.store.shared {
		for _, guard := range servingGuards(servingKeys(c.Customer, c.From)) {
			entries = append(entries, Entry{Bucket: guardsBucket, Key: []byte(guard)})
		}
	}
	t.tx.Fetch(entries)
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
	at := t.store.Now()
	return t.putAlarm(a, a.Finished(at), followup.Act{At: at})
}
