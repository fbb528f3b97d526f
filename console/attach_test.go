package console_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
)

// toNobody is a call that was served to nobody, from a number that is on file of an account.
func toNobody(sid policy.CallSID, at time.Time, onFile policy.CustomerNumber) policy.Call {
	c := browsertest.Served(sid, at, 60)
	c.Customer, c.Account, c.Month, c.Ticket, c.OnFile = "", "", "", "", onFile
	return c
}

// nobodys is a place with calls of this month that were served to nobody: two from numbers on file of Northwind, one of Harbor, one of an account
// that is no longer there, one of none; one in each of the months before on the American line; and a call of Northwind's own.
func nobodys(t *testing.T) *browsertest.Place {
	t.Helper()
	p := browsertest.NewPlace(t)
	p.Enrol(t, browsertest.Northwind, browsertest.Harbor)
	early := toNobody("CA6", time.Date(2026, time.November, 1, 3, 59, 59, 0, time.UTC), "") // in New York it is still October
	early.Line = "+18883071053"
	earlier := toNobody("CA8", time.Date(2026, time.October, 1, 3, 59, 59, 0, time.UTC), "") // and here September
	earlier.Line = early.Line
	own := browsertest.Served("CA7", browsertest.Monday.Add(-7*time.Hour), 60)
	own.OnFile = own.Customer
	p.Load(t,
		toNobody("CA1", browsertest.Monday.Add(-1*time.Hour), "204518"), toNobody("CA2", browsertest.Monday.Add(-2*time.Hour), "204518"),
		toNobody("CA3", browsertest.Monday.Add(-3*time.Hour), "310022"), toNobody("CA4", browsertest.Monday.Add(-4*time.Hour), "999999"),
		toNobody("CA5", browsertest.Monday.Add(-5*time.Hour), ""), early, earlier, own)
	return p
}

const nobodyPage = "/calls?unidentified=yes"

