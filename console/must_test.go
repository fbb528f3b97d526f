package console_test

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
)

// monday is when the tests' people look at the console.
var monday = time.Date(2026, time.November, 23, 15, 0, 0, 0, time.UTC)

// password is everybody's.
const password = "blue horse battery"

// place is a console over a store of its own in a temporary folder, with a viewer, an operator and an admin, who are called as their roles are.
//
//	p := mustPlace(t)
//	p.load(t, served("CA1", monday))
//	page := p.as(t, users.Operator).get("/calls")
//	page.want(t, http.StatusOK, "Northwind")
//
// Its clock stands still until a test moves it: p.now = p.now.Add(time.Hour).
type place struct {
	store  *store.Store
	server *httptest.Server
	now    time.Time
	log    *bytes.Buffer // what the server logged, as JSON lines
}

// mustPlace makes a place. Each change is made to its settings before it opens.
func mustPlace(t testing.TB, changes ...func(*console.Deps)) *place {
	t.Helper()
	p := &place{now: monday, log: &bytes.Buffer{}}
	opened, err := store.Open(filepath.Join(t.TempDir(), "supportline.db"), store.Options{Size: 1 << 20, Now: func() time.Time { return p.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	p.store = opened
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(zapcore.AddSync(p.log)), zap.InfoLevel))
	deps := console.Deps{
		Settings: console.Settings{Settings: signin.Settings{Idle: 30 * time.Minute, Session: 12 * time.Hour}, Permissions: users.UsualPermissions()},
		Policy:   company(t), Lines: linesOver{company(t), opened}, Calls: opened, Users: opened, Sessions: opened, Audit: opened, Tokens: opened,
		Accounts: directory{opened}, Cases: reviews{opened}, Ready: opened.Ping, Version: "v1.2.3", Outbox: opened, Usage: derived{opened}, Now: func() time.Time { return p.now }, Logger: logger,
	}
	for _, change := range changes {
		change(&deps)
	}
	p.server = httptest.NewServer(console.New(deps))
	t.Cleanup(p.server.Close)
	for _, role := range users.Roles() {
		p.add(t, users.User{Name: string(role), Role: role})
	}
	return p
}

// hash is made once: it costs time on purpose.
var hash = func() string {
	h, err := signin.HashPassword("", password)
	if err != nil {
		panic(err)
	}
	return h
}()

// add adds a user with everybody's password.
func (p *place) add(t testing.TB, u users.User) {
	t.Helper()
	u.Password, u.CreatedAt = hash, monday
	if err := p.store.AddUser(t.Context(), u, "test"); err != nil {
		t.Fatal(err)
	}
}

// load puts calls into the log.
func (p *place) load(t testing.TB, calls ...policy.Call) {
	t.Helper()
	if err := p.store.Load(t.Context(), slices.Values(calls), func(int) {}); err != nil {
		t.Fatal(err)
	}
}

// audit is the audit since the users were added, one entry a line.
func (p *place) audit(t testing.TB) []string {
	t.Helper()
	lines := []string{}
	for e, err := range p.store.Audit(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Act != users.ActUserAdd || e.By != "test" {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s by %s: %s %s", e.Act, e.Subject, e.By, e.Detail, e.Reason)))
		}
	}
	return lines
}

// client is one person's browser, without scripts.
type client struct {
	t    testing.TB
	http *http.Client
	base string
}

// visitor is somebody who is not signed in.
func (p *place) visitor(t testing.TB) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t, &http.Client{Jar: jar}, p.server.URL}
}

// as is somebody who signed in with a role.
func (p *place) as(t testing.TB, role users.Role) *client {
	t.Helper()
	c := p.visitor(t)
	c.signIn(string(role), password).want(t, http.StatusOK, "Sign out")
	return c
}

func (c *client) signIn(name, password string) page {
	return c.post("/signin", "name", name, "password", password)
}

// page is an answer.
type page struct {
	status int
	path   string // where redirects led to, with its query
	header http.Header
	body   string
}

func (c *client) get(path string) page {
	c.t.Helper()
	response, err := c.http.Get(c.base + path)
	return c.read(response, err)
}

