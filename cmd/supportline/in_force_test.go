package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// admin is an admin at the console of a server.
func (l *telephony) admin() *browsertest.Client {
	l.t.Helper()
	browsertest.AddUser(l.t, l.app.Store, users.User{Name: "mila", Role: users.Admin}, l.clock.Now())
	server := httptest.NewServer(l.app.Private)
	l.t.Cleanup(server.Close)
	c := browsertest.NewClient(l.t, server.URL)
	c.SignIn("mila", browsertest.Password).Want(l.t, http.StatusOK, "Sign out")
	return c
}

// An admin closes today in the console, and the very next call obeys it; taken back, the one after that is let in. The trace names the
// version of what was in force.
func TestTheNextCallObeysAnEdit(t *testing.T) {
	l := newTelephony(t)
	l.provision(true)
	admin := l.admin()
	told := func() string {
		t.Helper()
		record, _ := l.call(ukLine, "204518", "5")
		call, err := l.app.Store.Call(t.Context(), policy.CallSID(record.SID))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s by %s at %s: %s", call.Outcome(), call.Trace[1].Rule, call.Trace[1].Config, call.Trace[1].Result)
	}
	var got []string
	got = append(got, told())
	admin.Post("/lines/448000668187/dates", "seen", "0", "date", "2026-11-24", "kind", "closed", "reason", "Moving house").Want(t, http.StatusOK)
	got = append(got, told())
	admin.Post("/lines/448000668187/dates", "seen", "1", "date", "2026-11-24", "kind", "special", "hours", "15:00-24:00", "reason", "Moving house").Want(t, http.StatusOK)
	got = append(got, told())
	admin.Post("/lines/448000668187/withdraw", "seen", "2", "date", "2026-11-24").Want(t, http.StatusOK)
	got = append(got, told())

	version := l.conf.Settings.Version
	want := []string{
		"served by hours.week at " + version + ": open: Monday to Friday 08:00-19:00",
		"closed by hours.closed at " + version + "+1: closed: Moving house",
		"served by hours.special at " + version + "+2: open: 2026-11-24 15:00-24:00",
		"served by hours.week at " + version + "+3: open: Monday to Friday 08:00-19:00",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the calls (-want +got):\n%s", diff)
	}
}

// The documents that stand without us, and what is exported, have an edit at once.
func TestDocumentsAndExportHaveAnEdit(t *testing.T) {
	l := newTelephony(t)
	admin := l.admin()
	admin.Post("/lines/448000668187/dates", "seen", "0", "date", "2026-11-27", "kind", "closed", "reason", "Moving house").Want(t, http.StatusOK)
	w := l.document("/fallback/448000668187/voice.xml")
	if !strings.Contains(w.Body.String(), "We are closed on Friday the 27th of November.") {
		t.Errorf("the fallback document:\n%s", w.Body)
	}
	for _, page := range []string{"/lines/dates.yaml", "/lines"} {
		admin.Get(page).Want(t, http.StatusOK, "- { date: 2026-11-27, reason: ")
	}
}
