package policy_test

import (
	stdcmp "cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

// TestCharges holds the lines of an account's month: tickets over the limit, and minutes over the call limit.
func TestCharges(t *testing.T) {
	t.Parallel()
	rates := fair
	rates.PerTicket, rates.PerMinute = 12.5, 0.35
	line := func(kind policy.ChargeKind, quantity int, rate, amount int64) policy.Charge {
		return policy.Charge{
			Month: "2026-11", Customer: holder.Number, Kind: kind, Quantity: quantity, Rate: rate, Amount: amount, Currency: "USD",
		}
	}
	for name, row := range map[string]struct {
		month []policy.CallSummary
		want  []policy.Charge
	}{
		"within the limits":        {summaries(plain, plain, plain, missed), nil},
		"two tickets over":         {summaries(plain, plain, plain, plain, plain), []policy.Charge{line("tickets", 2, 1250, 2500)}},
		"one ticket, often called": {summaries(about("7"), about("7"), about("7"), about("7")), nil},
		"59 seconds over":          {summaries(talked(1259)), nil},
		"a minute over":            {summaries(talked(1260)), []policy.Charge{line("minutes", 1, 35, 35)}},
		"seconds of several calls": {summaries(talked(1230), talked(1295)), []policy.Charge{line("minutes", 2, 35, 70)}},
		"a waived call is free":    {summaries(talked(1260), waived), []policy.Charge{line("minutes", 1, 35, 35)}},
		"both": {
			summaries(talked(1500), plain, plain, plain),
			[]policy.Charge{line("tickets", 1, 1250, 1250), line("minutes", 5, 35, 175)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := charges(t, row.month, rates)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// charges returns the lines of an account's month.
func charges(t interface{ Fatal(...any) }, calls []policy.CallSummary, rates policy.FairUse) []policy.Charge {
	report, err := policy.AccountReport(holder.Number, "2026-11", 1, func(policy.Month) ([]policy.CallSummary, error) { return calls, nil })
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(report.Charges(rates))
}

// TestTalkOfTicketsOverTheLimit is the half of rule 14 about minutes of tickets over the limit, of which the fixtures have 3: which tickets those
// are, what of their calls is charged, and that no second is charged twice.
func TestTalkOfTicketsOverTheLimit(t *testing.T) {
	t.Parallel()
	rates := fair
	rates.PerMinuteOverTickets, rates.PerMinute = 2, 0.5
	unpriced := rates
	unpriced.PerMinuteOverTickets = 0
	about4 := func(seconds int) func(*policy.CallSummary) {
		return func(s *policy.CallSummary) { s.Ticket, s.TalkSeconds = "4", seconds }
	}
	for name, row := range map[string]struct {
		month []policy.CallSummary
		rates policy.FairUse
		want  []string
	}{
		"within the limit":                     {summaries(plain, plain, plain), rates, nil},
		"the fourth ticket":                    {summaries(plain, plain, plain, talked(119)), rates, []string{"tickets 1", "minutes-over-tickets 1"}},
		"seconds of several tickets add up":    {summaries(plain, plain, plain, talked(90), talked(30)), rates, []string{"tickets 2", "minutes-over-tickets 2"}},
		"the first ticket, called once more":   {summaries(about("7"), plain, plain, about("7"), about("7")), rates, nil},
		"the fourth ticket, called once more":  {summaries(plain, plain, plain, about4(60), about4(120)), rates, []string{"tickets 1", "minutes-over-tickets 3"}},
		"a missed call raises no ticket":       {summaries(missed, plain, plain, plain), rates, nil},
		"a waived call still is of its ticket": {summaries(plain, plain, plain, waived), rates, []string{"tickets 1", "minutes-over-tickets 21"}},
		"an over-long one is charged once":     {summaries(plain, plain, plain, talked(1800)), rates, []string{"tickets 1", "minutes-over-tickets 30"}},
		"an over-long one within the limit":    {summaries(talked(1800), plain, plain, talked(60)), rates, []string{"tickets 1", "minutes-over-tickets 1", "minutes 10"}},
		"without a rate for their talk":        {summaries(plain, plain, plain, talked(1800)), unpriced, []string{"tickets 1", "minutes 10"}},
		"the order is that of the calls": {
			func() []policy.CallSummary {
				month := summaries(talked(600), plain, plain, plain)
				month[0].StartedAt = began.Add(time.Hour) // the last of the four
				return month
			}(), rates, []string{"tickets 1", "minutes-over-tickets 10"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, l := range charges(t, row.month, row.rates) {
				got = append(got, fmt.Sprint(l.Kind, " ", l.Quantity))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEverySecondIsChargedOnce counts each second of each talk by itself, and prices whole minutes in cents: rule 14 in the plainest way.
func TestEverySecondIsChargedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		rates := fair
		cents := map[policy.ChargeKind]int64{}
		for _, kind := range []policy.ChargeKind{policy.ChargeTickets, policy.ChargeMinutesOverTickets, policy.ChargeMinutes} {
			cents[kind] = rapid.SampledFrom([]int64{0, 1, 7, 35, 1250}).Draw(rt, "cents of "+string(kind))
		}
		rates.PerTicket, rates.PerMinuteOverTickets, rates.PerMinute = float64(cents["tickets"])/100, float64(cents["minutes-over-tickets"])/100, float64(cents["minutes"])/100
		rates.TicketsPerMonth = rapid.IntRange(1, 5).Draw(rt, "limit")
		rates.CallLimit = time.Duration(rapid.SampledFrom([]int{60, 61, 600}).Draw(rt, "call limit")) * time.Second
		month := drawLog(rt, 1, 1)["200000"]["2026-11"]
		for i := range month {
			month[i].TalkSeconds %= 2000
			if !month[i].Talked {
				month[i].TalkSeconds = 0
			}
		}
		quantity := map[policy.ChargeKind]int{}
		seconds := map[policy.ChargeKind]int{}
		var raised []string
		var over []policy.CallSID
		for _, c := range month {
			if !c.Accepted {
				continue
			}
			matter := stdcmp.Or(string(c.Ticket), "a matter of its own: "+string(c.SID))
			if !slices.Contains(raised, matter) {
				raised = append(raised, matter)
			}
			if slices.Index(raised, matter) >= rates.TicketsPerMonth {
				over = append(over, c.SID)
			}
			for second := range c.TalkSeconds {
				switch {
				case slices.Index(raised, matter) >= rates.TicketsPerMonth && rates.PerMinuteOverTickets > 0:
					seconds[policy.ChargeMinutesOverTickets]++
				case second >= int(rates.CallLimit/time.Second) && !c.Waived:
					seconds[policy.ChargeMinutes]++
				}
			}
		}
		quantity[policy.ChargeTickets] = max(0, len(raised)-rates.TicketsPerMonth)
		quantity[policy.ChargeMinutesOverTickets], quantity[policy.ChargeMinutes] = seconds[policy.ChargeMinutesOverTickets]/60, seconds[policy.ChargeMinutes]/60
		want := map[policy.ChargeKind][2]int64{}
		for kind, n := range quantity {
			if n > 0 {
				want[kind] = [2]int64{int64(n), int64(n) * cents[kind]}
			}
		}
		var marked []policy.CallSID
		for _, c := range policy.ExplainUsage(month, rates) {
			if c.OverTickets {
				marked = append(marked, c.SID)
			}
		}
		if diff := cmp.Diff(over, marked); diff != "" {
			rt.Fatal("the explanation marks others as over the limit:", diff)
		}
		got := map[policy.ChargeKind][2]int64{}
		lines := charges(rt, month, rates)
		for _, l := range lines {
			got[l.Kind] = [2]int64{int64(l.Quantity), l.Amount}
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) != len(lines) {
			rt.Fatalf("%d lines, -want +got: %s", len(lines), diff)
		}
	})
}

// TestProposalIsOfSustainedLoad: a proposal has the accounts under sustained load, counts those that it leaves out, and adds up by account, by kind
// and in all. A person can ask for all of them.
func TestProposalIsOfSustainedLoad(t *testing.T) {
	t.Parallel()
	line := func(customer policy.CustomerNumber, kind policy.ChargeKind, quantity int, amount int64, sustained bool) policy.Charge {
		return policy.Charge{Customer: customer, Kind: kind, Quantity: quantity, Amount: amount, Sustained: sustained}
	}
	lines := []policy.Charge{
		line("1", policy.ChargeMinutes, 3, 105, true),
		line("2", policy.ChargeTickets, 1, 1250, false), line("2", policy.ChargeMinutes, 1, 35, false),
		line("3", policy.ChargeTickets, 2, 2500, true), line("3", policy.ChargeMinutesOverTickets, 4, 800, true), line("3", policy.ChargeMinutes, 2, 70, true),
		line("4", policy.ChargeMinutes, 1, 35, false),
	}
	said := func(p policy.Proposal) (all []string) {
		all = append(all, fmt.Sprintf("%d accounts, %d lines, %d left out, %d in all", p.Accounts, len(p.Lines), p.LeftOut, p.Amount))
		for _, k := range p.Kinds {
			all = append(all, fmt.Sprint(k.Kind, " ", k.Quantity, " ", k.Amount))
		}
		for lines := range p.ByAccount() {
			all = append(all, fmt.Sprint(lines[0].Customer, ": ", len(lines), " ", lines.Amount()))
		}
		return all
	}
	want := []string{"2 accounts, 4 lines, 2 left out, 3475 in all", "tickets 2 2500", "minutes-over-tickets 4 800", "minutes 5 175", "1: 1 105", "3: 3 3370"}
	if diff := cmp.Diff(want, said(policy.Propose(slices.Values(lines), false))); diff != "" {
		t.Error("sustained:", diff)
	}
	want = []string{
		"4 accounts, 7 lines, 0 left out, 4795 in all", "tickets 3 3750", "minutes-over-tickets 4 800", "minutes 7 245",
		"1: 1 105", "2: 2 1285", "3: 3 3370", "4: 1 35",
	}
	if diff := cmp.Diff(want, said(policy.Propose(slices.Values(lines), true))); diff != "" {
		t.Error("all:", diff)
	}
	for months, sustained := range map[string]bool{"o": false, ".oo": false, "ooo": true, "o.oo": true} {
		for l := range historyOf(t, months).Charges(fair) {
			if l.Sustained != sustained || l.Month != "2026-11" {
				t.Errorf("over in %s: %+v", months, l)
			}
		}
	}
}

// TestMinorUnits: a rate is taken in the currency's own minor units, also where no binary fraction is equal to it.
func TestMinorUnits(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		currency string
		rate     float64
		want     int64
		shown    string
	}{
		"cents":                          {"USD", 0.35, 35, "0.35"},
		"a rate that binary cannot hold": {"USD", 1.15, 115, "1.15"},
		"a third of a thousand":          {"GBP", 1001.10, 100110, "1001.10"},
		"no minor unit":                  {"JPY", 150, 150, "150"},
		"three places":                   {"KWD", 1.005, 1005, "1.005"},
		"nothing":                        {"EUR", 0, 0, "0.00"},
	} {
		rates := fair
		rates.PerTicket, rates.Currency = row.rate, row.currency
		month := summaries(plain, plain, plain, plain)
		got := charges(t, month, rates)
		if len(got) != 1 || got[0].Amount != row.want || policy.Decimal(got[0].Amount, row.currency) != row.shown {
			t.Errorf("%s: %+v, want %d, shown %s", name, got, row.want, row.shown)
		}
	}
	if got := policy.Decimal(-5, "USD"); got != "-0.05" {
		t.Errorf("-5 cents are shown as %s", got)
	}
}

// TestCentsAddUp: the amount of many tickets is exactly so many times the rate, which a sum of floats is not.
func TestCentsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		cents := rapid.Int64Range(0, 1_000_000).Draw(rt, "cents")
		over := rapid.IntRange(1, 500).Draw(rt, "over")
		rates := fair
		rates.PerTicket = float64(cents) / 100
		got := charges(rt, summaries(slices.Repeat([]func(*policy.CallSummary){plain}, rates.TicketsPerMonth+over)...), rates)
		if got[0].Rate != cents || got[0].Amount != cents*int64(over) || got[0].Quantity != over {
			rt.Fatalf("%d times %d cents: %+v", over, cents, got[0])
		}
	})
}

// TestAnyRateIsARate: a proposal says that nothing costs anything only where no rate of the three is set.
func TestAnyRateIsARate(t *testing.T) {
	t.Parallel()
	for rates, want := range map[*policy.FairUse]bool{{}: false, {PerTicket: 5}: true, {PerMinute: 1}: true, {PerMinuteOverTickets: 1.5}: true} {
		if rates.HasRates() != want {
			t.Errorf("%+v has rates: %t", *rates, !want)
		}
	}
}
