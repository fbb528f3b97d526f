package console_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

func TestCall(t *testing.T) {
	p := browsertest.NewPlace(t)
	p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 1500))
	c := p.As(t, users.Viewer)
	c.Get("/calls/CA1").Want(
		t, http.StatusOK, "Northwind Flex Offices, critical", "over-long", "counted", "25:00", "hours.week", "open: Monday to Friday 08:00-19:00",
		"zone Europe/London", "+15*******01 accepted the call", "number/1", "204518", `aria-label="Menu 0:20, Waiting 0:20, +15*******01 rings 0:18, Talk 25:00"`,
	)
	c.Get("/calls/CA9").Want(t, http.StatusNotFound, "No such call")
	c.Get("/calls/"+"..%2f..%2fetc").Want(t, http.StatusNotFound)
	c.Get("/nowhere").Want(t, http.StatusNotFound, "No such page", `href="/calls"`)
}

// The picture of a call in progress ends now. A call whose end was never reported has none.
func TestPictureOfACallInProgress(t *testing.T) {
	p := browsertest.NewPlace(t)
	going := browsertest.Served("CA1", browsertest.Monday.Add(-100*time.Second), 60)
	going.Status, going.EndedAt, going.TotalSeconds = "", time.Time{}, nil
	going.Legs[0].EndedAt, going.Legs[0].Status = time.Time{}, "in-progress"
	p.Load(t, going)
	c := p.As(t, users.Viewer)
	c.Get("/calls/CA1").Want(t, http.StatusOK, `aria-label="Menu 0:20, Waiting 0:20, +15*******01 rings 0:18, Talk 1:00"`, `<text class="axis" x="1000"`, ">1:40</text>")
	p.Now = p.Now.Add(20 * time.Second)
	c.Get("/calls/CA1").Want(t, http.StatusOK, `aria-label="Menu 0:20, Waiting 0:20, +15*******01 rings 0:18, Talk 1:20"`, ">2:00</text>")
	p.Now = p.Now.AddDate(0, 0, 2)
	p.As(t, users.Viewer).Get("/calls/CA1").Want(t, http.StatusOK, "no end reported").Without(t, "The call in time")
}

// A number is shown in full to people who may see numbers, after they ask for it and on that call only; the audit notes it.
func TestNumbers(t *testing.T) {
	numbers := []string{browsertest.Caller.Full(), browsertest.Specialist.Full()}
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
			p := browsertest.NewPlace(t, func(d *console.Deps) { d.Settings.Permissions = test.permissions })
			p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 60), browsertest.Served("CA2", browsertest.Monday.Add(-2*time.Hour), 60))
			c := p.As(t, test.role)
			audit := []string{"sign-in " + string(test.role) + " by " + string(test.role) + ": from 127.0.0.1"}
			for _, path := range []string{"/calls", "/calls/CA1"} {
				c.Get(path).Want(t, http.StatusOK, "+44********18", "+15*******01").Without(t, numbers[0][1:], numbers[1][1:])
			}
			got := c.Post("/calls/CA1/reveal")
			if test.may {
				audit = append(audit, "reveal CA1 by "+string(test.role)+": the telephone numbers of a call")
				got.Want(t, http.StatusOK, numbers[0][1:], numbers[1][1:])
			} else {
				got.Want(t, http.StatusForbidden, "Not permitted")
			}
			c.Get("/calls/CA2").Without(t, numbers[0][1:], numbers[1][1:])
			c.Get("/calls").Without(t, numbers[0][1:], numbers[1][1:])
			if diff := cmp.Diff(audit, p.Audit(t)); diff != "" {
				t.Errorf("the audit (-want +got):\n%s", diff)
			}
		})
	}
}

