package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
)

// offerEntries returns the entries of an offer: by its call, by its account, by the number that it was texted to, and by the day for which that counts.
func offerEntries(k []byte, o remedy.Offer) (edits []Edit) {
	if o.Call != "" {
		edits = append(edits, Edit{Bucket: indexBucket, Key: append(key(byOffer).part(string(o.Call)), k...)})
	}
	if o.Customer != "" {
		edits = append(edits, Edit{Bucket: indexBucket, Key: append(key(byOffered).part(string(o.Customer)), k...)})
	}
	if o.Channel == policy.ChannelSMS {
		edits = append(edits, Edit{Bucket: indexBucket, Key: append(textedKey(policy.Phone(o.To)), k...)})
		if until := o.TextsUntil(); !until.IsZero() {
			edits = append(edits, Edit{Bucket: indexBucket, Key: append(noTextKey(policy.Phone(o.To)).time(until), k...)})
		}
	}
	if at, counts := o.Texted(); counts {
		if at.IsZero() {
			at = endOfTime
		}
		edits = append(edits, Edit{Bucket: indexBucket, Key: append(textedOnKey(policy.Phone(o.To)).time(at), k...)})
	}
	return edits
}

func textedKey(to policy.Phone) indexKey { return key(byTexted).part(to.Caller()) }

// textedOnKey begins the entries of the texts to a number that count for a day.
func textedOnKey(to policy.Phone) indexKey { return key(byTextedOn).part(to.Caller()) }

func noTextKey(to policy.Phone) indexKey { return key(byNoText).part(to.Caller()) }

// Offering is how an offer is made.
type Offering struct {
	Settings policy.Settings
	// Link returns the address of our own page of an offer, which leads on to the company's; nil: the offer leads there itself.
	Link func(remedy.ID, time.Time) string
}

// OfferBy sets how letters offer pages of the company from now on. Before it is called, they offer none.
func (s *Store) OfferBy(offering func() Offering) { s.letters.Store(&offering) }

// withOffers returns the notices with a training session offered in the letters to accounts that are on the training list: the link in the letter is that of
// an offer, which is written in the same step and tells whether somebody opened it.
func (t *step) withOffers(ctx context.Context, notices []policy.Notice) ([]policy.Notice, error) {
	letters := t.store.letters.Load()
	if letters == nil {
		return notices, nil
	}
	by, all := (*letters)(), slices.Clone(notices)
	for i, n := range notices {
		if !n.Kind.Letter() || n.Facts[policy.FactTraining] == "" || n.Channel != policy.ChannelEmail || by.Link == nil {
			continue
		}
		holder, err := customerTable.find(t.tx, []byte(n.Customer))
		if err != nil {
			return nil, err
		}
		offer, offers := remedy.OfLetter(n, holder, by.Settings)
		if !offers {
			continue
		}
		k, err := offerTable.next(ctx, t.store)
		if err != nil {
			return nil, err
		}
		offer.ID = remedy.ID(numberOf(k))
		if err := offerTable.put(t.tx, k, nil, offer); err != nil {
			return nil, err
		}
		all[i] = n.WithFact("link_training", by.Link(offer.ID, offer.At))
		all[i].Offer = string(offer.ID)
	}
	return all, nil
}

// OfferOn offers a page of the company on a call: the offer, the notice by which it goes out and the entry in the audit are one step, so that of two
// people at once one has offered it. A number gets one text a day. Errors: policy.ErrNoCall, and those of remedy.Of and remedy.ErrSentToday, each with a
// sentence for whoever asked.
func (s *Store) OfferOn(ctx context.Context, sid policy.CallSID, ask remedy.Ask, by Offering) (remedy.Offer, error) {
	return update(ctx, s, func(t *step) (o remedy.Offer, err error) {
		call, err := readCall(t.tx, string(sid))
		if err != nil {
			return o, err
		}
		holder, err := customerTable.find(t.tx, []byte(call.Customer))
		if err != nil {
			return o, err
		}
		earlier, err := offersUnder(t.tx, key(byOffer).part(string(sid)))
		if err != nil {
			return o, err
		}
		texted, err := offersUnder(t.tx, textedKey(call.From))
		if err != nil {
			return o, err
		}
		if o, err = remedy.Of(ask, call, holder, append(earlier, texted...), by.Settings); err != nil {
			return o, err
		}
		if err := t.mayText(o, o.At, by.Settings.LineZone(call.Line)); err != nil {
			return o, err
		}
		return t.putOffer(ctx, o, by)
	})
}

