package main

import (
	"net/http"

	"github.com/officernd/supportline/console"
)

// console is the ops web console of a house.
func (h *house) console() http.Handler {
	return console.New(console.Deps{
		Settings: h.conf.Console, Policy: h.conf.Settings, Calls: h.store, Users: h.store, Sessions: h.store, Audit: h.store, Outbox: h.store, Stopping: h.stopping, Health: h.findings,
		Directory: h.store, Cases: h.store, Standings: h.standings, Addressed: h.conf.Notices.Addressed, Now: h.now, Logger: h.log,
	})
}
