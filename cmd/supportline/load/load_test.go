package load_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/load"
	"github.com/officernd/supportline/policy"
)

// pipes is a listener whose connections stay in the process, so that a test's own time passes on them.
type pipes struct {
	conns chan net.Conn
	ended chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	close(p.ended)
	return nil
}

func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

func (p pipes) dial(context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	p.conns <- far
	return near, nil
}

const hangUp = `<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>`

// serving serves a handler inside of a bubble, and returns a load against it.
func serving(t *testing.T, handle http.HandlerFunc) *load.Load {
	t.Helper()
	p := pipes{make(chan net.Conn), make(chan struct{})}
	server := &http.Server{Handler: handle}
	go func() { _ = server.Serve(p) }()
	t.Cleanup(func() { _ = server.Close() })
	mix, err := load.ParseMix(load.DefaultMix)
	if err != nil {
		t.Fatal(err)
	}
	return &load.Load{
		Target: load.Target{
			PublicURL: "https://phone.example.com", Account: "AC1", Token: "token", Digits: 6,
			Lines: []policy.Phone{"+448000668187"}, Menu: map[policy.Intent]string{policy.Critical: "1", policy.Question: "5"},
		},
		Mix: mix, Seed: 1, Dial: p.dial, For: 30 * time.Second,
	}
}

// answered answers each webhook: the first one with a document, the others without.
func answered(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/voice" {
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = w.Write([]byte(hangUp))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// A server that stands still for ten of thirty seconds keeps a third of all callers waiting, more of them than there are connections: for half of
// that time on average, and the percentiles have to show it.
func TestStallIsInThePercentilesOfARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until := time.Now().Add(20 * time.Second)
		l := serving(t, func(w http.ResponseWriter, r *http.Request) {
			if left := time.Until(until); left > 0 && left <= 10*time.Second {
				<-time.After(left)
			}
			answered(w, r)
		})
		l.Rate = 100
		r, err := l.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range r.Rows {
			if row.Route != "/voice" {
				continue
			}
			if row.P50 > 1 || row.P90 < 6500 || row.P90 > 7500 || row.Max < 9500 || row.Max > 10500 || row.Count < 2800 {
				t.Errorf("half of the callers should not wait, one in ten 7 seconds, and nobody more than 10: %+v", row)
			}
		}
	})
}

// Calls that were due, and never sent since the run was over, count with what they waited.
func TestCallsThatWereNeverSentCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := time.Now().Add(9 * time.Second)
		l := serving(t, func(w http.ResponseWriter, r *http.Request) {
			<-time.After(time.Until(over))
			answered(w, r)
		})
		l.Rate, l.For = 100, 8*time.Second
		r, err := l.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if voice := r.Rows[1]; r.Calls != 256 || r.Unsent < 400 || voice.Count != int64(r.Calls+r.Unsent) || voice.P50 < 3000 {
			t.Errorf("%d calls went on and %d were never sent: %+v; want all connections used, and the others counted", r.Calls, r.Unsent, voice)
		}
	})
}

const wantReport = `60 calls, 120 webhooks in 0.3 s: 200.0 calls and 400 webhooks a second

WEBHOOK  COUNT   P50   P90   P99  P99.9   MAX  ERRORS
/status     60  12.0  12.0  12.0   12.0  12.0       0
/voice      60  3.00  3.00  3.00   3.00  3.00       0
all        120  3.00  12.0  12.0   12.0  12.0       0

Milliseconds from when a webhook was due to the end of its answer.

<   4.10 ms  ########################################  60   50.0%
<   8.19 ms                                             0    0.0%
<   16.4 ms  ########################################  60   50.0%
`

func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serving(t, func(w http.ResponseWriter, r *http.Request) {
			took := 12 * time.Millisecond
			if r.URL.Path == "/voice" {
				took = 3 * time.Millisecond
			}
			<-time.After(took)
			answered(w, r)
		})
		l.Concurrency, l.For = 3, 299*time.Millisecond
		r, err := l.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := r.Write(&out, false); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wantReport, out.String()); diff != "" {
			t.Errorf("the report (-want +got):\n%s", diff)
		}
	})
}

