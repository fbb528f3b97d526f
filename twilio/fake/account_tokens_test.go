package fake_test

import (
	"errors"
	"testing"

	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// code returns the provider's error code, or 0.
func code(err error) int {
	var refused *twilio.Err
	if errors.As(err, &refused) {
		return refused.Code
	}
	return 0
}

// TestTokenIsReplaced as the provider does it: the secondary token is accepted at once and signs once it is promoted; the first is refused then.
func TestTokenIsReplaced(t *testing.T) {
	at, client := asking(t, nil)
	by := func(token string) *twilio.Account {
		_, other := asking(t, func(c *twilio.AccountConfig) { c.AuthToken, c.Transport = token, fake.Straight(at) })
		return other
	}
	if _, err := client.PromoteSecondaryToken(t.Context()); code(err) != 20404 {
		t.Errorf("promoted nothing: %v", err)
	}
	second, err := client.CreateSecondaryToken(t.Context())
	if err != nil || len(second) != 32 {
		t.Fatalf("a token of %d letters, %v", len(second), err)
	}
	if _, err := client.CreateSecondaryToken(t.Context()); code(err) != 20409 {
		t.Errorf("a third one: %v", err)
	}
	for _, token := range []string{firstToken, second} {
		if _, err := by(token).Info(t.Context()); err != nil {
			t.Errorf("before the promotion: %v", err)
		}
	}
	at.Change(func(s *fake.State) {
		if s.Token != firstToken {
			t.Error("the second one signs before it was promoted")
		}
	})
	if got, err := client.PromoteSecondaryToken(t.Context()); err != nil || got != second {
		t.Errorf("promoted: %v, the second one: %v", err, got == second)
	}
	if _, err := client.Info(t.Context()); code(err) != 20003 {
		t.Errorf("the first one after the promotion: %v", err)
	}
	if _, err := by(second).Info(t.Context()); err != nil {
		t.Errorf("the second one after the promotion: %v", err)
	}
}

func TestSecondTokenIsDeleted(t *testing.T) {
	at, client := asking(t, nil)
	if err := client.DeleteSecondaryToken(t.Context()); code(err) != 20404 {
		t.Errorf("deleted nothing: %v", err)
	}
	if _, err := client.CreateSecondaryToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := client.DeleteSecondaryToken(t.Context()); err != nil {
		t.Error(err)
	}
	at.Change(func(s *fake.State) {
		if s.Secondary != "" {
			t.Error("it is still there")
		}
	})
}

// TestKeysManageNoTokens, though they are accepted for everything else.
func TestKeysManageNoTokens(t *testing.T) {
	at, _ := asking(t, nil)
	at.Change(func(s *fake.State) { s.Keys["SK1"], s.Secondary = "secret", "22222222222222222222222222222222" })
	_, byKey := asking(t, func(c *twilio.AccountConfig) { c.APIKey, c.APISecret, c.Transport = "SK1", "secret", fake.Straight(at) })
	_, created := byKey.CreateSecondaryToken(t.Context())
	_, promoted := byKey.PromoteSecondaryToken(t.Context())
	for what, err := range map[string]error{"create": created, "promote": promoted, "delete": byKey.DeleteSecondaryToken(t.Context())} {
		if code(err) != 20003 {
			t.Errorf("%s: %v", what, err)
		}
	}
}
