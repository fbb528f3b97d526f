package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// The page shows the lines, the calls in progress with their clocks, and today's calls; a talk near or over the limit is marked.
func TestNow(t *testing.T) {
	p := browsertest.NewPlace(t)
	talking := func(sid policy.CallSID, since time.Duration) policy.Call {
		c := browsertest.Served(sid, browsertest.Monday.Add(-since-time.Minute), 60)
		c.Status, c.EndedAt, c.TotalSeconds, c.LeftAt = "", time.Time{}, nil, time.Time{}
		c.Legs[0].EndedAt, c.Legs[0].Seconds, c.Legs[0].Status = time.Time{}, nil, "in-progress"
		c.Legs[0].AcceptedAt = browsertest.Monday.Add(-since)
		return c
	}
	waiting := policy.Call{
		SID: "CA" + "0000000000000000000000000000000a", Line: "+448000668187", From: "+442079460018", StartedAt: browsertest.Monday.Add(-90 * time.Second), Answered: true,
		HuntingAt: browsertest.Monday.Add(-75 * time.Second), Intent: policy.Critical, Customer: "204518", Account: "Northwind Flex Offices",
	}
	lost := policy.Call{SID: "CA" + "0000000000000000000000000000000b", Line: "+448000668187", From: "anonymous", StartedAt: browsertest.Monday.Add(-9 * time.Hour), Answered: true}
	p.Load(t, talking("CA1", 5*time.Minute), talking("CA2", 19*time.Minute), talking("CA3", 21*time.Minute), waiting, lost, browsertest.Served("CA4", browsertest.Monday.Add(-3*time.Hour), 300))
	page := p.As(t, users.Viewer).Get("/now")
	page.Want(t, http.StatusOK, "United Kingdom", "open", "until Mon 19:00 GMT", "waiting for a specialist", ">1:15<", ">5:00<", `class="sign warn"`, ">19:00<", `class="sign bad"`, ">21:00<",
		"waiting, the longest for 1:15", "served 1", "calls today, at most")
	page.Without(t, "+442079460018", "No calls yet today")
}

// How long callers waited is that of half of the last who were served, and of nine of ten; of those who wait now the longest counts.
func TestWaits(t *testing.T) {
	p := browsertest.NewPlace(t)
	viewer := p.As(t, users.Viewer)
	viewer.Get("/now").Want(t, http.StatusOK, "nobody is waiting", "No call was served yet.")
	for i := range 20 {
		c := browsertest.Served(policy.CallSID(fmt.Sprintf("CA%02d", i)), browsertest.Monday.Add(-time.Duration(1+i*7%20)*time.Hour), 60)
		c.Legs[0].AcceptedAt = c.HuntingAt.Add(time.Duration(i+1) * time.Second)
		p.Load(t, c)
	}
	for sid, since := range map[policy.CallSID]time.Duration{"CA90": 40 * time.Second, "CA91": 75 * time.Second, "CA92": 10 * time.Second} {
		p.Load(t, policy.Call{
			SID: sid, Line: browsertest.UKLine, From: browsertest.Caller, StartedAt: browsertest.Monday.Add(-since - 15*time.Second), Answered: true,
			HuntingAt: browsertest.Monday.Add(-since), Intent: policy.Critical, Customer: "204518", Account: "Northwind Flex Offices",
		})
	}
	viewer.Get("/now").Want(t, http.StatusOK, `<p class="big">3</p>`, "waiting, the longest for 1:15", "The last 20 served: half waited up to 0:11, nine of ten up to 0:19.")
}

// near are two accounts: one near its limit, one over it with a case.
type near struct{ unready }

func (near) Near() ([]policy.Usage, time.Time) {
	flagged := policy.CaseFlagged
	return []policy.Usage{
		{Month: "2026-11", Customer: "310022", Account: "Harbor Cowork", Tickets: 19, TicketLimit: 16, OverLongLimit: 4, Over: true, Case: &flagged},
		{Month: "2026-11", Customer: "204518", Account: "Northwind Flex Offices", Tickets: 13, TicketLimit: 16, OverLong: 3, OverLongLimit: 4},
	}, browsertest.Monday
}

// Accounts near and over their limits have the marks and the gauges that the list of accounts has.
func TestNowMarksAccountsNearTheirLimits(t *testing.T) {
	p := browsertest.NewPlace(t, func(d *console.Deps) { d.Usage = near{} })
	p.As(t, users.Viewer).Get("/now").Want(t, http.StatusOK,
		`<span class="sign warn">near the limit</span>`, `class="fill warn"`, "13 of 16", "3 of 4",
		`<span class="sign bad">over</span>`, `class="fill bad"`, "19 of 16", "case: flagged")
}

// On a quiet day the page says that there is nothing, and shows no empty tables.
func TestNowOfAQuietDay(t *testing.T) {
	browsertest.NewPlace(t).As(t, users.Viewer).Get("/now").Want(t, http.StatusOK, "No calls in progress.", "nobody is waiting", "No calls yet today", "All were delivered")
}

// In a demo the navigation leads to what people get; elsewhere there is no such page.
func TestNavigationOfADemo(t *testing.T) {
	for _, outside := range []string{"", "/demo/outside"} {
		p := browsertest.NewPlace(t, func(d *console.Deps) { d.Settings.Outside = outside })
		page := p.As(t, users.Viewer).Get("/now")
		named, leads := strings.Contains(page.Body, "What people get"), strings.Contains(page.Body, `<a href="/demo/outside">What people get</a>`)
		if named != (outside != "") || leads != named {
			t.Errorf("with the page %q the navigation leads there: %t", outside, leads)
		}
	}
}
