package console

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
)

const whatIfPath = fairUsePath + "/what-if"

const (
	// maxDifferences is how many months of accounts the page shows.
	maxDifferences = 100
	// maxReportMonths bounds how many months are derived for the page, including those before the first.
	maxReportMonths = 36
)

// whatIfRoutes are the routes of past months under other limits.
var whatIfRoutes = []route{{http.MethodGet, whatIfPath, (*request).whatIf, ""}}

type whatIfPage struct {
	Fields    []limitField
	Span      int   // how many months are looked at
	Spans     []int // to choose from
	Asked     bool  // some limit is not the present one
	Ready     bool
	DerivedAt time.Time
	Since     policy.Month
	Until     policy.Month
	Differ    []differentMonth
	More      int // months of accounts beyond those
	Accounts  int
	Worse     int // months that would be over or sustained and are not
	Better    int // months that are and would not be
	Problem   string
	Here      string
}

// limitField is one limit in the form. Max is where its slider ends; a larger value can be typed.
type limitField struct {
	Name, Label, Value string
	Now, Max           int
}

// differentMonth is a month of an account that would differ.
type differentMonth struct {
	policy.Difference
	Account string
}

func (r *request) whatIf() error {
	fair := r.console.Policy.FairUse
	body := whatIfPage{Fields: r.limitFields(fair), Spans: []int{3, 6, 12}, Span: 6, Until: r.console.Policy.ThisMonth(r.now), Here: r.Request().URL.RequestURI()}
	if n, err := strconv.Atoi(r.QueryParam("span")); err == nil && n > 0 && n <= 12 {
		body.Span = n
	}
	body.Since = body.Until.Plus(1 - body.Span)
	other, err := body.other(fair)
	if errors.Is(err, policy.ErrInput) || errors.Is(err, api.ErrWrongInput) {
		body.Problem, body.Ready = api.Sentence(err), true
		return r.render(http.StatusUnprocessableEntity, "whatif", body)
	}
	if err := r.compare(&body, fair, other); err != nil {
		return err
	}
	return r.render(http.StatusOK, "whatif", body)
}

// limitFields returns the limits that can be changed, with the values in the address.
func (r *request) limitFields(fair policy.FairUse) []limitField {
	fields := []limitField{
		{Name: "tickets", Label: "Tickets a month", Now: fair.TicketsPerMonth, Max: 60},
		{Name: "call", Label: "Minutes a call", Now: int(fair.CallLimit / time.Minute), Max: 90},
		{Name: "over-long", Label: "Over-long calls that put over", Now: fair.OverLongCallsPerMonth, Max: 20},
		{Name: "months", Label: "Months over that are sustained", Now: fair.SustainedMonths, Max: 12},
		{Name: "within", Label: "Within so many months", Now: fair.SustainedWithin, Max: 12},
	}
	for i, f := range fields {
		fields[i].Value = strings.TrimSpace(r.QueryParam(f.Name))
		if fields[i].Value == "" {
			fields[i].Value = strconv.Itoa(f.Now)
		}
		fields[i].Max = max(f.Max, 2*f.Now)
	}
	return fields
}

// other returns the limits with those of the form in their place. The error is policy.ErrInput or api.ErrWrongInput.
func (p *whatIfPage) other(fair policy.FairUse) (policy.FairUse, error) {
	var limits []policy.Limit
	for _, f := range p.Fields {
		if f.Value == strconv.Itoa(f.Now) {
			continue
		}
		value := f.Value
		if f.Name == "call" {
			value += "m"
		}
		limits = append(limits, policy.Limit{Name: f.Name, Value: value})
	}
	p.Asked = len(limits) > 0
	other, err := fair.With(limits...)
	if err == nil && p.Span+other.Lead() > maxReportMonths {
		return other, fmt.Errorf("%w: within %d months is further back than this page looks; write at most %d", api.ErrWrongInput, other.SustainedWithin, maxReportMonths-p.Span+1)
	}
	return other, err
}

// compare adds the months that would differ.
func (r *request) compare(body *whatIfPage, fair, other policy.FairUse) error {
	report, ready, err := r.console.Usage.Report(r.ctx(), body.Until, body.Span+max(fair.Lead(), other.Lead()))
	if err != nil || !ready {
		return err
	}
	body.Ready, body.DerivedAt = true, report.DerivedAt()
	found := report.Compare(fair, other, body.Span, maxDifferences)
	for _, d := range found.Differ {
		name, err := r.accountName(d.Before.Customer)
		if err != nil {
			return err
		}
		body.Differ = append(body.Differ, differentMonth{d, name})
	}
	body.Accounts, body.Worse, body.Better, body.More = found.Accounts, found.Worse, found.Months-found.Worse, found.Months-len(found.Differ)
	return nil
}

// Stands returns a month's standing in words.
func (whatIfPage) Stands(u policy.Usage) string {
	switch {
	case u.Over && u.Sustained:
		return "over, sustained"
	case u.Over:
		return "over"
	case u.Sustained:
		return "sustained"
	}
	return "within"
}
