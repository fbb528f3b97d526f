package feeds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
)

// secretAddress is where the calendar is. Whoever has it reads the calendar.
const secretAddress = "https://calendar.example.com/private-0f3a/night.ics?key=hush"

// service is a server of a calendar. It keeps what it was asked, and answers what it is told to.
type service struct {
	mu     sync.Mutex
	answer http.HandlerFunc
	asked  []*http.Request
}

// RoundTrip implements http.RoundTripper without a network, so that time passes as the test says.
func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.asked = append(s.asked, r)
	answer := s.answer
	s.mu.Unlock()
	w := httptest.NewRecorder()
	if answer(w, r); r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	got := w.Result()
	got.Request = r
	return got, nil
}

func (s *service) does(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func (s *service) last() *http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[len(s.asked)-1]
}

func (s *service) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// shifts returns a calendar in which people are on call one day after the other, from a time.
func shifts(from time.Time, names ...string) string {
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0"}
	for i, name := range names {
		lines = append(lines, "BEGIN:VEVENT", fmt.Sprintf("UID:%d", i), "SUMMARY:"+name, "DTSTART:"+from.AddDate(0, 0, i).UTC().Format("20060102T150405Z"), "DURATION:PT24H", "END:VEVENT")
	}
	return strings.Join(append(lines, "END:VCALENDAR", ""), "\r\n")
}

// serving answers with a calendar, and with 304 to those who have it.
func serving(body, tag string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", tag)
		w.Header().Set("Last-Modified", "Sun, 29 Nov 2026 08:00:00 GMT")
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
		_, _ = io.WriteString(w, body)
	}
}

func saying(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func leadingTo(address string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, address, http.StatusFound) }
}

// memory is a store, and tells people once of each event.
type memory struct {
	mu    sync.Mutex
	kept  map[string]oncall.Answer
	told  []policy.Notice
	tells int // events that were told, again ones included
	fails error
}

func (m *memory) Reading(oncall.Rota) oncall.Reading { return oncall.Reading{People: people} }

func (m *memory) FeedAnswer(_ context.Context, rota oncall.Rota) (oncall.Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a := m.kept[rota.Name]; a.Source == oncall.SourceOf(rota.Feed) {
		return a, nil
	}
	return oncall.Answer{Rota: rota.Name, Source: oncall.SourceOf(rota.Feed)}, nil
}

func (m *memory) PutFeedAnswer(_ context.Context, a oncall.Answer) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails != nil {
		return m.fails
	}
	m.kept[a.Rota] = a
	return nil
}

func (m *memory) Tell(_ context.Context, events ...policy.Notice) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tells += len(events)
	for _, e := range events {
		known := false
		for _, n := range m.told {
			known = known || n.Key == e.Key
		}
		if !known {
			m.told = append(m.told, e)
		}
	}
	return nil
}

// shifts returns who is on call by what is kept.
func (m *memory) shifts(rota string, from, until time.Time) []oncall.Shift {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, _ := oncall.ParseCalendar(m.kept[rota].Body, oncall.Reading{People: people}, from)
	return oncall.NewRoster([]oncall.Rota{{Name: rota, Feed: secretAddress}}, people, nil, map[string]oncall.Calendar{rota: c}).Shifts(rota, from, until)
}

var people = []policy.Person{{ID: "ada", Name: "Ada Moreau"}, {ID: "ben", Name: "Ben Okafor"}}

// bench is a job over one feed.
type bench struct {
	*Job
	service *service
	memory  *memory
	logs    *observer.ObservedLogs
}

func newBench(address string) bench {
	core, logs := observer.New(zap.DebugLevel)
	b := bench{service: &service{}, memory: &memory{kept: map[string]oncall.Answer{}}, logs: logs}
	rotas := []oncall.Rota{{Name: "primary"}, {Name: "night", Feed: address}}
	b.Job = New(rotas, b.memory, b.memory, Options{Transport: b.service, Logger: zap.New(core), Shifts: b.memory.shifts})
	return b
}

// night returns what is kept of the feed.
func (b bench) night() oncall.Answer { return b.memory.kept["night"] }

// failures returns the causes of the events that the feed failed.
func (b bench) failures() (causes []string) {
	for _, n := range b.memory.told {
		if n.Kind == policy.NoticeFeedFailed {
			causes = append(causes, n.Facts["cause"])
		}
	}
	return causes
}

