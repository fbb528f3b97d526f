package policy

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// CallSummary has the facts of one logged call that fair use needs. It follows from the call; a store keeps it in its index by
// month and account, so that a month's usage is derived from few bytes and never from a counter that could drift.
type CallSummary struct {
	SID         CallSID
	Customer    CustomerNumber
	Month       Month
	StartedAt   time.Time
	Accepted    bool // by a specialist: no other call ever counts (rule 3)
	Ticket      Ticket
	TalkSeconds int
	Talked      bool // TalkSeconds is known
	Waived      bool
	Training    bool
	Test        bool // made to try the line: nothing counts
	// CallBackOf is the call whose caller was called back with this one.
	CallBackOf CallSID
}

// Summary returns the call as fair use sees it. A store need not keep that of a test.
func (c Call) Summary() CallSummary {
	_, accepted := c.Accepted()
	seconds, _, talked := c.Talk()
	s := CallSummary{
		SID: c.SID, Customer: c.Customer, Month: c.Month, StartedAt: c.StartedAt, Accepted: accepted, Ticket: c.Ticket,
		TalkSeconds: seconds, Talked: talked, Waived: c.Waived, Training: c.Training, Test: c.Test(), CallBackOf: c.CallBackOf,
	}
	if s.Test {
		s.Accepted, s.Talked = false, false
	}
	return s
}

// counts reports whether the call is in any figure: only those that a specialist accepted for a known account are.
func (s CallSummary) counts() bool { return s.Accepted && s.Customer != "" }

// overLong reports whether the talk passed the call limit and nobody deemed that necessary (rules 5 and 6).
func (s CallSummary) overLong(fair FairUse) bool {
	return s.Talked && !s.Waived && s.TalkSeconds > int(fair.CallLimit/time.Second)
}

// ServedToNobody reports whether a specialist took the call and it belongs to no account: it is in nobody's usage until a person attaches it
// (rule 12). Calls to try a line are left out, and so are those of an account that was erased.
func (c Call) ServedToNobody() bool {
	_, accepted := c.Accepted()
	return accepted && c.Customer == "" && !c.Erased && !c.Test()
}

// NobodyCount counts the calls of a line in a month that were served to nobody. They belong to no account and so to no account's month: theirs
// is the month of their start in the zone of the line.
type NobodyCount struct {
	Line   Phone
	Calls  int
	OnFile int // those from a number that is on file of one account
}

// CountNobody adds up the calls that were served to nobody on all lines.
func CountNobody(lines []NobodyCount) (all NobodyCount) {
	for _, l := range lines {
		all.Calls, all.OnFile = all.Calls+l.Calls, all.OnFile+l.OnFile
	}
	return all
}

// ticketCounter counts the phone tickets of one account in one month, and numbers them from 1 in the order in which they were first raised.
type ticketCounter struct {
	numbers map[string]int // of the matters that several calls can be of
	n       int
}

// Matter returns what several calls of a month can be about, of which the first one counts: a ticket (rule 3), else the call whose caller was called
// back (rule 19). It is "" for a matter of its own.
func (s CallSummary) Matter() string {
	if s.Ticket == "" && s.CallBackOf != "" {
		return "\x00" + string(s.CallBackOf) // which no ticket begins with
	}
	return string(s.Ticket)
}

// ticket returns the number of the phone ticket that a call is of, and whether the call adds it (rule 3): each accepted call without a ticket
// number adds one, and the first of those about one ticket; of several call-backs of one call the first (rule 19). The number of a call that does not count is 0. How many calls add one does not
// depend on their order; the numbers do.
func (t *ticketCounter) ticket(s CallSummary) (number int, adds bool) {
	if !s.counts() {
		return 0, false
	}
	matter := s.Matter()
	if number, known := t.numbers[matter]; known {
		return number, false
	}
	t.n++
	if matter != "" {
		if t.numbers == nil {
			t.numbers = map[string]int{}
		}
		t.numbers[matter] = t.n
	}
	return t.n, true
}

// UntilOver returns a function that is given the calls of an account's month one by one, and reports whether the account is over with them already
// (rule 8), so that whoever asks for that alone need not read the rest.
func (f FairUse) UntilOver() func(CallSummary) bool {
	var tickets ticketCounter
	overLong := 0
	return func(s CallSummary) bool {
		tickets.ticket(s)
		overLong += one(s.counts() && s.overLong(f))
		byTickets, byOverLong := over(tickets.n, f.TicketsPerMonth, overLong, f.OverLongCallsPerMonth)
		return byTickets || byOverLong
	}
}

// Accepting returns which phone ticket of its month a call is of once a specialist accepts it, whether it adds that ticket (rule 3), and whether its
// account is over then (rule 8). calls are those of the account that belong to the month; the call itself may be among them.
func (f FairUse) Accepting(c Call, calls []CallSummary) (ticket int, adds, isOver bool) {
	var tickets ticketCounter
	overLong := 0
	for _, s := range byStart(calls) {
		if s.SID != c.SID {
			tickets.ticket(s)
			overLong += one(s.counts() && s.overLong(f))
		}
	}
	accepted := c.Summary()
	accepted.Accepted = !accepted.Test
	ticket, adds = tickets.ticket(accepted)
	byTickets, byOverLong := over(tickets.n, f.TicketsPerMonth, overLong, f.OverLongCallsPerMonth)
	return ticket, adds, byTickets || byOverLong
}

