package console

import (
	"net/http"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

func apiCustomers() []operation {
	return []operation{
		{http.MethodGet, "/customers", "", []string{"text", "after", "limit"}, (*request).apiCustomerList},
		{http.MethodGet, "/customers/:number", "", nil, (*request).apiCustomer},
	}
}

func (r *request) apiCustomerList() error {
	many, err := r.limit(apiUsual, apiMost)
	if err != nil {
		return err
	}
	text := policy.ParseText(r.QueryParam("text"), r.may(users.SeeNumbers))
	found, cursor, err := r.site.Accounts.SearchCustomers(r.ctx(), text, many, policy.CustomerNumber(r.QueryParam("after")))
	if err != nil {
		return err
	}
	numbers, err := r.full("a list of customers", "", "customers", len(found))
	if err != nil {
		return err
	}
	list := struct {
		Customers []policy.Customer `json:"customers"`
		Next      *string           `json:"next"`
	}{make([]policy.Customer, len(found)), next(string(cursor))}
	for i, c := range found {
		if list.Customers[i] = c; !numbers {
			list.Customers[i] = c.Masked()
		}
	}
	return r.JSON(http.StatusOK, list)
}

func (r *request) apiCustomer() error {
	c, err := r.site.Accounts.Customer(r.ctx(), policy.CustomerNumber(r.part("number")))
	if err != nil {
		return err
	}
	numbers, err := r.full("a customer", c.Number, "", 1)
	if err != nil {
		return err
	}
	if !numbers {
		c = c.Masked()
	}
	return r.JSON(http.StatusOK, c)
}
