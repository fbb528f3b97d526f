package main

import (
	"context"
	"fmt"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// seedfair writes the calls of fairCalls into the script's store, whose customers are those of customers.csv.
func seedfair(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(ts.Exec("supportline", "customers", "import", "customers.csv"))
	s, err := bolt.OpenStore(ts.MkAbs("supportline.db"), 1<<20, store.Options{})
	ts.Check(err)
	for _, c := range fairCalls() {
		_, err := s.Advance(context.Background(), c.SID, func(policy.Call) policy.Call { return c })
		ts.Check(err)
	}
	ts.Check(s.Close())
}

// fairCalls are the first quarter of 2024. 204518, at home in London: 17 matters in January, the last of them in the month's last second;
// in February one in its first second and four over-long calls about one ticket; 18 matters in March, after which the clocks change. 310022, at
// home in New York: a call in that zone's last second of January. And a call of 30 minutes whose
// caller was never identified, from a number on file of 310022.
func fairCalls() []policy.Call {
	n := 0
	served := func(customer policy.CustomerNumber, at string, talk int, ticket policy.Ticket) policy.Call {
		n++
		return fairCall(n, customer, at, talk, ticket)
	}
	var calls []policy.Call
	for day := 2; day <= 17; day++ {
		calls = append(calls, served("204518", fmt.Sprintf("2024-01-%02dT10:00:00Z", day), 300, ""))
	}
	calls = append(calls, served("204518", "2024-01-31T23:59:59Z", 60, ""), served("204518", "2024-02-01T00:00:00Z", 60, ""))
	for i, talk := range []int{1201, 1500, 1800, 2400} {
		calls = append(calls, served("204518", fmt.Sprintf("2024-02-%02dT10:00:00Z", 5+i), talk, "4711"))
	}
	for day := 3; day <= 20; day++ {
		calls = append(calls, served("204518", fmt.Sprintf("2024-03-%02dT10:00:00Z", day), 300, ""))
	}
	calls = append(calls, served("310022", "2024-02-01T04:59:59Z", 60, "12"))
	nobody := served("", "2024-02-20T15:00:00Z", 1800, "")
	nobody.OnFile = "310022"
	return append(calls, nobody)
}

// fairAccounts are the accounts of fairCalls as customers.csv has them: name, line and its zone.
var fairAccounts = map[policy.CustomerNumber][3]string{
	"204518": {"Northwind Flex Offices", "+448000668187", "Europe/London"},
	"310022": {"Harbor Cowork", "+18883071053", "America/New_York"},
	"":       {"", "+18883071053", "UTC"},
}

// fairCall is a call that a specialist accepted after half a minute.
func fairCall(n int, customer policy.CustomerNumber, at string, talk int, ticket policy.Ticket) policy.Call {
	start, err := time.Parse(time.RFC3339, at)
	if err != nil {
		panic(err)
	}
	account := fairAccounts[customer]
	zone, err := time.LoadLocation(account[2])
	if err != nil {
		panic(err)
	}
	seconds, total := talk+4, talk+40
	c := policy.Call{
		SID: sid(n), Line: policy.Phone(account[1]), From: "+442079460018", StartedAt: start, Answered: true, Config: "0123456789ab",
		Customer: customer, Account: account[0], Intent: policy.Question, Ticket: ticket, HuntingAt: start.Add(20 * time.Second),
		Legs: []policy.Leg{{
			SID: sid(n + 1000), To: "+15550100003", Status: "completed", RangAt: start.Add(21 * time.Second), AnsweredAt: start.Add(25 * time.Second),
			ScreenedAt: start.Add(26 * time.Second), AcceptedAt: start.Add(30 * time.Second),
			EndedAt: start.Add(time.Duration(30+talk) * time.Second), Seconds: &seconds,
		}},
		Status: "completed", EndedAt: start.Add(time.Duration(40+talk) * time.Second), TotalSeconds: &total,
	}
	if customer != "" {
		c.Month = policy.MonthOf(start, zone)
	}
	return c
}
