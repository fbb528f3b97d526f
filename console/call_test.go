package console_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

func TestCall(t *testing.T) {
	p := mustPlace(t)
	p.load(t, served("CA1", monday.Add(-time.Hour), 1500))
	c := p.as(t, users.Viewer)
	c.get("/calls/CA1").want(
		t, http.StatusOK, "Northwind Flex Offices, critical", "over-long", "counted", "25:00", "hours.week", "open: Monday to Friday 08:00-19:00",
		"zone Europe/London", "+15*******01 accepted the call", "number/1", "204518", `aria-label="Menu 0:20, Waiting 0:20, +15*******01 rings 0:18, Talk 25:00"`,
	)
	c.get("/calls/CA9").want(t, http.StatusNotFound, "No such call")
	c.get("/calls/"+"..%2f..%2fetc").want(t, http.StatusNotFound)
	c.get("/nowhere").want(t, http.StatusNotFound, "No such page", `href="/calls"`)
}

// A number stands in full for those who may see numbers, after they asked for it, on that call alone; the audit says so.
func TestNumbers(t *testing.T) {
	numbers := []string{caller.Full(), specialist.Full()}
	allowed := users.UsualPermissions()
	allowed[users.Viewer] = []users.Permission{users.SeeNumbers}
	tests := []struct {
		name        string
		role        users.Role
		permissions users.Permissions
		may         bool
	}{
		{"a viewer never", users.Viewer, users.UsualPermissions(), false},
		{"a viewer who was allowed", users.Viewer, allowed, true},
		{"an operator", users.Operator, users.UsualPermissions(), true},
		{"an admin, whatever is granted", users.Admin, users.Permissions{}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := mustPlace(t, func(d *console.Deps) { d.Settings.Permissions = test.permissions })
			p.load(t, served("CA1", monday.Add(-time.Hour), 60), served("CA2", monday.Add(-2*time.Hour), 60))
			c := p.as(t, test.role)
			audit := []string{"sign-in " + string(test.role) + " by " + string(test.role) + ": from 127.0.0.1"}
			for _, path := range []string{"/calls", "/calls/CA1"} {
				c.get(path).want(t, http.StatusOK, "+44********18", "+15*******01").without(t, numbers[0][1:], numbers[1][1:])
			}
			got := c.post("/calls/CA1/reveal")
			if test.may {
				audit = append(audit, "reveal CA1 by "+string(test.role)+": the telephone numbers of a call")
				got.want(t, http.StatusOK, numbers[0][1:], numbers[1][1:])
			} else {
				got.want(t, http.StatusForbidden, "Not permitted")
			}
			c.get("/calls/CA2").without(t, numbers[0][1:], numbers[1][1:])
			c.get("/calls").without(t, numbers[0][1:], numbers[1][1:])
			if diff := cmp.Diff(audit, p.audit(t)); diff != "" {
				t.Errorf("the audit (-want +got):\n%s", diff)
			}
		})
	}
}

