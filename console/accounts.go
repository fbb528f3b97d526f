package console

import (
	"net/http"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

const accountsPath = "/accounts"

// accountsOnPage is how many accounts a page of the list shows. Each costs a few reads of its own figures.
const accountsOnPage = 50

// accountsRoutes are the routes of the directory, with what each account used this month.
var accountsRoutes = []route{{http.MethodGet, accountsPath, (*request).accounts, ""}}

// accountsPage is the data of the page.
type accountsPage struct {
	Text, After string
	Accounts    []accountRow
	Next, First string // addresses, or ""
	Done        string
}

// accountRow is an account in a list, with its current month.
type accountRow struct {
	policy.Customer
	standing
	LineName string
}

func (r *request) accounts() error {
	body := accountsPage{Text: strings.TrimSpace(r.QueryParam("text")), After: r.QueryParam("after"), Done: importsDone[r.QueryParam("done")]}
	text := policy.ParseText(body.Text, r.may(users.SeeNumbers))
	found, next, err := r.console.Accounts.SearchCustomers(r.ctx(), text, accountsOnPage, policy.CustomerNumber(body.After))
	if err != nil {
		return err
	}
	for _, c := range found {
		row := accountRow{Customer: c, LineName: r.console.lineName(c.Line)}
		if row.standing, err = r.accountStanding(c, r.console.monthOf(c, r.now)); err != nil {
			return err
		}
		body.Accounts = append(body.Accounts, row)
	}
	if body.After != "" {
		body.First = accountsPath + query("text", body.Text)
	}
	if next != "" {
		body.Next = accountsPath + query("text", body.Text, "after", string(next))
	}
	return r.render(http.StatusOK, "accounts", body)
}

// standing is an account's month with what lists and boards show of it.
type standing struct {
	policy.Usage
	Near          bool // at the first part of the limit at which people are told, or beyond
	NeedsTraining bool
	State         policy.CaseState // of the open case
	Tickets       meter
	OverLong      meter
}

// accountStanding derives an account's month from its calls.
func (r *request) accountStanding(c policy.Customer, month policy.Month) (standing, error) {
	months, err := r.console.Accounts.MonthsOf(r.ctx(), c, month, 1)
	if err != nil {
		return standing{}, err
	}
	return r.stands(months[0]), nil
}

func (r *request) stands(u policy.Usage) standing {
	fair := r.console.Policy.FairUse
	near := u.Near(fair)
	found := standing{
		Usage: u, Near: near, NeedsTraining: u.NeedsTraining(fair),
		Tickets: newMeter(u.Tickets, u.TicketLimit, near), OverLong: newMeterBelow(u.OverLong, u.OverLongLimit),
	}
	if u.Case != nil {
		found.State = *u.Case
	}
	return found
}

// monthOf returns the account's month of a moment (rule 4).
func (s *console) monthOf(c policy.Customer, at time.Time) policy.Month {
	return policy.MonthOf(at, s.Policy.LineZone(c.Line))
}

// lineName returns a line's name, or the number of one that is no line any more.
func (s *console) lineName(number policy.Phone) string {
	if line, ok := s.Policy.Line(number); ok {
		return line.Name
	}
	return number.Full()
}

func accountPath(number policy.CustomerNumber) string { return accountsPath + "/" + string(number) }
