package twilio_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
)

// provider answers each request by a function of the number of requests before it.
type provider struct {
	answer func(n int, r *http.Request) (*http.Response, error)
	asked  []*http.Request
	at     []time.Time
}

func (p *provider) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
	}
	p.asked, p.at = append(p.asked, r), append(p.at, time.Now())
	return p.answer(len(p.asked)-1, r)
}

func answer(status int, kind, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

func refusing(status int, text string) func(int, *http.Request) (*http.Response, error) {
	return func(int, *http.Request) (*http.Response, error) { return answer(status, "application/json", text), nil }
}

// then answers well after n answers of another kind.
func then(n int, before func(int, *http.Request) (*http.Response, error), body string) func(int, *http.Request) (*http.Response, error) {
	return func(i int, r *http.Request) (*http.Response, error) {
		if i < n {
			return before(i, r)
		}
		return answer(http.StatusOK, "application/json", body), nil
	}
}

func cut(int, *http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

func hang(_ int, r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func asking(t *testing.T, p *provider, change func(*twilio.AccountConfig)) *twilio.Account {
	t.Helper()
	c := twilio.AccountConfig{AccountSID: "AC1", AuthToken: "token", Transport: p}
	if change != nil {
		change(&c)
	}
	a, err := twilio.NewAccount(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const (
	info    = `{"sid":"AC1","status":"active"}`
	limited = `{"code":20429,"message":"Too Many Requests","more_info":"https://www.twilio.com/docs/errors/20429","status":429}`
	broken  = `{"code":20500,"message":"Internal Server Error","status":500}`
)

// TestReadingIsTriedAgain with growing delays.
func TestReadingIsTriedAgain(t *testing.T) {
	for name, row := range map[string]struct {
		answer func(int, *http.Request) (*http.Response, error)
		asked  int
		wrong  string // "": it succeeds
	}{
		"once limited":      {then(1, refusing(429, limited), info), 2, ""},
		"twice broken":      {then(2, refusing(500, broken), info), 3, ""},
		"cut off":           {then(1, cut, info), 2, ""},
		"a page of a proxy": {then(1, func(int, *http.Request) (*http.Response, error) { return answer(502, "text/html", "<html>"), nil }, info), 2, ""},
		"slow once":         {then(1, hang, info), 2, ""},
		"limited for ever":  {refusing(429, limited), 4, "20429"},
		"broken for ever":   {refusing(500, broken), 4, "20500"},
		"not found":         {refusing(404, `{"code":20404,"message":"not found","status":404}`), 1, "20404"},
		"a page for ever":   {func(int, *http.Request) (*http.Response, error) { return answer(502, "text/html", "<html>"), nil }, 4, "text/html"},
		"half an answer": {then(9, func(int, *http.Request) (*http.Response, error) {
			return answer(200, "application/json", `{"sid":`), nil
		}, info), 1, "unexpected EOF"},
		"wrong credentials":  {refusing(401, `{"code":20003,"message":"Authenticate","status":401}`), 1, "asked with the account's auth token"},
		"code without page":  {refusing(400, `{"code":21211,"message":"bad"}`), 1, "https://www.twilio.com/docs/errors/21211"},
		"spelt number":       {refusing(400, `{"code":21211,"message":"'(555) 123-4567' is not valid"}`), 1, "'(...67' is"},
		"number in an error": {refusing(400, `{"code":21211,"message":"'+15551234567' is not valid"}`), 1, "...67"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{answer: row.answer}
				_, err := asking(t, p, nil).Info(t.Context())
				if (row.wrong == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), row.wrong)) || len(p.asked) != row.asked {
					t.Errorf("asked %d times: %v", len(p.asked), err)
				}
				for i := 1; i < len(p.at); i++ {
					if p.at[i].Sub(p.at[i-1]) < 200*time.Millisecond {
						t.Errorf("asked again after %v", p.at[i].Sub(p.at[i-1]))
					}
				}
			})
		})
	}
}

func TestPauseThatTheProviderNamesIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{answer: then(1, func(int, *http.Request) (*http.Response, error) {
			a := answer(429, "application/json", limited)
			a.Header.Set("Retry-After", "7")
			return a, nil
		}, info)}
		if _, err := asking(t, p, nil).Info(t.Context()); err != nil || p.at[1].Sub(p.at[0]) < 7*time.Second {
			t.Errorf("%v after %v", err, p.at[1].Sub(p.at[0]))
		}
	})
}

func TestBreakerHoldsBackAndTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := map[string]int{}
		p := &provider{answer: then(5, refusing(503, broken), info)}
		a := asking(t, p, func(c *twilio.AccountConfig) { c.Observe = func(_, how string, _ time.Duration) { ended[how]++ } })
		for range 3 {
			_, _ = a.Info(t.Context())
		}
		if _, err := a.Info(t.Context()); err == nil || !strings.Contains(err.Error(), "not asked") || len(p.asked) != 5 {
			t.Errorf("asked %d times: %v", len(p.asked), err)
		}
		pause, done := context.WithTimeout(t.Context(), 31*time.Second) // on the bubble's clock
		defer done()
		<-pause.Done()
		if _, err := a.Info(t.Context()); err != nil {
			t.Errorf("after the pause: %v", err)
		}
		if diff := cmp.Diff(map[string]int{"failed": 5, "held back": 3, "ok": 1}, ended); diff != "" {
			t.Errorf("observed (-want +got):\n%s", diff)
		}
	})
}

// TestHowAttemptsEnd is counted by what came of each: the provider's refusals are told from its failures.
func TestHowAttemptsEnd(t *testing.T) {
	for want, answer := range map[string]func(int, *http.Request) (*http.Response, error){
		"ok": then(0, nil, info), "refused": refusing(404, `{"code":20404,"message":"not found"}`), "limited": refusing(429, limited),
		"failed": cut,
	} {
		synctest.Test(t, func(t *testing.T) {
			ended := map[string]bool{}
			a := asking(t, &provider{answer: answer}, func(c *twilio.AccountConfig) {
				c.Observe = func(what, how string, _ time.Duration) { ended[what+" "+how] = true }
			})
			_, _ = a.Info(t.Context())
			if diff := cmp.Diff(map[string]bool{"account " + want: true}, ended); diff != "" {
				t.Errorf("observed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestContextEndsTheAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := asking(t, &provider{answer: hang}, nil).Info(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// TestHosts: edge and region come from the configuration alone, and another host takes the place of all of the provider's.
func TestHosts(t *testing.T) {
	t.Setenv("TWILIO_EDGE", "sydney")
	t.Setenv("TWILIO_REGION", "au1")
	for name, row := range map[string]struct {
		change func(*twilio.AccountConfig)
		want   string
	}{
		"the provider's": {nil, "https://api.twilio.com"},
		"an edge": {
			func(c *twilio.AccountConfig) { c.Edge = "dublin" },
			"https://api.dublin.us1.twilio.com",
		},
		"a region": {
			func(c *twilio.AccountConfig) { c.Edge, c.Region = "dublin", "ie1" },
			"https://api.dublin.ie1.twilio.com",
		},
		"one of our own": {
			func(c *twilio.AccountConfig) { c.URL = "http://127.0.0.1:9000/twilio/" },
			"http://127.0.0.1:9000/twilio",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &provider{answer: then(0, nil, info)}
			_, _ = asking(t, p, row.change).Info(t.Context())
			if diff := cmp.Diff(row.want+"/2010-04-01/Accounts/AC1.json", p.asked[0].URL.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfigurationThatCanNotAsk(t *testing.T) {
	for name, c := range map[string]twilio.AccountConfig{
		"no account":           {AuthToken: "x"},
		"nothing to ask with":  {AccountSID: "AC1"},
		"half a key":           {AccountSID: "AC1", AuthToken: "x", APIKey: "SK1"},
		"a token with a break": {AccountSID: "AC1", AuthToken: "x\n"},
		"an edge with a dot":   {AccountSID: "AC1", AuthToken: "x", Edge: "evil.example.com"},
		"an address of files":  {AccountSID: "AC1", AuthToken: "x", URL: "file:///etc"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := twilio.NewAccount(c); err == nil || strings.Contains(err.Error(), "x\n") {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestCallThatIsNotDialledYet has no start at the provider: it is listed, and found, by the time at which it was created.
func TestCallThatIsNotDialledYet(t *testing.T) {
	created := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	const call = `{"sid":"CA9","status":"queued","direction":"outbound-api","start_time":null,"date_created":"Mon, 23 Nov 2026 14:00:00 +0000"}`
	page := &provider{answer: then(0, nil, `{"calls":[`+call+`]}`)}
	var found []twilio.ListedCall
	for c, err := range asking(t, page, nil).Calls(t.Context(), created.Add(-time.Minute), created.Add(time.Minute)) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, c)
	}
	one, err := asking(t, &provider{answer: then(0, nil, call)}, nil).Call(t.Context(), "CA9")
	if err != nil {
		t.Fatal(err)
	}
	want := twilio.ListedCall{SID: "CA9", Status: "queued", Direction: "outbound-api", StartedAt: created}
	if diff := cmp.Diff([]twilio.ListedCall{want, want}, append(found, one)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
