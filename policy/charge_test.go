package policy_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

// TestCharges holds the lines of an account's month: tickets over the limit, and minutes over the call limit.
func TestCharges(t *testing.T) {
	t.Parallel()
	rates := fair
	rates.PerTicket, rates.PerMinute = 12.5, 0.35
	line := func(kind string, quantity int, rate, amount int64) policy.Charge {
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
	return slices.Collect(report[0].Charges(rates))
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
