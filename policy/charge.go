package policy

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Charge is one line of a proposal: nothing is charged unless a person says so. Rate and Amount are whole minor units of the currency (cents,
// pence); Decimal shows them.
type Charge struct {
	Month    Month          `json:"month"`
	Customer CustomerNumber `json:"customer"`
	Account  string         `json:"account"`
	Kind     ChargeKind     `json:"kind"`
	Quantity int            `json:"quantity"`
	Rate     int64          `json:"rate"`
	Amount   int64          `json:"amount"`
	Currency string         `json:"currency"`
}

// ChargeKind is what a charge is for.
type ChargeKind string

// The kinds.
const (
	ChargeTickets ChargeKind = "tickets" // phone tickets over the monthly limit
	ChargeMinutes ChargeKind = "minutes" // of over-long calls, beyond the call limit
)

// Charges proposes the lines of an account's month, none for what stayed within the limits. Minutes are the seconds beyond the call limit of
// all over-long calls together, in whole minutes, never rounded up.
func Charges(u Usage, summaries []CallSummary, fair FairUse) []Charge {
	return slices.Collect(TotalsOf(summaries).charges(u, fair))
}

// charges are those of the month that u is the usage of.
func (f MonthTotals) charges(u Usage, fair FairUse) iter.Seq[Charge] {
	return func(yield func(Charge) bool) {
		_, seconds := f.beyond(fair)
		tickets, minutes := u.Tickets-fair.TicketsPerMonth, seconds/60
		if tickets > 0 && !yield(charge(u, fair, ChargeTickets, tickets, fair.PerTicket)) {
			return
		}
		if minutes > 0 {
			yield(charge(u, fair, ChargeMinutes, minutes, fair.PerMinute))
		}
	}
}

func charge(u Usage, fair FairUse, kind ChargeKind, quantity int, rate float64) Charge {
	minor := minorUnits(rate, fair.Currency)
	return Charge{
		Month: u.Month, Customer: u.Customer, Account: u.Account, Kind: kind,
		Quantity: quantity, Rate: minor, Amount: minor * int64(quantity), Currency: fair.Currency,
	}
}

// ChargeColumns are the names of a proposal's CSV, in order.
func ChargeColumns() []string {
	return []string{"month", "customer", "account", "kind", "quantity", "rate", "amount", "currency"}
}

// Cells are the line in the order of ChargeColumns, amounts in the currency's main unit.
func (c Charge) Cells() []string {
	return []string{
		string(c.Month), string(c.Customer), c.Account, string(c.Kind), strconv.Itoa(c.Quantity), Decimal(c.Rate, c.Currency),
		Decimal(c.Amount, c.Currency), c.Currency,
	}
}

// minorUnits is a configured rate in whole minor units, to the nearest one.
func minorUnits(rate float64, currency string) int64 {
	return int64(math.Round(rate * math.Pow10(Decimals(currency))))
}

// Decimals is how many decimal places a currency has (ISO 4217).
func Decimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// Decimal shows minor units of a currency as people write an amount, without the currency: "12.50".
func Decimal(minor int64, currency string) string {
	places := Decimals(currency)
	if places == 0 {
		return fmt.Sprint(minor)
	}
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	digits := fmt.Sprint(minor)
	digits = strings.Repeat("0", max(0, places+1-len(digits))) + digits
	return sign + digits[:len(digits)-places] + "." + digits[len(digits)-places:]
}