// TestUnchangedCalendarIsCurrent: the feed is asked with the marks of the last good answer, and one that did not change renews its age.
func TestUnchangedCalendarIsCurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(secretAddress)
		body := shifts(time.Now(), "Ada", "Ben", "Ada")
		b.service.does(serving(body, `"v1"`))
		b.Once(t.Context())
		first := time.Now()
		want := oncall.Answer{
			Rota: "night", Source: oncall.SourceOf(secretAddress), Body: []byte(body), ETag: `"v1"`,
			LastModified: "Sun, 29 Nov 2026 08:00:00 GMT", FetchedAt: first, CheckedAt: first,
		}
		if diff := cmp.Diff(want, b.night()); diff != "" {
			t.Errorf("the first answer (-want +got):\n%s", diff)
		}
		if got := b.service.last().URL.String(); got != secretAddress {
			t.Errorf("asked %s", got)
		}
		time.Sleep(time.Hour)
		b.Once(t.Context())
		if got := b.service.last().Header; got.Get("If-None-Match") != `"v1"` || got.Get("If-Modified-Since") != want.LastModified {
			t.Errorf("asked with %v", got)
		}
		want.FetchedAt, want.CheckedAt = first.Add(time.Hour), first.Add(time.Hour)
		if diff := cmp.Diff(want, b.night()); diff != "" {
			t.Errorf("unchanged (-want +got):\n%s", diff)
		}
		if age, known := b.night().Age(time.Now().Add(time.Minute)); age != time.Minute || !known {
			t.Errorf("its age is %v", age)
		}
		if b.memory.told != nil {
			t.Errorf("told %v", b.memory.told)
		}
	})
}

// TestFeedThatFails: whatever a feed answers that is no calendar, the last good answer is kept with its age, and people are told once, without the address; and again
// only after it was good.
func TestFeedThatFails(t *testing.T) {
	endless := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/calendar")
		_, _ = io.WriteString(w, "BEGIN:VCALENDAR\r\nX-LONG:"+strings.Repeat("x", 10<<20)+"\r\nEND:VCALENDAR\r\n")
	}
	page := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, shifts(time.Now(), "Ada"))
	}
	signIn := func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/login") {
			saying(http.StatusOK, "<!DOCTYPE html><title>Sign in</title>")(w, r)
			return
		}
		leadingTo("https://calendar.example.com/login?next=%2Fprivate-0f3a")(w, r)
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"a sign-in page", saying(http.StatusOK, "<html>Sign in</html>"), "a web page and no calendar"},
		{"a web page by its type", page, "a web page and no calendar"},
		{"an empty body", saying(http.StatusOK, ""), "empty"},
		{"removed", saying(http.StatusNotFound, "not here"), "404 Not Found: the calendar was removed"},
		{"not shared any more", saying(http.StatusForbidden, ""), "403 Forbidden: the calendar is not shared"},
		{"a server in trouble", saying(http.StatusServiceUnavailable, shifts(time.Now(), "Ada")), "503 Service Unavailable"},
		{"an answer without a body", saying(http.StatusNoContent, ""), "204 No Content"},
		{"a half", saying(http.StatusOK, shifts(time.Now(), "Ada")[:60]), "no whole calendar"},
		{"10 MB", endless, "larger than 1 MB"},
		{"an unknown zone", saying(http.StatusOK, strings.Replace(shifts(time.Now(), "Ada"), "UID:0", "DTEND;TZID=Middle Earth:20000102T000000", 1)), `time zone "Middle Earth"`},
		{"bare", saying(http.StatusOK, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"), "nobody of the configuration is on call in it"},
		{"names that were hidden", saying(http.StatusOK, shifts(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), "Busy", "Busy", "Busy")), "nobody of the configuration"},
		{"a redirect to a sign-in page", signIn, "a web page and no calendar"},
		{"a redirect without https", leadingTo("http://calendar.example.com/private-0f3a"), "without https"},
		{"a redirect to this machine", leadingTo("http://127.0.0.1:8099/private-0f3a"), "without https"},
		{"a redirect in a circle", leadingTo(secretAddress), "leads on more than 5 times"},
		{"a redirect to nowhere", leadingTo("https://[private-0f3a"), "cannot be asked"},
		{"silence", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "did not answer within 30s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(secretAddress)
				body := shifts(time.Now(), "Ada", "Ben", "Ada")
				b.service.does(serving(body, `"v1"`))
				b.Once(t.Context())
				good := b.night()
				time.Sleep(time.Hour)
				b.service.does(c.answer)
				b.Once(t.Context())
				got := b.night()
				since := time.Now()
				if diff := cmp.Diff(body, string(got.Body)); diff != "" || !got.FetchedAt.Equal(good.FetchedAt) || got.ETag != good.ETag {
					t.Fatalf("the last good answer is not kept, since %v (-want +got):\n%s", got.FetchedAt, diff)
				}
				if !got.FailedAt.Equal(since) || !got.CheckedAt.Equal(since) || !strings.Contains(got.Error, c.want) {
					t.Errorf("it fails since %v: %s; want %q", got.FailedAt, got.Error, c.want)
				}
				time.Sleep(time.Hour)
				b.Once(t.Context())
				if diff := cmp.Diff([]string{got.Error}, b.failures()); diff != "" || !b.night().FailedAt.Equal(since) || b.memory.tells != 1 {
					t.Errorf("told %d times after failing twice (-want +got):\n%s", b.memory.tells, diff)
				}
				b.service.does(serving(body, `"v1"`))
				b.Once(t.Context())
				if now := b.night(); !now.FailedAt.IsZero() || now.Error != "" || !now.FetchedAt.Equal(time.Now()) {
					t.Errorf("after a good answer it is %+v", now)
				}
				b.service.does(c.answer)
				b.Once(t.Context())
				if len(b.failures()) != 2 {
					t.Errorf("told %d times after it was good between", len(b.failures()))
				}
				spoken := fmt.Sprint(b.memory.told, b.logs.All())
				for _, secret := range []string{"private-0f3a", "hush", "calendar.example.com"} {
					if strings.Contains(spoken, secret) {
						t.Errorf("the address is told: %s", spoken)
					}
				}
			})
		})
	}
}

