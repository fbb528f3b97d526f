package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
)

// followUpEntries returns the entries of a follow-up: by its call and its account, and while it is not done in the queue, by when it is late, and by
// whom a call serves with it.
func followUpEntries(k []byte, f followup.FollowUp) []Edit {
	edits := []Edit{{Bucket: indexBucket, Key: key(byFollowUp).text(string(f.Call)), Value: bytes.Clone(k)}}
	if f.Customer != "" {
		edits = append(edits, Edit{Bucket: indexBucket, Key: append(key(byAccount).part(string(f.Customer)), k...)})
	}
	if _, calling := f.UnderWay(); calling {
		edits = append(edits, Edit{Bucket: indexBucket, Key: append(key(byCallBack), k...)})
	}
	edits = append(edits, deeds(k, f)...)
	if f.State == followup.Done {
		return edits
	}
	edits = append(edits,
		Edit{Bucket: indexBucket, Key: append(queueKey(f).time(f.WaitingSince), k...), Value: inQueue(f)},
		Edit{Bucket: indexBucket, Key: append(latenessKey(f.Severity()).time(f.DueAt), k...)})
	for _, prefix := range servingKeys(f.Customer, f.From) {
		edits = append(edits, Edit{Bucket: indexBucket, Key: append(prefix, k...)})
	}
	return edits
}

// following is by what follow-ups are due.
type following struct {
	clock   followup.Clock
	inForce func() policy.Settings
}

// FollowBy sets the clock of follow-ups, and the settings with the lines in force, by whose hours it runs, from now on. Before it is called, the clock is
// the usual one, and the lines are as configured.
func (s *Store) FollowBy(clock followup.Clock, inForce func() policy.Settings) {
	s.following.Store(&following{clock, inForce})
}

func (s *Store) clock(configured policy.Settings) (followup.Clock, policy.Settings) {
	if f := s.following.Load(); f != nil {
		return f.clock, f.inForce()
	}
	return followup.UsualClock(), configured
}

func queueKey(f followup.FollowUp) indexKey { return append(key(byQueue), byte(f.Rank())) }

func latenessKey(s followup.Severity) indexKey { return key(byLateness).part(string(s)) }

// inQueue returns what a list of the queue selects by, so that it need not read what it leaves out: when it is due, the state, and who has it.
func inQueue(f followup.FollowUp) []byte {
	return indexKey{}.time(f.DueAt).part(string(f.State)).text(f.Owner)
}

// mayMatch reports whether a filter can select an entry of the queue.
func mayMatch(f followup.Filter, k, v []byte) bool {
	due, state := readTime(v), v[timeLength+1:][:v[timeLength]]
	owner := v[timeLength+1+len(state):]
	rank := int(k[1])
	return (f.State == "" || string(state) == string(f.State)) && (f.Owner == "" || string(owner) == f.Owner) &&
		(f.LateAt.IsZero() || f.LateAt.After(due)) && (f.Severity == "" || followup.Severities()[rank/2] == f.Severity)
}

// FollowUp returns a follow-up, or followup.ErrNone.
func (s *Store) FollowUp(ctx context.Context, id followup.ID) (followup.FollowUp, error) {
	return fetch(ctx, s, func(tx Reader) (followup.FollowUp, error) {
		_, f, err := followUpTable.numbered(tx, string(id))
		return f, err
	})
}

// FollowUpOf returns the follow-up of a call, or followup.ErrNone.
func (s *Store) FollowUpOf(ctx context.Context, sid policy.CallSID) (followup.FollowUp, error) {
	return fetch(ctx, s, func(tx Reader) (followup.FollowUp, error) {
		f, err := followUpOf(tx, sid)
		if f == nil && err == nil {
			err = fmt.Errorf("%w: of call %s", followup.ErrNone, sid)
		}
		if err != nil {
			return followup.FollowUp{}, err
		}
		return *f, nil
	})
}

// followUpOf returns the follow-up of a call, nil if it has none.
func followUpOf(tx Reader, sid policy.CallSID) (*followup.FollowUp, error) {
	k := tx.Get(indexBucket, key(byFollowUp).text(string(sid)))
	if k == nil {
		return nil, nil
	}
	f, err := followUpTable.at(tx, bytes.Clone(k))
	return &f, err
}