func TestCallsServedWithoutANumber(t *testing.T) {
	p := nobodys(t)
	got := p.As(t, users.Operator).Get(nobodyPage)
	got.Want(t, http.StatusOK, "Northwind Flex Offices", "Harbor Cowork", "999999", "no longer a customer", "Attach to Harbor Cowork", "3 calls come from a number")
	if diff := cmp.Diff("CA1 CA2 CA3 CA4 CA5 CA6 CA8", strings.Join(sids(got), " ")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	viewer := p.As(t, users.Viewer)
	viewer.Get(nobodyPage).Want(t, http.StatusOK, "Northwind Flex Offices").Without(t, "Attach", `name="call"`, `data-label="Account"`)
	viewer.Post("/calls/attach?unidentified=yes", "call", "CA1").Want(t, http.StatusForbidden, "Not permitted")
	viewer.Get("/calls").Want(t, http.StatusOK).Without(t, "Attach to")
	viewer.Get("/calls?column=on_file").Want(t, http.StatusOK, "Harbor Cowork", "no longer a customer").Without(t, "Attach to")
	viewer.Get("/calls/CA3").Want(t, http.StatusOK, "On file", "Harbor Cowork").Without(t, "Attach to")
}

// The figure on the fair-use page leads to exactly the calls that it counts, each month on the clock of the line.
func TestWhatWasServedToNobody(t *testing.T) {
	p := nobodys(t)
	c := p.As(t, users.Viewer)
	page := c.Get("/fair-use").Want(t, http.StatusOK, "Served to nobody", "5 calls, 4 from a number on file", "1 call, 0 from a number on file")
	if got := c.Get(page.Link(t, "United Kingdom: 5")); strings.Join(sids(got), " ") != "CA1 CA2 CA3 CA4 CA5" {
		t.Errorf("the link leads to %v", sids(got))
	}
	if got := c.Get(page.Link(t, "USA and Canada: 1")); strings.Join(sids(got), " ") != "CA6" {
		t.Errorf("the link leads to %v", sids(got))
	}
	attachTo(t, p, "CA6", "310022")
	c.Get("/fair-use").Want(t, http.StatusOK, "5 calls, 4 from").Without(t, "USA and Canada: 1")
}

// attachTo has somebody else attach a call.
func attachTo(t *testing.T, p *browsertest.Place, sid policy.CallSID, customer policy.CustomerNumber) {
	t.Helper()
	act := policy.Act{At: p.Now, By: "bea", Kind: policy.ActAttach, Value: string(customer)}
	if _, err := p.Store.Act(t.Context(), sid, act, -1, func(policy.Phone) *time.Location { return time.UTC }); err != nil {
		t.Fatal(err)
	}
}

// Many calls are attached at once, each as an act of its own; what cannot be attached is named, and the others go on.
func TestAttachingMany(t *testing.T) {
	p := nobodys(t)
	c := p.As(t, users.Operator)
	before := len(p.Audit(t))
	c.Post("/calls/attach?unidentified=yes").Want(t, http.StatusUnprocessableEntity, "Check 1 to 50 calls.")
	many := []string{}
	for n := range 51 {
		many = append(many, "call", fmt.Sprint("CA", n))
	}
	c.Post("/calls/attach?unidentified=yes", many...).Want(t, http.StatusUnprocessableEntity, "Check 1 to 50 calls.")

	got := c.Post("/calls/attach?unidentified=yes&since=2026-11-02", "call", "CA1", "call", "CA2", "call", "CA3", "only", "CA3")
	got.Want(t, http.StatusOK, "The calls are attached to the accounts that their numbers are on file of.")
	if diff := cmp.Diff("CA1 CA2 CA4 CA5", strings.Join(sids(got), " ")); diff != "" {
		t.Errorf("after one button (-want +got):\n%s", diff)
	}
	attachTo(t, p, "CA2", "310022")
	got = c.Post("/calls/attach?unidentified=yes", "call", "CA1", "call", "CA2", "call", "CA4", "call", "CA5", "call", "CA9")
	got.Want(t, http.StatusConflict, "Attached: 1 of 5.", "CA2: Already in that state: bea attached the call to customer 310022", "CA4: No such customer: 999999.",
		"CA5: The caller&#39;s number is on file of no account", "CA9: No such call: CA9.")
	if diff := cmp.Diff([]string{"attach CA3 by operator:", "attach CA2 by bea:", "attach CA1 by operator:"}, p.Audit(t)[before:]); diff != "" {
		t.Errorf("the audit (-want +got):\n%s", diff)
	}
	usage, err := p.Store.AccountSummaries(t.Context(), "204518", "2026-11")
	if err != nil || len(usage) != 2 {
		t.Errorf("Northwind's month has %d calls, %v; want its own and the one that was attached", len(usage), err)
	}
}

// overtaken is a log in which somebody else attaches a call between the look of a person and the act.
type overtaken struct {
	*store.Store
	attach func()
}

func (o overtaken) Call(ctx context.Context, sid policy.CallSID) (policy.Call, error) {
	call, err := o.Store.Call(ctx, sid)
	o.attach()
	return call, err
}

// Of two people who attach one call at the same time the second learns of the first.
func TestTwoPeopleAttachOneCall(t *testing.T) {
	var p *browsertest.Place
	p = browsertest.NewPlace(t, func(d *console.Deps) {
		d.Calls = overtaken{d.Calls.(*store.Store), func() { attachTo(t, p, "CA1", "310022") }}
	})
	p.Enrol(t, browsertest.Northwind, browsertest.Harbor)
	p.Load(t, toNobody("CA1", browsertest.Monday.Add(-time.Hour), "204518"))
	p.As(t, users.Operator).Post("/calls/attach?unidentified=yes", "call", "CA1").
		Want(t, http.StatusConflict, "Attached: 0 of 1. CA1: The call changed since you looked: bea attached the call to customer 310022")
}

// A call whose attaching somebody took back is not attached again with the others unless a person checks it.
func TestAttachingWhatWasTakenBack(t *testing.T) {
	p := nobodys(t)
	c := p.As(t, users.Operator)
	c.Get("/calls/CA3").Want(t, http.StatusOK, "Its caller's number is on file of Harbor Cowork.", "Attach to Harbor Cowork")
	c.Post("/calls/CA3/acts", "kind", "attach", "value", "310022", "seen", "0").Want(t, http.StatusOK, "The call is attached to the account.").Without(t, "Attach to Harbor Cowork")
	c.Post("/calls/CA3/acts", "kind", "attach", "undo", "1", "seen", "1").Want(t, http.StatusOK, "Attach to Harbor Cowork")
	c.Get(nobodyPage).Want(t, http.StatusOK, "was attached, and taken back", `value="CA1" checked`).Without(t, `value="CA3" checked`)
}

// A person finds the calls from the fair-use page and attaches one and then the rest, in a browser, without scripts too.
func TestAttachingInTheBrowser(t *testing.T) {
	p := nobodys(t)
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/fair-use")
	tab.SignIn("operator")
	tab.See("Served to nobody", "5 calls, 4 from a number on file of an account")
	tab.Check("nobody-fair-use")
	tab.Scripts(false)
	tab.Go(p.Server.URL + "/fair-use")
	tab.Follow(`[href*="448000668187"]`)
	tab.See("3 calls come from a number that is on file of one account")
	tab.Scripts(true)
	tab.Go(tab.Address())
	tab.Check("nobody-calls")
	tab.Scripts(false)
	tab.Go(tab.Address())
	tab.Follow(`[name=only][value=CA3]`)
	tab.See("The calls are attached", "2 calls come from a number")
	tab.Click(`[name=call][value=CA2]`) // unchecks it
	tab.Follow(`form.attach p button`)
	tab.See("The calls are attached", "1 call comes from a number")
	if got := tab.Address(); !strings.Contains(got, "unidentified=yes") || !strings.Contains(got, "line=") {
		t.Errorf("attaching led to %s, want the same list", got)
	}
	tab.Scripts(true)
	tab.Go(p.Server.URL + "/calls/CA2")
	tab.Check("nobody-call")
	tab.Follow(`[aria-label="Account on file"] button`)
	tab.See("The call is attached to the account.", "operator attached the call to customer 204518")
}
