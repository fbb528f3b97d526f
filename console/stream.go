package console

import (
	"bytes"
	"errors"
	"net/http"
	"time"

	"github.com/officernd/supportline/console/signin"
)

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
