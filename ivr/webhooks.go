package ivr

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// Deps holds what the webhooks need. All but Observer, Ringer, Alarms, Texts and CallBacks must be set.
type Deps struct {
	Settings  Source
	Words     Words
	Log       Log
	Directory Directory
	Verifier  *twilio.Verifier
	Ringer    *Ringer          // for Settings.Announce; nil: specialists are dialled
	Alarms    Alarms           // of which people are told by telephone; nil: nobody can take one
	CallBacks CallBacks        // nil: nobody is called back
	Texts     Texts            // nil: the progress of text messages is not wanted
	PublicURL string           // where the provider reaches us; the URLs in our answers begin with it
	Now       func() time.Time // read once per webhook
	Logger    *zap.Logger
	Refusals  *zap.Logger // for requests that are refused, which anybody can send; nil: Logger
	Observer  Observer
}

type webhooks struct {
	Deps
	form form
}

// NewWebhooks returns the handler of the provider's webhooks. Its routes are below the path of the public URL:
//
//	/voice                        the number's voice URL
//	/voice/{step}/{turn}          the next steps of a call
//	/status                       the number's status callback
//	/leg/{call}/screen/{try}      a specialist picked up; {call} is the caller's leg
//	/leg/{call}/answer/{try}      the specialist's key
//	/leg/{call}/ring              the status callback of a specialist's leg
//	/leg/{call}/{order}/...       the same three of an outbound leg; {order} is its ring attempt
//	/leg/{call}/{order}/left/{n}  its time in the conference is over, or never began; from the second on: the specialist's key after the call
//	/conference/{call}/wait       what a party hears that is alone in the conference of a call
//	/conference/{call}/recording  the status callback of its recording
//	/announce/{line}              what a specialist alone hears at the call limit
//	/alarm/{alarm}/{person}/{turn}  the call that tells somebody of an alarm
//	/callback/{followup}/{number}/{step}/{turn}  a call-back, of both sides; {number} is its number among those of the follow-up
//	/message/status               the progress of a text message
//	/sound/{file}                 ringing tones; GET, for anybody
//	/recording/{message|talk}     the status callback of a recording
//	/fallback                     the number's fallback URL: goes on where the call was when an answer failed
//	/fallback/{number}/{file}     the line's static documents, as "supportline fallback" writes them; GET
//	/plain, /plain/...            the stateless fallback
//
// Every request but that of a ringing tone must carry the provider's signature. One without it is refused before it is read further, and gets a
// status without a body.
func NewWebhooks(d Deps) http.Handler {
	if d.Observer == nil {
		d.Observer = unobserved{}
	}
	if d.Refusals == nil {
		d.Refusals = d.Logger
	}
	h := &webhooks{Deps: d, form: form{words: d.Words, base: trimmed(d.PublicURL)}}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = func(err error, c echo.Context) { refuse(c, err) }
	e.Pre(knownMethods)
	h.routes(e.Group(publicPath(d.PublicURL)))
	return e
}

// SampleSound is the file of a sound that is always there.
const SampleSound = "us.wav"

// Routes returns the paths of all routes below the public URL, sorted, with :name for a part that differs. A proxy has to pass all of them on.
func Routes() []string {
	e := echo.New()
	(&webhooks{}).routes(e.Group(""))
	var paths []string
	for _, r := range e.Routes() {
		paths = append(paths, r.Path)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// knownMethods refuses what the provider never sends before a route is looked up: for OPTIONS echo would list the methods of one.
func knownMethods(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		switch c.Request().Method {
		case http.MethodGet, http.MethodHead, http.MethodPost:
			return next(c)
		}
		return echo.ErrMethodNotAllowed
	}
}

func trimmed(publicURL string) string { return strings.TrimSuffix(publicURL, "/") }

func publicPath(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.Path, "/")
}