// putOffer writes an offer that has no number yet, with its notice and the entry in the audit.
func (t *step) putOffer(ctx context.Context, o remedy.Offer, by Offering) (remedy.Offer, error) {
	k, err := offerTable.next(ctx, t.store)
	if err != nil {
		return o, err
	}
	o.ID = remedy.ID(numberOf(k))
	o.Notice = "offer/" + string(o.ID)
	if err := offerTable.put(t.tx, k, nil, o); err != nil {
		return o, err
	}
	link := o.Address
	if by.Link != nil {
		link = by.Link(o.ID, o.At)
	}
	if _, err := t.tellAll(ctx, []policy.Notice{o.Message(link, by.Settings)}); err != nil {
		return o, err
	}
	if o.By == "" {
		return o, nil // a letter, or the caller's own key: the call and the notice tell of it
	}
	return o, t.store.noteOffer(ctx, t.tx, o, "offer", o.By, o.At)
}

func (s *Store) noteOffer(ctx context.Context, tx Writer, o remedy.Offer, act, by string, at time.Time) error {
	detail := o.Page.Words() + " by " + map[policy.Channel]string{policy.ChannelSMS: "text", policy.ChannelEmail: "e-mail"}[o.Channel]
	if o.Via != "" {
		detail += ", via " + string(o.Via)
	}
	return s.note(ctx, tx, users.AuditEntry{At: at, By: by, Act: act, Customer: o.Customer, Subject: string(o.Call), Detail: detail})
}

// mayText returns ErrSentToday where a text went to the number of an offer on the day of a time in a zone, or is on its way there.
func (t *step) mayText(o remedy.Offer, now time.Time, zone *time.Location) error {
	if o.Channel != policy.ChannelSMS {
		return nil
	}
	prefix := textedOnKey(policy.Phone(o.To))
	y, m, d := now.In(zone).Date()
	today := under(prefix)
	today.from = indexKey(bytes.Clone(prefix)).time(time.Date(y, m, d, 0, 0, 0, 0, zone))
	sent, err := lookUp(t.tx, today, len(prefix)+timeLength, 1, offerTable.all)
	switch {
	case err != nil:
		return err
	case len(sent) > 0:
		return fmt.Errorf("%w: %s, at %s", remedy.ErrSentToday, sent[0].Page.Words(), sent[0].At.In(zone).Format("15:04 MST"))
	}
	return nil
}

// offersUnder returns the offers whose entry in the index is a prefix and their number, the oldest first.
func offersUnder(tx Reader, prefix indexKey) ([]remedy.Offer, error) {
	return lookUp(tx, under(prefix), len(prefix), noLimit, offerTable.all)
}

// Offer returns an offer, or remedy.ErrNone.
func (s *Store) Offer(ctx context.Context, id remedy.ID) (remedy.Offer, error) {
	return fetch(ctx, s, func(tx Reader) (remedy.Offer, error) {
		_, o, err := offerTable.numbered(tx, string(id))
		return o, err
	})
}

// OffersOf returns what was offered on a call, the oldest first.
func (s *Store) OffersOf(ctx context.Context, sid policy.CallSID) ([]remedy.Offer, error) {
	return fetch(ctx, s, func(tx Reader) ([]remedy.Offer, error) { return offersUnder(tx, key(byOffer).part(string(sid))) })
}

