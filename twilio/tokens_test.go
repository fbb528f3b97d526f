package twilio_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
)

// TestTokensChangeWhileRequestsAreVerified: what is set counts from the next request on, and nothing else does any more.
func TestTokensChangeWhileRequestsAreVerified(t *testing.T) {
	a := validAttempt()
	v := mustVerifier(t, a.publicURL, a.account, "first")
	for _, step := range []struct{ set, taken, refused []string }{
		{[]string{"first"}, []string{"first"}, []string{"second", ""}},
		{[]string{"first", "", "second", "first"}, []string{"first", "second"}, []string{"third", ""}},
		{[]string{"second"}, []string{"second"}, []string{"first"}},
		{nil, nil, []string{"first", "second", ""}},
	} {
		v.Tokens().Set(step.set...)
		for _, a.token = range step.taken {
			if _, err := v.Verify(a.request()); err != nil {
				t.Errorf("of %q, signed with %q: %v", step.set, a.token, err)
			}
		}
		for _, a.token = range step.refused {
			if _, err := v.Verify(a.request()); !errors.Is(err, twilio.ErrSignature) {
				t.Errorf("of %q, signed with %q: %v", step.set, a.token, err)
			}
		}
	}
}

// TestNoRequestIsRefusedWhileATokenIsAdded, however many are verified at once.
func TestNoRequestIsRefusedWhileATokenIsAdded(t *testing.T) {
	a := validAttempt()
	v := mustVerifier(t, a.publicURL, a.account, "current")
	var all sync.WaitGroup
	var done atomic.Bool
	for range 4 {
		all.Go(func() {
			for !done.Load() {
				if _, err := v.Verify(a.request()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 1000 {
		v.Tokens().Set("current", fmt.Sprint(i))
	}
	done.Store(true)
	all.Wait()
}

func TestTokensArePrintedNowhere(t *testing.T) {
	tokens := twilio.NewTokens("hush-hush")
	for _, printed := range []string{fmt.Sprint(tokens), fmt.Sprintf("%+v", tokens), fmt.Sprintf("%#v", tokens)} {
		if strings.Contains(printed, "hush") {
			t.Error(printed)
		}
	}
}

// knowing answers who comes with one of the tokens, which may change, and refuses everybody else.
func knowing(known func() string) func(int, *http.Request) (*http.Response, error) {
	return func(_ int, r *http.Request) (*http.Response, error) {
		if _, secret, _ := r.BasicAuth(); secret != known() {
			return answer(401, "application/json", `{"code":20003,"message":"Authenticate","status":401}`), nil
		}
		return answer(200, "application/json", info), nil
	}
}

// TestAccountIsAskedWithTheTokenThatWasPromoted, found by asking, and remembered.
func TestAccountIsAskedWithTheTokenThatWasPromoted(t *testing.T) {
	known := "first"
	p := &provider{answer: knowing(func() string { return known })}
	tokens := twilio.NewTokens("first")
	a := asking(t, p, func(c *twilio.AccountConfig) { c.AuthToken, c.Tokens = "first", tokens })
	ask := func(wantAsked int, wantErr string) {
		t.Helper()
		before := len(p.asked)
		_, err := a.Info(t.Context())
		if (wantErr == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), wantErr)) || len(p.asked)-before != wantAsked {
			t.Errorf("asked %d times: %v", len(p.asked)-before, err)
		}
	}
	ask(1, "")
	known = "second"
	ask(1, "20003")
	tokens.Set("first", "second")
	ask(2, "")
	ask(1, "")
	tokens.Set("first") // the one that was used is no longer one
	ask(1, "20003")
}

// TestKeyIsNotTriedWithTokens: it is another one's secret.
func TestKeyIsNotTriedWithTokens(t *testing.T) {
	p := &provider{answer: knowing(func() string { return "second" })}
	a := asking(t, p, func(c *twilio.AccountConfig) {
		c.APIKey, c.APISecret, c.Tokens = "SK1", "hush", twilio.NewTokens("second")
	})
	if _, err := a.Info(t.Context()); err == nil || len(p.asked) != 1 {
		t.Errorf("asked %d times: %v", len(p.asked), err)
	}
}

// TestBodyIsSentAgainWithTheOtherToken, whole.
func TestBodyIsSentAgainWithTheOtherToken(t *testing.T) {
	p := &provider{answer: knowing(func() string { return "second" })}
	a := asking(t, p, func(c *twilio.AccountConfig) { c.AuthToken, c.Tokens = "first", twilio.NewTokens("first", "second") })
	voice := "https://support.example.com/voice"
	if _, err := a.ChangeNumber(t.Context(), "PN1", twilio.NumberChange{VoiceURL: &voice}); err != nil {
		t.Fatal(err)
	}
	var sent []string
	for _, r := range p.asked {
		if err := r.ParseForm(); err != nil {
			t.Fatal(err)
		}
		sent = append(sent, r.PostForm.Get("VoiceUrl"))
	}
	if diff := cmp.Diff([]string{voice, voice}, sent); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTokenIsMadeAndPromotedOnce: what may have been done is not sent again, what certainly was not is.
func TestTokenIsMadeAndPromotedOnce(t *testing.T) {
	for name, row := range map[string]struct {
		answer  func(int, *http.Request) (*http.Response, error)
		asked   int
		deleted int // how often it is asked to delete, which may be sent again
		wrong   string
	}{
		"broken":    {refusing(500, broken), 1, 4, "20500"},
		"cut off":   {cut, 1, 4, "EOF"},
		"limited":   {refusing(429, limited), 4, 4, "20429"},
		"not there": {refusing(404, `{"code":20404,"message":"not found"}`), 1, 1, "20404"},
		"no token":  {refusing(200, `{}`), 1, 1, "holds no token"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{answer: row.answer}
				a := asking(t, p, nil)
				_, created := a.CreateSecondaryToken(t.Context())
				_, promoted := asking(t, p, nil).PromoteSecondaryToken(t.Context())
				for _, err := range []error{created, promoted} {
					if err == nil || !strings.Contains(err.Error(), row.wrong) {
						t.Errorf("error %v, want %q", err, row.wrong)
					}
				}
				if len(p.asked) != 2*row.asked {
					t.Errorf("asked %d times, want %d", len(p.asked), 2*row.asked)
				}
				_ = asking(t, p, nil).DeleteSecondaryToken(t.Context())
				if deleted := len(p.asked) - 2*row.asked; deleted != row.deleted {
					t.Errorf("asked %d times to delete, want %d", deleted, row.deleted)
				}
			})
		})
	}
}
