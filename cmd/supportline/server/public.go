package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
)

// The paths below the public URL that are not the provider's.
const (
	pagerDutyPath = "/hooks/pagerduty"
	linkPath      = "/w/" // of a link in a message, in front of its token
)

// publicRoutes are the routes of public, as PublicRoutes returns them.
var publicRoutes = []string{pagerDutyPath, linkPath + ":token"}

// PublicRoutes returns the paths of all routes below the public URL, sorted, with :name for a part that differs. A proxy has to pass all of them on.
func PublicRoutes() []string {
	return slices.Sorted(slices.Values(append(ivr.Routes(), publicRoutes...)))
}

// maxPublicBody bounds what is read of a request: PagerDuty posts a few kilobytes, and a form of a link has less.
const maxPublicBody = 128 << 10

// public returns the handler of the public listener: what is for the provider's webhooks is theirs at once, and what else strangers may reach is
// counted, bounded, and refused where nobody signed it.
func (a *App) public(webhooks http.Handler) http.Handler {
	base := ""
	if u, err := url.Parse(a.Conf.PublicURL); err == nil {
		base = strings.TrimSuffix(u.Path, "/")
	}
	pager := a.Counters.watchPublic(publicRoutes[0], http.HandlerFunc(a.pagerDutyHook))
	links := a.Counters.watchPublic(publicRoutes[1], http.HandlerFunc(a.link))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, below := strings.CutPrefix(r.URL.Path, base)
		switch {
		case below && path == pagerDutyPath:
			pager.ServeHTTP(w, r)
		case below && strings.HasPrefix(path, linkPath):
			links.ServeHTTP(w, r)
		default:
			webhooks.ServeHTTP(w, r)
		}
	})
}

// watchPublic counts the answers of a route, and bounds what is read of a request.
func (m *metrics) watchPublic(route string, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &watchedAnswer{ResponseWriter: w, status: http.StatusOK}
		r.Body = http.MaxBytesReader(answer, r.Body, maxPublicBody)
		handler.ServeHTTP(answer, r)
		m.public.WithLabelValues(route, fmt.Sprintf("%dxx", answer.status/100)).Inc()
	})
}

// link answers at a link in a message. Nobody keeps its answer or learns its address from the next page, since whoever has a link can act.
func (a *App) link(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	if a.Links == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	a.Links.ServeHTTP(w, r)
}

// hookWithin bounds the work for a post of PagerDuty, which waits for 5 seconds and posts it again later.
const hookWithin = 4 * time.Second

// pagerDutyHook takes or finishes the alarm of an incident that somebody acknowledged or resolved in PagerDuty. Whatever is signed and asks for nothing
// of ours is answered with 202, so that it is not posted again.
func (a *App) pagerDutyHook(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, status := bodyOf(r)
	if status != 0 {
		w.WriteHeader(status)
		return
	}
	channel, signed := a.pagerSigned(r.Header, body)
	if !signed {
		a.Sampled.Warn("a post of PagerDuty is refused: no secret of the channels signed it")
		w.WriteHeader(http.StatusForbidden)
		return
	}
	act, ours := channel.Read(body)
	if !ours {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), hookWithin)
	defer cancel()
	w.WriteHeader(a.pagerAct(ctx, channel, act))
}

// bodyOf returns the body of a request that may be signed, and a status in its place where it is not to be read.
func bodyOf(r *http.Request) (body []byte, status int) {
	if r.Header.Get(notices.PagerDutySignature) == "" {
		return nil, http.StatusForbidden
	}
	body, err := io.ReadAll(r.Body)
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return nil, http.StatusRequestEntityTooLarge
	case err != nil:
		return nil, http.StatusBadRequest
	}
	return body, 0
}

// pagerSigned returns the channel by whose secret a body was signed.
func (a *App) pagerSigned(header http.Header, body []byte) (found notices.PagerDuty, signed bool) {
	for _, c := range a.Conf.Notices.All() {
		if pager, ok := c.(notices.PagerDuty); ok && pager.Signed(header, body) {
			found, signed = pager, true
		}
	}
	return found, signed
}

// pagerAct does what somebody did in PagerDuty, and returns the status of the answer: a 5xx has it posted again.
func (a *App) pagerAct(ctx context.Context, channel notices.PagerDuty, act notices.PagerAct) int {
	did := followup.Act{At: a.Now(), By: act.By, Via: followup.ViaPager}
	do := a.Store.TakeAlarm
	if act.Done {
		do, did.Note = a.Store.FinishAlarm, "resolved in PagerDuty"
	}
	_, err := do(ctx, alarm.ID(act.Alarm), did)
	fields := []zap.Field{zap.String("channel", string(channel.Name())), zap.String("alarm", act.Alarm), zap.Bool("done", act.Done)}
	switch {
	case err == nil:
		a.wake()
		a.Log.Info("an alarm was acted on in PagerDuty", fields...)
		return http.StatusAccepted
	case errors.Is(err, alarm.ErrNone), errors.Is(err, followup.ErrTaken), errors.Is(err, followup.ErrDone):
		a.Log.Info("an act in PagerDuty changes nothing", append(fields, zap.Error(err))...)
		return http.StatusAccepted
	}
	a.Log.Error("an act in PagerDuty could not be stored, and is posted again", append(fields, zap.Error(err))...)
	return http.StatusServiceUnavailable
}
