package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/remedy"
)

func usageOperations() []operation {
	return []operation{
		{http.MethodGet, "/usage", "", []string{"month", "customer", "after", "limit"}, (*request).listUsage},
		{http.MethodGet, "/usage/explanation", "", []string{"month", "customer"}, (*request).explainUsage},
	}
}

// maxUsageLimit bounds a page of usage. Each of its accounts is derived from the calls of several months, so pages are short.
const maxUsageLimit = 100

func (r *request) listUsage() error {
	month, err := r.api.Policy.BegunMonth(r.QueryParam("month"), r.now)
	if err != nil {
		return err
	}
	many, err := r.number("limit", usualLimit, maxUsageLimit)
	if err != nil {
		return err
	}
	if number := r.QueryParam("customer"); number != "" {
		one, err := r.api.Accounts.Usage(r.ctx(), policy.CustomerNumber(number), month)
		if err != nil {
			return err
		}
		return r.sendList("usage", []policy.Usage{one}, "")
	}
	found, cursor, err := r.api.Accounts.UsageAfter(r.ctx(), month, many, policy.CustomerNumber(r.QueryParam("after")))
	if err != nil {
		return err
	}
	return r.sendList("usage", append([]policy.Usage{}, found...), string(cursor))
}

func (r *request) explainUsage() error {
	number := policy.CustomerNumber(r.QueryParam("customer"))
	if number == "" {
		return fmt.Errorf("%w: name the account: customer=N", ErrWrongInput)
	}
	month, err := r.api.Policy.BegunMonth(r.QueryParam("month"), r.now)
	if err != nil {
		return err
	}
	used, err := r.api.Accounts.Usage(r.ctx(), number, month)
	if err != nil {
		return err
	}
	summaries, err := r.api.Calls.AccountSummaries(r.ctx(), number, month)
	if err != nil {
		return err
	}
	explained := policy.ExplainUsage(summaries, r.api.Policy.FairUse)
	story, err := r.storyOf(explained)
	if err != nil {
		return err
	}
	return r.JSON(http.StatusOK, struct {
		Usage policy.Usage          `json:"usage"`
		Calls []remedy.ExplainedRow `json:"calls"`
	}{used, remedy.Explained(explained, story)})
}

// storyOf returns what people said about the calls of a month, and what was offered on them.
func (r *request) storyOf(explained []policy.Counted) ([]remedy.Entry, error) {
	var calls []policy.Call
	var offers []remedy.Offer
	for _, c := range explained {
		call, err := r.api.Calls.Call(r.ctx(), c.SID)
		if errors.Is(err, policy.ErrNoCall) { // its time is over since
			continue
		}
		on, failed := r.api.Offers.OffersOf(r.ctx(), c.SID)
		if err := cmp.Or(err, failed); err != nil {
			return nil, err
		}
		calls, offers = append(calls, call), append(offers, on...)
	}
	return remedy.Story(calls, offers), nil
}
