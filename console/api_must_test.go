package console_test

import (
	"context"
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
	"github.com/officernd/supportline/store"
)

// directory is what the program derives of accounts, over a store of a test's own.
type directory struct{ *store.Store }

func (d directory) Usage(ctx context.Context, number policy.CustomerNumber, month policy.Month) (policy.Usage, error) {
	c, err := d.Customer(ctx, number)
	if err != nil {
		return policy.Usage{}, err
	}
	summaries, err := d.AccountSummaries(ctx, number, month)
	return policy.MonthUsage(c, month, summaries, policy.FairUse{CallLimit: 20 * time.Minute, TicketsPerMonth: 16, OverLongCallsPerMonth: 4}), err
}

func (d directory) UsageAfter(ctx context.Context, month policy.Month, limit int, after policy.CustomerNumber) (found []policy.Usage, next policy.CustomerNumber, err error) {
	customers, next, err := d.SearchCustomers(ctx, policy.Text{}, limit, after)
	for _, c := range customers {
		u, failed := d.Usage(ctx, c.Number, month)
		if failed != nil {
			return nil, "", failed
		}
		found = append(found, u)
	}
	return found, next, err
}

// reviews are the cases of a store of a test's own, with a mail server.
type reviews struct{ *store.Store }

func (r reviews) OpenCase(ctx context.Context, number policy.CustomerNumber, by, note string, at time.Time) (policy.Case, error) {
	c, err := r.Customer(ctx, number)
	if err != nil {
		return policy.Case{}, err
	}
	months, err := policy.AccountMonths(c, policy.MonthOf(at, time.UTC), 2, policy.FairUse{CallLimit: 20 * time.Minute, TicketsPerMonth: 16}, func(m policy.Month) ([]policy.CallSummary, error) {
		return r.AccountSummaries(ctx, number, m)
	})
	if err != nil {
		return policy.Case{}, err
	}
	return r.Store.OpenCase(ctx, number, by, note, months, at)
}

func (r reviews) MoveCase(ctx context.Context, id policy.CaseID, move policy.Move) (policy.Case, []policy.Notice, error) {
	before, err := r.Case(ctx, id)
	if err != nil {
		return before, nil, err
	}
	if _, err := before.Moved(move); err != nil {
		return before, nil, err
	}
	var mail []policy.Notice
	if move.Via == policy.ViaEmail {
		if holder, err := r.Customer(ctx, before.Customer); err != nil || holder.Email == "" {
			return before, nil, policy.ErrNoEmail
		}
		mail = []policy.Notice{{Key: "move/" + string(id), Channel: policy.ChannelEmail, To: "ada@example.com", At: move.At}}
	}
	after, err := r.Store.MoveCase(ctx, id, move, mail)
	return after, mail, err
}

// harbor is a customer without an e-mail address.
var harbor = policy.Customer{Number: "310022", Name: "Harbor Cowork", Package: "Ultimate", Line: "+18883071053", CallerNumbers: []policy.Phone{"+12125550142"}}

// mustFilled is a place with customers, calls of each kind, and a case.
func mustFilled(t testing.TB, changes ...func(*console.Deps)) *place {
	t.Helper()
	p := mustPlace(t, changes...)
	north := northwind
	north.AccountHolder, north.Email, north.Phone, north.CallerNumbers = "Ada", "ada@example.com", caller, []policy.Phone{caller}
	if _, err := p.store.ImportCustomers(t.Context(), []policy.Customer{north, harbor}, "test"); err != nil {
		t.Fatal(err)
	}
	long, again, short := served("CA1", monday.Add(-3*time.Hour), 1500), served("CA2", monday.Add(-2*time.Hour), 300), served("CA3", monday.Add(-time.Hour), 60)
	short.Ticket, short.Message = "", &policy.Recording{SID: "RE1", URL: "https://api.example.com/RE1", Seconds: 12, At: monday}
	going := policy.Call{SID: "CA4", Line: ukLine, From: "anonymous", StartedAt: monday.Add(-time.Minute), Answered: true}
	p.load(t, long, again, short, going)
	return p
}

// program is what uses the API, with a token.
type program struct {
	t     testing.TB
	p     *place
	token string
}

// program makes a token of a user, and a program that uses it.
func (p *place) program(t testing.TB, user string, changes ...func(*users.Token)) program {
	t.Helper()
	secret := signin.NewToken()
	token := users.Token{User: user, Name: "t" + strings.ToLower(secret[len(secret)-8:]), Hash: users.HashToken(secret), CreatedAt: p.now}
	for _, change := range changes {
		change(&token)
	}
	if err := p.store.AddToken(t.Context(), token, "test"); err != nil {
		t.Fatal(err)
	}
	return program{t, p, secret}
}

func (p program) get(path string) page { p.t.Helper(); return p.do(http.MethodGet, path, "", "") }

func (p program) post(path, body string) page {
	p.t.Helper()
	return p.do(http.MethodPost, path, "application/json", body)
}

func (p program) do(method, path, kind, body string) page {
	p.t.Helper()
	response := p.ask(method, path, kind, body)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return page{response.StatusCode, path, response.Header, string(text)}
}

// open begins to read an answer.
func (p program) open(path string) *http.Response {
	p.t.Helper()
	return p.ask(http.MethodGet, path, "", "")
}

func (p program) ask(method, path, kind, body string) *http.Response {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.p.server.URL+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
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

// decode reads an answer's JSON into a value.
func decode[T any](t testing.TB, p page) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(p.body), &v); err != nil {
		t.Fatalf("%s: %v in\n%s", p.path, err, p.body)
	}
	return v
}

// kind is the kind of the problem that an answer tells; "" for what is none.
func (p page) kind(t testing.TB) string {
	t.Helper()
	if p.header.Get("Content-Type") != "application/problem+json" {
		return ""
	}
	told := decode[struct{ Type string }](t, p)
	return strings.TrimPrefix(told.Type, "/api#problem-")
}
