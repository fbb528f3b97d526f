package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio/fake"
)

// TestRotationOpensToWhoHasEitherToken, and to nobody else.
func TestRotationOpensToWhoHasEitherToken(t *testing.T) {
	whole := must(rotation{}.with(rotationCreated, "old", "new"))
	spoilt := whole
	spoilt.SealedNew, spoilt.SealedOld = bytes.Clone(whole.SealedNew), []byte("short")
	spoilt.SealedNew[len(spoilt.SealedNew)-1] ^= 1
	type pair struct{ Before, After string }
	both := pair{"old", "new"}
	for name, row := range map[string]struct {
		r     rotation
		known []string
		want  pair
	}{
		"the old one":    {whole, []string{"old"}, both},
		"the new one":    {whole, []string{"new"}, both},
		"as the next":    {whole, []string{"third", "new"}, both},
		"another":        {whole, []string{"third", ""}, pair{}},
		"none":           {whole, nil, pair{}},
		"what is spoilt": {spoilt, []string{"old", "new"}, pair{}},
		"what is empty":  {rotation{Stage: rotationCreating}, []string{"old"}, pair{}},
	} {
		t.Run(name, func(t *testing.T) {
			before, after, opened := row.r.open(row.known...)
			if diff := cmp.Diff(row.want, pair{before, after}); diff != "" || opened != (row.want != pair{}) {
				t.Errorf("opened: %v (-want +got):\n%s", opened, diff)
			}
		})
	}
}

// TestHouseOpensWhateverIsPutDown of a rotation, answers what is signed with its own token, and says what it can't do.
func TestHouseOpensWhateverIsPutDown(t *testing.T) {
	foreign := must(must(rotation{}.with(rotationPromoted, "one", "two")).record())
	for name, row := range map[string]struct {
		record []byte
		want   string
	}{
		"garbage":          {[]byte("garbage"), "the token's rotation can't be read"},
		"of other tokens":  {foreign, "the configuration has neither of its tokens"},
		"begun and killed": {[]byte(`{"stage":"creating"}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			u := newTurn(t)
			if err := u.house.store.SetRotation(t.Context(), nil, row.record); err != nil {
				t.Fatal(err)
			}
			if err := u.house.Close(); err != nil {
				t.Fatal(err)
			}
			core, logged := observer.New(zap.InfoLevel)
			h, err := openHouse(u.conf, time.Now, zap.New(core), store.Options{Size: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = h.Close() })
			u.house = h
			u.webhook()
			var said []string
			for _, e := range logged.All() {
				said = append(said, e.Message)
			}
			if got := strings.Join(said, "\n"); (row.want == "") != (got == "") || !strings.Contains(got, row.want) {
				t.Errorf("logged %q, want %q", got, row.want)
			}
		})
	}
}

// TestDemoKeepsTheTokensOfARotation through a restart, as the provider does; the status is read off what is put down.
func TestDemoKeepsTheTokensOfARotation(t *testing.T) {
	u := newTurn(t)
	kept := func(status string) {
		t.Helper()
		again := demo.NewAccount(u.conf, u.clock.Now)
		if err := u.house.remindOfTokens(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		type tokens struct{ Token, Secondary string }
		var was, is tokens
		u.at.Change(func(s *fake.State) { was = tokens{s.Token, s.Secondary} })
		again.Change(func(s *fake.State) { is = tokens{s.Token, s.Secondary} })
		if was != is {
			t.Error("the account forgot its tokens")
		}
		var out bytes.Buffer
		if err := u.rotator().status(t.Context(), &out); (err == nil) != (status == "no rotation is under way\n") {
			t.Errorf("status: %v", err)
		}
		if diff := cmp.Diff(status, out.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	kept("no rotation is under way\n")
	u.interfering(1, "POST", "/Promote", func(w http.ResponseWriter) { fake.Refuse(w, 500, 20500, "No") })
	if _, err := u.rotate(); err == nil {
		t.Fatal("it was promoted")
	}
	const open = "configure  to be done\ndrop       to be done\n"
	kept("create     done on 2026-11-24 15:00:00\npromote    to be done\n" + open)
	if _, err := u.rotate(); err != nil {
		t.Fatal(err)
	}
	kept("create     done on 2026-11-24 15:00:00\npromote    done on 2026-11-24 15:00:00\n" + open)
}