// A server that takes 5 ms for a call, one after the other, answers 200 a second at most, and fewer where they may hardly wait.
func TestFindsTheRateThatHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := make(chan struct{}, 1)
		l := serving(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/voice" {
				one <- struct{}{}
				<-time.After(5 * time.Millisecond)
				<-one
			}
			answered(w, r)
		})
		l.For = 6 * time.Second
		var steps []load.Step
		rate, err := l.Find(t.Context(), 50*time.Millisecond, func(s load.Step) { steps = append(steps, s) })
		if err != nil || rate < 140 || rate >= 200 {
			t.Errorf("%v a second held, %v; want from 140 to 200; tried %+v", rate, err, steps)
		}
	})
}

func TestBadAnswersAreCountedByKind(t *testing.T) {
	answers := map[string]struct {
		handle http.HandlerFunc
		want   string
	}{
		"status": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "status 403"},
		"no TwiML": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			_, _ = w.Write([]byte("<html/>"))
		}, "no TwiML"},
		"text": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = w.Write([]byte(hangUp))
		}, `content type "text/plain"`},
		"silence": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no answer within 15s"},
		"elsewhere": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			_, _ = w.Write([]byte(`<Response><Redirect>https://other.example/</Redirect></Response>`))
		}, `an address beyond the public URL: "https://other.example/"`},
	}
	for name, a := range answers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := serving(t, func(w http.ResponseWriter, r *http.Request) {
					<-time.After(10 * time.Millisecond)
					_, _ = io.Copy(io.Discard, r.Body) // else it would not be seen that the client has gone
					a.handle(w, r)
				})
				l.Concurrency, l.For = 1, time.Second
				r, err := l.Run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if len(r.Kinds) != 1 || r.Kinds[a.want] == 0 || r.Kinds[a.want] != r.All.Errors {
					t.Errorf("%d errors, of the kinds %v; want some of the kind %q alone", r.All.Errors, r.Kinds, a.want)
				}
			})
		})
	}
}

func TestOnlyThisMachineIsDriven(t *testing.T) {
	conf, problems := config.Parse(t.TempDir()+"/supportline.yaml", config.Demo("127.0.0.1:8080", "127.0.0.1:8081"),
		func(string) (string, bool) { return "", false }, config.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if !load.IsDemo(conf) {
		t.Error("a demo's configuration is not known as one")
	}
	for to, refused := range map[string]string{
		"": "", "127.0.0.1:1": "", "[::1]:1": "", "localhost:1": "", ":8080": "", "0.0.0.0:8080": "",
		"10.0.0.5:8080": "--yes-this-is-mine", "phone.example.com:443": "--yes-this-is-mine", "127.0.0.1.example.com:80": "--yes-this-is-mine",
		"8080": "write a host and a port",
	} {
		_, err := load.NewTarget(conf, to, false)
		if refused == "" && err != nil || refused != "" && (err == nil || !strings.Contains(err.Error(), refused)) {
			t.Errorf("%q: %v, want %q", to, err, refused)
		}
	}
	if _, err := load.NewTarget(conf, "10.0.0.5:8080", true); err != nil {
		t.Errorf("with --yes-this-is-mine: %v", err)
	}
	conf.Settings.Announce = true
	if _, err := load.NewTarget(conf, "", true); err == nil || !strings.Contains(err.Error(), "notice: whisper") {
		t.Errorf("made-up calls would ring people: %v", err)
	}
}

func TestMix(t *testing.T) {
	for text, want := range map[string]string{
		"critical=1, question=0": "", load.DefaultMix: "",
		"": "write kind=number", "sev1=3": "the kinds are critical, restricted", "critical": "write kind=number", "critical=-1": "write kind=number",
		"critical=0": "nobody calls",
	} {
		_, err := load.ParseMix(text)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("--mix %q: %v, want %q", text, err, want)
		}
	}
}

// What a load can't be is refused, with what to write instead.
func TestFlagsAreChecked(t *testing.T) {
	whole := load.Flags{Mix: load.DefaultMix, For: time.Second}
	if err := whole.Check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*load.Flags){
		"--mix: \"sev1=2\" is no share": func(f *load.Flags) { f.Mix = "sev1=2" },
		"leave it out, or them":         func(f *load.Flags) { f.Rate, f.Concurrency = 5, 5 },
		"write --rate 1 to 100000":      func(f *load.Flags) { f.Rate = -5 },
		"--for 0s: write how long":      func(f *load.Flags) { f.For = 0 },
	} {
		f := whole
		change(&f)
		if err := f.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
