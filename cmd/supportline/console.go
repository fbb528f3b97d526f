package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// console is the ops web console of a house.
func (h *house) console() http.Handler {
	return console.New(console.Deps{
		Settings: h.conf.Console, Policy: h.conf.Settings, Calls: h.store, Users: h.store, Sessions: h.store, Audit: h.store, Now: h.now, Logger: h.log,
		Directory: directory{h.store}, Cases: h.store, Outbox: h.store, Standings: h.standings, Addressed: h.conf.Notices.Addressed,
	})
}

// directory is the store as the console looks for customers in it.
type directory struct{ *store.Store }

// SearchCustomers looks at the directory in the order of its numbers until a page is full.
func (d directory) SearchCustomers(
	ctx context.Context, text string, numbers bool, after policy.CustomerNumber, limit int,
) (found []policy.Customer, more bool, err error) {
	for c, err := range d.Customers(ctx) {
		if err != nil {
			return nil, false, err
		}
		if c.Number <= after || !named(c, text, numbers) {
			continue
		}
		if len(found) == limit {
			return found, true, nil
		}
		found = append(found, c)
	}
	return found, false, nil
}

// named says whether a text is the beginning of a customer's number or of the name, or part of a telephone number.
func named(c policy.Customer, text string, numbers bool) bool {
	name := strings.ToLower(c.Name)
	text = strings.ToLower(text)
	return strings.HasPrefix(string(c.Number), text) || strings.Contains(" "+name, " "+text) ||
		numbers && len(text) > 3 && strings.Contains(c.Phone.Full(), text)
}
