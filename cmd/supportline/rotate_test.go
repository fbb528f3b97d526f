package main

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// TestTokenIsRotatedWithoutARefusedWebhook, also when the server starts anew before anything that is done; whole calls before and after.
func TestTokenIsRotatedWithoutARefusedWebhook(t *testing.T) {
	for name, restarts := range map[string]bool{"one server": false, "a server that restarts": true} {
		t.Run(name, func(t *testing.T) {
			u := newTurn(t)
			u.restarts = restarts
			call := func() {
				t.Helper()
				if record, _ := u.call(ukLine, "204518", "1"); len(record.Troubles)+len(record.Warnings) > 0 || record.Status != "completed" {
					t.Errorf("a call ended %s: %v %v", record.Status, record.Troubles, record.Warnings)
				}
			}
			call()
			before := u.inForce()
			token, err := u.rotate()
			if err != nil || token == before || token != u.inForce() {
				t.Fatalf("the first run: %v\n%s", err, u.words.String())
			}
			call()
			u.restart() // with the old configuration
			call()
			if again, err := u.rotate(); again != token || err != nil {
				t.Errorf("nothing to do: %v", err)
			}
			u.conf.Twilio.AuthToken = token
			u.restart()
			call()
			if _, err := u.rotate(); err != nil {
				t.Fatal(err)
			}
			call()
			u.ended(before, token)
		})
	}
}

// TestRotationIsStoppedAnywhere, and run again: whatever was lost or done, it ends as an undisturbed one does, and no webhook is refused.
func TestRotationIsStoppedAnywhere(t *testing.T) {
	undisturbed := newTurn(t)
	undisturbed.ended(undisturbed.whole())
	if undisturbed.done < 10 {
		t.Fatalf("only %d things were done: the test shows nothing", undisturbed.done)
	}
	for _, how := range []struct {
		name         string
		late, killed bool
	}{
		{"before it was done", false, false},
		{"after it was done", true, false},
		{"killed before", false, true},
		{"killed after", true, true},
	} {
		t.Run(how.name, func(t *testing.T) {
			for cut := 1; cut <= undisturbed.done; cut++ {
				u := newTurn(t)
				u.cut, u.late, u.killed = cut, how.late, how.killed
				u.ended(u.whole())
			}
		})
	}
}

// TestAnswerToThePromotionIsLost: the provider is asked what became of it, and the same run goes on.
func TestAnswerToThePromotionIsLost(t *testing.T) {
	u := newTurn(t)
	u.mute = true
	if token, err := u.rotate(); err != nil || token != u.inForce() {
		t.Errorf("%v\n%s", err, u.words.String())
	}
}

// TestTokensAreInNoFile in the clear, whatever is under way.
func TestTokensAreInNoFile(t *testing.T) {
	u := newTurn(t)
	token, err := u.rotate()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(strings.TrimPrefix(u.conf.Store, "bolt:"))
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]string{"new": token, "old": u.conf.Twilio.AuthToken} {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("the store tells the %s token", name)
		}
	}
}

// TestProviderRefuses: each refusal is told with what to do, nothing is lost, and the next run ends well.
func TestProviderRefuses(t *testing.T) {
	refuse := func(status, code int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { fake.Refuse(w, status, code, "No") }
	}
	for name, row := range map[string]struct {
		method, path string
		answer       func(http.ResponseWriter)
		want         string
	}{
		"create 401":  {"POST", "/Secondary", refuse(401, 20003), "20003"},
		"create 409":  {"POST", "/Secondary", refuse(409, 20409), "write it as next_auth_token, or let --replace"},
		"create 500":  {"POST", "/Secondary", refuse(500, 20500), "it is made anew"},
		"promote 401": {"POST", "/Promote", refuse(401, 20003), "20003"},
		"promote 404": {"POST", "/Promote", refuse(404, 20404), "--replace makes another"},
		"promote 500": {"POST", "/Promote", refuse(500, 20500), "it finds out whether the new token is in force"},
	} {
		t.Run(name, func(t *testing.T) {
			u := newTurn(t)
			u.interfering(1, row.method, row.path, row.answer)
			if _, err := u.rotate(); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%v, want %q", err, row.want)
			}
			u.ended(u.whole())
		})
	}
}

