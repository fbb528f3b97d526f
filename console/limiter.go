package console

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"runtime"
	"time"

	"github.com/officernd/supportline/console/signin"
)

// turns bound how many pages, and pieces of exports, are made at one time, so that calls always find a processor that is free: what somebody who
// reads may wait for a few milliseconds, a caller hears as silence. A turn covers what is worked out, and never the sending of it: a slow
// browser holds up nobody.
type turns chan struct{}

const (
	// turnPatience is how long anything waits for its turn. Then it goes on beside the others: one page that hangs, on a bucket or a directory of
	// people elsewhere, must not stop all.
	turnPatience = 50 * time.Millisecond
	// turnHeld bounds an answer that is held until it is whole. What is longer, a recording say, goes out as it comes.
	turnHeld = 256 << 10
)

// newTurns leaves calls half of the processors.
func newTurns() turns { return make(turns, max(1, runtime.GOMAXPROCS(0)/2)) }

// take waits for a turn. Whoever took one calls done when it is over; further calls do nothing.
func (t turns) take(ctx context.Context) (done func()) {
	select {
	case t <- struct{}{}:
		return t.given()
	default:
	}
	patience := time.NewTimer(turnPatience)
	defer patience.Stop()
	select {
	case t <- struct{}{}:
		return t.given()
	case <-patience.C:
	case <-ctx.Done():
	}
	return func() {}
}

// given is how a turn is given back.
func (t turns) given() (done func()) {
	over := false
	return func() {
		if !over {
			over = true
			<-t
		}
	}
}

// with does something in a turn.
func (t turns) with(ctx context.Context, do func() ([]byte, error)) ([]byte, error) {
	defer t.take(ctx)()
	return do()
}

// inTurn makes what somebody looks at when its turn comes, and sends it when it is whole and the turn is another's. What streams takes turns
// for its pieces.
func (s *site) inTurn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead || streaming(r) {
			next.ServeHTTP(w, r)
			return
		}
		answer := &held{ResponseWriter: w, done: s.turns.take(r.Context())}
		defer answer.done() // should it panic
		next.ServeHTTP(answer, r)
		answer.send()
	})
}

// held is an answer that waits until its turn is over.
type held struct {
	http.ResponseWriter
	done   func()
	status int
	body   bytes.Buffer
	sent   bool
}

func (h *held) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *held) Write(p []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	if !h.sent && h.body.Len()+len(p) <= turnHeld {
		return h.body.Write(p)
	}
	h.send()
	return h.ResponseWriter.Write(p)
}

// send gives the turn back, and sends what was held.
func (h *held) send() {
	h.done()
	if h.sent {
		return
	}
	h.sent = true
	if h.status != 0 {
		h.ResponseWriter.WriteHeader(h.status)
	}
	_, _ = h.ResponseWriter.Write(h.body.Bytes()) // a browser that is gone needs no answer
}

// FlushError sends at once what there is.
func (h *held) FlushError() error {
	h.send()
	return http.NewResponseController(h.ResponseWriter).Flush()
}

// Unwrap lets deadlines of the connection be set.
func (h *held) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// Streams of events. Each looks again from time to time, which costs a turn, so that there is a bound on how many there are.
const (
	mostStreams   = 200
	streamWriting = 10 * time.Second // for one event to go out: a browser that takes none is gone
)

// stream sends what look gives as server-sent events: at once, and whenever it has changed. It ends without an error when the person leaves or
// is signed out, and when the server stops.
func (r *request) stream(every time.Duration, look func() ([]byte, error)) error {
	if r.site.streaming.Add(1) > mostStreams {
		r.site.streaming.Add(-1)
		return errManyStreams
	}
	defer r.site.streaming.Add(-1)
	r.Response().Header().Set("Content-Type", "text/event-stream")
	r.Response().Header().Set("Cache-Control", "no-store")
	r.Response().WriteHeader(http.StatusOK)
	pace := time.NewTicker(every)
	defer pace.Stop()
	for last := []byte(nil); ; {
		found, err := r.site.turns.with(r.ctx(), look)
		if err == nil && !bytes.Equal(found, last) {
			last, err = found, r.send(found)
		}
		if err != nil {
			return r.ended(err)
		}
		select {
		case <-r.ctx().Done():
			return nil
		case <-r.site.Stopping:
			return nil
		case <-pace.C:
		}
		r.now = r.site.Now()
		if _, err := r.site.signin.User(r.ctx(), r.now, false); err != nil {
			return r.ended(err)
		}
	}
}

// ended ends a stream whose head is out already: there is no page for what went wrong. The browser asks again.
func (r *request) ended(err error) error {
	if r.ctx().Err() == nil && !errors.Is(err, signin.ErrSignedOut) {
		r.site.Logger.Sugar().Warnw("a stream of events ended", "route", r.Path(), "error", err)
	}
	return nil
}

// send writes one event of several lines.
func (r *request) send(data []byte) error {
	out := http.NewResponseController(r.Response())
	if err := out.SetWriteDeadline(time.Now().Add(streamWriting)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	for line := range bytes.Lines(data) {
		if _, err := r.Response().Write(append([]byte("data: "), bytes.TrimRight(line, "\n")...)); err != nil {
			return err
		}
		if _, err := r.Response().Write([]byte("\n")); err != nil {
			return err
		}
	}
	if _, err := r.Response().Write([]byte("\n")); err != nil {
		return err
	}
	return out.Flush()
}
