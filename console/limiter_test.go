package console

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"
)

// oneTurn is a console that makes one page at a time.
func oneSlot() *console { return &console{limiter: make(limiter, 1)} }

func look(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }

// watchedWriter records how many slots are taken whenever something is sent.
type watchedWriter struct {
	*httptest.ResponseRecorder
	console *console
	taken   []int
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	w.taken = append(w.taken, len(w.console.limiter))
	return w.ResponseRecorder.Write(p)
}

// TestASlowBrowserHoldsUpNobody: a page is made in a slot, and sent when the slot is free again.
func TestASlowBrowserHoldsUpNobody(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]string{"short": "a page", "longer than what is held": strings.Repeat("a recording ", maxHeld/4)} {
		s := oneSlot()
		w := &watchedWriter{httptest.NewRecorder(), s, nil}
		s.limited(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if len(s.limiter) != 1 {
				t.Errorf("%s: it is made without a slot", name)
			}
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(http.StatusAccepted)
			for part := range strings.SplitSeq(page, " ") {
				_, _ = io.WriteString(w, part+" ")
			}
		})).ServeHTTP(w, look("/calls"))
		if got := strings.TrimSuffix(w.Body.String(), " "); got != page || w.Code != http.StatusAccepted {
			t.Errorf("%s: status %d and %d bytes, want %d and %d", name, w.Code, len(got), http.StatusAccepted, len(page))
		}
		for _, taken := range w.taken {
			if taken != 0 {
				t.Errorf("%s: something was sent in the slot", name)
			}
		}
	}
}

// TestASlotIsReleased however its page ends: the next page finds it free.
func TestASlotIsReleased(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]http.HandlerFunc{
		"panicked": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"empty":    func(http.ResponseWriter, *http.Request) {},
		"flushed":  func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() },
	} {
		s := oneSlot()
		func() {
			defer func() { _ = recover() }()
			s.limited(page).ServeHTTP(httptest.NewRecorder(), look("/calls"))
		}()
		if len(s.limiter) != 0 {
			t.Errorf("%s: its slot was never released", name)
		}
	}
}

// TestAPageThatHangsStopsNoOther: a page that waited long enough goes on beside it, and releases no slot that it did not have.
func TestAPageThatHangsStopsNoOther(t *testing.T) {
	t.Parallel()
	s := oneSlot()
	hanging := s.limiter.acquire(t.Context())
	w := httptest.NewRecorder()
	s.limited(http.NotFoundHandler()).ServeHTTP(w, look("/calls"))
	if w.Code != http.StatusNotFound || len(s.limiter) != 1 {
		t.Errorf("status %d with %d slots taken, want 404 with 1", w.Code, len(s.limiter))
	}
	hanging()
	hanging() // once is enough
	if len(s.limiter) != 0 {
		t.Error("the slot of the page that hung was never released")
	}
}

// TestWhatStreamsKeepsNoSlot: an export and a stream of events go on for as long as somebody takes them; what changes something is not made to wait.
func TestWhatStreamsKeepsNoSlot(t *testing.T) {
	t.Parallel()
	for _, r := range []*http.Request{look("/calls/export"), look("/api/v1/calls/export"), look("/now/events"), look("/phone/ABC/events"), httptest.NewRequest(http.MethodPost, "/calls/CA1/acts", nil)} {
		s := oneSlot()
		s.limited(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			if len(s.limiter) != 0 {
				t.Errorf("%s %s takes a slot", r.Method, r.URL)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
}

// TestNobodyWaitsForSomebodyWhoLeft: a browser that is gone needs no slot.
func TestNobodyWaitsForSomebodyWhoLeft(t *testing.T) {
	t.Parallel()
	s := oneSlot()
	defer s.limiter.acquire(t.Context())()
	gone, leave := context.WithCancel(t.Context())
	leave()
	s.limiter.acquire(gone)()
	if len(s.limiter) != 1 {
		t.Errorf("%d slots are taken, want the one of the page that goes on", len(s.limiter))
	}
}

// TestNoHeaderPassesTheLimiter: what streams is known by its route, not by what whoever asks says of it.
func TestNoHeaderPassesTheLimiter(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/calls", "/accounts/export", "/fair-use/cases/export", "/lines/events", "/phone/events", "/phone%2Fevents", "/calls/%65xport", "/api/v1/usage"} {
		r := look(path)
		r.Header.Set("Accept", "text/event-stream")
		s := oneSlot()
		s.limited(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			if len(s.limiter) != 1 {
				t.Errorf("%s takes no slot", path)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
}

// timedWriter records how long each write may take.
type timedWriter struct {
	*httptest.ResponseRecorder
	until   time.Time
	allowed []time.Duration
}

func (w *timedWriter) SetWriteDeadline(at time.Time) error {
	w.until = at
	return nil
}

func (w *timedWriter) Write(p []byte) (int, error) {
	w.allowed = append(w.allowed, time.Until(w.until))
	return w.ResponseRecorder.Write(p)
}

// TestEachEventHasItsOwnTimeToBeSent: a stream goes on beyond the time that the server has for an answer, and a browser that takes nothing is gone.
func TestEachEventHasItsOwnTimeToBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &timedWriter{ResponseRecorder: httptest.NewRecorder()}
		r := &request{Context: echo.New().NewContext(look(nowPath+eventsEnd), w)}
		for range 3 {
			if err := r.send("data: what goes on\n\n"); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Minute)
		}
		if want := slices.Repeat([]time.Duration{streamPatience}, 3); !slices.Equal(w.allowed, want) {
			t.Errorf("three events may take %v, want %v", w.allowed, want)
		}
	})
}