// TestSecondaryTokenOfSomebodyElse is not deleted unless that is said, and is used where the configuration has it.
func TestSecondaryTokenOfSomebodyElse(t *testing.T) {
	const theirs = "33333333333333333333333333333333"
	have := func(t *testing.T) *turn {
		u := newTurn(t)
		u.at.Change(func(s *fake.State) { s.Secondary = theirs })
		return u
	}
	t.Run("left alone", func(t *testing.T) {
		u := have(t)
		_, err := u.rotate()
		if err == nil || !strings.Contains(err.Error(), "--replace") || statusOf(err) != statusNo {
			t.Errorf("status %d, %v", statusOf(err), err)
		}
		u.at.Change(func(s *fake.State) {
			if s.Secondary != theirs {
				t.Error("it was deleted")
			}
		})
		if record, err := u.house.store.Rotation(t.Context()); record != nil || err != nil {
			t.Errorf("a rotation is under way: %s, %v", record, err)
		}
	})
	t.Run("replaced", func(t *testing.T) {
		u := have(t)
		u.replace = true
		if token, err := u.rotate(); err != nil || token == theirs {
			t.Errorf("it is used: %v, %v", token == theirs, err)
		}
	})
	t.Run("known as next_auth_token", func(t *testing.T) {
		u := have(t)
		u.conf.Twilio.NextAuthToken = theirs
		u.restart()
		if token, err := u.rotate(); err != nil || token != theirs {
			t.Errorf("it is used: %v, %v", token == theirs, err)
		}
	})
	t.Run("promoted by hand", func(t *testing.T) {
		u := have(t)
		u.conf.Twilio.NextAuthToken = theirs
		u.restart()
		u.at.Change(func(s *fake.State) { s.Token, s.Secondary = theirs, "" })
		if token, err := u.rotate(); err != nil || token != theirs {
			t.Errorf("it is used: %v, %v", token == theirs, err)
		}
	})
	t.Run("made anew elsewhere meanwhile", func(t *testing.T) {
		u := newTurn(t)
		u.interfering(1, "POST", "/Promote", func(w http.ResponseWriter) { fake.Refuse(w, 500, 20500, "No") })
		if _, err := u.rotate(); err == nil {
			t.Fatal("it was promoted")
		}
		u.at.Change(func(s *fake.State) { s.Secondary = theirs })
		if _, err := u.rotate(); err == nil || !strings.Contains(err.Error(), "--replace makes another") {
			t.Errorf("what nobody here knows was promoted: %v", err)
		}
		u.replace = true
		if token, err := u.rotate(); err != nil || token == theirs {
			t.Errorf("it is used: %v, %v", token == theirs, err)
		}
	})
}

// TestTokenThatWasPromotedInsteadOfOurs is accepted, because it is the one in force.
func TestTokenThatWasPromotedInsteadOfOurs(t *testing.T) {
	const theirs = "33333333333333333333333333333333"
	u := newTurn(t)
	u.at.Change(func(s *fake.State) {
		s.Interfere = func(_ http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/Promote") {
				u.at.Change(func(s *fake.State) { s.Secondary = theirs })
			}
			return false
		}
	})
	u.quiet = true // what comes in within this moment is refused: nobody here could know the token
	if token, err := u.rotate(); err != nil || token != theirs {
		t.Errorf("it was taken for the new one: %v, %v", token == theirs, err)
	}
	u.quiet = false
	u.webhook()
}

// TestNothingIsBegun where it could not go on.
func TestNothingIsBegun(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*turn)
		want   string
	}{
		"nobody agrees":     {func(u *turn) { u.declined = true }, "nothing was changed"},
		"token of another":  {func(u *turn) { u.conf.Twilio.AuthToken = "another"; u.restart() }, "copy auth_token from the console"},
		"no server":         {func(u *turn) { u.house.held = nil }, "supportline serve"},
		"server of another": {func(u *turn) { u.house.held.conf.AuthToken = "another" }, "the server was started with another auth_token"},
	} {
		t.Run(name, func(t *testing.T) {
			u := newTurn(t)
			row.change(u)
			u.quiet = true // some of these servers take none
			r := u.rotator()
			before := u.inForce()
			err := r.look(t.Context())
			if err == nil {
				err = r.run(t.Context())
			}
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%v, want %q", err, row.want)
			}
			if u.inForce() != before {
				t.Error("the token was changed")
			}
		})
	}
}

