package console

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
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
	policy.Proposal
	Month, Current policy.Month
	All            bool // accounts whose load is not sustained are shown as well
	Ready          bool
	DerivedAt      time.Time
	Shown          []chargedAccount
	More           int // lines beyond those
	Currency       string
	Free           bool // no rate is configured
}

// chargedAccount is an account with its lines, as the page shows it.
type chargedAccount struct {
	Customer  policy.CustomerNumber
	Name      string
	Sustained bool
	Lines     policy.AccountCharges
}

func (r *request) charges() error {
	body, err := r.proposal()
	if err != nil {
		return err
	}
	if err := r.firstAccounts(&body); err != nil {
		return err
	}
	return r.render(http.StatusOK, "charges", body)
}

// firstAccounts fills in the accounts whose lines the page has room for, each with its name.
func (r *request) firstAccounts(body *chargesPage) error {
	room := maxChargeRows
	for lines := range body.ByAccount() {
		if len(lines) > room {
			room = 0
			body.More += len(lines)
			continue
		}
		room -= len(lines)
		name, err := r.accountName(lines[0].Customer)
		if err != nil {
			return err
		}
		body.Shown = append(body.Shown, chargedAccount{lines[0].Customer, name, lines[0].Sustained, lines})
	}
	return nil
}

// proposal returns the page of the month that the address names, or of the previous month. While the figures are being derived it has no lines. The
// accounts have no names yet.
func (r *request) proposal() (body chargesPage, err error) {
	settings := r.console.Policy
	fair := settings.FairUse
	body = chargesPage{Current: settings.ThisMonth(r.now), All: r.QueryParam("all") != "", Currency: fair.Currency, Free: !fair.HasRates()}
	if body.Month = body.Current.Plus(-1); r.QueryParam("month") != "" {
		if body.Month, err = r.monthUpTo(body.Current); err != nil {
			return body, err
		}
	}
	report, ready, err := r.console.Usage.Report(r.ctx(), body.Month, 1+fair.Lead())
	if err != nil || !ready {
		return body, err
	}
	body.Ready, body.DerivedAt = true, report.DerivedAt()
	body.Proposal = policy.Propose(yielding(report.Charges(fair), r.console.Yield), body.All)
	return body, nil
}

// yielding returns the lines, letting calls go first before each.
func yielding(lines iter.Seq[policy.Charge], yield func()) iter.Seq[policy.Charge] {
	return func(next func(policy.Charge) bool) {
		for l := range lines {
			if yield(); !next(l) {
				return
			}
		}
	}
}

// Here returns the address of the page.
func (p chargesPage) Here() string { return p.address(chargesPath, p.All) }

// Other returns the address of the month's proposal with all accounts, or with those under sustained load alone.
func (p chargesPage) Other() string { return p.address(chargesPath, !p.All) }

// File returns the address of the lines as CSV.
func (p chargesPage) File() string { return p.address(chargesPath+".csv", p.All) }

func (p chargesPage) address(path string, all bool) string {
	if all {
		return path + query("month", string(p.Month), "all", "yes")
	}
	return path + query("month", string(p.Month))
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
	body, err := r.proposal()
	switch {
	case err != nil:
		return err
	case !body.Ready:
		return errNotDerived
	}
	if err := r.named(body.Lines); err != nil {
		return err
	}
	if err := r.note("export", "", fmt.Sprintf("the charges of %s, %d lines", body.Month, len(body.Lines))); err != nil {
		return err
	}
	header := r.Response().Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="charges-%s.csv"`, body.Month))
	header.Set("Cache-Control", "no-store")
	return policy.WriteCSV(r.Response(), func(yield func(policy.ChargeRow, error) bool) {
		for _, row := range policy.ChargeRows(body.Lines) {
			if !yield(row, nil) {
				return
			}
		}
	})
}

// Money returns an amount in the currency's main unit.
func (p chargesPage) Money(amount int64) string { return policy.Decimal(amount, p.Currency) }