func TestActs(t *testing.T) {
	tests := []struct {
		name   string
		form   []string
		status int
		want   string
		audit  string // "" for none
	}{
		{"a waiver", []string{"kind", "waive", "reason", "outage", "seen", "0"}, http.StatusOK, "The call is waived.", "waive CA1 by operator:  outage"},
		{"a waiver without a reason", []string{"kind", "waive", "seen", "0"}, http.StatusUnprocessableEntity, "No reason: write why the call was necessary.", ""},
		{"training", []string{"kind", "training", "seen", "0"}, http.StatusOK, "The call is marked as training.", "training CA1 by operator:"},
		{"a ticket", []string{"kind", "ticket", "value", " 4712 ", "seen", "0"}, http.StatusOK, "set the ticket number 4712 instead of 4711", "ticket CA1 by operator:"},
		{"no ticket", []string{"kind", "ticket", "value", " ", "seen", "0"}, http.StatusUnprocessableEntity, "Nothing was given for ticket.", ""},
		{"an account", []string{"kind", "attach", "value", "310022", "seen", "0"}, http.StatusOK, "Harbor Desks, critical", "attach CA1 by operator:"},
		{"an account that is not there", []string{"kind", "attach", "value", "999999", "seen", "0"}, http.StatusUnprocessableEntity, "No such customer: 999999.", ""},
		{"a note", []string{"kind", "note", "value", "<b>bold</b>", "seen", "0"}, http.StatusOK, "&lt;b&gt;bold&lt;/b&gt;", "note CA1 by operator:"},
		{"what stands already", []string{"kind", "ticket", "value", "4711", "seen", "0"}, http.StatusConflict, "It is so already: the call is about ticket 4711.", ""},
		{"an undoing of nothing", []string{"kind", "note", "undo", "1", "seen", "0"}, http.StatusConflict, "Nothing to undo", ""},
		{"nothing that people do", []string{"kind", "dance", "seen", "0"}, http.StatusUnprocessableEntity, `nobody can "dance" a call`, ""},
		{"a call that is not there", nil, http.StatusNotFound, "No such call", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := mustPlace(t)
			if _, err := p.store.ImportCustomers(t.Context(), []policy.Customer{northwind, {Number: "310022", Name: "Harbor Desks", Line: ukLine}}, "test"); err != nil {
				t.Fatal(err)
			}
			path := "/calls/CA9/acts"
			if test.form != nil {
				path = "/calls/CA1/acts"
			} else {
				test.form = []string{"kind", "training", "seen", "0"}
			}
			p.load(t, served("CA1", monday.Add(-time.Hour), 1500))
			c := p.as(t, users.Operator)
			before := len(p.audit(t))
			got := c.post(path, test.form...)
			got.want(t, test.status, test.want)
			audit := p.audit(t)[before:]
			want := []string{}
			if test.audit != "" {
				want = append(want, test.audit)
			}
			for i := range audit { // the detail is the store's business
				if test.audit != "" && len(audit[i]) > len(test.audit) && audit[i][:len(test.audit)-len(" outage")] == test.audit[:len(test.audit)-len(" outage")] {
					audit[i] = test.audit
				}
			}
			if diff := cmp.Diff(want, audit); diff != "" {
				t.Errorf("the audit (-want +got):\n%s", diff)
			}
		})
	}
}

// The second of two people who saw the same is told what the first one did, and loses nothing of what was written.
func TestTwoPeopleAtOneCall(t *testing.T) {
	p := mustPlace(t)
	p.load(t, served("CA1", monday.Add(-time.Hour), 1500))
	first, second := p.as(t, users.Operator), p.as(t, users.Admin)
	first.post("/calls/CA1/acts", "kind", "waive", "reason", "outage", "seen", "0").want(t, http.StatusOK, "The call is waived.")
	got := second.post("/calls/CA1/acts", "kind", "note", "value", "a long story", "seen", "0")
	got.want(t, http.StatusConflict, `The call changed since you looked: operator waived the call as necessary: "outage" at 2026-11-23T15:00:00Z.`, ">a long story</textarea>", `name="seen" value="1"`)
	second.post("/calls/CA1/acts", "kind", "note", "value", "a long story", "seen", "1").want(t, http.StatusOK, "The note is added.")
	second.post("/calls/CA1/acts", "kind", "waive", "undo", "1", "seen", "2").want(t, http.StatusOK, "The waiver is taken back.", "over-long")
}

// What a person wrote without having seen anything is taken for having seen nothing.
func TestActsWithoutSeen(t *testing.T) {
	p := mustPlace(t)
	p.load(t, served("CA1", monday.Add(-time.Hour), 1500))
	c := p.as(t, users.Operator)
	c.post("/calls/CA1/acts", "kind", "training").want(t, http.StatusOK)
	c.post("/calls/CA1/acts", "kind", "note", "value", "x", "seen", "-1").want(t, http.StatusConflict)
}

func TestViewersDoNotAct(t *testing.T) {
	p := mustPlace(t)
	p.load(t, served("CA1", monday.Add(-time.Hour), 1500))
	c := p.as(t, users.Viewer)
	c.get("/calls/CA1").want(t, http.StatusOK).without(t, "Act on this call", "/acts")
	c.post("/calls/CA1/acts", "kind", "training", "seen", "0").want(t, http.StatusForbidden, "Not permitted")
	p.as(t, users.Operator).get("/calls/CA1").want(t, http.StatusOK, "Act on this call")
}
