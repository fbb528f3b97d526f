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

// Monday is when the tests' people look at the console.
var Monday = time.Date(2026, time.November, 23, 15, 0, 0, 0, time.UTC)

// Password is everybody's.
const Password = "blue horse battery"

// Place is a console over a store of its own in a temporary folder, with a viewer, an operator and an admin, who are called as their roles are.
//
//	p := mustPlace(t)
//	p.load(t, served("CA1", monday))
//	page := p.as(t, users.Operator).get("/calls")
//	page.want(t, http.StatusOK, "Northwind")
//
// Its clock stands still until a test moves it: p.now = p.now.Add(time.Hour).
type Place struct {
	Store  *store.Store
	Server *httptest.Server
	Now    time.Time
	Log    *bytes.Buffer // what the server logged, as JSON lines
}

// NewPlace makes a place. Each change is made to its settings before it opens.
func NewPlace(t testing.TB, changes ...func(*console.Deps)) *Place {
	t.Helper()
	p := &Place{Now: Monday, Log: &bytes.Buffer{}}
	opened, err := store.Open(filepath.Join(t.TempDir(), "supportline.db"), store.Options{Size: 1 << 20, Now: func() time.Time { return p.Now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	p.Store = opened
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(zapcore.AddSync(p.Log)), zap.InfoLevel))
	deps := console.Deps{
		Settings: console.Settings{Settings: signin.Settings{Idle: 30 * time.Minute, Session: 12 * time.Hour}, Permissions: users.UsualPermissions()},
		Policy:   Company(t), Lines: store.NewLines(Company(t), opened), DatesYAML: datesYAML, Calls: opened, Users: opened, Sessions: opened, Audit: opened, Tokens: opened,
		Accounts: store.Accounts{Store: opened, FairUse: Company(t).FairUse}, Ready: opened.Ping, Version: "v1.2.3", Outbox: opened,
		Cases: store.Casework{Store: opened, Settings: Company(t), Addressed: func(n policy.Notice) []policy.Notice { return []policy.Notice{n} }},
		Usage: patient{store.NewUsageCache(opened, Company(t), func(err error) { t.Error(err) })},
		Now:   func() time.Time { return p.Now }, Logger: logger,
	}
	for _, change := range changes {
		change(&deps)
	}
	p.Server = httptest.NewServer(console.New(deps))
	t.Cleanup(p.Server.Close)
	for _, role := range users.Roles() {
		p.Add(t, users.User{Name: string(role), Role: role})
	}
	return p
}

// datesYAML stands for the configuration's own writer, which is another room's.
func datesYAML(lines []policy.Line) []byte {
	return fmt.Appendf(nil, "lines: # %d closed\n", len(lines[1].Hours.Closed))
}

// hash is made once: it costs time on purpose.
var hash = func() string {
	h, err := signin.HashPassword("", Password)
	if err != nil {
		panic(err)
	}
	return h
}()

// Add adds a user with everybody's password.
func (p *Place) Add(t testing.TB, u users.User) {
	t.Helper()
	u.Password, u.CreatedAt = hash, Monday
	if err := p.Store.AddUser(t.Context(), u, "test"); err != nil {
		t.Fatal(err)
	}
}

// Load puts calls into the log.
func (p *Place) Load(t testing.TB, calls ...policy.Call) {
	t.Helper()
	if err := p.Store.Load(t.Context(), slices.Values(calls), func(int) {}); err != nil {
		t.Fatal(err)
	}
}

// Audit is the Audit since the users were added, one entry a line.
func (p *Place) Audit(t testing.TB) []string {
	t.Helper()
	lines := []string{}
	for e, err := range p.Store.Audit(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Act != users.ActUserAdd || e.By != "test" {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s by %s: %s %s", e.Act, e.Subject, e.By, e.Detail, e.Reason)))
		}
	}
	return lines
}

// Client is one person's browser, without scripts.
type Client struct {
	t    testing.TB
	HTTP *http.Client
	base string
}

// Visitor is somebody who is not signed in.
func (p *Place) Visitor(t testing.TB) *Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Client{t, &http.Client{Jar: jar}, p.Server.URL}
}

// As is somebody who signed in with a role.
func (p *Place) As(t testing.TB, role users.Role) *Client {
	t.Helper()
	c := p.Visitor(t)
	c.SignIn(string(role), Password).Want(t, http.StatusOK, "Sign out")
	return c
}