func (h *webhooks) routes(g *echo.Group) {
	either := []string{http.MethodPost, http.MethodGet}
	on := func(path string, handle func(*hook) error) {
		g.Match(either, path, h.guarded(handle))
	}
	on("/voice", h.voice)
	on("/voice/:step/:turn", h.voice)
	on("/leg/:call/screen/:turn", h.leg(stepScreen))
	on("/leg/:call/answer/:turn", h.leg(stepAnswer))
	on("/leg/:call/ring", h.legStatus)
	h.outboundRoutes(on)
	h.alarmRoutes(on)
	on("/callback/:followup/:number/:step/:turn", h.callBack)
	on("/status", h.status)
	on("/recording/:kind", h.recording)
	on("/fallback", h.fallback)
	h.statelessRoutes(on)
	g.GET("/fallback/:line/:file", h.guarded(h.document))
	g.Match([]string{http.MethodGet, http.MethodHead}, "/sound/:file", sound)
}

// hook is a verified webhook that is being answered.
type hook struct {
	echo.Context
	twilio.Webhook
	ctx      context.Context // of the request, and of the wait for the log
	now      time.Time
	settings *policy.Settings // in force when it came
	line     policy.Line      // whose language and voice answer
}

// machine returns the machine of a webhook, with the settings in force. Without a Ringer there are no outbound legs.
func (h *webhooks) machine(w *hook) Machine {
	return Machine{Settings: *w.settings, Outbound: w.settings.Announce && h.Ringer != nil}
}

func (h *webhooks) stateless(w *hook) stateless {
	return stateless{form: h.form, settings: w.settings, now: w.now}
}

// guarded returns a handler that verifies a webhook before anything reads it, measures it, and answers in place of a handle that fails, so that
// the caller hears a sentence and is rung through in any case.
func (h *webhooks) guarded(handle func(*hook) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		params, err := h.Verifier.Verify(c.Request())
		if err != nil {
			h.Refusals.Warn("webhook refused", zap.String("route", c.Path()), zap.Error(err))
			refuse(c, err)
		} else {
			c.Response().Header().Set("Cache-Control", "private, no-store")
			w, s := twilio.ParseWebhook(params), h.Settings()
			h.answer(&hook{Context: c, Webhook: w, now: h.Now().UTC().Truncate(time.Millisecond), settings: s, line: speaker(s, ours(s, w))}, handle)
		}
		h.Observer.Webhook(c.Path(), c.Response().Status, time.Since(began))
		return nil
	}
}

// patience is how long a webhook waits for the log before the caller is served without it: far below the provider's 15 seconds.
const patience = 5 * time.Second

func (h *webhooks) answer(w *hook, handle func(*hook) error) {
	defer func() {
		if p := recover(); p != nil {
			h.log(w).Error("handler panicked", zap.Any("panic", p), zap.Stack("stack"))
			h.Observer.Panicked()
			h.instead(w)
		}
	}()
	ctx, cancel := context.WithTimeout(w.Request().Context(), patience)
	defer cancel()
	w.ctx = ctx
	if err := handle(w); err != nil {
		h.log(w).Error("call could not be logged", zap.Error(err))
		h.Observer.StoreFailed(err)
		h.instead(w)
	}
}

func (h *webhooks) instead(w *hook) {
	if w.Response().Committed {
		return
	}
	kind, _, _ := strings.Cut(strings.TrimPrefix(w.Path(), publicPath(h.PublicURL)+"/"), "/")
	var err error
	step := w.Param("step")
	if kind == "fallback" {
		step, _, _ = strings.Cut(strings.TrimPrefix(failedPath(h.PublicURL, w.ErrorURL), "voice/"), "/")
	}
	switch {
	case kind == "voice", kind == "plain", kind == "fallback":
		err = h.plain(w, step)
	case kind == "conference":
		err = h.conferenceWait(w)
	case kind == "callback":
		err = h.callBackInstead(w)
	case kind == "alarm":
		err = h.alarmTold(w, "alarm-trouble")
	case strings.Contains(w.Path(), "/"+stepScreen+"/"):
		err = h.send(w, h.stateless(w).screen(w.line, h.form.legURL(policy.CallSID(w.Param("call")), w.number("order"), answerPath(1))))
	case strings.Contains(w.Path(), "/"+stepLeft+"/") && w.Digits != "":
		err = h.send(w, document(h.form.say(w.line, phrase("word-refused")), twilio.Hangup{}))
	case strings.Contains(w.Path(), "/"+stepLeft+"/"):
		err = h.send(w, document(nil, twilio.Hangup{}))
	case strings.Contains(w.Path(), "/"+stepAnswer+"/") && w.number("order") > 0: // nothing joins the two without the log
		err = h.send(w, document(h.form.say(w.line, phrase("screen-gone")), twilio.Hangup{}))
	case strings.Contains(w.Path(), "/"+stepAnswer+"/"):
		err = h.send(w, h.stateless(w).answer(w.Digits))
	default:
		err = w.NoContent(http.StatusInternalServerError)
	}
	if err != nil {
		h.log(w).Error("no answer could be sent", zap.Error(err))
	}
}

