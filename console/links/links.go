// Package links answers at the links in messages, public_url/w/TOKEN: a page that shows what a message was about, and buttons to take it and to mark it as
// done. Whoever has a link can act, so the token in its address is the secret: there are no cookies, and nothing on another page can post to an
// address that it does not know. GET and HEAD only show, because chats and mail servers fetch what is posted. No telephone number is on the page.
package links

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/link"
)

// Store has what links lead to. Acts are noted in the audit. Errors are followup.ErrNone, alarm.ErrNone, policy.ErrNoNote, a followup.Conflict, or internal.
type Store interface {
	FollowUp(ctx context.Context, id followup.ID) (followup.FollowUp, error)
	TakeFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error)
	FinishFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error)
	Alarm(ctx context.Context, id alarm.ID) (alarm.Alarm, error)
	TakeAlarm(ctx context.Context, id alarm.ID, act followup.Act) (alarm.Alarm, error)
	FinishAlarm(ctx context.Context, id alarm.ID, act followup.Act) (alarm.Alarm, error)
}

// Deps are the dependencies of the pages of links. All must be set but Done.
type Deps struct {
	Store    Store
	Key      []byte // of the links (link.Key)
	Settings func() policy.Settings
	// Done is called after an act, so that whoever is kept up to date learns of it at once. It must return at once; nil: nobody waits for that.
	Done   func()
	Now    func() time.Time
	Logger *zap.Logger // for lines that strangers can cause
}

// How many answers a second there are to links that are whole, of all together: far more than the people of a company ask for, and little for the store.
const (
	aSecond = 20
	atOnce  = 60
)

// maxForm bounds a form: a note of the longest that may be written, with everything in it escaped.
const maxForm = 32 << 10

// contentPolicy lets a page use its stylesheet and nothing else.
const contentPolicy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// follow-ups of an alarm that its page shows.
const mostShown = 20

//go:embed page.html
var pageText string

//go:embed links.css
var sheet []byte

// sheetName is the last part of the stylesheet's address, which is beside the links. A token has no dot.
var sheetName = func() string {
	sum := sha256.Sum256(sheet)
	return "links." + hex.EncodeToString(sum[:6]) + ".css"
}()

type pages struct {
	Deps
	page  *template.Template
	limit *rate.Limiter
}

// New returns the handler of links, by the last part of the address.
func New(d Deps) http.Handler {
	if d.Done == nil {
		d.Done = func() {}
	}
	return &pages{d, template.Must(template.New("page").Parse(pageText)), rate.NewLimiter(aSecond, atOnce)}
}

// ServeHTTP answers at a link. Nothing of the token is logged.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	name := path.Base(r.URL.Path)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
		h.Set("Allow", "GET, HEAD, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	case name == sheetName && r.Method != http.MethodPost:
		h.Set("Content-Type", mime.TypeByExtension(".css"))
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		_, _ = w.Write(sheet) // a client that is gone needs no answer
	default:
		p.link(w, r, link.Token(name))
	}
}

// errBusy refuses an answer because too many are asked for.
var errBusy = errors.New("too many requests at once")

func (p *pages) link(w http.ResponseWriter, r *http.Request, token link.Token) {
	now := p.Now()
	to, err := link.Read(p.Key, token, now)
	v := view{Sheet: sheetName, Now: now}
	switch {
	case err != nil:
	case !p.limit.AllowN(now, 1):
		err = errBusy
	default:
		v, err = p.answer(r, to, v)
	}
	if err != nil {
		v = p.refused(v, to, err)
	}
	p.write(w, v)
}

// errGone refuses the link of a person who left the configuration.
var errGone = errors.New("the link is of nobody any more")

// answer does what a form asks for, and returns what the page shows then.
func (p *pages) answer(r *http.Request, to link.Link, v view) (view, error) {
	s := p.Settings()
	if to.Person == "" {
		v.People, v.Shared = s.People, true
	} else if who, ok := s.Person(to.Person); ok {
		v.For = who.Name
	} else {
		return v, errGone
	}
	var refused error
	if r.Method == http.MethodPost {
		if err := readForm(r); err != nil {
			return v, err
		}
		v.Note, v.Chosen = strings.TrimSpace(r.PostForm.Get("note")), r.PostForm.Get("person")
		v.Did, refused = p.act(r, to, s, v)
		if !expected(refused) {
			return v, refused
		}
	}
	v, err := p.shown(r.Context(), to, s, v)
	v.Problem = sentence(refused, v.Zone)
	if v.Status = http.StatusOK; refused != nil {
		v.Status = http.StatusUnprocessableEntity
		if errors.Is(refused, followup.ErrTaken) || errors.Is(refused, followup.ErrDone) {
			v.Status = http.StatusConflict
		}
	}
	return v, err
}

