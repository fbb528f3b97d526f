package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
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
	mute     bool // the answer to a promotion never comes
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
	if a.u.mute {
		return "", errCut
	}
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
