package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"

	"github.com/officernd/supportline/policy"
)

// MonthCalls returns the summaries of the calls of the account that a call belongs to, in the call's month (rule 4), oldest first, up to the one of
// which enough reports true; none for a call of no account, or that is not known. Each attempt to read them asks for an enough of its own; nil is that
// all are wanted.
func (s *Store) MonthCalls(ctx context.Context, sid policy.CallSID, enough func() func(policy.CallSummary) bool) ([]policy.CallSummary, error) {
	return fetch(ctx, s, func(tx Reader) ([]policy.CallSummary, error) {
		place := placeBySID(tx, string(sid))
		if place == nil {
			return []policy.CallSummary{}, nil
		}
		r, err := recordAt(tx, place)
		if err != nil || r.Call.Customer == "" {
			return []policy.CallSummary{}, err
		}
		if enough == nil {
			return accountSummaries(tx, r.Call.Customer, r.Call.Month, all)
		}
		return accountSummaries(tx, r.Call.Customer, r.Call.Month, enough())
	})
}

// Rows returns a function that shows a call as a row of a listing, with whether it adds a phone ticket. The function is for one goroutine.
func (s *Store) Rows(ctx context.Context, settings policy.Settings) func(policy.Call) (policy.Row, error) {
	counts := s.TicketCounter(ctx)
	return func(c policy.Call) (policy.Row, error) {
		counted, err := counts(c)
		if err != nil {
			return policy.Row{}, err
		}
		return settings.Row(c, counted), nil
	}
}

// A summary is in the index by month, so that a month is read in one ordered pass and without its calls. The value has what the key has not: a byte
// of flags, the talk time if it is known, and the ticket to the end.
const (
	summaryAccepted = 1 << iota
	summaryTalked
	summaryWaived
	summaryTraining
	summaryCallBack // the call that was called back stands behind the ticket and a zero
)

func encodeSummary(t policy.CallSummary) []byte {
	value := make([]byte, 1, 8+len(t.Ticket))
	for _, flag := range []struct {
		bit byte
		set bool
	}{
		{summaryAccepted, t.Accepted},
		{summaryTalked, t.Talked},
		{summaryWaived, t.Waived},
		{summaryTraining, t.Training},
		{summaryCallBack, t.CallBackOf != ""},
	} {
		if flag.set {
			value[0] |= flag.bit
		}
	}
	if t.Talked {
		value = binary.AppendUvarint(value, uint64(max(0, t.TalkSeconds)))
	}
	value = append(value, t.Ticket...)
	if t.CallBackOf != "" {
		value = append(append(value, 0), t.CallBackOf...)
	}
	return value
}

// decodeSummary reads a value into a summary, and reports whether it is sound.
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
	if flags&summaryCallBack != 0 {
		ticket, of, _ := bytes.Cut(rest, []byte{0})
		t.CallBackOf, rest = policy.CallSID(of), ticket
	}
	t.Ticket = policy.Ticket(rest)
	return true
}

func sameSummary(a, b policy.CallSummary) bool {
	started := a.StartedAt.Equal(b.StartedAt)
	a.StartedAt = b.StartedAt
	return started && a == b
}

// AccountSummaries returns the summaries of the calls of an account that belong to a month (rule 4), oldest first. It reads their entries in the
// index alone.
func (s *Store) AccountSummaries(ctx context.Context, customer policy.CustomerNumber, month policy.Month) ([]policy.CallSummary, error) {
	defer s.options.Yield()
	return fetch(ctx, s, func(tx Reader) ([]policy.CallSummary, error) { return accountSummaries(tx, customer, month, all) })
}

// all is for a reading that nothing ends early.
func all(policy.CallSummary) bool { return false }

func accountSummaries(tx Reader, customer policy.CustomerNumber, month policy.Month, enough func(policy.CallSummary) bool) ([]policy.CallSummary, error) {
	summaries, read := make([]policy.CallSummary, 0, usualSummaries), summaryReader(month)
	for k, v := range under(monthKey(month).part(string(customer))).in(tx, indexBucket) {
		t, err := read(k, v)
		if err != nil {
			return nil, err
		}
		if summaries = append(summaries, t); enough(t) {
			break
		}
	}
	return summaries, nil
}

