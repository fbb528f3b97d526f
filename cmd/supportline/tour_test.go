package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// tourDay is in the hours of both lines of the example, late in a month, so that there is something to see.
var tourDay = time.Date(2026, time.November, 24, 16, 0, 0, 0, time.UTC)

// tourApp is a server with the made-up log of a demo, an admin and what works beside the pages. It gives the console's address.
func tourApp(t *testing.T) (h *server.App, url string) {
	t.Helper()
	h, err := server.Open(mustConfig(t), func() time.Time { return tourDay }, zap.NewNop(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	made := demo.Generator{Calls: 6000, Months: 12, Seed: 1, Settings: h.Conf.Settings, Accounts: demo.AccountsFor(6000, 12), Until: tourDay}
	if err := made.Fill(t.Context(), h.Store, func(int) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Store.Advance(t.Context(), "CA00000000000000000000000000000777", func(policy.Call) policy.Call { return longCritical() }); err != nil {
		t.Fatal(err)
	}
	browsertest.AddUser(t, h.Store, users.User{Name: "mila", Role: users.Admin}, tourDay)
	j := &server.Jobs{Store: h.Store, Settings: h.Conf.Settings, Log: zap.NewNop(), Wake: func() {}}
	if err := j.ReviewAll(t.Context(), tourDay); err != nil {
		t.Fatal(err)
	}
	var beside sync.WaitGroup
	beside.Go(func() { h.Usage.Run(t.Context()) })
	server := httptest.NewServer(h.Private)
	t.Cleanup(func() {
		h.Stop()
		server.Close()
		beside.Wait()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h, server.URL
}

// longCritical is yesterday's longest critical call, with its history.
func longCritical() policy.Call {
	start := tourDay.Add(-26 * time.Hour)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	heard := func(phrase string) json.RawMessage {
		return json.RawMessage(`{"say":[` + phrase + `],"then":"ask-key"}`)
	}
	talk, total := 2340, 2380
	return policy.Call{
		SID: "CA00000000000000000000000000000777", Line: "+448000668187", From: "+442079460018", StartedAt: start, Answered: true, Config: "0123456789ab",
		Customer: "600001", Account: "Northwind Flex Offices", Month: "2026-11", Intent: policy.Critical, HuntingAt: at(20),
		Trace: []policy.Decision{
			{At: start, Rule: "line.configured", Result: "United Kingdom"},
			{At: start, Rule: "hours.week", Result: "open: Monday to Friday 08:00-19:00"},
			{At: at(9), Rule: "customer.found", Result: "Northwind Flex Offices"},
			{At: at(9), Rule: "package.included", Result: "the package includes phone support"},
			{At: at(20), Rule: "menu.chosen", Result: "critical"},
			{At: at(20), Rule: "route.team", Result: "critical"},
			{At: at(20), Rule: "ring.step", Result: "rings +15550100001"},
		},
		Exchanges: []policy.Exchange{
			{Key: "arrive/0", At: start, Reply: heard(`{"id":"welcome","args":{"digits":"6"}}`)},
			{Key: "number/1", At: at(9), Heard: "600001", Reply: heard(`{"id":"menu","args":{"items":"1=critical,2=restricted,3=ticket-status,4=raise-severity,5=question"}}`)},
			{Key: "menu/2", At: at(20), Heard: "1", Reply: heard(`{"id":"connecting"}`)},
		},
		Legs: []policy.Leg{{
			SID: "CA00000000000000000000000000000778", To: "+15550100001", Status: "completed", RangAt: at(21), AnsweredAt: at(27), ScreenedAt: at(28),
			AcceptedAt: at(34), EndedAt: at(34 + talk), Seconds: new(talk + 7),
		}},
		Status: "completed", EndedAt: at(34 + talk), TotalSeconds: &total,
	}
}

// A person who has never seen the console finds yesterday's longest critical call, understands it and waives it; and every page that there is, with
// a year of calls in it, is accessible, in both sizes and colours, and keeps to the content security policy.
func TestTourOfTheConsole(t *testing.T) {
	_, url := tourApp(t)
	tab := browsertest.Open(t)
	tab.Go(url + "/")
	tab.SignIn("mila")
	tab.Wait(`#near + table, #near + p`)
	tab.See("Calls in progress", "Today, by hour")
	tab.Check("now")

	tab.Go(url + "/calls")
	tab.Follow(`.choices a:nth-of-type(2)`) // yesterday
	tab.Fill("[name=intent]", "critical")
	tab.Wait(`[href*="intent=critical"][href*="order=longest"]`)
	tab.Follow(`[href*="intent=critical"][href*="order=longest"]`)
	tab.See("The longest talks first")
	tab.Check("calls")
	tab.Follow("tbody tr:first-child a")
	tab.See("What happened", "What was heard and pressed", "a specialist.", "route.team", "39:01")
	tab.Fill(`[aria-label="Waive"] [name=reason]`, "the platform was down")
	tab.Follow(`[aria-label="Waive"] button`)
	tab.See("The call is waived.", "mila waived the call as necessary")
	tab.Check("call")
	tab.Follow(`[aria-label="Waive"] button`)
	tab.See("mila took the waiver back")

	for _, p := range []struct{ name, path, see string }{
		{"accounts", "/accounts", "Accounts"},
		{"fair-use", "/fair-use", "Fair use"},
		{"lines", "/lines", "United Kingdom"},
		{"line", "/lines/448000668187", "United Kingdom"},
		{"phone", "/phone", "Phone"},
		{"audit", "/audit", "waive"},
		{"users", "/users", "mila"},
		{"health", "/health", "store"},
		{"profile", "/profile", "mila"},
		{"api", "/api", "/openapi.yaml"},
	} {
		if status := tab.Go(url + p.path); status != http.StatusOK {
			t.Errorf("%s has status %d", p.path, status)
			continue
		}
		tab.See(p.see)
		tab.Check(p.name)
	}
	tab.Go(url + "/accounts")
	tab.Follow("tbody a")
	tab.Wait("h1")
	tab.Check("account")
}

// What the navigation shows is what there is: each entry leads to a page, for each role.
func TestNavigationLeadsSomewhere(t *testing.T) {
	h, url := tourApp(t)
	entry := regexp.MustCompile(`<li><a href="(/[a-z-]+)"`)
	want := map[users.Role]int{users.Viewer: 6, users.Operator: 6, users.Admin: 8}
	for _, role := range users.Roles() {
		browsertest.AddUser(t, h.Store, users.User{Name: string(role), Role: role}, tourDay)
		person := (phoneApp{h, url}).as(t, role)
		person.get("/now")
		found := entry.FindAllStringSubmatch(person.page.Body, -1)
		for _, m := range found {
			if m[1] == "/profile" {
				continue // a person's own, beside the navigation
			}
			if status := person.get(m[1]); status != http.StatusOK || !person.page.Has(`aria-current="page"`) {
				t.Errorf("%s: %s leads to no page of the navigation", role, m[1])
			}
		}
		if len(found) < want[role] {
			t.Errorf("%s: the navigation has %d entries, want %d at least", role, len(found), want[role])
		}
	}
}