// TestFeedThatWasNeverGood: that is told as well, and what it fails with later is not.
func TestFeedThatWasNeverGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for address, want := range map[string]string{secretAddress: "404", "http://calendar.example.com/night.ics": "no https address", "https://": "no https address"} {
			b := newBench(address)
			b.service.does(saying(http.StatusNotFound, ""))
			b.Once(t.Context())
			b.service.does(saying(http.StatusNotModified, "")) // nobody has anything that could be unchanged
			b.Once(t.Context())
			if got := b.failures(); len(got) != 1 || !strings.Contains(got[0], want) || b.night().Body != nil {
				t.Errorf("%s: told %q", address, got)
			}
			if _, known := b.night().Age(time.Now()); known {
				t.Error("what never came has an age")
			}
		}
	})
}

// TestBadMomentIsNoFailure: a server that answers at the third try is asked three times, and nobody is told.
func TestBadMomentIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(secretAddress)
		body := shifts(time.Now(), "Ada")
		b.service.does(func(w http.ResponseWriter, r *http.Request) {
			if b.service.count() < 3 {
				saying(http.StatusBadGateway, "")(w, r)
				return
			}
			serving(body, `"v1"`)(w, r)
		})
		b.Once(t.Context())
		if b.service.count() != 3 || b.failures() != nil || string(b.night().Body) != body {
			t.Errorf("asked %d times, told %q", b.service.count(), b.failures())
		}
	})
}

// TestCalendarThatRanOut: a calendar without anybody from now on is good where the last one had nobody either.
func TestCalendarThatRanOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(secretAddress)
		b.service.does(serving(shifts(time.Now(), "Ada"), `"v1"`))
		b.Once(t.Context())
		time.Sleep(25 * time.Hour)
		b.service.does(serving(shifts(time.Now()), `"v2"`))
		b.Once(t.Context())
		if b.failures() != nil || b.night().ETag != `"v2"` {
			t.Errorf("told %q, kept %s", b.failures(), b.night().ETag)
		}
	})
}

// TestAnotherAddressIsAnotherFeed: what the old one answered is neither used nor a reason to be answered with 304.
func TestAnotherAddressIsAnotherFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(secretAddress)
		b.memory.kept["night"] = oncall.Answer{Rota: "night", Source: oncall.SourceOf("https://old.example.com/"), Body: []byte(shifts(time.Now(), "Ben")), ETag: `"v1"`, FetchedAt: time.Now()}
		b.service.does(saying(http.StatusNotFound, ""))
		b.Once(t.Context())
		if got := b.night(); b.service.last().Header.Get("If-None-Match") != "" || got.Body != nil || !got.FetchedAt.IsZero() || got.FailedAt.IsZero() {
			t.Errorf("kept %+v", got)
		}
	})
}

// TestToldBeforeItIsKept: a process that dies between telling and keeping tells the same event again, which is none.
func TestToldBeforeItIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(secretAddress)
		b.service.does(saying(http.StatusNotFound, ""))
		b.memory.fails = errors.New("the disk is full")
		b.Once(t.Context())
		if len(b.failures()) != 1 || b.logs.FilterMessageSnippet("could not be stored").Len() != 1 {
			t.Fatalf("told %q", b.failures())
		}
		b.memory.fails = nil
		time.Sleep(time.Minute)
		b.Once(t.Context())
		if len(b.failures()) != 1 || b.night().FailedAt.IsZero() {
			t.Errorf("told %q, kept %+v", b.failures(), b.night())
		}
	})
}

