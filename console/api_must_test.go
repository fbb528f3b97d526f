package console_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// Harbor is a customer without an e-mail address.
var Harbor = policy.Customer{Number: "310022", Name: "Harbor Cowork", Package: "Ultimate", Line: "+18883071053", CallerNumbers: []policy.Phone{"+12125550142"}}

// NewFilled is a place with customers, calls of each kind, and a case.
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

// Program is what uses the API, with a token.
type Program struct {
	t     testing.TB
	p     *Place
	Token string
}

// Program makes a token of a user, and a Program that uses it.
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
	return Program{t, p, secret}
}

func (p Program) Get(path string) Page { p.t.Helper(); return p.Do(http.MethodGet, path, "", "") }

func (p Program) Post(path, body string) Page {
	p.t.Helper()
	return p.Do(http.MethodPost, path, "application/json", body)
}

func (p Program) Do(method, path, kind, body string) Page {
	p.t.Helper()
	response := p.ask(method, path, kind, body)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return Page{response.StatusCode, path, response.Header, string(text)}
}

// Open begins to read an answer.
func (p Program) Open(path string) *http.Response {
	p.t.Helper()
	return p.ask(http.MethodGet, path, "", "")
}

func (p Program) ask(method, path, kind, body string) *http.Response {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.p.Server.URL+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.Token != "" {
		request.Header.Set("Authorization", "Bearer "+p.Token)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	return response
}

// Decode reads an answer's JSON into a value.
func Decode[T any](t testing.TB, p Page) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(p.Body), &v); err != nil {
		t.Fatalf("%s: %v in\n%s", p.Path, err, p.Body)
	}
	return v
}

// Kind is the Kind of the problem that an answer tells; "" for what is none.
func (p Page) Kind(t testing.TB) string {
	t.Helper()
	if p.Header.Get("Content-Type") != "application/problem+json" {
		return ""
	}
	told := Decode[struct{ Type string }](t, p)
	return strings.TrimPrefix(told.Type, "/api#problem-")
}
