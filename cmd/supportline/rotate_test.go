package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// turn is a telephony whose token is changed, while the provider calls between any two things that the command does.
type turn struct {
	*telephony
	words    bytes.Buffer
	replace  bool
	declined bool
	restarts bool // the server starts anew before each thing that is done
	quiet    bool // no webhooks come in
	done     int  // things that were done
	cut      int  // the number of the thing that goes wrong; 0: none
	late     bool // it was done, and only the answer was lost
	killed   bool // the command ends with it, so that it does nothing more
	dead     bool
}

var errCut = errors.New("cut off")

func newTurn(t *testing.T) *turn {
	u := &turn{telephony: newTelephony(t)}
	u.provision(true)
	return u
}

// restart is a server that ends and starts again, with the configuration as it is now.
func (u *turn) restart() {
	u.t.Helper()
	if err := u.house.Close(); err != nil {
		u.t.Fatal(err)
	}
	h, err := openHouse(u.conf, u.clock.Now, zap.NewNop(), store.Options{Size: 1 << 20})
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { _ = h.Close() })
	u.house, u.provider.Transport = h, fake.Straight(h.webhooks)
}

// inForce is the token that the provider signs with.
func (u *turn) inForce() (token string) {
	u.at.Change(func(s *fake.State) { token = s.Token })
	return token
}

// webhook comes in, signed with the token that is in force.
func (u *turn) webhook() {
	u.t.Helper()
	if u.quiet {
		return
	}
	if f := u.doctor().signedWith(u.t.Context(), u.inForce()); f.State != isOK {
		u.t.Errorf("after %d things: a webhook was not taken: %s", u.done, f.Found)
	}
}

// thing is one that the command does.
func (u *turn) thing(do func() error) error {
	if u.dead {
		return errCut
	}
	if u.restarts {
		u.restart()
	}
	u.done++
	wrong := u.done == u.cut
	u.webhook()
	defer u.webhook()
	if wrong && u.killed {
		u.dead = true
	}
	if wrong && !u.late {
		return errCut
	}
	if err := do(); err != nil || !wrong {
		return err
	}
	return errCut
}

func (u *turn) read(ctx context.Context) (state rotationState, err error) {
	err = u.thing(func() error { state, err = u.command(ctx, rotationCommand{}, ""); return err })
	return state, err
}

func (u *turn) keep(ctx context.Context, before, after []byte) (state rotationState, err error) {
	change := must(json.Marshal(rotationChange{before, after}))
	err = u.thing(func() error { state, err = u.command(ctx, rotationCommand{Keep: true}, string(change)); return err })
	return state, err
}

func (u *turn) command(ctx context.Context, c rotationCommand, input string) (state rotationState, err error) {
	var out bytes.Buffer
	err = c.run(ctx, &session{In: strings.NewReader(input), Out: &out, Store: u.house.store, Held: u.house.held})
	if err != nil {
		return state, err
	}
	return state, json.Unmarshal(out.Bytes(), &state)
}

// cutAccount is the account over a line that breaks.
type cutAccount struct {
	*twilio.Account
	u *turn
}

func (a cutAccount) Info(ctx context.Context) (info twilio.AccountInfo, err error) {
	err = a.u.thing(func() error { info, err = a.Account.Info(ctx); return err })
	return info, err
}

func (a cutAccount) CreateSecondaryToken(ctx context.Context) (token string, err error) {
	err = a.u.thing(func() error { token, err = a.Account.CreateSecondaryToken(ctx); return err })
	if err != nil {
		token = ""
	}
	return token, err
}

func (a cutAccount) DeleteSecondaryToken(ctx context.Context) error {
	return a.u.thing(func() error { return a.Account.DeleteSecondaryToken(ctx) })
}

func (a cutAccount) PromoteSecondaryToken(ctx context.Context) (token string, err error) {
	err = a.u.thing(func() error { token, err = a.Account.PromoteSecondaryToken(ctx); return err })
	return token, err
}

func (u *turn) rotator() *rotator {
	return &rotator{
		conf: u.conf.Twilio, book: u, words: &u.words, now: u.clock.Now, replace: u.replace,
		account: func(token string) (tokenAccount, error) {
			at, err := twilio.NewAccount(twilio.AccountConfig{AccountSID: u.conf.Twilio.AccountSID, AuthToken: token, Transport: fake.Straight(u.at)})
			return cutAccount{at, u}, err
		},
		signed: func(ctx context.Context, token string) error {
			return u.thing(func() error {
				if f := u.doctor().signedWith(ctx, token); f.State != isOK {
					return errors.New(f.Found)
				}
				return nil
			})
		},
		confirm: func(string) error {
			if u.declined {
				return no("nothing was changed")
			}
			return nil
		},
	}
}

// rotate runs the command once, and gives the new token where it got that far.
func (u *turn) rotate() (token string, err error) {
	u.dead = false
	r := u.rotator()
	if err := r.look(u.t.Context()); err != nil {
		return "", err
	}
	if err := r.run(u.t.Context()); err != nil {
		return "", err
	}
	return r.after, r.finish(u.t.Context())
}

// whole is a rotation from its beginning to its end, as often cut as before ends; it gives the old and the new token.
func (u *turn) whole() (before, after string) {
	u.t.Helper()
	before = u.inForce()
	for tries := 0; ; tries++ {
		token, err := u.rotate()
		if err == nil && u.conf.Twilio.AuthToken == token {
			after = token
			break
		}
		if err != nil && (!errors.Is(err, errCut) || tries > 3) {
			u.t.Fatalf("cut at %d: %v", u.cut, err)
		}
		if err == nil {
			u.conf.Twilio.AuthToken = token // as the person does
		}
		u.restart()
		u.webhook()
	}
	if after == before || after != u.inForce() {
		u.t.Errorf("cut at %d: the configuration has the token that is in force: %v; it is the old one: %v", u.cut, after == u.inForce(), after == before)
	}
	return before, after
}

// ended looks at what is left when everything is done.
func (u *turn) ended(before, after string) {
	u.t.Helper()
	if f := u.doctor().signedWith(u.t.Context(), before); f.State != isWrong {
		u.t.Errorf("cut at %d: the old token is still accepted", u.cut)
	}
	if record, err := u.house.store.Rotation(u.t.Context()); record != nil || err != nil {
		u.t.Errorf("cut at %d: the store still has %s, %v", u.cut, record, err)
	}
	u.at.Change(func(s *fake.State) {
		if s.Secondary != "" {
			u.t.Errorf("cut at %d: a secondary token was left", u.cut)
		}
	})
	for _, token := range []string{before, after} {
		if strings.Contains(u.words.String(), token) {
			u.t.Errorf("a token was told:\n%s", u.words.String())
		}
	}
}

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
		{"before it was done", false, false}, {"after it was done", true, false},
		{"killed before", false, true}, {"killed after", true, true},
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

// interfering answers requests of one kind in the provider's place, as often as is said.
func (u *turn) interfering(times int, method, path string, answer func(http.ResponseWriter)) {
	u.at.Change(func(s *fake.State) {
		s.Interfere = func(w http.ResponseWriter, r *http.Request) bool {
			if times == 0 || r.Method != method || !strings.HasSuffix(r.URL.Path, path) {
				return false
			}
			times--
			answer(w)
			return true
		}
	})
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