func readForm(r *http.Request) error {
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return errForm
	}
	if err := r.ParseForm(); err != nil {
		return errForm
	}
	return nil
}

// errForm refuses a body that is not what the page's own forms send.
var errForm = errors.New("the form did not come whole")

// errNobody and errNothing are mistakes of a person, which the page shows beside its form.
var (
	errNobody  = errors.New("nobody is chosen")
	errNothing = errors.New("no act is chosen")
)

// expected reports whether an error of an act is shown beside its form.
func expected(err error) bool {
	for _, kind := range []error{nil, errNobody, errNothing, policy.ErrInput, followup.ErrTaken, followup.ErrDone} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// act does what a form asks for, under the name of whose link it is, and returns what was done in words.
func (p *pages) act(r *http.Request, to link.Link, s policy.Settings, v view) (did string, err error) {
	who := v.For
	if to.Person == "" {
		if person, ok := s.Person(policy.PersonID(v.Chosen)); ok {
			who = person.Name
		} else if len(s.People) == 0 {
			who = strings.TrimSpace(v.Chosen)
		}
	}
	if who == "" {
		return "", errNobody
	}
	state, owner, _ := strings.Cut(r.PostForm.Get("seen"), " ")
	act := followup.Act{At: v.Now, By: who, Via: followup.ViaLink, Note: v.Note, Seen: followup.Seen{State: followup.State(state), Owner: owner}}
	switch r.PostForm.Get("do") {
	case "take":
		did, err = "It is yours now, "+who+". Nobody else is told of it any more.", p.take(r.Context(), to, act)
	case "done":
		did, err = "Done. Thank you, "+who+".", p.finish(r.Context(), to, act)
	default:
		err = errNothing
	}
	if err != nil {
		return "", err
	}
	p.Done()
	return did, nil
}

func (p *pages) take(ctx context.Context, to link.Link, act followup.Act) error {
	if to.To == link.Alarm {
		_, err := p.Store.TakeAlarm(ctx, alarm.ID(to.ID), act)
		return err
	}
	_, err := p.Store.TakeFollowUp(ctx, followup.ID(to.ID), act)
	return err
}

func (p *pages) finish(ctx context.Context, to link.Link, act followup.Act) error {
	if to.To == link.Alarm {
		_, err := p.Store.FinishAlarm(ctx, alarm.ID(to.ID), act)
		return err
	}
	_, err := p.Store.FinishFollowUp(ctx, followup.ID(to.ID), act)
	return err
}

// write sends a page. Nothing is sent unless the whole page could be made.
func (p *pages) write(w http.ResponseWriter, v view) {
	var text bytes.Buffer
	if err := p.page.Execute(&text, v); err != nil {
		p.Logger.Error("the page of a link could not be made", zap.Error(err))
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if v.Status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "5")
	}
	w.WriteHeader(v.Status)
	_, _ = w.Write(text.Bytes()) // a client that is gone needs no answer
}

// refused returns the page of a link that leads to nothing, or could not be answered. It says whose link an old one is.
func (p *pages) refused(v view, to link.Link, err error) view {
	v = view{Sheet: v.Sheet, Now: v.Now}
	switch {
	case errors.Is(err, link.ErrForged):
		v.Status, v.Title, v.Problem = http.StatusNotFound, "This link is not whole", "A part of it is missing, or was changed on its way. Open it again from the message that it came in."
	case errors.Is(err, link.ErrOld):
		v.Status, v.Title = http.StatusGone, "This link is too old"
		v.Problem = fmt.Sprintf("A link works for %d days. Sign in to the console to see what it was about.", int(to.To.Lasts().Hours()/24))
		v.For, v.Shared = p.Settings().NameOf(to.Person), to.Person == ""
	case errors.Is(err, alarm.ErrNone), errors.Is(err, followup.ErrNone):
		v.Status, v.Title, v.Problem = http.StatusNotFound, "This is no longer there", "What the link led to was deleted at the end of its retention time."
	case errors.Is(err, errGone):
		v.Status, v.Title = http.StatusGone, "This link can no longer be used"
		v.Problem = "It was sent to " + string(to.Person) + ", who is no longer among the specialists. Ask for a new one, or sign in to the console."
	case errors.Is(err, errBusy):
		v.Status, v.Title, v.Problem = http.StatusTooManyRequests, "Too many requests at once", "Try again in a few seconds."
	case errors.Is(err, errForm):
		v.Status, v.Title, v.Problem = http.StatusBadRequest, "The form did not come whole", "Nothing was done. Open the link again."
	default:
		p.Logger.Error("a link could not be answered", zap.Error(err))
		v.Status, v.Title, v.Problem = http.StatusServiceUnavailable, "Something went wrong", "Nothing is known to be done. Try again in a minute, or sign in to the console."
	}
	return v
}
