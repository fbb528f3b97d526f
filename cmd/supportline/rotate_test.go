package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// rotating is a server on real listeners that can be restarted, with an account that outlives it.
type rotating struct {
	t    *testing.T
	file string // the configuration
	at   *fake.Account
	log  *zap.Logger
	stop func()
}

// newRotating starts a server whose account has no secondary token.
func newRotating(t *testing.T, log *zap.Logger) *rotating {
	s := &rotating{t: t, file: filepath.Join(t.TempDir(), "supportline.yaml"), log: log}
	if err := os.WriteFile(s.file, config.Demo(freeAddress(t), freeAddress(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *rotating) conf() config.Config {
	s.t.Helper()
	conf, problems := config.Load(s.file, noEnv, config.Options{})
	if len(problems) > 0 {
		s.t.Fatal(problems)
	}
	return conf
}

// configure writes the tokens into the configuration.
func (s *rotating) configure(token, next string) {
	s.t.Helper()
	text := must(os.ReadFile(s.file))
	for key, value := range map[string]string{"auth_token": token, "next_auth_token": next} {
		text = regexp.MustCompile(`(?m)^  `+key+`: \S+`).ReplaceAll(text, []byte("  "+key+`: "`+value+`"`))
	}
	if err := os.WriteFile(s.file, text, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *rotating) start() {
	s.t.Helper()
	conf := s.conf()
	h, err := server.Open(conf, time.Now, s.log, 1<<20)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.at == nil {
		s.at = demo.NewAccount(conf, time.Now)
	}
	h.Private = demo.WithAccount(h.Private, s.at)
	_, stop := mustServe(s.t, h)
	s.stop = sync.OnceFunc(func() {
		if err := errors.Join(stop(), h.Close()); err != nil {
			s.t.Error(err)
		}
	})
}

func (s *rotating) restart() {
	s.t.Helper()
	s.stop()
	s.start()
}

// command runs a command and returns its exit status and output.
func (s *rotating) command(args ...string) (status int, out, words string) {
	s.t.Helper()
	var written, said bytes.Buffer
	p := &program{In: strings.NewReader(""), Out: &written, Err: &said, Env: noEnv, Now: time.Now}
	status = p.run(s.t.Context(), append(args, "--config", s.file))
	return status, written.String(), said.String()
}

// does runs a command that must succeed.
func (s *rotating) does(args ...string) (out string) {
	s.t.Helper()
	status, out, words := s.command(args...)
	if status != control.Done {
		s.t.Fatalf("%v: status %d: %s", args, status, words)
	}
	return out
}

// refuses runs a command that must fail with a status and a message.
func (s *rotating) refuses(wantStatus int, want string, args ...string) {
	s.t.Helper()
	status, out, words := s.command(args...)
	if status != wantStatus || out != "" || !strings.Contains(words, want) {
		s.t.Errorf("%v: status %d, want %d; %q, want %q", args, status, wantStatus, out+words, want)
	}
}

// prepare does everything before the promotion and returns the two tokens.
func (s *rotating) prepare() (token, next string) {
	s.t.Helper()
	token, next = s.conf().Twilio.AuthToken, strings.TrimSpace(s.does("rotate-token", "create", "--show"))
	s.configure(token, next)
	s.restart()
	return token, next
}

// inForce returns the token with which the provider signs.
func (s *rotating) inForce() (token string) {
	s.at.Change(func(a *fake.State) { token = a.Token })
	return token
}

// accepts checks the status of the answer to a webhook that is signed with a token.
func (s *rotating) accepts(token string, want int) {
	s.t.Helper()
	if status, err := plainWebhook(s.conf(), token); status != want || err != nil {
		s.t.Errorf("a webhook was answered with %d, %v, want %d", status, err, want)
	}
}

// interfere replaces the answer to the next request of one kind. With done the request takes effect all the same.
func (s *rotating) interfere(method, path string, status, code int, done bool) {
	s.at.Change(func(a *fake.State) {
		a.Interfere = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != method || !strings.HasSuffix(r.URL.Path, path) {
				return false
			}
			s.at.Change(func(a *fake.State) { a.Interfere = nil })
			if done {
				s.at.ServeHTTP(httptest.NewRecorder(), r)
			}
			fake.Refuse(w, status, code, "No")
			return true
		}
	})
}

// callers starts to send webhooks signed with the token in force. The returned function ends that and returns how many were answered. While no
// server listens they are sent again.
func (s *rotating) callers() (stop func() (answered int64)) {
	conf := s.conf()
	var ended atomic.Bool
	var answered atomic.Int64
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for !ended.Load() {
				status, err := plainWebhook(conf, s.inForce())
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

// TestCallsGoOnWhileTheTokenChanges on real connections: a whole rotation, with its restarts of the server, refuses no webhook, logs no token, and
// the REST API can be used at each point.
func TestCallsGoOnWhileTheTokenChanges(t *testing.T) {
	core, logged := observer.New(zap.DebugLevel)
	s := newRotating(t, zap.New(core))
	s.does("provision", "--apply")
	stop := s.callers()
	old, token := s.prepare()
	s.accepts(old, http.StatusOK)
	s.accepts(token, http.StatusOK)
	s.does("rotate-token", "promote", "--yes")
	if s.inForce() != token {
		t.Fatal("the new token was not promoted")
	}
	s.accepts(old, http.StatusOK)
	s.does("provision") // by this process, with a token that is refused
	s.does("reconcile") // by the server
	s.configure(token, "")
	s.restart()
	if answered := stop(); answered < 50 {
		t.Errorf("only %d webhooks were answered: the test shows nothing", answered)
	}
	s.accepts(token, http.StatusOK)
	s.accepts(old, http.StatusForbidden)
	s.does("provision")
	s.stop()
	for _, e := range logged.All() {
		for _, secret := range []string{old, token} {
			if strings.Contains(e.Message, secret) {
				t.Error("the log tells a token")
			}
			for _, field := range e.Context {
				if strings.Contains(field.String, secret) {
					t.Errorf("the log's field %s tells a token", field.Key)
				}
			}
		}
	}
}

// TestPromoteRefuses while the new token is not accepted everywhere. The old one stays in force.
func TestPromoteRefuses(t *testing.T) {
	const theirs = "33333333333333333333333333333333"
	for name, row := range map[string]struct {
		change func(s *rotating, token, next string)
		status int
		want   string
	}{
		"no next token":     {func(s *rotating, token, _ string) { s.configure(token, "") }, 1, `"supportline rotate-token create" makes it`},
		"the same token":    {func(s *rotating, token, _ string) { s.configure(token, token) }, 1, `"supportline rotate-token create" makes it`},
		"no server":         {func(s *rotating, _, _ string) { s.stop() }, 1, "no server has the store open"},
		"server of another": {func(s *rotating, _, next string) { s.configure(theirs, next) }, 1, "the running server does not accept both"},
		"server without next": {func(s *rotating, token, next string) {
			s.configure(token, "")
			s.restart()
			s.configure(token, next)
		}, 1, "the running server does not accept both"},
		"public_url of another": {func(s *rotating, _, _ string) {
			text := must(os.ReadFile(s.file))
			text = regexp.MustCompile(`(?m)^public_url: \S+`).ReplaceAll(text, []byte("public_url: http://"+freeAddress(s.t)))
			if err := os.WriteFile(s.file, text, 0o600); err != nil {
				s.t.Fatal(err)
			}
		}, 2, "nothing was promoted"},
		"token that was deleted": {func(s *rotating, _, _ string) {
			s.at.Change(func(a *fake.State) { a.Secondary = "" })
		}, 1, "the provider does not take next_auth_token"},
		"token that was made anew": {func(s *rotating, _, _ string) {
			s.at.Change(func(a *fake.State) { a.Secondary = theirs })
		}, 1, "the provider does not take next_auth_token"},
		"the provider": {func(s *rotating, _, _ string) { s.interfere("POST", "/Promote", 403, 20403, false) }, 2, "20403"},
		"the provider, perhaps": {func(s *rotating, _, _ string) {
			s.interfere("POST", "/Promote", 500, 20500, false)
		}, 2, "it finds out whether next_auth_token is in force"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newRotating(t, zap.NewNop())
			token, next := s.prepare()
			row.change(s, token, next)
			s.refuses(row.status, row.want, "rotate-token", "promote", "--yes")
			if s.inForce() != token {
				t.Error("the token was changed")
			}
		})
	}
	t.Run("nobody agrees", func(t *testing.T) {
		s := newRotating(t, zap.NewNop())
		token, _ := s.prepare()
		s.refuses(2, "nobody can be asked here", "rotate-token", "promote")
		if s.inForce() != token {
			t.Error("the token was changed")
		}
	})
}

// TestPromoteGoesOn if the token was promoted before, by an earlier run or by hand, or if only the answer was lost.
func TestPromoteGoesOn(t *testing.T) {
	for name, change := range map[string]func(*rotating){
		"after an error": func(s *rotating) {
			s.interfere("POST", "/Promote", 500, 20500, false)
			s.refuses(2, "20500", "rotate-token", "promote", "--yes")
		},
		"done already":       func(s *rotating) { s.at.Change(func(a *fake.State) { a.Token, a.Secondary = a.Secondary, "" }) },
		"the answer is lost": func(s *rotating) { s.interfere("POST", "/Promote", 500, 20500, true) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newRotating(t, zap.NewNop())
			_, next := s.prepare()
			change(s)
			s.does("rotate-token", "promote", "--yes")
			if s.inForce() != next {
				t.Error("the new token is not in force")
			}
		})
	}
}

// TestAnotherTokenIsPromoted, which somebody made at the same time: the message names where to find it.
func TestAnotherTokenIsPromoted(t *testing.T) {
	s := newRotating(t, zap.NewNop())
	s.prepare()
	s.at.Change(func(a *fake.State) {
		a.Interfere = func(_ http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/Promote") {
				s.at.Change(func(a *fake.State) { a.Secondary = "33333333333333333333333333333333" })
			}
			return false
		}
	})
	s.refuses(2, "copy it from the console's first page", "rotate-token", "promote", "--yes")
}

// TestCreateRefuses with advice and leaves no file. --replace makes another token then.
func TestCreateRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		status, code int
		done         bool
		want         string
		wantStatus   int
	}{
		"not known":      {401, 20003, false, "20003", 2},
		"not allowed":    {403, 20403, false, "20403", 2},
		"there is one":   {409, 20409, false, "make it next_auth_token, or let --replace", 1},
		"broken":         {500, 20500, false, "whether the token was made is not known", 2},
		"broken, though": {500, 20500, true, "whether the token was made is not known", 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newRotating(t, zap.NewNop())
			s.interfere("POST", "/Secondary", row.status, row.code, row.done)
			out := filepath.Join(t.TempDir(), "token")
			s.refuses(row.wantStatus, row.want, "rotate-token", "create", "--out", out)
			if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a file was left: %v", err)
			}
			s.does("rotate-token", "create", "--out", out, "--replace", "--yes")
			made := strings.TrimSpace(string(must(os.ReadFile(out))))
			s.at.Change(func(a *fake.State) {
				if a.Secondary != made || made == "" {
					t.Error("the file has not the secondary token")
				}
			})
		})
	}
}

