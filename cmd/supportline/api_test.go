package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/server"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// TestAPITellsWhatTheCommandsTell: figures, calls and cases are the same objects over the API as with --format json, on a server that is put
// together as the server's is.
func TestAPITellsWhatTheCommandsTell(t *testing.T) {
	c := newCompany(t, time.Date(2024, 3, 20, 12, 0, 0, 0, time.UTC), "")
	for _, month := range []policy.Month{"2024-01", "2024-02", "2024-03"} {
		c.took("204518", month, 17)
	}
	if err := c.jobs().ReviewAll(t.Context(), c.now); err != nil {
		t.Fatal(err)
	}
	api := c.api()
	sid := string(decoded[[]policy.Row](t, c.must("calls", "--limit", "1", "--format", "json"))[0].SID)
	tests := []struct {
		path, list string // list is the name in the answer; "": the answer itself, for the first of what the command prints
		command    []string
	}{
		{"/usage?month=2024-03", "usage", []string{"usage", "--month", "2024-03"}},
		{"/usage?month=2024-02&customer=204518", "usage", []string{"usage", "--month", "2024-02", "--customer", "204518"}},
		{"/usage/explanation?customer=204518&month=2024-03", "calls", []string{"usage", "explain", "--customer", "204518", "--month", "2024-03"}},
		{"/calls?since=2024-03-01&limit=200", "calls", []string{"calls", "--since", "2024-03-01"}},
		{"/calls/export?format=json&since=2024-03-01", "-", []string{"calls", "--since", "2024-03-01"}},
		{"/calls/" + sid + "/explanation", "steps", []string{"calls", "explain", sid}},
		{"/cases", "cases", []string{"cases", "list"}},
		{"/cases/1", "", []string{"cases", "show", "1"}},
		{"/customers", "customers", []string{"customers", "list"}},
	}
	for _, test := range tests {
		want := decoded[any](t, c.must(append(test.command, "--format", "json")...))
		got := decoded[any](t, api(http.MethodGet, test.path, ""))
		switch test.list {
		case "-":
		case "":
			got = []any{got}
		default:
			got = got.(map[string]any)[test.list]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-command +API):\n%s", test.path, diff)
		}
		if list, ok := got.([]any); !ok || len(list) == 0 {
			t.Errorf("%s tells nothing", test.path)
		}
	}
}

// TestCasesOverTheAPIAreThoseOfTheCommands: a case is opened with the account's months, and a move is seen by the command.
func TestCasesOverTheAPIAreThoseOfTheCommands(t *testing.T) {
	box := newMailbox(t)
	c := newCompany(t, time.Date(2024, 3, 20, 12, 0, 0, 0, time.UTC), box.address)
	c.took("204518", "2024-03", 17)
	api := c.api()
	opened := decoded[policy.Case](t, api(http.MethodPost, "/cases", `{"customer":"204518","note":"three specialists asked"}`))
	if len(opened.Months) != 6 || opened.Months[5].Tickets != 17 {
		t.Errorf("the case rests on %+v", opened.Months)
	}
	moved := api(http.MethodPost, "/cases/1/moves", `{"from":"flagged","to":"contacted","via":"email","note":"wrote"}`)
	if !strings.Contains(moved, `"emails":1`) {
		t.Errorf("the move says %s", moved)
	}
	late := api(http.MethodPost, "/cases/1/moves", `{"from":"flagged","to":"contacted","via":"phone","note":"called"}`)
	if !strings.Contains(late, "it was flagged when you looked, and is contacted") {
		t.Errorf("the second of two people is told %s", late)
	}
	if got := caseRow(c.must("cases", "list", "--format", "csv")); !strings.HasSuffix(got, "contacted,flagged;contacted") {
		t.Errorf("the command lists %s", got)
	}
	if diff := cmp.Diff([]string{"office@northwind.example Your telephone support"}, subjects(c.deliver(box))); diff != "" {
		t.Errorf("the e-mails (-want +got):\n%s", diff)
	}
}

// TestListOfTokensSaysWhichDoNotWork: those of somebody for whom the identity provider does not vouch any more are suspended, and those of older
// versions that last too long are named.
func TestListOfTokensSaysWhichDoNotWork(t *testing.T) {
	c := newCompany(t, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), "")
	for name, user := range map[string]users.User{"mila": {}, "anna": {Subject: "https://id.example.com|17", VouchedAt: c.now.AddDate(0, 0, -31)}} {
		user.Name, user.Role, user.CreatedAt = name, users.Viewer, c.now
		token := users.Token{User: name, Name: "ci", Hash: name, CreatedAt: c.now}
		if err := errors.Join(c.store.AddUser(t.Context(), user, "test"), c.store.AddToken(t.Context(), token, "test")); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string][]string{"mila": {"never, longer than a year", `"suspended":false`}, "anna": {"never, suspended", `"suspended":true`}} {
		for i, format := range []string{"table", "json"} {
			if got := c.must("users", "token", name, "--format", format); !strings.Contains(got, want[i]) {
				t.Errorf("the tokens of %s lack %q:\n%s", name, want[i], got)
			}
		}
	}
}

// api asks the company's console, with the token of an admin.
func (c *company) api() func(method, path, body string) string {
	c.Helper()
	secret := signin.NewToken()
	user := users.User{Name: "ops", Role: users.Admin, CreatedAt: c.now}
	if err := c.store.AddUser(c.Context(), user, "test"); err != nil {
		c.Fatal(err)
	}
	if err := c.store.AddToken(c.Context(), users.Token{User: "ops", Name: "test", Hash: users.HashToken(secret), CreatedAt: c.now}, "test"); err != nil {
		c.Fatal(err)
	}
	h := &server.App{Conf: c.conf, Store: c.store, Now: func() time.Time { return c.now }, Log: zap.NewNop()}
	h.Conf.Console.Permissions = users.UsualPermissions()
	return func(method, path, body string) string {
		c.Helper()
		request := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+secret)
		request.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		h.Console().ServeHTTP(answer, request)
		return answer.Body.String()
	}
}

func decoded[T any](t testing.TB, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}