// OffersTexted returns what was offered to a telephone number by text, the oldest first.
func (s *Store) OffersTexted(ctx context.Context, number policy.Phone) ([]remedy.Offer, error) {
	return fetch(ctx, s, func(tx Reader) ([]remedy.Offer, error) { return offersUnder(tx, textedKey(number)) })
}

// OffersTo returns what was offered to an account, the oldest first.
func (s *Store) OffersTo(ctx context.Context, number policy.CustomerNumber) ([]remedy.Offer, error) {
	return fetch(ctx, s, func(tx Reader) ([]remedy.Offer, error) { return offersUnder(tx, key(byOffered).part(string(number))) })
}

// OpenOffer notes that somebody went on to the page of an offer. Errors: remedy.ErrNone, remedy.ErrTakenBack, with the offer.
func (s *Store) OpenOffer(ctx context.Context, id remedy.ID, at time.Time) (remedy.Offer, error) {
	return s.changeOffer(ctx, id, func(t *step, o remedy.Offer) (remedy.Offer, error) { return o.Opens(at) })
}

// TakeBackOffer takes an offer back for a person: its link leads no further, and what was not sent yet is not sent. Errors: remedy.ErrNone.
func (s *Store) TakeBackOffer(ctx context.Context, id remedy.ID, act followup.Act) (remedy.Offer, error) {
	return s.changeOffer(ctx, id, func(t *step, o remedy.Offer) (remedy.Offer, error) {
		back, err := o.TakenBack(act.By, act.At)
		if err != nil || !o.TakenBackAt.IsZero() {
			return back, err
		}
		n, err := noticeTable.find(t.tx, []byte(o.Notice))
		if err != nil {
			return o, err
		}
		carries := n != nil && n.Kind == o.Page.Notice() // a letter goes out all the same, and its link leads nowhere
		if carries && n.WithdrawnAt.IsZero() && (n.SentAt.IsZero() || !n.FailedAt.IsZero()) {
			if n.ClaimedBy != "" {
				back.UnderWayUntil = slices.MaxFunc([]time.Time{back.TakenBackAt, n.NextAt.UTC()}, time.Time.Compare)
			}
			withdrawn := *n
			withdrawn.WithdrawnAt, withdrawn.NextAt, withdrawn.ClaimedBy = back.TakenBackAt, time.Time{}, ""
			if err := noticeTable.put(t.tx, []byte(o.Notice), n, withdrawn); err != nil {
				return o, err
			}
		}
		return back, s.noteOffer(ctx, t.tx, back, "offer-back", back.TakenBackBy, act.At)
	})
}

func (s *Store) changeOffer(ctx context.Context, id remedy.ID, change func(*step, remedy.Offer) (remedy.Offer, error)) (remedy.Offer, error) {
	return update(ctx, s, func(t *step) (after remedy.Offer, err error) {
		k, before, err := offerTable.numbered(t.tx, string(id))
		if err != nil {
			return after, err
		}
		if after, err = change(t, before); err != nil {
			return after, err
		}
		return after, offerTable.put(t.tx, k, &before, after)
	})
}

// offered brings an offer up to how far the notice is that carries it.
func offered(tx Writer, n policy.Notice) error {
	k, before, err := offerTable.numbered(tx, n.Offer)
	if errors.Is(err, remedy.ErrNone) { // its account was erased
		return nil
	}
	if err != nil {
		return err
	}
	after := before
	after.SentAt, after.FailedAt, after.Error = n.SentAt, n.FailedAt, ""
	if !n.FailedAt.IsZero() {
		after.Error = n.Error
	}
	if after == before {
		return nil
	}
	return offerTable.put(tx, k, &before, after)
}

// sendAgain refuses to send the text of an offer again on a day on which its number was sent another.
func (t *step) sendAgain(id string, at time.Time) error {
	_, o, err := offerTable.numbered(t.tx, id)
	if errors.Is(err, remedy.ErrNone) {
		return nil
	}
	if _, counts := o.Texted(); err != nil || counts { // it waits already
		return err
	}
	_, settings := t.store.clock(policy.Settings{})
	return t.mayText(o, at, settings.LineZone(o.Line))
}