// TestFingerprintsTellNoToken, but differ.
func TestFingerprintsTellNoToken(t *testing.T) {
	one, two := control.Fingerprint("one-token"), control.Fingerprint("two-token")
	if one == two || strings.Contains(one, "one") {
		t.Errorf("%s and %s", one, two)
	}
	if got := server.AcceptedTokens(config.Config{Twilio: config.Twilio{AuthToken: "one"}}); len(got) != 1 {
		t.Errorf("without a next token %d are accepted", len(got))
	}
}

// TestServeRefusesALeftRotation of an older version, which wrote the store in testdata and must be able to open it again.
func TestServeRefusesALeftRotation(t *testing.T) {
	conf := mustConfig(t)
	file := filepath.Join(t.TempDir(), "supportline.db")
	conf.Store.File = file
	written := must(io.ReadAll(must(gzip.NewReader(must(os.Open("testdata/rotation-left.db.gz"))))))
	if err := os.WriteFile(file, written, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := server.Open(conf, time.Now, zap.NewNop(), 1<<20)
	if control.ExitStatus(err) != control.FailedExit || !strings.Contains(err.Error(), "start that version again") {
		t.Errorf("status %d, %v", control.ExitStatus(err), err)
	}
	if !bytes.Equal(must(os.ReadFile(file)), written) {
		t.Error("the store was changed")
	}
}