// Usage is an account's month as people and programs are shown it: the names of the JSON and CSV exports.
type Usage struct {
	Month       Month          `json:"month"`
	Customer    CustomerNumber `json:"customer"`
	Account     string         `json:"account"`
	Line        string         `json:"line"`
	Tickets     int            `json:"tickets"`
	TicketLimit int            `json:"ticket_limit"`
	Calls       int            `json:"calls"` // served
	TalkSeconds int            `json:"talk_seconds"`
	OverLong    int            `json:"over_long"`
	Waived      int            `json:"waived"`
	Training    int            `json:"training"`
	Over        bool           `json:"over"`
	Sustained   bool           `json:"sustained"`
	Case        *CaseState     `json:"case"` // of the open case

	// OverLongLimit is how many over-long calls put the account over. It is kept, and not among the names of the exports.
	OverLongLimit int `json:"-" cbor:"over_long_limit,omitempty"`
}

// OverBy returns in words what put the account over in the month (rule 8); nothing where it was not over.
func (u Usage) OverBy() []string {
	tickets, overLong := over(u.Tickets, u.TicketLimit, u.OverLong, u.OverLongLimit)
	var by []string
	if tickets {
		by = append(by, fmt.Sprintf("%d phone tickets, and %d are the limit", u.Tickets, u.TicketLimit))
	}
	if overLong {
		by = append(by, fmt.Sprintf("%d over-long calls, and %d put an account over", u.OverLong, u.OverLongLimit))
	}
	return by
}

// Near reports whether the month's tickets reached the first part of the limit at which people are told, or more.
func (u Usage) Near(fair FairUse) bool { return fair.near(u.Tickets) }

func (f FairUse) near(tickets int) bool {
	return len(f.WarnAt) > 0 && tickets*100 >= slices.Min(f.WarnAt)*f.TicketsPerMonth
}

// NeedsTraining reports whether the month's training calls put the account on the training list: ask them to book a session (rule 7).
func (u Usage) NeedsTraining(fair FairUse) bool {
	return fair.TrainingCallsPerMonth > 0 && u.Training >= fair.TrainingCallsPerMonth
}

// over reports which of the two limits of a month was passed (rule 8).
func over(tickets, ticketLimit, overLong, overLongLimit int) (byTickets, byOverLong bool) {
	return tickets > ticketLimit, overLongLimit > 0 && overLong >= overLongLimit
}

// sustained is rule 8: the account was over in enough of the months that end with the last one. over is oldest first; months before the first
// were not over.
func sustained(over []bool, fair FairUse) bool {
	n := 0
	for _, o := range over[max(0, len(over)-fair.SustainedWithin):] {
		n += one(o)
	}
	return fair.SustainedMonths > 0 && n >= fair.SustainedMonths
}

// Lead returns how many months before a month decide whether load was sustained in it.
func (f FairUse) Lead() int { return max(0, f.SustainedWithin-1) }

// monthTotals are the totals of an account's month before any limit is applied, in few bytes. The zero value is a month without calls.
type monthTotals struct {
	tickets, calls, talkSeconds, waived, training int32
	// talks are the seconds of the talks that can be over-long, longest first, as varints: so few bytes and so few steps make it cheap to ask
	// how many are longer than a limit.
	talks []byte
	// byTicket has the talks once more, in the order of their calls: the number of the phone ticket, then twice the seconds, and one more where
	// the talk can be over-long; as varints too.
	byTicket []byte
}

// totals sums up the calls of one account and one month, in any order. It is where every figure of fair use comes from.
func totals(calls []CallSummary) monthTotals {
	var t monthTotals
	var talks []int
	var tickets ticketCounter
	for _, s := range byStart(calls) {
		number, _ := tickets.ticket(s)
		if number == 0 {
			continue
		}
		t.calls++
		t.talkSeconds += int32(s.TalkSeconds)
		t.waived += int32(one(s.Waived))
		t.training += int32(one(s.Training))
		canBeLong := s.Talked && !s.Waived && s.TalkSeconds > 0
		if canBeLong {
			talks = append(talks, s.TalkSeconds)
		}
		if s.TalkSeconds > 0 {
			t.byTicket = binary.AppendUvarint(t.byTicket, uint64(number))
			t.byTicket = binary.AppendUvarint(t.byTicket, uint64(2*s.TalkSeconds+one(canBeLong)))
		}
	}
	t.tickets = int32(tickets.n)
	slices.SortFunc(talks, func(a, b int) int { return cmp.Compare(b, a) })
	for _, seconds := range talks {
		t.talks = binary.AppendUvarint(t.talks, uint64(seconds))
	}
	return t
}

