package policy

import (
	"fmt"
	"iter"
	"math"
	"strings"
)

// Charge is one line of a proposal: nothing is charged unless a person says so. Rate and Amount are whole minor units of the currency (cents,
// pence); Decimal shows them.
type Charge struct {
	Month    Month          `json:"month"`
	Customer CustomerNumber `json:"customer"`
	Account  string         `json:"account"`
	Kind     string         `json:"kind"`
	Quantity int            `json:"quantity"`
	Rate     int64          `json:"rate"`
	Amount   int64          `json:"amount"`
	Currency string         `json:"currency"`
}

// The kinds.
const (
	chargeTickets = "tickets" // phone tickets over the monthly limit
	chargeMinutes = "minutes" // of over-long calls, beyond the call limit
)

// Charges proposes what the month's load over the limits would cost, by account, nothing for what stayed within them. Minutes are the seconds
// beyond the call limit of all over-long calls together, in whole minutes, never rounded up. The lines have no names of accounts.
func (m MonthReport) Charges(fair FairUse) iter.Seq[Charge] {
	return func(yield func(Charge) bool) {
		for _, a := range m.accounts {
			_, seconds := a.beyond(fair)
			tickets, minutes := int(a.tickets)-fair.TicketsPerMonth, seconds/60
			if tickets > 0 && !yield(m.charge(a.number, chargeTickets, tickets, fair.PerTicket, fair.Currency)) {
				return
			}
			if minutes > 0 && !yield(m.charge(a.number, chargeMinutes, minutes, fair.PerMinute, fair.Currency)) {
				return
			}
		}
	}
}

func (m MonthReport) charge(number CustomerNumber, kind string, quantity int, rate float64, currency string) Charge {
	minor := int64(math.Round(rate * math.Pow10(Decimals(currency))))
	return Charge{
		Month: m.Month, Customer: number, Kind: kind, Quantity: quantity, Rate: minor, Amount: minor * int64(quantity), Currency: currency,
	}
}

// ChargeRow is a charge as CSV and tables show it, with the rate and the amount in the currency's main unit.
type ChargeRow struct {
	Month    Month          `json:"month"`
	Customer CustomerNumber `json:"customer"`
	Account  string         `json:"account"`
	Kind     string         `json:"kind"`
	Quantity int            `json:"quantity"`
	Rate     string         `json:"rate"`
	Amount   string         `json:"amount"`
	Currency string         `json:"currency"`
}

// ChargeRows returns the lines of a proposal as rows.
func ChargeRows(lines []Charge) []ChargeRow {
	return mapped(lines, func(c Charge) ChargeRow {
		return ChargeRow{c.Month, c.Customer, c.Account, c.Kind, c.Quantity, Decimal(c.Rate, c.Currency), Decimal(c.Amount, c.Currency), c.Currency}
	})
}

// Decimals returns the number of decimal places of a currency (ISO 4217).
func Decimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// Decimal returns minor units of a currency as people write an amount, without the currency: "12.50".
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
