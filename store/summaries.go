package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// A summary stands in the index by month, so that a month is read in one ordered pass and without its calls. What the key says already is
// not in the value: that is a byte of flags, the talk time where it is known, and the ticket to the end.
const (
	summaryAccepted = 1 << iota
	summaryTalked
	summaryWaived
	summaryTraining
)

func encodeSummary(t policy.CallSummary) []byte {
	value := make([]byte, 1, 8+len(t.Ticket))
	for _, flag := range []struct {
		bit byte
		set bool
	}{{summaryAccepted, t.Accepted}, {summaryTalked, t.Talked}, {summaryWaived, t.Waived}, {summaryTraining, t.Training}} {
		if flag.set {
			value[0] |= flag.bit
		}
	}
	if t.Talked {
		value = binary.AppendUvarint(value, uint64(max(0, t.TalkSeconds)))
	}
	return append(value, t.Ticket...)
}

// decodeSummary reads a value into the summary of which the key gave the rest.
func decodeSummary(t *policy.CallSummary, value []byte) bool {
	if len(value) == 0 {
		return false
	}
	flags, rest := value[0], value[1:]
	t.Accepted, t.Talked = flags&summaryAccepted != 0, flags&summaryTalked != 0
	t.Waived, t.Training = flags&summaryWaived != 0, flags&summaryTraining != 0
	if t.Talked {
		seconds, n := binary.Uvarint(rest)
		if n <= 0 {
			return false
		}
		t.TalkSeconds, rest = int(seconds), rest[n:]
	}
	t.Ticket = policy.Ticket(rest)
	return true
}

func sameSummary(a, b policy.CallSummary) bool {
	started := a.StartedAt.Equal(b.StartedAt)
	a.StartedAt = b.StartedAt
	return started && a == b
}

// AccountSummaries are the calls of an account that belong to a month (rule 4), oldest first, as fair use needs them. It reads their entries
// in the index and nothing else.
func (s *Store) AccountSummaries(ctx context.Context, customer policy.CustomerNumber, month policy.Month) ([]policy.CallSummary, error) {
	var summaries []policy.CallSummary
	err := s.view(ctx, func(tx *bolt.Tx) (err error) {
		summaries, err = accountSummaries(tx, customer, month)
		return err
	})
	s.options.Yield()
	return summaries, err
}

func accountSummaries(tx *bolt.Tx, customer policy.CustomerNumber, month policy.Month) ([]policy.CallSummary, error) {
	pass := summaryPass{
		month: month, skip: len(monthKey(month)), next: monthKey(month).part(string(customer)), page: make([]policy.CallSummary, 0, usualSummaries),
	}
	pass.prefix = bytes.Clone(pass.next)
	for !pass.done {
		if err := pass.read(tx, pageLength); err != nil {
			return nil, err
		}
	}
	return pass.page, nil
}

// usualSummaries is for how many summaries of one account's month there is room from the beginning.
const usualSummaries = 32

// summaryPage is how many summaries one transaction of a pass over a month reads: far below a millisecond's worth of work.
const summaryPage = 2048

// MonthSummaries are the calls of all accounts that belong to a month, one account after the other, shorter customer numbers first and
// then in their order, each account's calls oldest first. It is one ordered pass over the month's entries in the index, in short steps as
// Calls does it: of a call that changes its account meanwhile the pass may see neither or both.
func (s *Store) MonthSummaries(ctx context.Context, month policy.Month) iter.Seq2[policy.CallSummary, error] {
	return func(yield func(policy.CallSummary, error) bool) {
		pass := summaryPass{month: month, prefix: monthKey(month), next: monthKey(month), skip: len(monthKey(month))}
		for !pass.done {
			pass.page = pass.page[:0]
			s.options.Yield()
			if err := s.view(ctx, func(tx *bolt.Tx) error { return pass.read(tx, summaryPage) }); err != nil {
				yield(policy.CallSummary{}, err)
				return
			}
			for _, t := range pass.page {
				if !yield(t, nil) {
					return
				}
			}
		}
	}
}

// summaryPass walks entries of the index by month.
type summaryPass struct {
	month    policy.Month
	prefix   []byte // of all entries to read
	skip     int    // how much of a key is the kind and the month
	next     []byte // the key to go on with
	done     bool
	customer policy.CustomerNumber // of the last entry: most follow one of the same account
	page     []policy.CallSummary
}

// read adds some summaries to the page.
func (p *summaryPass) read(tx *bolt.Tx, many int) error {
	cursor := tx.Bucket(indexBucket).Cursor()
	k, v := cursor.Seek(p.next)
	for ; bytes.HasPrefix(k, p.prefix); k, v = cursor.Next() {
		if many--; many < 0 {
			p.next = append(p.next[:0], k...)
			return nil
		}
		t, ok := p.summary(k[p.skip:], v)
		if !ok {
			return fmt.Errorf("%w: index by month %x", ErrDamaged, k)
		}
		p.page = append(p.page, t)
	}
	p.done = true
	return nil
}

// summary reads one entry: the rest of its key is the customer and the place.
func (p *summaryPass) summary(k, v []byte) (policy.CallSummary, bool) {
	if len(k) == 0 || len(k) < 1+int(k[0])+timeLength {
		return policy.CallSummary{}, false
	}
	number, place := k[1:1+k[0]], k[1+int(k[0]):]
	if string(number) != string(p.customer) {
		p.customer = policy.CustomerNumber(number)
	}
	t := policy.CallSummary{
		SID: policy.CallSID(place[timeLength:]), Customer: p.customer, Month: p.month, StartedAt: readTime(place),
	}
	return t, decodeSummary(&t, v)
}
