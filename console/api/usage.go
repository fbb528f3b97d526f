package api

import (
	"fmt"
	"net/http"

	"github.com/officernd/supportline/policy"
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
	return r.JSON(http.StatusOK, struct {
		Usage policy.Usage        `json:"usage"`
		Calls []policy.CountedRow `json:"calls"`
	}{used, policy.CountedRows(policy.ExplainUsage(summaries, r.api.Policy.FairUse))})
}
