package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/officernd/supportline/policy"
)

// Accounts is the directory with what its accounts used, derived from the log under the limits of FairUse whenever it is asked.
type Accounts struct {
	*Store
	FairUse policy.FairUse
}

// AccountUsage is an account and its months, oldest first. An account that is in the log alone has no name.
type AccountUsage struct {
	Customer policy.Customer
	Months   []policy.Usage
}

// Last returns the latest month.
func (a AccountUsage) Last() policy.Usage { return a.Months[len(a.Months)-1] }

// Usage returns what an account of the directory used in a month. The error is policy.ErrNoCustomer, or internal.
func (a Accounts) Usage(ctx context.Context, number policy.CustomerNumber, month policy.Month) (policy.Usage, error) {
	found, err := a.Months(ctx, number, month, 1)
	if err != nil {
		return policy.Usage{}, err
	}
	return found.Last(), nil
}

// UsageAfter returns the same for at most limit customers with numbers after one, by number; next is where to go on, "" at the end.
func (a Accounts) UsageAfter(ctx context.Context, month policy.Month, limit int, after policy.CustomerNumber) (used []policy.Usage, next policy.CustomerNumber, err error) {
	customers, next, err := a.SearchCustomers(ctx, policy.Text{}, limit, after)
	if err != nil {
		return nil, "", err
	}
	for _, c := range customers {
		months, err := a.MonthsOf(ctx, c, month, 1)
		if err != nil {
			return nil, "", err
		}
		used = append(used, months...)
	}
	return used, next, nil
}

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

// Months returns an account of the directory with the n months that end with last. It reads the calls of these months and of those before them
// that decide whether load was sustained, and no others. The error is policy.ErrNoCustomer, or internal.
func (a Accounts) Months(ctx context.Context, number policy.CustomerNumber, last policy.Month, n int) (AccountUsage, error) {
	c, err := a.Customer(ctx, number)
	if err != nil {
		return AccountUsage{}, err
	}
	months, err := a.MonthsOf(ctx, c, last, n)
	return AccountUsage{c, months}, err
}

// MonthsOf is Months for a customer that was read already.
func (a Accounts) MonthsOf(ctx context.Context, c policy.Customer, last policy.Month, n int) ([]policy.Usage, error) {
	report, err := a.accountReport(ctx, c.Number, last, n+a.FairUse.Lead())
	if err != nil {
		return nil, err
	}
	months := report.Account(c, n, a.FairUse)
	cases, err := a.CasesOf(ctx, c.Number)
	if open := openCase(cases); open != nil {
		setCase(months, open.State)
	}
	return months, err
}

// UsageSince returns the months of an account from first to last in which specialists took calls of it; none where first is "".
func (a Accounts) UsageSince(ctx context.Context, number policy.CustomerNumber, first, last policy.Month) ([]policy.Usage, error) {
	if first == "" {
		return []policy.Usage{}, nil
	}
	found, err := a.Months(ctx, number, last, max(1, last.Since(first)))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found.Months, func(u policy.Usage) bool { return u.Calls == 0 }), nil
}

// AllMonths returns the accounts of the directory, and those in the log that are no longer in it, by number, each with the n months that end
// with last. It passes once over the calls of each month.
func (a Accounts) AllMonths(ctx context.Context, last policy.Month, n int) ([]AccountUsage, error) {
	var directory []policy.Customer
	for c, err := range a.Customers(ctx) {
		if err != nil {
			return nil, err
		}
		directory = append(directory, c)
	}
	report, err := a.report(ctx, "", last, n+a.FairUse.Lead())
	if err != nil {
		return nil, err
	}
	open, err := a.openStates(ctx)
	if err != nil {
		return nil, err
	}
	accounts := make([]AccountUsage, 0, len(directory))
	for c, months := range report.Accounts(directory, n, a.FairUse) {
		setCase(months, open[c.Number])
		accounts = append(accounts, AccountUsage{c, months})
	}
	return accounts, nil
}