// post sends a form, as the console's own pages do, with names and values in turn.
func (c *client) post(path string, pairs ...string) page {
	c.t.Helper()
	return c.send(path, map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": c.base}, pairs...)
}

func (c *client) send(path string, header map[string]string, pairs ...string) page {
	c.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	request, err := http.NewRequest(http.MethodPost, c.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := c.http.Do(request)
	return c.read(response, err)
}

func (c *client) read(response *http.Response, err error) page {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return page{response.StatusCode, response.Request.URL.RequestURI(), response.Header, string(body)}
}

// want looks for a status and texts in a page.
func (p page) want(t testing.TB, status int, texts ...string) page {
	t.Helper()
	if p.status != status {
		t.Errorf("%s: status %d, want %d", p.path, p.status, status)
	}
	for _, text := range texts {
		if !p.has(text) {
			t.Errorf("%s: no %q in\n%s", p.path, text, p.body)
		}
	}
	return p
}

// has says whether a text is in a page, as it was sent or as a person reads it.
func (p page) has(text string) bool {
	return strings.Contains(p.body, text) || strings.Contains(html.UnescapeString(p.body), text)
}

// without looks that texts are not in a page.
func (p page) without(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if p.has(text) {
			t.Errorf("%s: %q is in\n%s", p.path, text, p.body)
		}
	}
}

const (
	ukLine     = policy.Phone("+448000668187")
	caller     = policy.Phone("+442079460018")
	specialist = policy.Phone("+15550100001")
)

// company are the settings of a company with one line.
func company(t testing.TB) policy.Settings {
	t.Helper()
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	var week policy.Hours
	for d := time.Monday; d <= time.Friday; d++ {
		week.Week[d] = []policy.Span{{From: 8 * 60, To: 19 * 60}}
	}
	return policy.Settings{
		Lines: []policy.Line{
			{Number: "+18883071053", Name: "USA and Canada", Zone: newYork, Hours: week},
			{Number: ukLine, Name: "United Kingdom", Zone: london, Hours: week},
		},
		Identification: policy.Identification{Digits: 6}, Packages: []string{"Ultimate"},
		FairUse: policy.FairUse{
			CallLimit: 20 * time.Minute, TicketsPerMonth: 16, OverLongCallsPerMonth: 4, SustainedMonths: 3, SustainedWithin: 6,
			TrainingCallsPerMonth: 2, WarnAt: []int{80, 100}, Currency: "GBP", PerTicket: 12.5, PerMinute: 0.5,
		},
	}
}

// northwind is a customer, and its calls are those of the tests.
var northwind = policy.Customer{Number: "204518", Name: "Northwind Flex Offices", Package: "Ultimate", Line: ukLine}

// served is a critical call of northwind's that a specialist took, and talked for so many seconds.
func served(sid policy.CallSID, at time.Time, talked int) policy.Call {
	accepted := at.Add(40 * time.Second)
	ended := accepted.Add(time.Duration(talked) * time.Second)
	total := 40 + talked
	return policy.Call{
		SID: sid, Line: ukLine, From: caller, StartedAt: at, Answered: true, Customer: northwind.Number, Account: northwind.Name,
		Month: policy.MonthOf(at, time.UTC), Intent: policy.Critical, Ticket: "4711", HuntingAt: at.Add(20 * time.Second),
		Exchanges: []policy.Exchange{{Key: "number/1", At: at.Add(8 * time.Second), Heard: "204518"}, {Key: "menu/2", At: at.Add(15 * time.Second), Heard: "1"}},
		Trace: []policy.Decision{
			{At: at, Rule: "hours.week", Result: "open: Monday to Friday 08:00-19:00", Inputs: []policy.Fact{{Name: "zone", Value: "Europe/London"}}},
			{At: at.Add(20 * time.Second), Rule: "ring.step", Result: "rings +15550100001", Inputs: []policy.Fact{{Name: "team", Value: "critical"}}},
		},
		Legs: []policy.Leg{{
			SID: "CAleg" + sid, To: specialist, RangAt: at.Add(22 * time.Second), AnsweredAt: at.Add(30 * time.Second), ScreenedAt: at.Add(31 * time.Second),
			AcceptedAt: accepted, EndedAt: ended, Status: "completed",
		}},
		EndedAt: ended, TotalSeconds: &total, Status: "completed",
	}
}

func mustURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