func (h *webhooks) send(w *hook, r twilio.Response) error {
	body, err := r.Render()
	if err != nil {
		return err
	}
	return w.Blob(http.StatusOK, "text/xml; charset=utf-8", body)
}

// log returns a logger that names the call on every line. Telephone numbers mask themselves.
func (h *webhooks) log(w *hook) *zap.Logger {
	return h.Logger.With(zap.String("sid", w.CallSID), zap.String("route", w.Path()), zap.Stringer("from", policy.Phone(w.From)))
}

// document serves a line's fallback documents as they are at this moment.
func (h *webhooks) document(w *hook) error {
	for _, line := range w.settings.Lines {
		if FallbackFolder(line.Number) != w.Param("line") {
			continue
		}
		documents, err := NewFallback(*w.settings, h.Words, h.form.base+"/fallback").Documents(line, w.now)
		if err != nil {
			return err
		}
		if text, ok := documents[w.Param("file")]; ok {
			return w.Blob(http.StatusOK, twilio.ContentType, text)
		}
	}
	return w.NoContent(http.StatusNotFound)
}

func sound(c echo.Context) error {
	name, _ := strings.CutSuffix(c.Param("file"), ".wav")
	t, known := tones[name]
	if !known {
		return echo.ErrNotFound
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=86400")
	return c.Blob(http.StatusOK, "audio/wav", t.wav())
}

// refuse answers a request that is not a webhook of ours, with a status and without a body.
func refuse(c echo.Context, err error) {
	status := http.StatusNotFound
	var httpErr *echo.HTTPError
	switch {
	case errors.As(err, &httpErr):
		status = httpErr.Code
	case errors.Is(err, twilio.ErrSignature), errors.Is(err, twilio.ErrAccount):
		status = http.StatusForbidden
	case errors.Is(err, twilio.ErrTooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, twilio.ErrForm):
		status = http.StatusBadRequest
	}
	if !c.Response().Committed {
		_ = c.NoContent(status) // a client that is gone needs no answer
	}
}

// ours returns the company's number of a call: the dialled one, and on a specialist's leg the calling one.
func ours(s *policy.Settings, w twilio.Webhook) policy.Phone {
	if isOutboundLeg(w) {
		return s.Dialled(policy.Phone(w.From))
	}
	return s.Dialled(policy.Phone(w.To))
}

// isOutboundLeg reports whether a request is of a specialist's leg.
func isOutboundLeg(w twilio.Webhook) bool { return strings.HasPrefix(w.Direction, "outbound-") }

// speaker returns the line in whose language and voice to answer: the dialled one, or for a number that is not configured the one most like it.
func speaker(s *policy.Settings, dialled policy.Phone) policy.Line {
	best, most := s.Lines[0], -1
	for _, l := range s.Lines {
		if n := commonPrefix(string(l.Number), string(dialled)); n > most {
			best, most = l, n
		}
	}
	return best
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// number returns a number of the path, and -1 if there is none.
func (w *hook) number(name string) int {
	n, err := strconv.Atoi(w.Param(name))
	if err != nil {
		return -1
	}
	return n
}

type unobserved struct{}

func (unobserved) Webhook(string, int, time.Duration) {}
func (unobserved) CallEnded(policy.Outcome)           {}
func (unobserved) StoreFailed(error)                  {}
func (unobserved) Panicked()                          {}
func (unobserved) WrongNumber()                       {}
func (unobserved) NumbersRefused(WrongNumberLimit)    {}
func (unobserved) Looped()                            {}
