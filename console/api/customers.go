package api

import (
	"net/http"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

func customerOperations() []operation {
	return []operation{
		{http.MethodGet, "/customers", "", []string{"text", "after", "limit"}, (*request).listCustomers},
		{http.MethodGet, "/customers/:number", "", nil, (*request).getCustomer},
	}
}

func (r *request) listCustomers() error {
	many, err := r.number("limit", usualLimit, maxLimit)
	if err != nil {
		return err
	}
	if _, err := policy.WrittenLine("text", r.QueryParam("text")); err != nil {
		return err
	}
	text := policy.ParseText(r.QueryParam("text"), r.may(users.SeeNumbers))
	found, cursor, err := r.api.Accounts.SearchCustomers(r.ctx(), text, many, policy.CustomerNumber(r.QueryParam("after")))
	if err != nil {
		return err
	}
	numbers, err := r.full("a list of customers", "", "customers", len(found))
	if err != nil {
		return err
	}
	customers := make([]policy.Customer, len(found))
	for i, c := range found {
		customers[i] = masked(c, numbers)
	}
	return r.sendList("customers", customers, string(cursor))
}

func (r *request) getCustomer() error {
	c, err := r.api.Accounts.Customer(r.ctx(), policy.CustomerNumber(r.part("number")))
	if err != nil {
		return err
	}
	numbers, err := r.full("a customer", c.Number, "", 1)
	if err != nil {
		return err
	}
	return r.JSON(http.StatusOK, masked(c, numbers))
}