// FollowUpsOf returns the follow-ups of an account in the order in which they were opened. It reads those alone.
func (s *Store) FollowUpsOf(ctx context.Context, customer policy.CustomerNumber) ([]followup.FollowUp, error) {
	return fetch(ctx, s, func(tx Reader) ([]followup.FollowUp, error) { return followUpsOf(tx, customer) })
}

func followUpsOf(tx Reader, customer policy.CustomerNumber) ([]followup.FollowUp, error) {
	prefix := key(byAccount).part(string(customer))
	return lookUp(tx, under(prefix), len(prefix), noLimit, followUpTable.all)
}

// OpenFollowUps returns the follow-ups that are not done, in the order in which they are to be called: by severity, identified callers first, and by
// how long they wait (rule 20). after is the last one of the page before, "" for the first page.
func (s *Store) OpenFollowUps(ctx context.Context, after followup.ID, limit int) ([]followup.FollowUp, error) {
	found, err := s.FollowUps(ctx, followup.Filter{Waiting: true}, followup.Page{After: after, Limit: limit})
	return found.List, err
}

// followUpWork is how many entries a page of follow-ups looks at, at most.
const followUpWork = 20_000

// FollowUps returns a page of the follow-ups that a filter selects: those that are not done in the order in which they are to be called
// (OpenFollowUps), all others by their numbers, the newest first. A page costs bounded work, however little is found. Errors: followup.ErrNone for a page
// after one that is gone.
func (s *Store) FollowUps(ctx context.Context, f followup.Filter, page followup.Page) (followup.Found, error) {
	return fetch(ctx, s, func(tx Reader) (followup.Found, error) {
		p := followUpPage{tx: tx, filter: f, limit: page.Limit}
		if f.Customer != "" {
			return p.found, p.ofAccount(page.After)
		}
		rest, bucket := span{back: true}, followUpsBucket
		if f.InQueue() {
			rest, bucket = under(key(byQueue)), indexBucket
		}
		if page.After != "" {
			k, after, err := followUpTable.numbered(tx, string(page.After))
			if err != nil {
				return p.found, err
			}
			if f.InQueue() {
				k = append(queueKey(after).time(after.WaitingSince), k...)
			}
			rest = rest.behind(k)
		}
		err := p.read(rest, bucket)
		return p.found, err
	})
}

// followUpPage reads a page of follow-ups.
type followUpPage struct {
	tx     Reader
	filter followup.Filter
	limit  int
	found  followup.Found
	full   bool
}

// read reads the page through the queue, or through the records themselves.
func (p *followUpPage) read(rest span, bucket Bucket) (err error) {
	var keys [][]byte
	for work, done := followUpWork, false; !done && !p.full && work > 0; work -= pageLength {
		keys = keys[:0]
		last := []byte(nil)
		rest, done, err = rest.visit(p.tx, bucket, pageLength, func(k, v []byte) error {
			last = bytes.Clone(k[len(k)-numberLength:])
			if bucket != indexBucket || mayMatch(p.filter, k, v) {
				keys = append(keys, last)
			}
			return nil
		})
		if err != nil {
			return err
		}
		list, err := followUpTable.all(p.tx, keys)
		if err != nil {
			return err
		}
		if p.add(list); !p.full && !done {
			p.found.Next = followup.ID(numberOf(last))
		}
		if !p.full && done {
			p.found.Next = ""
		}
	}
	return nil
}

// add adds those of a list that the filter selects. One more than fit makes the page full.
func (p *followUpPage) add(list []followup.FollowUp) {
	for _, f := range list {
		if !p.filter.Matches(f) {
			continue
		}
		if n := len(p.found.List); n == p.limit {
			p.full = true
			if n > 0 {
				p.found.Next = p.found.List[n-1].ID
			}
			return
		}
		p.found.List = append(p.found.List, f)
	}
}

// ofAccount reads the page from the follow-ups of one account, which are few.
func (p *followUpPage) ofAccount(after followup.ID) error {
	list, err := followUpsOf(p.tx, p.filter.Customer)
	if err != nil {
		return err
	}
	slices.Reverse(list)
	if p.filter.InQueue() {
		slices.SortFunc(list, followup.Compare)
	}
	if after != "" {
		i := slices.IndexFunc(list, func(f followup.FollowUp) bool { return f.ID == after })
		if i < 0 {
			return fmt.Errorf("%w: %q", followup.ErrNone, string(after))
		}
		list = list[i+1:]
	}
	p.add(list)
	return nil
}

