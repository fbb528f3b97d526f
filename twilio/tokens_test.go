package twilio_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
)

// knowing answers requests with the token that known returns, and refuses all others.
func knowing(known func() string) func(int, *http.Request) (*http.Response, error) {
	return func(_ int, r *http.Request) (*http.Response, error) {
		if _, secret, _ := r.BasicAuth(); secret != known() {
			return answer(401, "application/json", `{"code":20003,"message":"Authenticate","status":401}`), nil
		}
		return answer(200, "application/json", info), nil
	}
}

// TestAccountTriesTheNextToken once the provider refuses the one accepted so far, in either direction, and remembers the accepted one.
func TestAccountTriesTheNextToken(t *testing.T) {
	known := "first"
	p := &provider{answer: knowing(func() string { return known })}
	a := asking(t, p, func(c *twilio.AccountConfig) { c.AuthToken, c.NextAuthToken = "first", "second" })
	for _, step := range []struct {
		known     string
		wantAsked int
		wantErr   bool
	}{
		{"first", 1, false}, {"second", 2, false}, {"second", 1, false}, {"neither", 2, true}, {"second", 1, false}, {"first", 2, false}, {"first", 1, false},
	} {
		known = step.known
		before := len(p.asked)
		if _, err := a.Info(t.Context()); (err != nil) != step.wantErr || len(p.asked)-before != step.wantAsked {
			t.Errorf("the provider knows %s: asked %d times, want %d: %v", known, len(p.asked)-before, step.wantAsked, err)
		}
	}
}

// TestAccountWithoutANextToken asks once.
func TestAccountWithoutANextToken(t *testing.T) {
	p := &provider{answer: knowing(func() string { return "second" })}
	a := asking(t, p, func(c *twilio.AccountConfig) { c.AuthToken = "first" })
	if _, err := a.Info(t.Context()); err == nil || !strings.Contains(err.Error(), "20003") || len(p.asked) != 1 {
		t.Errorf("asked %d times: %v", len(p.asked), err)
	}
}

// TestKeyIsNotTriedWithTokens, which are not its secret.
func TestKeyIsNotTriedWithTokens(t *testing.T) {
	p := &provider{answer: knowing(func() string { return "second" })}
	a := asking(t, p, func(c *twilio.AccountConfig) {
		c.APIKey, c.APISecret, c.NextAuthToken = "SK1", "hush", "second"
	})
	if _, err := a.Info(t.Context()); err == nil || len(p.asked) != 1 {
		t.Errorf("asked %d times: %v", len(p.asked), err)
	}
}

// TestBodyIsSentAgainWithTheOtherToken, whole.
func TestBodyIsSentAgainWithTheOtherToken(t *testing.T) {
	p := &provider{answer: knowing(func() string { return "second" })}
	a := asking(t, p, func(c *twilio.AccountConfig) { c.AuthToken, c.NextAuthToken = "first", "second" })
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

// TestTokenIsMadeAndPromotedOnce: a request that may have worked is not repeated.
func TestTokenIsMadeAndPromotedOnce(t *testing.T) {
	for name, row := range map[string]struct {
		answer  func(int, *http.Request) (*http.Response, error)
		asked   int
		deleted int // requests to delete, which may be repeated
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
