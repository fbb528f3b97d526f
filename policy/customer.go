package policy

import "errors"

// ErrNoCustomer reports that the directory has no such customer.
var ErrNoCustomer = errors.New("no such customer")

// Customer is an account in the directory: who pays for support, and how they call.
type Customer struct {
	Number        CustomerNumber `json:"number"`
	Name          string         `json:"name"`
	Package       string         `json:"package"`
	Line          Phone          `json:"line"` // the home line: its zone decides the account's months (rule 4)
	AccountHolder string         `json:"account_holder,omitempty"`
	Email         string         `json:"email,omitempty"`
	Phone         Phone          `json:"phone,omitempty"`
	CallerNumbers []Phone        `json:"caller_numbers,omitempty"` // numbers that the account calls from; they never identify by themselves
	// Restricted is set by the directory: the account's open case stands at restricted (rule 9). It is no part of the profile.
	Restricted bool `json:"-"`
}

// Masked returns the customer for those who may not see telephone numbers: the e-mail address is left out too.
func (c Customer) Masked() Customer {
	mask := func(p Phone) Phone { return Phone(p.String()) }
	c.Phone, c.CallerNumbers, c.Email = mask(c.Phone), mapped(c.CallerNumbers, mask), ""
	return c
}

// Holder returns the name of the account holder, or those words where the directory has no name.
func (c Customer) Holder() string {
	if c.AccountHolder == "" {
		return "the account holder"
	}
	return c.AccountHolder
}

// Phones returns all phone numbers of the profile: the account holder's, and those that the account calls from.
func (c Customer) Phones() []Phone {
	if c.Phone == "" {
		return c.CallerNumbers
	}
	return append([]Phone{c.Phone}, c.CallerNumbers...)
}

// CustomerExport is everything that is stored of one customer.
type CustomerExport struct {
	Customer Customer
	Calls    []Call   // of the account, oldest first
	Cases    []Case   // in the order of their opening
	Notices  []Notice // about the account
}

// FirstMonth returns the first month that calls of the customer belong to, or "" if none do.
func (e CustomerExport) FirstMonth() Month {
	var first Month
	for _, c := range e.Calls {
		if c.Month != "" && (first == "" || c.Month < first) {
			first = c.Month
		}
	}
	return first
}
