package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/officernd/supportline/console/signin"
)

// limiter bounds how many pages, and rows of exports, are made at one time. Calls always find a free processor then: a few milliseconds that a
// reader does not notice are silence to a caller. A slot covers what is worked out, never the sending of it, so a slow browser holds up nobody.
type limiter chan struct{}

const (
	// slotPatience is how long anything waits for a slot. Then it goes on without one: a page that hangs on a bucket or an identity provider must not
	// stop all others.
	slotPatience = 50 * time.Millisecond
	// maxHeld bounds a response that is held until it is whole. A longer one, such as a recording, is sent as it comes.
	maxHeld = 256 << 10
)

// newLimiter returns a limiter that leaves calls half of the processors.
func newLimiter() limiter { return make(limiter, max(1, runtime.GOMAXPROCS(0)/2)) }

// acquire waits for a slot. release gives it back; further calls of release do nothing.
func (l limiter) acquire(ctx context.Context) (release func()) {
	select {
	case l <- struct{}{}:
		return l.releaser()
	default:
	}
	patience := time.NewTimer(slotPatience)
	defer patience.Stop()
	select {
	case l <- struct{}{}:
		return l.releaser()
	case <-patience.C:
	case <-ctx.Done():
	}
	return func() {}
}

func (l limiter) releaser() (release func()) {
	over := false
	return func() {
		if !over {
			over = true
			<-l
		}
	}
}

// with runs do in a slot.
func (l limiter) with(ctx context.Context, do func() ([]byte, error)) ([]byte, error) {
	defer l.acquire(ctx)()
	return do()
}

// limited returns a handler that makes each page in a slot, and sends it when it is whole and the slot is free again. A stream acquires slots for its
// pieces itself.
func (s *console) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead || streaming(r) {
			next.ServeHTTP(w, r)
			return
		}
		answer := &heldResponse{ResponseWriter: w, release: s.limiter.acquire(r.Context())}
		defer answer.release() // should it panic
		next.ServeHTTP(answer, r)
		answer.send()
	})
}

// heldResponse is a response that is sent when its slot is free again.
type heldResponse struct {
	http.ResponseWriter
	release func()
	status  int
	body    bytes.Buffer
	sent    bool
}

// WriteHeader keeps the first status.
func (h *heldResponse) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

// Write keeps a piece, or sends it if the response is too long to be held.
func (h *heldResponse) Write(p []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	if !h.sent && h.body.Len()+len(p) <= maxHeld {
		return h.body.Write(p)
	}
	h.send()
	return h.ResponseWriter.Write(p)
}

// send releases the slot and sends what was held.
func (h *heldResponse) send() {
	h.release()
	if h.sent {
		return
	}
	h.sent = true
	if h.status != 0 {
		h.ResponseWriter.WriteHeader(h.status)
	}
	_, _ = h.ResponseWriter.Write(h.body.Bytes()) // a browser that is gone needs no answer
}

// FlushError sends what is held at once.
func (h *heldResponse) FlushError() error {
	h.send()
	return http.NewResponseController(h.ResponseWriter).Flush()
}

// Unwrap returns the response below, so that deadlines of its connection can be set.
func (h *heldResponse) Unwrap() http.ResponseWriter { return h.ResponseWriter }

const (
	// streamsEach and streamsAll bound how many streams of events one person has open, and all people have. Each works in a slot from time to time.
	streamsEach, streamsAll = 10, 200
	// streamPatience is how long one event may take to be sent. A browser that takes none is gone.
	streamPatience = 10 * time.Second
)

// stream sends what look returns as server-sent events: at once, and whenever it has changed. It ends without an error when the person leaves or
// is signed out, and when the server stops. The error is errManyStreams.
func (r *request) stream(every time.Duration, look func() ([]byte, error)) error {
	leave, err := r.follow()
	if err != nil {
		return err
	}
	defer leave()
	r.beginStream()
	pace := time.NewTicker(every)
	defer pace.Stop()
	for last := []byte(nil); ; {
		found, err := r.console.limiter.with(r.ctx(), look)
		if err == nil && !bytes.Equal(found, last) {
			last, err = found, r.send(eventData(found))
		}
		if err != nil {
			return r.ended(err)
		}
		select {
		case <-r.ctx().Done():
			return nil
		case <-r.console.Stopping:
			return nil
		case <-pace.C:
		}
		r.now = r.console.Now()
		if _, err := r.console.signin.User(r.ctx(), r.now, false); err != nil {
			return r.ended(err)
		}
	}
}

// follow takes a place among the streams, which leave gives back. The error is errManyStreams.
func (r *request) follow() (leave func(), err error) {
	leave, theirs := r.console.following.Take(r.user.Name, streamsEach, streamsAll)
	switch {
	case leave != nil:
		return leave, nil
	case theirs >= streamsEach:
		return nil, fmt.Errorf("%w: you have %d open", errManyStreams, theirs)
	}
	return nil, fmt.Errorf("%w: other people have all that there are open", errManyStreams)
}

// ended ends a stream whose head is sent already, so that no page can say what went wrong. The browser asks again.
func (r *request) ended(err error) error {
	if r.ctx().Err() == nil && !errors.Is(err, signin.ErrSignedOut) {
		r.console.Logger.Sugar().Warnw("event stream ended", "route", r.Path(), "error", err)
	}
	return nil
}

// beginStream sends the head of an answer of server-sent events.
func (r *request) beginStream() {
	r.Response().Header().Set("Content-Type", "text/event-stream")
	r.Response().Header().Set("Cache-Control", "no-store")
	r.Response().WriteHeader(http.StatusOK)
}

// eventData returns HTML as the data of an event, and its end.
func eventData(html []byte) string {
	return "data: " + strings.ReplaceAll(strings.TrimSpace(string(html)), "\n", "\ndata: ") + "\n\n"
}

// send sends an event at once. Each event has a deadline of its own, in place of the server's for an answer.
func (r *request) send(event string) error {
	out := http.NewResponseController(r.Response())
	if err := out.SetWriteDeadline(time.Now().Add(streamPatience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := r.Response().Write([]byte(event)); err != nil {
		return err
	}
	return out.Flush()
}