// overLong counts the talks over the call limit.
func (t monthTotals) overLong(fair FairUse) (calls int) {
	limit := uint64(fair.CallLimit / time.Second)
	for rest := t.talks; len(rest) > 0; {
		talk, n := binary.Uvarint(rest)
		if n <= 0 || talk <= limit {
			return calls
		}
		calls, rest = calls+1, rest[n:]
	}
	return calls
}

func (t monthTotals) over(fair FairUse) bool {
	tickets, long := over(int(t.tickets), fair.TicketsPerMonth, t.overLong(fair), fair.OverLongCallsPerMonth)
	return tickets || long
}

// usage holds the limits against the month. Sustained and Case are left out, as they need other months and the cases.
func (t monthTotals) usage(c Customer, m Month, fair FairUse) Usage {
	return Usage{
		Month: m, Customer: c.Number, Account: c.Name, Line: c.Line.Full(),
		Tickets: int(t.tickets), Calls: int(t.calls), TalkSeconds: int(t.talkSeconds), OverLong: t.overLong(fair), Waived: int(t.waived),
		Training: int(t.training), TicketLimit: fair.TicketsPerMonth, OverLongLimit: fair.OverLongCallsPerMonth, Over: t.over(fair),
	}
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// Counted is one call of an account's month and what fair use made of it.
type Counted struct {
	CallSummary
	Counts      bool   // this very call adds a phone ticket
	OverLong    bool   // it adds an over-long call
	OverTickets bool   // it is of a phone ticket over the limit, whose talk can be charged (rule 14)
	Rule        string // that decided: "fair-use.first-about-ticket"
	Why         string // the same in words
}

// ExplainUsage returns an account's month call by call, oldest first. As many of them count as the month's usage has tickets, and as many are
// over-long as it has over-long calls.
func ExplainUsage(calls []CallSummary, fair FairUse) []Counted {
	explained := make([]Counted, 0, len(calls))
	var tickets ticketCounter
	for _, s := range byStart(calls) {
		number, adds := tickets.ticket(s)
		c := Counted{CallSummary: s, Counts: adds, OverLong: s.counts() && s.overLong(fair), OverTickets: number > fair.TicketsPerMonth}
		c.Rule, c.Why = s.verdict(c.Counts)
		explained = append(explained, c)
	}
	return explained
}

func byStart(calls []CallSummary) []CallSummary {
	earlier := func(a, b CallSummary) int { return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.SID, b.SID)) }
	if slices.IsSortedFunc(calls, earlier) { // as they come from a store
		return calls
	}
	calls = slices.Clone(calls)
	slices.SortFunc(calls, earlier)
	return calls
}

// verdict returns why the call adds a phone ticket or not, and by which part of rule 3.
func (s CallSummary) verdict(counted bool) (rule, why string) {
	switch {
	case s.Test:
		return "fair-use.test", "not counted: a call to try the line"
	case s.Customer == "":
		return "fair-use.no-account", "not counted: no account is known for the call (rule 12)"
	case !s.Accepted:
		return "fair-use.not-accepted", "not counted: no specialist accepted the call (rule 3)"
	case counted && s.Ticket == "" && s.CallBackOf != "":
		return "fair-use.called-back", "counted: the call-back of a matter of its own, without a ticket number (rule 19)"
	case s.Ticket == "" && s.CallBackOf != "":
		return "fair-use.called-back-again", "not counted: an earlier call-back of the month was of the same call (rule 19)"
	case counted && s.Ticket == "":
		return "fair-use.own-matter", "counted: a matter of its own, without a ticket number"
	case counted:
		return "fair-use.first-about-ticket", "counted: the first call of the month about this ticket"
	}
	return "fair-use.again-about-ticket", "not counted: an earlier call of the month was about the same ticket"
}

// CountedRow is a Counted as people and programs are shown it. Unknown values are nil.
type CountedRow struct {
	SID         CallSID    `json:"sid"`
	StartedAt   *time.Time `json:"started_at"`
	Ticket      *Ticket    `json:"ticket"`
	TalkSeconds *int       `json:"talk_seconds"`
	Counted     bool       `json:"counted"`
	OverLong    bool       `json:"over_long"`
	Waived      bool       `json:"waived"`
	Training    bool       `json:"training"`
	Rule        string     `json:"rule"`
	Why         string     `json:"why"`
	OverTickets bool       `json:"over_tickets"` // of a phone ticket over the limit
}

func (c Counted) row() CountedRow {
	row := CountedRow{
		SID: c.SID, StartedAt: TimeOrNil(c.StartedAt), Ticket: orNil(c.Ticket), Counted: c.Counts, OverLong: c.OverLong, Waived: c.Waived, Training: c.Training,
		Rule: c.Rule, Why: c.Why, OverTickets: c.OverTickets,
	}
	if c.Talked {
		row.TalkSeconds = &c.TalkSeconds
	}
	return row
}

// CountedRows returns the calls as they are shown.
func CountedRows(month []Counted) []CountedRow {
	return mapped(month, Counted.row)
}