// moveOffers makes what a caller was texted on a call the account's to which a person attached it. What was sent to an account holder stays that account's.
func (t *step) moveOffers(call policy.Call) error {
	list, err := offersUnder(t.tx, key(byOffer).part(string(call.SID)))
	for _, o := range list {
		if o.Channel != policy.ChannelSMS || err != nil {
			continue
		}
		moved := o
		moved.Customer, moved.Account = call.Customer, call.Account
		n, found := noticeTable.find(t.tx, []byte(o.Notice))
		if err = cmp.Or(found, offerTable.put(t.tx, numberKey(string(o.ID)), &o, moved)); n == nil || err != nil {
			continue
		}
		after := *n
		after.Customer = call.Customer
		err = noticeTable.put(t.tx, []byte(o.Notice), n, after)
	}
	return err
}

// offersAbout returns what was offered to an account and on its calls, the oldest first.
func offersAbout(tx Reader, number policy.CustomerNumber) ([]remedy.Offer, error) {
	all, err := offersUnder(tx, key(byOffered).part(string(number)))
	if err != nil {
		return nil, err
	}
	calls := key(byCustomer).part(string(number))
	var sids []string
	for k := range under(calls).in(tx, indexBucket) {
		sids = append(sids, string(k[len(calls)+timeLength:]))
	}
	for _, sid := range sids {
		on, err := offersUnder(tx, key(byOffer).part(sid))
		if err != nil {
			return nil, err
		}
		for _, o := range on {
			if o.Customer == "" { // the caller was identified after it was sent
				all = append(all, o)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b remedy.Offer) int { return a.At.Compare(b.At) })
	return all, nil
}

// eraseOffers removes what was offered to an account, on its calls, and on calls of nobody from a number on file of it, with the notices that carried it. It
// returns how many notices those were.
func (t *step) eraseOffers(number policy.CustomerNumber) (notices int, err error) {
	gone, err := offersAbout(t.tx, number)
	if err != nil {
		return 0, err
	}
	places, err := onFileOf(t.tx, number)
	if err != nil {
		return 0, err
	}
	for _, place := range places {
		on, err := offersUnder(t.tx, key(byOffer).part(string(place[timeLength:])))
		if err != nil {
			return 0, err
		}
		gone = append(gone, slices.DeleteFunc(on, func(o remedy.Offer) bool { return o.Customer != "" })...)
	}
	for _, o := range gone {
		offerTable.remove(t.tx, numberKey(string(o.ID)), o)
		n, err := noticeTable.find(t.tx, []byte(o.Notice))
		if err != nil {
			return 0, err
		}
		if n != nil {
			noticeTable.remove(t.tx, []byte(o.Notice), *n)
			notices++
		}
	}
	return notices, nil
}

// expireOffers removes the offers from before the time, with the calls on which they were made: what a case rests on stays.
func expireOffers(tx Writer, w *sweep) (err error) {
	var old []remedy.Offer
	w.rest, w.done, err = w.rest.visit(tx, offersBucket, expireBatch, func(k, v []byte) error {
		o, err := offerTable.decode(k, v)
		if err == nil && o.At.Before(w.before) {
			old = append(old, o)
		}
		return err
	})
	for _, o := range old {
		if err != nil {
			return err
		}
		var cases []policy.Case
		if cases, err = casesOf(tx, o.Customer); err != nil {
			return err
		}
		of := policy.Call{StartedAt: o.At, Customer: o.Customer, Month: policy.MonthOf(o.At, time.UTC)}
		if o.Call != "" && placeBySID(tx, string(o.Call)) == nil || o.Call == "" && of.Expires(w.before, cases) {
			offerTable.remove(tx, numberKey(string(o.ID)), o)
		}
	}
	return err
}
