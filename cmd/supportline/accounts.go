package main

import (
	"context"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// accounts are the directory and its usage, page by page, for the console and its API.
type accounts struct {
	*store.Store
	fair policy.FairUse
}

// Usage is what an account used in a month.
func (a accounts) Usage(ctx context.Context, number policy.CustomerNumber, month policy.Month) (policy.Usage, error) {
	found, err := ledger{a.Store, a.fair}.one(ctx, number, month, 1)
	if err != nil {
		return policy.Usage{}, err
	}
	return found.last(), nil
}

// UsageAfter is the same of at most limit customers by number, those after one; next is where to go on, "" at the end.
func (a accounts) UsageAfter(ctx context.Context, month policy.Month, limit int, after policy.CustomerNumber) (used []policy.Usage, next policy.CustomerNumber, err error) {
	customers, next, err := a.SearchCustomers(ctx, policy.Text{}, limit, after)
	if err != nil {
		return nil, "", err
	}
	used, err = ledger{a.Store, a.fair}.these(ctx, customers, month)
	return used, next, err
}