func (c *Client) SignIn(name, password string) Page {
	return c.Post("/signin", "name", name, "password", password)
}

// Page is an answer.
type Page struct {
	Status int
	Path   string // where redirects led to, with its query
	Header http.Header
	Body   string
}

func (c *Client) Get(path string) Page {
	c.t.Helper()
	response, err := c.HTTP.Get(c.base + path)
	return c.read(response, err)
}

// Post sends a form, as the console's own pages do, with names and values in turn.
func (c *Client) Post(path string, pairs ...string) Page {
	c.t.Helper()
	return c.Send(path, map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": c.base}, pairs...)
}

func (c *Client) Send(path string, header map[string]string, pairs ...string) Page {
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
	response, err := c.HTTP.Do(request)
	return c.read(response, err)
}

func (c *Client) read(response *http.Response, err error) Page {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return Page{response.StatusCode, response.Request.URL.RequestURI(), response.Header, string(body)}
}

// Want looks for a status and texts in a page.
func (p Page) Want(t testing.TB, status int, texts ...string) Page {
	t.Helper()
	if p.Status != status {
		t.Errorf("%s: status %d, want %d", p.Path, p.Status, status)
	}
	for _, text := range texts {
		if !p.Has(text) {
			t.Errorf("%s: no %q in\n%s", p.Path, text, p.Body)
		}
	}
	return p
}

// Has says whether a text is in a page, as it was sent or as a person reads it.
func (p Page) Has(text string) bool {
	return strings.Contains(p.Body, text) || strings.Contains(html.UnescapeString(p.Body), text)
}

// Without looks that texts are not in a page.
func (p Page) Without(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if p.Has(text) {
			t.Errorf("%s: %q is in\n%s", p.Path, text, p.Body)
		}
	}
}

const (
	UKLine     = policy.Phone("+448000668187")
	Caller     = policy.Phone("+442079460018")
	Specialist = policy.Phone("+15550100001")
)

// Company are the settings of a Company with one line.
func Company(t testing.TB) policy.Settings {
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
			{Number: UKLine, Name: "United Kingdom", Zone: london, Hours: week},
		},
		Identification: policy.Identification{Digits: 6}, Packages: []string{"Ultimate"},
		FairUse: policy.FairUse{
			CallLimit: 20 * time.Minute, TicketsPerMonth: 16, OverLongCallsPerMonth: 4, SustainedMonths: 3, SustainedWithin: 6,
			TrainingCallsPerMonth: 2, WarnAt: []int{80, 100}, Currency: "GBP", PerTicket: 12.5, PerMinute: 0.5,
		},
	}
}

// Northwind is a customer, and its calls are those of the tests.
var Northwind = policy.Customer{Number: "204518", Name: "Northwind Flex Offices", Package: "Ultimate", Line: UKLine}

// Served is a critical call of northwind's that a specialist took, and talked for so many seconds.
func Served(sid policy.CallSID, at time.Time, talked int) policy.Call {
	accepted := at.Add(40 * time.Second)
	ended := accepted.Add(time.Duration(talked) * time.Second)
	total := 40 + talked
	return policy.Call{
		SID: sid, Line: UKLine, From: Caller, StartedAt: at, Answered: true, Customer: Northwind.Number, Account: Northwind.Name,
		Month: policy.MonthOf(at, time.UTC), Intent: policy.Critical, Ticket: "4711", HuntingAt: at.Add(20 * time.Second),
		Exchanges: []policy.Exchange{{Key: "number/1", At: at.Add(8 * time.Second), Heard: "204518"}, {Key: "menu/2", At: at.Add(15 * time.Second), Heard: "1"}},
		Trace: []policy.Decision{
			{At: at, Rule: "hours.week", Result: "open: Monday to Friday 08:00-19:00", Inputs: []policy.Fact{{Name: "zone", Value: "Europe/London"}}},
			{At: at.Add(20 * time.Second), Rule: "ring.step", Result: "rings +15550100001", Inputs: []policy.Fact{{Name: "team", Value: "critical"}}},
		},
		Legs: []policy.Leg{{
			SID: "CAleg" + sid, To: Specialist, RangAt: at.Add(22 * time.Second), AnsweredAt: at.Add(30 * time.Second), ScreenedAt: at.Add(31 * time.Second),
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
