package main

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store/figures"
)

// phoneDay is in the hours of both lines of the example.
var phoneDay = time.Date(2026, time.November, 24, 16, 0, 0, 0, time.UTC)

// phoneApp is a server whose console is served, with a user of each role who is called as it is. Its clock goes on from phoneDay; on its phones
// no time passes but what is skipped.
type phoneApp struct {
	*server.App
	url string
}

func mustPhoneApp(t testing.TB, change func(*config.Config)) phoneApp {
	t.Helper()
	conf := mustConfig(t)
	change(&conf)
	began := time.Now()
	h, err := server.Open(conf, func() time.Time { return phoneDay.Add(time.Since(began)) }, zap.NewNop(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	h.Phones.After = func(time.Duration) <-chan time.Time { return nil }
	server := httptest.NewServer(h.Private)
	t.Cleanup(func() {
		h.Phones.Close()
		server.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := bringIn(h); err != nil {
		t.Fatal(err)
	}
	for _, role := range users.Roles() {
		browsertest.AddUser(t, h.Store, users.User{Name: string(role), Role: role}, phoneDay)
	}
	return phoneApp{h, server.URL}
}

// demoApp is one as a demo has it.
func demoApp(t testing.TB) phoneApp {
	t.Helper()
	h := mustPhoneApp(t, demo.LetEverybodyCall)
	h.UseDemoPhones(demo.NewAccount(h.Conf, h.Now))
	return h
}

// phoneUser is somebody who signed in to the console, with a browser without scripts.
type phoneUser struct {
	*browsertest.Client
	t    testing.TB
	page browsertest.Page // the last one
	text string           // of it, as a person reads it
}

var tags = regexp.MustCompile(`<[^>]*>`)

func (h phoneApp) as(t testing.TB, role users.Role) *phoneUser {
	t.Helper()
	u := &phoneUser{Client: browsertest.NewClient(t, h.url), t: t}
	u.SignIn(string(role), browsertest.Password).Want(t, http.StatusOK, "Sign out")
	return u
}

func (u *phoneUser) get(path string) int {
	u.t.Helper()
	return u.read(u.Get(path))
}

func (u *phoneUser) post(path string, pairs ...string) int {
	u.t.Helper()
	return u.read(u.Post(path, pairs...))
}

func (u *phoneUser) read(page browsertest.Page) int {
	u.page = page
	u.text = strings.Join(strings.Fields(tags.ReplaceAllString(html.UnescapeString(page.Body), "")), " ")
	return page.Status
}

// does posts to the call that the user looks at.
func (u *phoneUser) does(pairs ...string) {
	u.t.Helper()
	if status := u.post(u.page.Path, pairs...); status != http.StatusOK {
		u.t.Fatalf("%s %q: status %d\n%s", u.page.Path, pairs, status, u.text)
	}
}

func (u *phoneUser) sees(texts ...string) {
	u.t.Helper()
	for _, text := range texts {
		if !u.page.Has(text) && !strings.Contains(u.text, text) {
			u.t.Errorf("no %q at %s in\n%s", text, u.page.Path, u.text)
		}
	}
}

// logged is the call that the page leads to when it is over.
func (u *phoneUser) logged(h phoneApp) policy.Row {
	u.t.Helper()
	found := regexp.MustCompile(`/calls/(CA[0-9a-f]{32})`).FindStringSubmatch(u.page.Body)
	if found == nil {
		u.t.Fatalf("no call of the log at %s in\n%s", u.page.Path, u.text)
	}
	call, err := h.Store.Call(u.t.Context(), policy.CallSID(found[1]))
	if err != nil {
		u.t.Fatal(err)
	}
	row, err := h.Store.Rows(u.t.Context(), h.Conf.Settings)(call)
	if err != nil {
		u.t.Fatal(err)
	}
	return row
}

// An operator of a demo carries a call through by forms alone: it is in the log as served, and counts like any other.
func TestPhoneWithoutScripts(t *testing.T) {
	h := demoApp(t)
	u := h.as(t, users.Operator)
	u.get("/phone")
	u.sees("United Kingdom", "You call from")
	u.post("/phone", "line", "+448000668187", "from", "+442079460018")
	u.does("do", "skip")
	u.sees("The line waits for your answer.", "Welcome to OfficeRnD support.", `<meta http-equiv="refresh" content="20">`)
	u.does("keys", "2045 18")
	u.sees("platform is down", "The line speaks.")
	u.does("keys", "1")
	u.does("do", "skip")
	u.sees("It rings.", "+15*******01", "Pick up and accept", `content="2"`)
	u.does("specialist", "0", "answer", "accept")
	u.does("do", "skip") // what the specialist is told
	u.sees("is joined with the caller", "Hang up as the specialist", "Northwind Flex Offices")
	u.does("do", "hang-up")
	u.sees("The call is over.", "Dial again")
	row := u.logged(h)
	if *row.Outcome != policy.Served || *row.Customer != "204518" || !row.Counted || row.From != "+442079460018" {
		t.Errorf("in the log it is %+v", row)
	}
}

// On a real server an admin alone calls, and test lines only. The call is marked, rings nobody's telephone even where specialists are rung over REST, and
// counts for no account.
func TestPhoneOnARealServer(t *testing.T) {
	h := mustPhoneApp(t, func(c *config.Config) {
		c.Console.TestLines, c.Settings.Announce = []policy.Phone{"+448000668187"}, true
		c.Twilio.APIURL = "http://127.0.0.1:1" // nobody is there to be asked
	})
	if status := h.as(t, users.Operator).get("/phone"); status != http.StatusForbidden {
		t.Errorf("an operator's status is %d, want forbidden", status)
	}
	u := h.as(t, users.Admin)
	u.get("/phone")
	u.sees("These are lines that customers call.")
	if status := u.post("/phone", "line", "+18883071053"); status != http.StatusConflict {
		t.Errorf("a line that is not for tests: status %d, want a conflict", status)
	}
	u.post("/phone", "line", "+448000668187", "from", "+442079460018")
	u.does("keys", "204518")
	u.does("keys", "1")
	u.does("do", "skip")
	u.does("specialist", "0", "answer", "accept")
	u.does("do", "skip")
	u.does("do", "specialist-hangs-up")
	u.sees("Thank you for calling.")
	u.does("do", "skip")
	row := u.logged(h)
	if *row.Outcome != policy.Served || row.Counted || row.From != "client:test-admin" {
		t.Errorf("in the log it is %+v", row)
	}
	usage, err := figures.Accounts{Store: h.Store, FairUse: h.Conf.Settings.FairUse}.AllMonths(t.Context(), policy.MonthOf(phoneDay, time.UTC), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range usage {
		if n := a.Last().Calls; n != 0 {
			t.Errorf("%s has %d calls, want none", a.Last().Account, n)
		}
	}
	u.get("/calls/" + string(row.SID))
	u.sees(`<span class="sign">test</span>`, "not counted: a call to try the line")
	u.get("/phone")
	u.sees("Your calls", "ended")
}

// Without test lines there is nothing to call, and the page says how there is.
func TestPhoneWithoutTestLines(t *testing.T) {
	u := mustPhoneApp(t, func(*config.Config) {}).as(t, users.Admin)
	u.get("/phone")
	u.sees("No line may be called from here.", "test_lines")
}

// Two people's calls go on side by side, and neither sees the other's. When the server stops in the middle, everybody hangs up and the log knows it.
func TestServerStopsInTheMiddleOfPhoneCalls(t *testing.T) {
	h := demoApp(t)
	one, other := h.as(t, users.Operator), h.as(t, users.Admin)
	one.post("/phone", "line", "+448000668187")
	other.post("/phone", "line", "+18883071053")
	one.does("keys", "204518")
	other.does("keys", "310022")
	one.sees("press 204518", "platform is down")
	other.sees("press 310022")
	if status := other.get(one.page.Path); status != http.StatusNotFound {
		t.Errorf("somebody else's call has status %d, want not found", status)
	}
	h.Phones.Close()
	one.get(one.page.Path)
	one.sees("The call is over.")
	if row := one.logged(h); *row.Outcome != policy.Abandoned {
		t.Errorf("the outcome is %s, want abandoned", *row.Outcome)
	}
	if status := one.post("/phone", "line", "+448000668187"); status != http.StatusConflict {
		t.Errorf("dialling a server that stops: status %d, want a conflict", status)
	}
}

// The events of a call are its live part, and end with it.
func TestPhoneEvents(t *testing.T) {
	h := demoApp(t)
	u := h.as(t, users.Operator)
	u.post("/phone", "line", "+448000668187")
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+u.page.Path+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	response, err := u.HTTP.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	u.does("do", "hang-up")
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"event: moved\ndata: <section", "Welcome to OfficeRnD support.", "event: over\n", "Dial again"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in the events\n%s", want, text)
		}
	}
}

// In a real browser: dial, hear, press, answer as the specialist, talk and hang up; the call is in the log.
func TestPhoneInTheBrowser(t *testing.T) {
	h := demoApp(t)
	tab := browsertest.Open(t)
	tab.Go(h.url + "/phone")
	tab.SignIn("operator")
	tab.Check("phone-dial")
	tab.Fill("[name=line]", "+448000668187")
	tab.Fill("[name=from]", "+442079460018")
	tab.Follow("main form button")
	tab.Wait(".spoken")
	tab.See("Welcome to OfficeRnD support.", "The line speaks.", "Speak it aloud")
	for _, key := range "204518" {
		tab.Click("#key-" + string(key))
	}
	tab.Wait("#said-3.spoken")
	tab.See("press 204518", "platform is down")
	tab.Check("phone-menu")
	tab.Click("#key-1")
	tab.Click("#skip")
	tab.Wait("#answer-0-accept")
	tab.Check("phone-rings")
	tab.Click("#answer-0-accept")
	tab.Wait("#skip")
	tab.Click("#skip")
	tab.Wait("#specialist-hangs-up")
	tab.See("Critical.", "is joined with the caller", "Caller and specialist talk.")
	tab.Check("phone-talk")
	tab.Click("#hang-up")
	tab.Wait("#again")
	tab.See("The call is over.")
	tab.Check("phone-over")
	tab.Follow(`#phone-state a`)
	tab.See("served", "Northwind Flex Offices", "accepted the call")
}

// A sign stands for the same number after the server began anew: the console has the store's secret.
func TestSignsOutliveTheServer(t *testing.T) {
	h := mustApp(t)
	browsertest.AddUser(t, h.Store, users.User{Name: "viewer", Role: users.Viewer}, phoneDay)
	signs := func() []string {
		served := httptest.NewServer(h.Console())
		defer served.Close()
		c := browsertest.NewClient(t, served.URL)
		c.SignIn("viewer", browsertest.Password).Want(t, http.StatusOK, "Sign out")
		return c.Get("/calls").Between(`value="s-`, `"`, 20)
	}
	if before := signs(); len(before) == 0 || !slices.Equal(before, signs()) {
		t.Errorf("the signs %q are others afterwards", before)
	}
}