// TestSilentFeedHoldsUpNoOther: each is asked at once and every five minutes, while one does not answer.
func TestSilentFeedHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(secretAddress)
		b.rotas = append(b.rotas, oncall.Rota{Name: "backup", Feed: "https://backup.example.com/b.ics"})
		began := time.Now()
		body := shifts(began, "Ada")
		b.service.does(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Host == "calendar.example.com" {
				<-r.Context().Done()
				return
			}
			serving(body, `"v1"`)(w, r)
		})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); b.Run(ctx) }()
		for i := range 3 {
			time.Sleep(time.Second)
			synctest.Wait()
			if got, _ := b.memory.FeedAnswer(ctx, b.rotas[1]); !got.FetchedAt.Equal(began.Add(time.Duration(i) * askEvery)) {
				t.Errorf("in round %d, backup is of %v after the start", i, got.FetchedAt.Sub(began))
			}
			time.Sleep(askEvery - time.Second)
		}
		stop()
		<-done
	})
}

// TestStopIsNoFailure: a feed that is asked when the server stops has not failed.
func TestStopIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(secretAddress)
		b.service.does(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		b.Once(ctx)
		if b.memory.told != nil || len(b.memory.kept) != 0 || b.logs.Len() != 0 {
			t.Errorf("told %v, kept %v, logged %v", b.memory.told, b.memory.kept, b.logs.All())
		}
	})
}

// TestGapThatComes is told once a day: where a name is nobody's, or the calendar runs out; not where it has gaps each day.
func TestGapThatComes(t *testing.T) {
	nights := func(from time.Time) string {
		return strings.ReplaceAll(strings.ReplaceAll(shifts(from, "Ada"), "DURATION:PT24H", "DURATION:PT12H\r\nRRULE:FREQ=DAILY"), "UID:0", "UID:n")
	}
	for _, c := range []struct {
		name string
		body func(now time.Time) string
		want map[string]string
	}{
		{"a name that is nobody's", func(now time.Time) string { return shifts(now, "Bne", "Ada", "Ben") }, map[string]string{"rota": "night", "from": "2000-01-01T00:00:00Z", "until": "2000-01-02T00:00:00Z", "written": "Bne"}},
		{"later than a day from now", func(now time.Time) string { return shifts(now, "Ada", "Ada", "Bne", "Ada") }, nil},
		{"the calendar runs out", func(now time.Time) string { return shifts(now.Add(-time.Hour), "Ada") }, map[string]string{"rota": "night", "from": "2000-01-01T23:00:00Z", "until": "2000-01-29T00:00:00Z"}},
		{"a rota of nights", nights, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(secretAddress)
			b.service.does(serving(c.body(time.Now()), `"v1"`))
			b.Once(t.Context())
			b.Once(t.Context())
			var got []map[string]string
			for _, n := range b.memory.told {
				got = append(got, n.Facts)
			}
			var want []map[string]string
			if c.want != nil {
				want = append(want, c.want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
		})
	}
}

// TestCalendarOverTheNetwork: over TLS, through redirects, with answers that are packed.
func TestCalendarOverTheNetwork(t *testing.T) {
	body := shifts(time.Now(), "Ada")
	mux := http.NewServeMux()
	mux.Handle("/moved", leadingTo("/again"))
	mux.Handle("/again", leadingTo("/night.ics"))
	mux.Handle("/night.ics", serving(body, `"v1"`))
	s := httptest.NewTLSServer(mux)
	defer s.Close()
	m := &memory{kept: map[string]oncall.Answer{}}
	ask := func(transport http.RoundTripper) {
		New([]oncall.Rota{{Name: "night", Feed: s.URL + "/moved"}}, m, m, Options{Transport: transport}).Once(t.Context())
	}
	ask(s.Client().Transport)
	if got := m.kept["night"]; string(got.Body) != body || got.ETag != `"v1"` {
		t.Fatalf("kept %+v", got)
	}
	c, err := Read(t.Context(), s.Client().Transport, s.URL+"/moved", m.Reading(oncall.Rota{}), time.Now())
	if err != nil || !c.Has(time.Now()) {
		t.Errorf("read once: %v, %v", c, err)
	}
	plain := httptest.NewServer(mux)
	defer plain.Close()
	if _, err := Read(t.Context(), nil, plain.URL+"/moved", m.Reading(oncall.Rota{}), time.Now()); err != nil {
		t.Errorf("a feed of this machine: %v", err)
	}
	ask(nil) // which does not trust the server
	if got := m.kept["night"]; string(got.Body) != body || !strings.Contains(got.Error, "certificate") {
		t.Errorf("kept %+v", got)
	}
}
