package browsertest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // a test may run where no zone database is

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/figures"
)

// Place is a console over a store of its own in a temporary folder, with a viewer, an operator and an admin, who are called as their roles are.
//
//	p := browsertest.NewPlace(t)
//	p.Load(t, browsertest.Served("CA1", browsertest.Monday))
//	page := p.As(t, users.Operator).Get("/calls")
//	page.Want(t, http.StatusOK, "Northwind")
//
// Its clock stands still until a test moves it: p.Now = p.Now.Add(time.Hour).
type Place struct {
	Store  *store.Store
	Server *httptest.Server
	Now    time.Time
	Log    *bytes.Buffer // what the server logged, as JSON lines
}

// NewPlace returns a place. The changes are made to its settings before it opens.
func NewPlace(t testing.TB, changes ...func(*console.Deps)) *Place {
	t.Helper()
	p := &Place{Now: Monday, Log: &bytes.Buffer{}}
	opened, err := bolt.OpenStore(filepath.Join(t.TempDir(), "supportline.db"), 1<<20, store.Options{Now: func() time.Time { return p.Now }})
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
		Accounts: figures.Accounts{Store: opened, FairUse: Company(t).FairUse}, Ready: opened.Ping, Version: "v1.2.3", Outbox: opened, FollowUps: opened,
		Offers: offers{opened, Company(t)},
		Rotas:  store.NewRotas(nil, Company(t), opened),
		Cases:  figures.Casework{Store: opened, Settings: Company(t), Addressed: func(n policy.Notice) []policy.Notice { return []policy.Notice{n} }},
		Usage:  patient{figures.NewCache(opened, Company(t), func(err error) { t.Error(err) })},
		Now:    func() time.Time { return p.Now }, Logger: logger,
	}
	for _, change := range changes {
		change(&deps)
	}
	if deps.Policy.Links != (policy.Links{}) {
		deps.Offers = offers{opened, deps.Policy}
	}
	p.Server = httptest.NewServer(console.New(deps))
	t.Cleanup(p.Server.Close)
	for _, role := range users.Roles() {
		p.Add(t, users.User{Name: string(role), Role: role})
	}
	return p
}

// offers makes offers as a server does, with pages on example.com.
type offers struct {
	*store.Store
	settings policy.Settings
}

// OfferOn offers a page on a call.
func (o offers) OfferOn(ctx context.Context, sid policy.CallSID, ask remedy.Ask) (remedy.Offer, error) {
	s := o.settings
	if s.Links == (policy.Links{}) {
		s.Links.ScreenSharing, s.Countries = "https://example.com/session", []string{"GB", "US"}
	}
	return o.Store.OfferOn(ctx, sid, ask, store.Offering{Settings: s})
}

// datesYAML stands in for the configuration's writer, which is in another room.
func datesYAML(lines []policy.Line) []byte {
	return fmt.Appendf(nil, "lines: # %d closed\n", len(lines[1].Hours.Closed))
}

// hash is made once, because hashing is slow on purpose.
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
	AddUser(t, p.Store, u, Monday)
}

// AddUser adds a user with everybody's password to a store.
func AddUser(t testing.TB, s *store.Store, u users.User, at time.Time) {
	t.Helper()
	u.Password, u.CreatedAt = hash, at
	if err := s.AddUser(t.Context(), u, "test"); err != nil {
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

// Audit returns the audit since the users were added, one entry a line.
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

// Visitor returns the browser of somebody who is not signed in.
func (p *Place) Visitor(t testing.TB) *Client {
	t.Helper()
	return NewClient(t, p.Server.URL)
}

// As returns the browser of somebody who signed in with a role.
func (p *Place) As(t testing.TB, role users.Role) *Client {
	t.Helper()
	c := p.Visitor(t)
	c.SignIn(string(role), Password).Want(t, http.StatusOK, "Sign out")
	return c
}

// Program returns a program that uses a new token of a user.
func (p *Place) Program(t testing.TB, user string, changes ...func(*users.Token)) Program {
	t.Helper()
	secret := signin.NewToken()
	token := users.Token{User: user, Name: "t" + strings.ToLower(secret[len(secret)-8:]), Hash: users.HashToken(secret), CreatedAt: p.Now}
	for _, change := range changes {
		change(&token)
	}
	if err := p.Store.AddToken(t.Context(), token, "test"); err != nil {
		t.Fatal(err)
	}
	return NewProgram(t, p.Server.URL, secret)
}

// Enrol brings customers into the directory.
func (p *Place) Enrol(t testing.TB, customers ...policy.Customer) {
	t.Helper()
	if _, err := p.Store.ImportCustomers(t.Context(), customers, "test"); err != nil {
		t.Fatal(err)
	}
}

// NewFilled returns a place with customers and calls of each kind.
func NewFilled(t testing.TB, changes ...func(*console.Deps)) *Place {
	t.Helper()
	p := NewPlace(t, changes...)
	north := Northwind
	north.AccountHolder, north.Email, north.Phone, north.CallerNumbers = "Ada", "ada@example.com", Caller, []policy.Phone{Caller}
	if _, err := p.Store.ImportCustomers(t.Context(), []policy.Customer{north, Harbor}, "test"); err != nil {
		t.Fatal(err)
	}
	long, again, short := Served("CA1", Monday.Add(-3*time.Hour), 1500), Served("CA2", Monday.Add(-2*time.Hour), 300), Served("CA3", Monday.Add(-time.Hour), 60)
	short.Ticket, short.Message = "", &policy.Recording{SID: "RE1", URL: "https://api.example.com/RE1", Seconds: 12, At: Monday}
	going := policy.Call{SID: "CA4", Line: UKLine, From: "anonymous", StartedAt: Monday.Add(-time.Minute), Answered: true}
	p.Load(t, long, again, short, going)
	return p
}

// patient is a usage cache whose reports are waited for, however busy the machine is.
type patient struct{ *figures.Cache }

func (p patient) Report(ctx context.Context, last policy.Month, n int) (report policy.UsageReport, ready bool, err error) {
	for !ready && err == nil {
		if report, ready, err = p.Cache.Report(ctx, last, n); !ready {
			p.Refresh(ctx)
		}
	}
	return report, ready, err
}