// usualSummaries is for how many summaries of one account's month there is room from the beginning.
const usualSummaries = 32

// summaryPage is how many summaries one transaction of a pass over a month reads: far below a millisecond's worth of work.
const summaryPage = 2048

// MonthSummaries returns the summaries of the calls of all accounts that belong to a month, one account after the other, shorter customer numbers
// first and then in their order, each account's calls oldest first. It is one ordered pass over the month's entries in the index, in short steps
// as Calls does it: of a call that changes its account meanwhile the pass may see neither or both.
func (s *Store) MonthSummaries(ctx context.Context, month policy.Month) iter.Seq2[policy.CallSummary, error] {
	return scan(ctx, s, indexBucket, under(monthKey(month)), summaryPage, summaryReader(month))
}

// summaryReader returns a function that reads entries of a month in the index: behind the month their keys have the customer and the place. It
// allocates a customer once for entries that follow each other.
func summaryReader(month policy.Month) func(k, v []byte) (policy.CallSummary, error) {
	skip, customer := len(monthKey(month)), policy.CustomerNumber("")
	return func(k, v []byte) (policy.CallSummary, error) {
		rest := k[skip:]
		if len(rest) == 0 || len(rest) < 1+int(rest[0])+timeLength {
			return policy.CallSummary{}, fmt.Errorf("%w: index by month %x", ErrDamaged, k)
		}
		number, place := rest[1:1+rest[0]], rest[1+int(rest[0]):]
		if string(number) != string(customer) {
			customer = policy.CustomerNumber(number)
		}
		t := policy.CallSummary{SID: policy.CallSID(place[timeLength:]), Customer: customer, Month: month, StartedAt: readTime(place)}
		if !decodeSummary(&t, v) {
			return policy.CallSummary{}, fmt.Errorf("%w: index by month %x", ErrDamaged, k)
		}
		return t, nil
	}
}

// TicketCounter returns a function that reports whether a call adds a phone ticket to its month (rule 3). That depends on the other calls of the
// account's month, so each month that turns up is read, once as long as it is remembered: what is remembered is bounded, however many calls are
// asked about. The function is for one goroutine.
func (s *Store) TicketCounter(ctx context.Context) func(policy.Call) (bool, error) {
	counter := ticketCounter{read: func(customer policy.CustomerNumber, month policy.Month) ([]policy.CallSummary, error) {
		return s.AccountSummaries(ctx, customer, month)
	}}
	return counter.counts
}

// ticketCounter remembers the counted calls of some months.
type ticketCounter struct {
	read   func(policy.CustomerNumber, policy.Month) ([]policy.CallSummary, error)
	months map[monthOf][]policy.CallSID // the first call about each ticket
	kept   int                          // calls in months
}

// monthOf is an account's month.
type monthOf struct {
	customer policy.CustomerNumber
	month    policy.Month
}

// maxCounted is how many calls a ticketCounter remembers before it forgets them all: some 7 MB. A month that is read again costs
// microseconds.
const maxCounted = 100_000

// counts reports whether a call adds a phone ticket to its month.
func (n *ticketCounter) counts(c policy.Call) (bool, error) {
	switch s := c.Summary(); {
	case !s.Accepted || s.Customer == "" || s.Month == "":
		return false, nil
	case s.Matter() == "":
		return true, nil // the other calls of the month make no difference
	}
	key := monthOf{c.Customer, c.Month}
	if _, known := n.months[key]; !known {
		summaries, err := n.read(c.Customer, c.Month)
		if err != nil {
			return false, err
		}
		counted := firsts(summaries)
		n.kept += len(counted) + 1 // an account whose calls do not count is remembered too
		if n.months == nil || n.kept > maxCounted {
			n.months, n.kept = map[monthOf][]policy.CallSID{}, len(counted)+1
		}
		n.months[key] = counted
	}
	return slices.Contains(n.months[key], c.SID), nil
}

// firsts returns the first call of each matter that several can be of.
func firsts(month []policy.CallSummary) []policy.CallSID {
	var found []policy.CallSID
	for _, c := range policy.ExplainUsage(month, policy.FairUse{}) {
		if c.Matter() != "" && c.Counts {
			found = append(found, c.SID)
		}
	}
	return found
}
