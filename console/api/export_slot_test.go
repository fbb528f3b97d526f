package api

import (
	"context"
	"errors"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// fewCalls is a log of calls for which nothing else has to be read.
type fewCalls struct {
	anyCalls
	many int
}

type anyCalls = Calls // under another name than the method's

func (f fewCalls) Calls(context.Context, policy.Filter) iter.Seq2[policy.Call, error] {
	return func(yield func(policy.Call, error) bool) {
		for range f.many {
			if !yield(policy.Call{SID: "CA1"}, nil) {
				return
			}
		}
	}
}

func (f fewCalls) TicketCounter(context.Context) func(policy.Call) (bool, error) {
	return func(policy.Call) (bool, error) { return false, nil }
}

// TestAReaderOfAnExportWhoStandsStillKeepsNoSlot: each row is read and made in a slot, and yielded when the slot is free again.
func TestAReaderOfAnExportWhoStandsStillKeepsNoSlot(t *testing.T) {
	t.Parallel()
	for stopAt := 1; stopAt <= 3; stopAt++ { // the reader leaves in the middle, or takes all
		taken := 0
		slot := func(context.Context) func() {
			taken++
			over := false
			return func() {
				if !over {
					over = true
					taken--
				}
			}
		}
		e := &Exports{Calls: fewCalls{many: 3}, Slot: slot}
		rows := 0
		for _, err := range e.rows(t.Context(), policy.Filter{}, true) {
			if rows++; err != nil || taken != 0 {
				t.Errorf("row %d is yielded with %d slots taken, error %v", rows, taken, err)
			}
			if rows == stopAt {
				break
			}
		}
		if rows != stopAt || taken != 0 {
			t.Errorf("after %d rows, of which %d were wanted, %d slots are taken", rows, stopAt, taken)
		}
	}
}

// noAudit notes nothing.
type noAudit struct{ Audit }

func (noAudit) Note(context.Context, users.AuditEntry) error { return nil }

// deadlineWriter records the deadlines that are set.
type deadlineWriter struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
	writes    int
}

func (w *deadlineWriter) Write(p []byte) (int, error) {
	w.writes++
	return w.ResponseRecorder.Write(p)
}

func (w *deadlineWriter) SetWriteDeadline(at time.Time) error {
	w.deadlines = append(w.deadlines, at)
	return nil
}

// TestAReaderHasAMinuteForEachPiece: every piece of an export, and its head, gets a deadline of its own.
func TestAReaderHasAMinuteForEachPiece(t *testing.T) {
	t.Parallel()
	e := &Exports{Calls: fewCalls{many: 500}, Audit: noAudit{}, Slot: func(context.Context) func() { return func() {} }}
	w := &deadlineWriter{ResponseRecorder: httptest.NewRecorder()}
	began := time.Now()
	c := echo.New().NewContext(httptest.NewRequest(http.MethodGet, "/calls/export", nil), w)
	if err := e.Send(c, Export{Format: "csv", At: began, Zone: time.UTC}); err != nil {
		t.Fatal(err)
	}
	if w.writes < 2 || len(w.deadlines) != w.writes+1 {
		t.Errorf("%d deadlines for a head and %d pieces", len(w.deadlines), w.writes)
	}
	for _, at := range w.deadlines {
		if at.Before(began.Add(time.Minute)) || at.After(time.Now().Add(time.Minute)) {
			t.Errorf("a piece has %v", at.Sub(began))
		}
	}
}

// TestAReaderWhoStandsStillIsCutOff: once nothing was taken for long enough, writing fails.
func TestAReaderWhoStandsStillIsCutOff(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		soon := func() time.Time { return time.Now().Add(100*time.Millisecond - exportPatience) }
		out := &stream{w, http.NewResponseController(w), soon}
		err := out.begin()
		for piece := []byte(strings.Repeat("x", 64<<10)); err == nil; {
			_, err = out.Write(piece)
		}
		failed <- err
	}))
	t.Cleanup(server.Close)
	still, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer still.Close()
	if _, err := still.Write([]byte("GET /calls/export HTTP/1.1\r\nHost: console\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-failed:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the export ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		still.Close()
		t.Errorf("the export goes on, and ends with %v when its reader goes", <-failed)
	}
}
