package console

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
)

const accountsPath = "/accounts"

// accountsOnPage is how many accounts a page of the list shows. Each costs a few reads of its own figures.
const accountsOnPage = 50

// accountsRoutes are the routes of the directory, with what each account used this month.
var accountsRoutes = []route{
	{http.MethodGet, accountsPath, (*request).accounts, ""},
	{http.MethodGet, accountsPath + "/:number", (*request).account, ""},
	{http.MethodPost, accountsPath + "/:number/reveal", (*request).revealAccount, users.SeeNumbers},
	{http.MethodPost, accountsPath + "/:number/training", (*request).offerTraining, users.DoActs},
}

type accountsPage struct {
	Text, After string
	Accounts    []accountRow
	Next, First string // addresses, or ""
}

type accountRow struct {
	policy.Customer
	standing
	LineName string
}

func (r *request) accounts() error {
	body := accountsPage{Text: strings.TrimSpace(r.QueryParam("text")), After: r.QueryParam("after")}
	if _, err := policy.WrittenLine("what is searched for", body.Text); err != nil {
		return err
	}
	text := policy.ParseText(body.Text, r.may(users.SeeNumbers))
	found, next, err := r.console.Accounts.SearchCustomers(r.ctx(), text, accountsOnPage, policy.CustomerNumber(body.After))
	if err != nil {
		return err
	}
	for _, c := range found {
		months, err := r.console.Accounts.MonthsOf(r.ctx(), c, r.console.monthOf(c, r.now), 1)
		if err != nil {
			return err
		}
		body.Accounts = append(body.Accounts, accountRow{c, r.stands(months[0]), r.console.lineName(c.Line)})
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

const (
	// chartMonths is how far back an account's chart looks.
	chartMonths = 12
	// latestCalls is how many calls an account's page shows besides those of the month, and maxMonthCalls and printedCalls are how many of the
	// month it shows and prints: the list of calls has them all, and a month is to fit on a sheet of paper.
	latestCalls = 8
	// latestFollowUps is how many follow-ups of an account its page shows.
	latestFollowUps = 8
	maxMonthCalls   = 300
	printedCalls    = 40
	// maxNotices is how many notices about an account its page shows.
	maxNotices = 20
)

type accountPage struct {
	policy.Customer
	standing           // of the month
	Included           bool
	LineName           string
	Zone               *time.Location // of the home line
	Current            policy.Month
	Earlier, Later     policy.Month // "" where there is none to look at
	Longest            meter        // the longest talk against the call limit, in seconds
	LongestAt, LimitAt string       // the same as minutes
	OverBy             string
	Months             []policy.Usage // newest first
	Chart              monthsChart
	Calls              []policy.Counted
	MoreCalls          int // of the month, beyond those
	Unprinted          int
	Latest             []callRow
	FollowUps          []followUpRow
	MoreFollowUps      bool
	Cases              []policy.Case // newest first
	Open               *policy.Case
	Notices            []policy.Notice
	Offers             []offerRow // of the month
	// Trained reports whether a training session was offered in the month, and MayTrain whether the person can offer one now.
	Trained, MayTrain bool
	Note, Problem     string // as sent, if the case could not be opened
}

func (r *request) account() error {
	return r.showAccount(http.StatusOK, policy.CustomerNumber(r.Param("number")), accountPage{})
}

func (r *request) showAccount(status int, number policy.CustomerNumber, body accountPage) (err error) {
	if body.Customer, err = r.console.Accounts.Customer(r.ctx(), number); err != nil {
		return err
	}
	body.Current = r.console.monthOf(body.Customer, r.now)
	month, err := r.monthUpTo(body.Current)
	if err != nil {
		return err
	}
	body.Zone, body.LineName, body.Included = r.console.Policy.LineZone(body.Line), r.console.lineName(body.Line), r.console.Policy.IncludesPhone(body.Package)
	if month < body.Current {
		body.Later = month.Plus(1)
	}
	body.Earlier = month.Plus(-1)
	for _, fill := range []func(*accountPage, policy.Month) error{r.fillMonths, r.fillCases, r.fillCalls, r.fillLatest, r.fillFollowUps, r.fillOffered} {
		if err := fill(&body, month); err != nil {
			return err
		}
	}
	return r.show(status, "account", r.revealedPage(body, revealedAccount(body.Number)))
}

// fillMonths adds the months of the chart and the month of the page. The chart ends with the current month if that is within reach.
func (r *request) fillMonths(body *accountPage, month policy.Month) error {
	last := min(body.Current, month.Plus(chartMonths-1))
	months, err := r.console.Accounts.MonthsOf(r.ctx(), body.Customer, last, chartMonths)
	if err != nil {
		return err
	}
	for _, u := range months {
		if u.Month == month {
			body.standing = r.stands(u)
			body.OverBy = strings.Join(u.OverBy(), "; ")
		}
	}
	body.Chart = newMonthsChart(months, month)
	slices.Reverse(months)
	body.Months = months
	return nil
}

// fillCalls adds the month's calls, each with why it counted or not.
func (r *request) fillCalls(body *accountPage, month policy.Month) error {
	summaries, err := r.console.Calls.AccountSummaries(r.ctx(), body.Number, month)
	if err != nil {
		return err
	}
	longest := 0
	for _, t := range summaries {
		if t.Accepted && !t.Waived {
			longest = max(longest, t.TalkSeconds)
		}
	}
	limit := int(r.console.Policy.FairUse.CallLimit / time.Second)
	body.Longest = newMeter(longest, limit, longest*10 >= limit*9)
	body.LongestAt, body.LimitAt = minutes(longest), minutes(limit)
	body.Calls = policy.ExplainUsage(summaries, r.console.Policy.FairUse)
	body.MoreCalls, body.Unprinted = max(0, len(body.Calls)-maxMonthCalls), max(0, len(body.Calls)-printedCalls)
	body.Calls = body.Calls[:min(len(body.Calls), maxMonthCalls)]
	var told []policy.CallSID // of which people may have been told: they are long, or nobody took them
	for _, c := range body.Calls {
		if c.TalkSeconds > limit || !c.Talked {
			told = append(told, c.SID)
		}
	}
	body.Notices, err = r.console.Outbox.NoticesUnder(r.ctx(), policy.NoticesAbout(body.Number, body.Cases, told), maxNotices)
	return err
}

func (r *request) fillCases(body *accountPage, _ policy.Month) error {
	cases, err := r.console.Cases.CasesOf(r.ctx(), body.Number)
	slices.Reverse(cases)
	body.Cases = cases
	for i := range cases {
		if cases[i].Open() {
			body.Open = &cases[i]
		}
	}
	return err
}

func (r *request) fillLatest(body *accountPage, _ policy.Month) error {
	var calls []policy.Call
	for c, err := range r.console.Calls.Calls(r.ctx(), policy.Filter{Customer: body.Number, Limit: latestCalls}) {
		if err != nil {
			return err
		}
		calls = append(calls, c)
	}
	rows, err := r.rows(calls)
	body.Latest = rows
	return err
}

func (r *request) fillFollowUps(body *accountPage, _ policy.Month) error {
	found, err := r.console.FollowUps.FollowUps(r.ctx(), followup.Filter{Customer: body.Number}, followup.Page{Limit: latestFollowUps})
	body.FollowUps, body.MoreFollowUps = r.followUpRows(found.List), found.Next != ""
	return err
}

// fillOffered adds what the account was offered in the month, and whether the training link is still to be sent.
func (r *request) fillOffered(body *accountPage, month policy.Month) error {
	offers, err := r.console.Offers.OffersTo(r.ctx(), body.Number)
	if err != nil {
		return err
	}
	for _, o := range offers {
		if policy.MonthOf(o.At, body.Zone) != month {
			continue
		}
		row := offerRow{Offer: o}
		if o.Call != "" {
			row.CallPath = callPath(o.Call)
		}
		body.Offers = append(body.Offers, row)
		body.Trained = body.Trained || o.Page == remedy.Training && o.Stands()
	}
	body.MayTrain = body.NeedsTraining && !body.Trained && body.Email != "" && r.console.Policy.Links.Training != "" && r.may(users.DoActs)
	return nil
}

// errNoTraining refuses to offer training to an account that was not marked as trained by phone in a month.
var errNoTraining = fmt.Errorf("%w: no call of the month is marked as training, so there is none to send the training link for", api.ErrWrongInput)

// offerTraining sends the training link to the account holder, on the last call of the month that was training.
func (r *request) offerTraining() error {
	number := policy.CustomerNumber(r.Param("number"))
	c, err := r.console.Accounts.Customer(r.ctx(), number)
	if err != nil {
		return err
	}
	month, err := r.monthUpTo(r.console.monthOf(c, r.now))
	if err != nil {
		return err
	}
	calls, err := r.console.Calls.AccountSummaries(r.ctx(), number, month)
	if err != nil {
		return err
	}
	calls = slices.DeleteFunc(calls, func(s policy.CallSummary) bool { return !s.Training })
	if err = errNoTraining; len(calls) > 0 {
		_, err = r.console.Offers.OfferOn(r.ctx(), calls[len(calls)-1].SID, remedy.Ask{Page: remedy.Training, By: policy.ChannelEmail, Act: r.acting()})
	}
	return r.answerForm(err, accountPath(number)+query("month", string(month), "done", "offer"), func(status int, problem string) error {
		return r.showAccount(status, number, accountPage{Problem: problem})
	})
}

// monthUpTo returns the month that the address names, or last. The error is policy.ErrInput, or api.ErrWrongInput for a month that has not begun.
func (r *request) monthUpTo(last policy.Month) (policy.Month, error) {
	text := r.QueryParam("month")
	if text == "" {
		return last, nil
	}
	month, err := policy.ParseMonth(text)
	if err == nil && month > last {
		err = fmt.Errorf("%w: %s has not begun; look at %s or an earlier month", api.ErrWrongInput, month, last)
	}
	return month, err
}

// revealAccount shows the telephone numbers and the e-mail address of an account.
func (r *request) revealAccount() error {
	c, err := r.console.Accounts.Customer(r.ctx(), policy.CustomerNumber(r.Param("number")))
	if err != nil {
		return err
	}
	return r.reveal(revealedAccount(c.Number), accountPath(c.Number), users.AuditEntry{
		Customer: c.Number, Detail: "the telephone numbers and the e-mail address of an account",
	})
}

// revealedAccount returns the name under which a session remembers a revealed account. No SID looks like it.
func revealedAccount(number policy.CustomerNumber) string { return "account " + string(number) }

// Home returns a moment in the zone of the account's home line, which decided its month.
func (a accountPage) Home(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(a.Zone).Format("Mon 02 15:04")
}

// Talk returns the talk time of a call.
func (accountPage) Talk(c policy.Counted) string {
	if !c.Talked {
		return "–"
	}
	return minutes(c.TalkSeconds)
}

// verdict is a sentence about a month, with the colour that means the same.
type verdict struct{ Text, Class string }

// Verdict returns the sentence about the page's month. What a person has to look at, though the month is within the limits, is a warning.
func (a accountPage) Verdict() verdict {
	v := verdict{"Within the limits.", "ok"}
	switch {
	case a.Over && a.Sustained:
		v = verdict{"Over, and sustained: " + a.OverBy + ".", "bad"}
	case a.Over:
		v = verdict{"Over: " + a.OverBy + ".", "bad"}
	case a.Sustained && a.Near:
		v = verdict{"Within the limits this month, but near them; load is sustained through earlier months.", "warn"}
	case a.Sustained:
		v = verdict{"Within the limits this month; load is sustained through earlier months.", "warn"}
	case a.Near:
		v = verdict{"Within the limits, but near them.", "warn"}
	}
	if a.NeedsTraining {
		v.Text += fmt.Sprintf(" %d training calls: offer a training session.", a.Usage.Training)
		v.Class = cmp.Or(map[string]string{"ok": "warn"}[v.Class], v.Class)
	}
	return v
}

func (accountPage) Fate(n policy.Notice) string {
	switch {
	case !n.FailedAt.IsZero():
		return "failed"
	case !n.SentAt.IsZero():
		return "sent"
	case !n.WithdrawnAt.IsZero():
		return "withdrawn"
	}
	return "pending"
}