// CallBacksUnderWay returns the follow-ups whose callers are being called back, in the order of their numbers. It reads those alone.
func (s *Store) CallBacksUnderWay(ctx context.Context) ([]followup.FollowUp, error) {
	return fetch(ctx, s, func(tx Reader) ([]followup.FollowUp, error) {
		prefix := key(byCallBack)
		return lookUp(tx, under(prefix), len(prefix), noLimit, followUpTable.all)
	})
}

// CountFollowUps counts the follow-ups that are not done, by severity, and those of them that are late at a time. It reads the index alone.
func (s *Store) CountFollowUps(ctx context.Context, now time.Time) (map[followup.Severity]followup.Count, error) {
	return fetch(ctx, s, func(tx Reader) (map[followup.Severity]followup.Count, error) {
		all := map[followup.Severity]followup.Count{}
		for _, severity := range followup.Severities() {
			prefix := latenessKey(severity)
			late := span{from: prefix, to: indexKey(bytes.Clone(prefix)).time(now)}
			all[severity] = followup.Count{Waiting: under(prefix).count(tx, indexBucket, noLimit), Late: late.count(tx, indexBucket, noLimit)}
		}
		return all, nil
	})
}

// removeFollowUp removes the follow-up of a call that is past its time.
func removeFollowUp(tx Writer, sid policy.CallSID) error {
	f, err := followUpOf(tx, sid)
	if f != nil && err == nil {
		followUpTable.remove(tx, numberKey(string(f.ID)), *f)
	}
	return err
}

// eraseFollowUps makes the follow-ups of an account anonymous, those of its calls included, and removes the alarms about it.
func eraseFollowUps(tx Writer, customer policy.CustomerNumber, calls []record, at time.Time) error {
	list, err := followUpsOf(tx, customer)
	if err != nil {
		return err
	}
	sids := map[string]bool{}
	for _, r := range calls {
		sids[string(r.Call.SID)] = true
		f, err := followUpOf(tx, r.Call.SID)
		if err != nil {
			return err
		}
		if f != nil && f.Customer != customer {
			list = append(list, *f)
		}
	}
	for _, f := range list {
		if err := followUpTable.put(tx, numberKey(string(f.ID)), &f, f.Anonymised(at)); err != nil {
			return err
		}
	}
	alarms, err := alarmsAbout(tx, customer, sids)
	for _, a := range alarms {
		alarmTable.remove(tx, numberKey(string(a.ID)), a)
	}
	return err
}

// alarmsAbout returns the alarms about an account, about some calls, and about calls from a number on file of it. It reads all, which retention keeps few.
func alarmsAbout(tx Reader, customer policy.CustomerNumber, calls map[string]bool) ([]alarm.Alarm, error) {
	all, err := alarmTable.in(tx, span{})
	return slices.DeleteFunc(all, func(a alarm.Alarm) bool {
		e := a.Event
		return e.Customer != customer && e.Facts["on_file"] != string(customer) && !calls[e.Facts["sid"]]
	}), err
}

// Followed are the follow-ups and the alarms of one customer, and what the account was offered, as an export has them.
type Followed struct {
	FollowUps []followup.FollowUp `json:"followups"` // in the order in which they were opened
	Alarms    []alarm.Alarm       `json:"alarms"`
	Offers    []remedy.Offer      `json:"offers"` // the oldest first
}

// Followed returns the follow-ups, the alarms and the offers of one customer, for an export.
func (s *Store) Followed(ctx context.Context, customer policy.CustomerNumber) (Followed, error) {
	return fetch(ctx, s, func(tx Reader) (all Followed, err error) {
		if all.FollowUps, err = followUpsOf(tx, customer); err != nil {
			return all, err
		}
		if all.Offers, err = offersAbout(tx, customer); err != nil {
			return all, err
		}
		all.Alarms, err = alarmTable.in(tx, span{})
		all.Alarms = slices.DeleteFunc(all.Alarms, func(a alarm.Alarm) bool { return a.Event.Customer != customer })
		return all, err
	})
}
