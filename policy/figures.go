package policy

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"
)

// MonthTotals are an account's month before any limit is held against it: what the month comes to under whatever figures, in few bytes. The zero
// value is a month without calls.
type MonthTotals struct {
	Tickets, Calls, TalkSeconds, Waived, Training int32
	// talks are the seconds of the talks that can be over-long, longest first, as varints: so few bytes and so few steps make it cheap to ask
	// how many are longer than a limit.
	talks []byte
}

// TotalsOf sums up the calls of one account and one month.
func TotalsOf(summaries []CallSummary) MonthTotals {
	f := sum(summaries)
	var talks []int
	for _, t := range summaries {
		if t.counts() && t.Talked && !t.Waived && t.TalkSeconds > 0 {
			talks = append(talks, t.TalkSeconds)
		}
	}
	slices.SortFunc(talks, func(a, b int) int { return cmp.Compare(b, a) })
	for _, seconds := range talks {
		f.talks = binary.AppendUvarint(f.talks, uint64(seconds))
	}
	return f
}

// sum is what a month comes to but for its talks.
func sum(summaries []CallSummary) MonthTotals {
	var f MonthTotals
	seen := map[Ticket]bool{}
	for _, t := range summaries {
		if !t.counts() {
			continue
		}
		f.Calls++
		f.TalkSeconds += int32(t.TalkSeconds)
		f.Waived += int32(one(t.Waived))
		f.Training += int32(one(t.Training))
		f.Tickets += int32(one(t.Ticket == "" || !seen[t.Ticket]))
		if t.Ticket != "" {
			seen[t.Ticket] = true
		}
	}
	return f
}

// counts says whether the call is in any figure: only those that a specialist accepted are.
func (t CallSummary) counts() bool { return t.Accepted && t.Customer != "" }

// beyond counts the talks over the call limit, and their seconds beyond it.
func (f MonthTotals) beyond(fair FairUse) (calls, seconds int) {
	limit := uint64(fair.CallLimit / time.Second)
	for rest := f.talks; len(rest) > 0; {
		talk, n := binary.Uvarint(rest)
		if n <= 0 || talk <= limit {
			return calls, seconds
		}
		calls, seconds, rest = calls+1, seconds+int(talk-limit), rest[n:]
	}
	return calls, seconds
}

// Usage is the month under some figures, as MonthUsage says it.
func (f MonthTotals) Usage(c Customer, m Month, fair FairUse) Usage {
	calls, _ := f.beyond(fair)
	return f.usage(c, m, fair, calls)
}

func (f MonthTotals) usage(c Customer, m Month, fair FairUse, overLong int) Usage {
	u := Usage{
		Month: m, Customer: c.Number, Account: c.Name, Line: c.Line.Full(),
		Tickets: int(f.Tickets), Calls: int(f.Calls), TalkSeconds: int(f.TalkSeconds), OverLong: overLong, Waived: int(f.Waived),
		Training: int(f.Training), TicketLimit: fair.TicketsPerMonth, OverLongLimit: fair.OverLongCallsPerMonth,
	}
	u.Over = u.overTickets() || u.overLong()
	return u
}

// over says whether the account was over, without all else that a Usage says.
func (f MonthTotals) over(fair FairUse) bool {
	if int(f.Tickets) > fair.TicketsPerMonth {
		return true
	}
	calls, _ := f.beyond(fair)
	return fair.OverLongCallsPerMonth > 0 && calls >= fair.OverLongCallsPerMonth
}