func TestRotationIsGivenUp(t *testing.T) {
	u := newTurn(t)
	if err := u.rotator().cancel(t.Context()); err == nil || !strings.Contains(err.Error(), "no rotation is under way") {
		t.Errorf("with none under way: %v", err)
	}
	u.interfering(1, "POST", "/Promote", func(w http.ResponseWriter) { fake.Refuse(w, 500, 20500, "No") })
	if _, err := u.rotate(); err == nil {
		t.Fatal("it was promoted")
	}
	if err := u.rotator().cancel(t.Context()); err != nil {
		t.Fatal(err)
	}
	u.at.Change(func(s *fake.State) {
		if s.Secondary != "" {
			t.Error("the secondary token is still there")
		}
	})
	before, after := u.whole()
	u.ended(before, after)
	u.conf.Twilio.AuthToken = after
	if _, err := u.rotate(); err != nil {
		t.Fatal(err)
	}
	if err := u.rotator().cancel(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no way back") {
		t.Errorf("after the promotion: %v", err)
	}
}

// TestConfigurationWithNeitherToken is told so by the command; cancel forgets what can't be opened, if the account knows the configuration's.
func TestConfigurationWithNeitherToken(t *testing.T) {
	u := newTurn(t)
	if _, err := u.rotate(); err != nil {
		t.Fatal(err)
	}
	third := "44444444444444444444444444444444"
	u.quiet = true
	u.conf.Twilio.AuthToken = third
	if _, err := u.rotate(); err == nil || !strings.Contains(err.Error(), "neither its old token nor its new one") {
		t.Errorf("%v", err)
	}
	if err := u.rotator().cancel(t.Context()); err == nil || !strings.Contains(err.Error(), "does not take auth_token") {
		t.Errorf("%v", err)
	}
	u.at.Change(func(s *fake.State) { s.Token = third })
	u.house.held.conf.AuthToken = third
	u.house.held.tokens.Set(third)
	if err := u.rotator().cancel(t.Context()); err != nil {
		t.Error(err)
	}
	if record, err := u.house.store.Rotation(t.Context()); record != nil || err != nil {
		t.Errorf("%s, %v", record, err)
	}
}

// TestReconcileGoesOnAfterAPromotion without an API key: the server asks with the token that is in force.
func TestReconcileGoesOnAfterAPromotion(t *testing.T) {
	u := newTurn(t)
	c := twilio.AccountConfig{
		AccountSID: u.conf.Twilio.AccountSID, AuthToken: u.conf.Twilio.AuthToken, Tokens: u.house.held.tokens, Transport: fake.Straight(u.at),
	}
	at := must(twilio.NewAccount(c))
	if _, err := at.Info(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := u.rotate(); err != nil {
		t.Fatal(err)
	}
	if _, err := at.Info(t.Context()); err != nil {
		t.Errorf("after the promotion: %v", err)
	}
	u.restart()
	c.Tokens = u.house.held.tokens
	if _, err := must(twilio.NewAccount(c)).Info(t.Context()); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

// TestDoctorTellsOfARotation and how it goes on, at each stage.
func TestDoctorTellsOfARotation(t *testing.T) {
	u := newTurn(t)
	told := func(want string) {
		t.Helper()
		d := u.doctor()
		d.rotation = must(u.command(t.Context(), rotationCommand{}, ""))
		found := strings.Join(sick(d.turning(t.Context())), "\n")
		if (want == "") != (found == "") || !strings.Contains(found, want) {
			t.Errorf("found %q, want %q", found, want)
		}
	}
	told("")
	u.interfering(1, "POST", "/Promote", func(w http.ResponseWriter) { fake.Refuse(w, 500, 20500, "No") })
	if _, err := u.rotate(); err == nil {
		t.Fatal("it was promoted")
	}
	told("warning token rotation: begun on 2026-11-24; the new token is not promoted yet")
	token, err := u.rotate()
	if err != nil {
		t.Fatal(err)
	}
	told("warning token rotation: the new token is in force since 2026-11-24, and auth_token is another")
	u.conf.Twilio.AuthToken = token
	told("warning token rotation: auth_token is the new token; the old one is still accepted")
	u.restart()
	if _, err := u.rotate(); err != nil {
		t.Fatal(err)
	}
	told("")
}

// TestTwoWhoRotateAtOnce: the second learns of the first, and nothing of the first's is lost.
func TestTwoWhoRotateAtOnce(t *testing.T) {
	u := newTurn(t)
	late := u.rotator()
	if err := late.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	token, err := u.rotate()
	if err != nil {
		t.Fatal(err)
	}
	if err := late.run(t.Context()); err == nil {
		t.Error("the second made another token")
	}
	if u.inForce() != token {
		t.Error("the first one's token is not in force any more")
	}
	if _, _, opened := must(readRotation(must(u.house.store.Rotation(t.Context())))).open(token); !opened {
		t.Error("what the first put down is lost")
	}
}
