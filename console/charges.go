package console

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

const chargesPath = fairUsePath + "/charges"

// maxChargeRows is how many lines of a proposal the page shows; the file has all.
const maxChargeRows = 100

// chargesRoutes are the routes of what a month's load over the limits would cost.
var chargesRoutes = []route{
	{http.MethodGet, chargesPath, (*request).charges, ""},
	{http.MethodGet, chargesPath + ".csv", (*request).chargesFile, users.TakeExports},
}

type chargesPage struct {
	Month, Current policy.Month
	Ready          bool
	DerivedAt      time.Time
	Lines          []policy.Charge
	More           int // lines beyond those
	Accounts       int
	Total          string
	Currency       string
	Free           bool // no rate is configured
	Here           string
}

func (r *request) charges() error {
	month, lines, at, ready, err := r.proposal()
	if err != nil {
		return err
	}
	fair := r.console.Policy.FairUse
	body := chargesPage{Month: month, Current: r.console.Policy.ThisMonth(r.now), Ready: ready, DerivedAt: at, Currency: fair.Currency, Free: fair.PerTicket == 0 && fair.PerMinute == 0}
	body.Here = chargesPath + query("month", string(month))
	if ready {
		body.count(lines, fair.Currency, r.console.Yield)
	}
	if err := r.named(body.Lines); err != nil {
		return err
	}
	return r.render(http.StatusOK, "charges", body)
}

// count adds the first lines of a proposal, and the sums of all. The lines come account by account.
func (p *chargesPage) count(lines iter.Seq[policy.Charge], currency string, yield func()) {
	total, last := int64(0), policy.CustomerNumber("")
	for l := range lines {
		total += l.Amount
		if l.Customer != last {
			last = l.Customer
			p.Accounts++
			yield()
		}
		if len(p.Lines) < maxChargeRows {
			p.Lines = append(p.Lines, l)
		} else {
			p.More++
		}
	}
	p.Total = policy.Decimal(total, currency)
}

// proposal returns the charges of the month that the address names, or of the previous month. They are nil while they are not ready, and the accounts
// have no names yet.
func (r *request) proposal() (month policy.Month, lines iter.Seq[policy.Charge], at time.Time, ready bool, err error) {
	current := r.console.Policy.ThisMonth(r.now)
	if month = current.Plus(-1); r.QueryParam("month") != "" {
		if month, err = r.monthUpTo(current); err != nil {
			return month, nil, at, false, err
		}
	}
	report, ready, err := r.console.Usage.Report(r.ctx(), month, 1)
	if err != nil || !ready {
		return month, nil, at, false, err
	}
	return month, report[0].Charges(r.console.Policy.FairUse), report.DerivedAt(), true, nil
}

// named writes the accounts' names into the lines of a proposal.
func (r *request) named(lines []policy.Charge) error {
	for i := range lines {
		name, err := r.accountName(lines[i].Customer)
		if err != nil {
			return err
		}
		lines[i].Account = name
	}
	return nil
}

// accountName returns the name of an account, or "" for one that is no longer in the directory.
func (r *request) accountName(number policy.CustomerNumber) (string, error) {
	c, err := r.console.Accounts.Customer(r.ctx(), number)
	if errors.Is(err, policy.ErrNoCustomer) {
		return "", nil
	}
	return c.Name, err
}

// chargesFile sends the whole proposal as CSV, as "supportline charges" writes it.
func (r *request) chargesFile() error {
	month, proposed, _, ready, err := r.proposal()
	switch {
	case err != nil:
		return err
	case !ready:
		return errNotDerived
	}
	lines := slices.Collect(proposed)
	if err := r.named(lines); err != nil {
		return err
	}
	if err := r.note("export", "", fmt.Sprintf("the charges of %s, %d lines", month, len(lines))); err != nil {
		return err
	}
	header := r.Response().Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="charges-%s.csv"`, month))
	header.Set("Cache-Control", "no-store")
	return policy.WriteCSV(r.Response(), func(yield func(policy.ChargeRow, error) bool) {
		for _, row := range policy.ChargeRows(lines) {
			if !yield(row, nil) {
				return
			}
		}
	})
}

func (chargesPage) Rate(c policy.Charge) string { return policy.Decimal(c.Rate, c.Currency) }

func (chargesPage) Amount(c policy.Charge) string { return policy.Decimal(c.Amount, c.Currency) }
