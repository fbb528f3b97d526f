package main

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// running is a server on real listeners that can be restarted, beside an account that stays.
type running struct {
	t    *testing.T
	file string
	at   *fake.Account
	log  *zap.Logger
	stop func()
}

func (s *running) conf() config.Config {
	s.t.Helper()
	conf, problems := config.Load(s.file, noEnv, config.Options{})
	if len(problems) > 0 {
		s.t.Fatal(problems)
	}
	return conf
}

func (s *running) start() {
	s.t.Helper()
	conf := s.conf()
	h, err := openHouse(conf, time.Now, s.log, store.Options{Size: 1 << 20})
	if err != nil {
		s.t.Fatal(err)
	}
	if s.at == nil {
		s.at = demo.NewAccount(conf, time.Now)
	}
	h.private = demo.WithAccount(h.private, s.at)
	_, stop := mustServe(s.t, h)
	s.stop = func() {
		if err := stop(); err != nil {
			s.t.Error(err)
		}
		if err := h.Close(); err != nil {
			s.t.Error(err)
		}
	}
}

// rotate runs the command as a person does, and gives its words.
func (s *running) rotate(args ...string) string {
	s.t.Helper()
	var words bytes.Buffer
	p := &program{In: strings.NewReader(""), Out: &words, Err: &words, Env: noEnv, Now: time.Now}
	if status := p.run(s.t.Context(), append([]string{"rotate-token", "--yes", "--config", s.file}, args...)); status != statusDone {
		s.t.Fatalf("status %d: %s", status, &words)
	}
	return words.String()
}

// callers send webhooks as fast as they are answered, signed with the token that is in force, until the returned function ends them and gives
// how many were answered. A server that is not there is asked again.
func (s *running) callers() (stop func() (answered int64)) {
	conf := s.conf()
	var ended atomic.Bool
	var answered atomic.Int64
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for !ended.Load() {
				var token string
				s.at.Change(func(s *fake.State) { token = s.Token })
				status, err := plainWebhook(conf, token)
				switch {
				case err == nil && status != http.StatusOK:
					s.t.Errorf("a webhook was answered with %d", status)
					return
				case err == nil:
					answered.Add(1)
				}
			}
		})
	}
	return func() int64 {
		ended.Store(true)
		all.Wait()
		return answered.Load()
	}
}

func plainWebhook(conf config.Config, token string) (status int, err error) {
	address, form := conf.PublicURL+"/plain", url.Values{"CallSid": {"CA1"}, "AccountSid": {conf.Twilio.AccountSID}, "To": {ukLine}}
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set(twilio.SignatureHeader, twilio.Sign(token, address, form))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// TestCallsGoOnWhileTheTokenChanges, on real connections: a whole rotation, with restarts of the server in it, refuses none of them, and tells
// its log no token.
func TestCallsGoOnWhileTheTokenChanges(t *testing.T) {
	core, logged := observer.New(zap.DebugLevel)
	s := &running{t: t, file: filepath.Join(t.TempDir(), "supportline.yaml"), log: zap.New(core)}
	text := config.Demo(freeAddress(t), freeAddress(t))
	if err := os.WriteFile(s.file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	stop := s.callers()
	out := filepath.Join(t.TempDir(), "token")
	words := s.rotate("--out", out)
	s.stop()
	s.start()
	words += s.rotate()
	old, token := s.conf().Twilio.AuthToken, strings.TrimSpace(string(must(os.ReadFile(out))))
	if err := os.WriteFile(s.file, bytes.ReplaceAll(text, []byte(old), []byte(token)), 0o600); err != nil {
		t.Fatal(err)
	}
	words += s.rotate()
	s.stop()
	s.start()
	words += s.rotate()
	if answered := stop(); answered < 50 {
		t.Errorf("only %d webhooks were answered: the test shows nothing", answered)
	}
	if status, err := plainWebhook(s.conf(), old); status != http.StatusForbidden || err != nil {
		t.Errorf("signed with the old token: %d, %v", status, err)
	}
	s.stop()
	for _, e := range logged.All() {
		for _, secret := range []string{old, token} {
			if strings.Contains(e.Message, secret) || strings.Contains(words, secret) {
				t.Error("a token was told")
			}
			for _, field := range e.Context {
				if strings.Contains(field.String, secret) {
					t.Errorf("the log's field %s tells a token", field.Key)
				}
			}
		}
	}
}