// A person who may no longer see numbers sees none in the session in which they were revealed.
func TestNumbersAreMaskedWhenTheRightIsLost(t *testing.T) {
	p := browsertest.NewPlace(t, withHours(t))
	p.Enrol(t, holder)
	p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 60))
	c := p.As(t, users.Operator)
	full := map[string]string{"/calls/CA1": browsertest.Caller.Full()[1:], "/accounts/204518": holder.Phone.Full()[1:], "/lines": browsertest.Specialist.Full()[1:]}
	for path, number := range full {
		c.Post(path+"/reveal").Want(t, http.StatusOK, number)
	}
	if _, err := p.Store.ChangeUser(t.Context(), "operator", users.WithRole(users.Viewer, "admin", p.Now)); err != nil {
		t.Fatal(err)
	}
	for path, number := range full {
		c.Get(path).Want(t, http.StatusOK, "Sign out").Without(t, number)
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
		{"what stands already", []string{"kind", "ticket", "value", "4711", "seen", "0"}, http.StatusConflict, "Already in that state: the call is about ticket 4711.", ""},
		{"an undoing of nothing", []string{"kind", "note", "undo", "1", "seen", "0"}, http.StatusConflict, "Nothing to undo", ""},
		{"nothing that people do", []string{"kind", "dance", "seen", "0"}, http.StatusUnprocessableEntity, `nobody can "dance" a call`, ""},
		{"a call that is not there", nil, http.StatusNotFound, "No such call", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := browsertest.NewPlace(t)
			if _, err := p.Store.ImportCustomers(t.Context(), []policy.Customer{browsertest.Northwind, {Number: "310022", Name: "Harbor Desks", Line: browsertest.UKLine}}, "test"); err != nil {
				t.Fatal(err)
			}
			path := "/calls/CA9/acts"
			if test.form != nil {
				path = "/calls/CA1/acts"
			} else {
				test.form = []string{"kind", "training", "seen", "0"}
			}
			p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 1500))
			c := p.As(t, users.Operator)
			before := len(p.Audit(t))
			got := c.Post(path, test.form...)
			got.Want(t, test.status, test.want)
			audit := p.Audit(t)[before:]
			want := []string{}
			if test.audit != "" {
				want = append(want, test.audit)
			}
			if diff := cmp.Diff(want, audit); diff != "" {
				t.Errorf("the audit (-want +got):\n%s", diff)
			}
		})
	}
}

// The second of two people who act on one call is told what the first one did, and loses nothing of what was written.
func TestTwoPeopleAtOneCall(t *testing.T) {
	p := browsertest.NewPlace(t)
	p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 1500))
	first, second := p.As(t, users.Operator), p.As(t, users.Admin)
	first.Post("/calls/CA1/acts", "kind", "waive", "reason", "outage", "seen", "0").Want(t, http.StatusOK, "The call is waived.")
	got := second.Post("/calls/CA1/acts", "kind", "note", "value", "a long story", "seen", "0")
	got.Want(t, http.StatusConflict, `The call changed since you looked: operator waived the call as necessary: "outage" at 2026-11-23T15:00:00Z.`, ">a long story</textarea>", `name="seen" value="1"`)
	second.Post("/calls/CA1/acts", "kind", "note", "value", "a long story", "seen", "1").Want(t, http.StatusOK, "The note is added.")
	second.Post("/calls/CA1/acts", "kind", "waive", "undo", "1", "seen", "2").Want(t, http.StatusOK, "The waiver was undone.", "over-long")
}

// What a person wrote without having seen anything is taken for having seen nothing.
func TestActsWithoutSeen(t *testing.T) {
	p := browsertest.NewPlace(t)
	p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 1500))
	c := p.As(t, users.Operator)
	c.Post("/calls/CA1/acts", "kind", "training").Want(t, http.StatusOK)
	c.Post("/calls/CA1/acts", "kind", "note", "value", "x", "seen", "-1").Want(t, http.StatusConflict)
}

func TestViewersDoNotAct(t *testing.T) {
	p := browsertest.NewPlace(t)
	p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 1500))
	c := p.As(t, users.Viewer)
	c.Get("/calls/CA1").Want(t, http.StatusOK).Without(t, "Act on this call", "/acts")
	c.Post("/calls/CA1/acts", "kind", "training", "seen", "0").Want(t, http.StatusForbidden, "Not permitted")
	p.As(t, users.Operator).Get("/calls/CA1").Want(t, http.StatusOK, "Act on this call")
}
