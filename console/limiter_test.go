package console

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// oneTurn is a place where one page is made at a time.
func oneTurn() *site { return &site{turns: make(turns, 1)} }

func look(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }

// watchedWriter says how many turns are taken whenever something is sent.
type watchedWriter struct {
	*httptest.ResponseRecorder
	site  *site
	taken []int
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	w.taken = append(w.taken, len(w.site.turns))
	return w.ResponseRecorder.Write(p)
}

// TestASlowBrowserHoldsUpNobody: a page is made in a turn, and sent when the turn is another's already.
func TestASlowBrowserHoldsUpNobody(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]string{"short": "a page", "longer than what is held": strings.Repeat("a recording ", turnHeld/4)} {
		s := oneTurn()
		w := &watchedWriter{httptest.NewRecorder(), s, nil}
		s.inTurn(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if len(s.turns) != 1 {
				t.Errorf("%s: it is made without a turn", name)
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
				t.Errorf("%s: something was sent during the turn", name)
			}
		}
	}
}

// TestATurnEnds whatever becomes of it: the next page finds it free.
func TestATurnEnds(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]http.HandlerFunc{
		"panicked": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"empty":    func(http.ResponseWriter, *http.Request) {},
		"flushed":  func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() },
	} {
		s := oneTurn()
		func() {
			defer func() { _ = recover() }()
			s.inTurn(page).ServeHTTP(httptest.NewRecorder(), look("/calls"))
		}()
		if len(s.turns) != 0 {
			t.Errorf("%s: its turn was never given back", name)
		}
	}
}

// TestAPageThatHangsStopsNoOther: who waited long enough goes on beside it, and gives no turn back that it did not have.
func TestAPageThatHangsStopsNoOther(t *testing.T) {
	t.Parallel()
	s := oneTurn()
	hanging := s.turns.take(t.Context())
	w := httptest.NewRecorder()
	s.inTurn(http.NotFoundHandler()).ServeHTTP(w, look("/calls"))
	if w.Code != http.StatusNotFound || len(s.turns) != 1 {
		t.Errorf("status %d with %d turns taken, want 404 with 1", w.Code, len(s.turns))
	}
	hanging()
	hanging() // once is enough
	if len(s.turns) != 0 {
		t.Error("the turn of the page that hung was never given back")
	}
}

// TestWhatStreamsTakesNoTurnForGood: an export and a stream of events go on for as long as somebody takes them; what changes something is not made to wait.
func TestWhatStreamsTakesNoTurnForGood(t *testing.T) {
	t.Parallel()
	events := look("/now/events")
	events.Header.Set("Accept", "text/event-stream")
	for _, r := range []*http.Request{look("/calls/export"), events, httptest.NewRequest(http.MethodPost, "/calls/CA1/acts", nil)} {
		s := oneTurn()
		s.inTurn(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			if len(s.turns) != 0 {
				t.Errorf("%s %s takes a turn", r.Method, r.URL)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
}

// TestNobodyWaitsForSomebodyWhoLeft: who is gone needs no turn.
func TestNobodyWaitsForSomebodyWhoLeft(t *testing.T) {
	t.Parallel()
	s := oneTurn()
	defer s.turns.take(t.Context())()
	gone, leave := context.WithCancel(t.Context())
	leave()
	s.turns.take(gone)()
	if len(s.turns) != 1 {
		t.Errorf("%d turns are taken, want that of the page which goes on", len(s.turns))
	}
}