// Charges returns what the load of an account in a month, or of all accounts where number is "", would cost, with the names of accounts: that of
// accounts under sustained load, or of all that are over a limit.
func (a Accounts) Charges(ctx context.Context, number policy.CustomerNumber, month policy.Month, all bool) (policy.Proposal, error) {
	report, err := a.report(ctx, number, month, 1+a.FairUse.Lead())
	if err != nil {
		return policy.Proposal{}, err
	}
	proposal := policy.Propose(report.Charges(a.FairUse), all)
	for i, line := range proposal.Lines {
		if proposal.Lines[i].Account, err = a.nameOf(ctx, line.Customer); err != nil {
			return policy.Proposal{}, err
		}
	}
	return proposal, nil
}

// Compare returns what would be otherwise under other limits in the n months that end with last: of an account, or of all where number is "",
// with the names of accounts.
func (a Accounts) Compare(ctx context.Context, number policy.CustomerNumber, other policy.FairUse, last policy.Month, n int) ([]policy.Difference, error) {
	report, err := a.report(ctx, number, last, n+max(a.FairUse.Lead(), other.Lead()))
	if err != nil {
		return nil, err
	}
	differ := report.Compare(a.FairUse, other, n, math.MaxInt).Differ
	for i, d := range differ {
		name, err := a.nameOf(ctx, d.Before.Customer)
		if err != nil {
			return nil, err
		}
		differ[i].Before.Account, differ[i].After.Account = name, name
	}
	return differ, nil
}

// report returns the n months that end with last of an account of the directory, or of all accounts where number is "".
func (a Accounts) report(ctx context.Context, number policy.CustomerNumber, last policy.Month, n int) (policy.UsageReport, error) {
	if number != "" {
		if _, err := a.Customer(ctx, number); err != nil {
			return nil, err
		}
		return a.accountReport(ctx, number, last, n)
	}
	var report policy.UsageReport
	for _, m := range monthsTo(last, n) {
		month, err := policy.NewMonthReport(m, a.MonthSummaries(ctx, m), a.now())
		if err != nil {
			return nil, err
		}
		report = append(report, month)
	}
	return report, nil
}

// accountReport returns the n months of an account that end with last. It reads the calls of these months and no others.
func (a Accounts) accountReport(ctx context.Context, number policy.CustomerNumber, last policy.Month, n int) (policy.UsageReport, error) {
	return policy.AccountReport(number, last, n, func(m policy.Month) ([]policy.CallSummary, error) {
		return a.AccountSummaries(ctx, number, m)
	})
}

// nameOf returns the name of an account; "" for one that is no longer in the directory.
func (s *Store) nameOf(ctx context.Context, number policy.CustomerNumber) (string, error) {
	c, err := s.Customer(ctx, number)
	if errors.Is(err, policy.ErrNoCustomer) {
		return "", nil
	}
	return c.Name, err
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

// describe writes into months what the directory and the open cases say of their accounts: name, home line and the state of the case.
func (s *Store) describe(ctx context.Context, months []policy.Usage) error {
	open, err := s.openStates(ctx)
	if err != nil {
		return err
	}
	for i, u := range months {
		c, err := s.Customer(ctx, u.Customer)
		if err != nil && !errors.Is(err, policy.ErrNoCustomer) {
			return err
		}
		months[i].Account, months[i].Line = c.Name, c.Line.Full()
		setCase(months[i:i+1], open[u.Customer])
	}
	return nil
}

// openStates returns the states of the open cases by account.
func (s *Store) openStates(ctx context.Context) (map[policy.CustomerNumber]policy.CaseState, error) {
	cases, err := s.OpenCases(ctx)
	states := make(map[policy.CustomerNumber]policy.CaseState, len(cases))
	for _, c := range cases {
		states[c.Customer] = c.State
	}
	return states, err
}

// setCase writes the state of an account's open case, if there is one, into its months.
func setCase(months []policy.Usage, state policy.CaseState) {
	if state == "" {
		return
	}
	for i := range months {
		months[i].Case = &state
	}
}

// monthsTo returns n months that end with last, oldest first.
func monthsTo(last policy.Month, n int) []policy.Month {
	months := make([]policy.Month, n)
	for i := range months {
		months[i] = last.Plus(i - n + 1)
	}
	return months
}

// ByMonth returns the months of accounts, oldest first, those of one month by number.
func ByMonth(accounts []AccountUsage) []policy.Usage {
	var all []policy.Usage
	for _, a := range accounts {
		all = append(all, a.Months...)
	}
	slices.SortStableFunc(all, func(a, b policy.Usage) int { return cmp.Compare(a.Month, b.Month) })
	return all
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
