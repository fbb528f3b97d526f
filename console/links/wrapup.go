package links

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/link"
	"github.com/officernd/supportline/policy/remedy"
)

// Calls are the calls that specialists say something about. Errors of Call and Act are policy.ErrNoCall, those of policy.Call.WithAct, or internal.
type Calls interface {
	Call(ctx context.Context, sid policy.CallSID) (policy.Call, error)
	Act(ctx context.Context, sid policy.CallSID, act policy.Act, seen int, zones func(policy.Phone) *time.Location) (policy.Call, error)
	// Customer returns an account. The error is policy.ErrNoCustomer, or internal.
	Customer(ctx context.Context, number policy.CustomerNumber) (policy.Customer, error)
}

// Offers are the pages of the company that callers and account holders were sent. Errors are remedy.ErrNone, or internal.
type Offers interface {
	OffersOf(ctx context.Context, sid policy.CallSID) ([]remedy.Offer, error)
	OffersTexted(ctx context.Context, number policy.Phone) ([]remedy.Offer, error)
	Offer(ctx context.Context, id remedy.ID) (remedy.Offer, error)
	OpenOffer(ctx context.Context, id remedy.ID, at time.Time) (remedy.Offer, error)
	TakeBackOffer(ctx context.Context, id remedy.ID, act followup.Act) (remedy.Offer, error)
}

// errErased refuses a word on a call of an account that was erased.
var errErased = errors.New("the customer was erased")

// wrapUpView is what the page shows on which a specialist says what a call was.
type wrapUpView struct {
	view
	Call    policy.Call
	Account string
	Line    string
	Talk    int // seconds, so far where it goes on
	Goes    bool
	Over    bool          // the call limit
	Limit   time.Duration // of a call
	Seen    int           // how many acts the page shows
	Form    actForm       // as it was sent, if it was refused
	Pages   []offered     // that can be sent, and were
	// Open is one of them that is still to be sent: what stands in its way, or to whom it goes, is so for all. It is nil for none.
	Open   *offered
	Notes  []policy.Act
	Waive  policy.Act // that stands, the zero Act for none; the same of the others
	Train  policy.Act
	Ticket policy.Act
}

type actForm struct{ Kind, Value, Reason string }

// offered is a page of the company as the specialist sees it: what was offered, and the buttons by which it is.
type offered struct {
	remedy.Choice
	Seen int // as the page that has it
}

// Heading returns what can be sent: "Screen-sharing link".
func (o offered) Heading() string { return capital(o.Page.Title()) }

// Words returns what was offered, and how far that is, without telephone numbers.
func (o offered) Words() string { return policy.MaskedText(o.Offer.Words()) }

// Class returns the colour that means how far the offer is.
func (o offered) Class() string {
	return cmp.Or(map[remedy.State]string{remedy.Failed: "bad", remedy.Opened: "ok"}[o.Offer.Is()], "calm")
}

// wrapUp answers at the link of a specialist to a call: it does what a form asks for, in the specialist's name, and shows the call.
func (p *pages) wrapUp(w http.ResponseWriter, r *http.Request, to link.Link, v view) error {
	s := p.Settings()
	who, ok := s.Person(to.Person)
	if !ok {
		return errGone
	}
	sid := policy.CallSID(to.ID)
	shown := wrapUpView{view: v}
	shown.For = who.Name
	var refused error
	if r.Method == http.MethodPost {
		if err := readForm(r); err != nil {
			return err
		}
		shown.Form = actForm{r.PostForm.Get("do"), strings.TrimSpace(r.PostForm.Get("value")), strings.TrimSpace(r.PostForm.Get("reason"))}
		shown.Did, refused = p.said(r, sid, who, s)
		if !ofPerson(refused) {
			return refused
		}
	}
	status, err := p.shownCall(r.Context(), sid, s, &shown, refused)
	if err == nil {
		p.write(w, "wrapup.html", status, shown)
	}
	return err
}

// ofPerson reports whether an error is about what a person asked for, and stands beside the form.
func ofPerson(err error) bool {
	for _, kind := range []error{
		nil, errNothing, policy.ErrInput, policy.ErrCallChanged, policy.ErrAlready, policy.ErrNothingToWaive, policy.ErrNothingToUndo, policy.ErrManyActs,
		remedy.ErrNoPage, remedy.ErrNoReceiver, remedy.ErrSentToday, remedy.ErrOffered,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// said does what a form asks for, and returns what was done in words.
func (p *pages) said(r *http.Request, sid policy.CallSID, who policy.Person, s policy.Settings) (did string, err error) {
	do, undo := r.PostForm.Get("do"), r.PostForm.Get("undo") != ""
	switch kind := policy.ActKind(do); kind {
	case policy.ActWaive, policy.ActTraining, policy.ActTicket, policy.ActNote:
		return p.acted(r, sid, who, policy.Act{Kind: kind, Limit: s.FairUse.CallLimit, Undo: undo})
	}
	act := followup.Act{At: p.Now(), By: who.Name, Via: followup.ViaLink}
	if do == "take-back" {
		o, err := p.ownOffer(r, sid, who)
		if err == nil {
			_, err = p.Store.TakeBackOffer(r.Context(), o.ID, act)
		}
		if err != nil {
			return "", err
		}
		return "Taken back: the link leads nowhere now.", nil
	}
	page, found := strings.CutPrefix(do, "offer-")
	if !found {
		return "", errNothing
	}
	o, err := p.Offer(r.Context(), sid, remedy.Ask{Page: remedy.Page(page), By: policy.Channel(r.PostForm.Get("by")), Act: act})
	if err != nil {
		return "", err
	}
	p.Done()
	if o.Channel == policy.ChannelEmail {
		return "Sent to the account holder by e-mail.", nil
	}
	return "Sent to the caller by text.", nil
}

// ownOffer returns the offer that a form names, which the specialist made on the call.
func (p *pages) ownOffer(r *http.Request, sid policy.CallSID, who policy.Person) (remedy.Offer, error) {
	o, err := p.Store.Offer(r.Context(), remedy.ID(r.PostForm.Get("offer")))
	if err == nil && (o.Call != sid || o.By != who.Name) {
		err = remedy.ErrNone
	}
	return o, err
}

// acted does an act to the call. What the same specialist did a moment ago, by the same tap in another tab or a second time, is done and no mistake.
func (p *pages) acted(r *http.Request, sid policy.CallSID, who policy.Person, act policy.Act) (did string, err error) {
	seen, err := strconv.Atoi(r.PostForm.Get("seen"))
	if err != nil {
		return "", errForm
	}
	act.At, act.By, act.Via = p.Now(), who.Name, string(followup.ViaLink)
	if !act.Undo {
		act.Value, act.Reason = strings.TrimSpace(r.PostForm.Get("value")), strings.TrimSpace(r.PostForm.Get("reason"))
	} else if call, err := p.Store.Call(r.Context(), sid); err != nil {
		return "", err
	} else if last, stands := call.LastAct(act.Kind); stands && last.By != who.Name {
		return "", fmt.Errorf("%w: %s did that; undo it in the console", policy.ErrNothingToUndo, last.By)
	}
	_, err = p.Store.Act(r.Context(), sid, act, max(0, seen), p.Zone)
	if errors.Is(err, policy.ErrCallChanged) && p.stands(r.Context(), sid, act, seen) {
		err = nil
	}
	if err != nil {
		return "", err
	}
	return didWords(act), nil
}

// stands reports whether the specialist's own act was done since so many acts were seen.
func (p *pages) stands(ctx context.Context, sid policy.CallSID, act policy.Act, seen int) bool {
	call, err := p.Store.Call(ctx, sid)
	if err != nil || seen < 0 || seen >= len(call.Acts) {
		return false
	}
	last := call.Acts[len(call.Acts)-1]
	same := last.By == act.By && last.Kind == act.Kind && last.Undo == act.Undo
	return same && (act.Undo || last.Value == act.Value && last.Reason == act.Reason)
}

func didWords(act policy.Act) string {
	if act.Undo {
		return "Undone."
	}
	return map[policy.ActKind]string{
		policy.ActWaive: "Noted: the call was necessary.", policy.ActTraining: "Noted: it was a training call.",
		policy.ActTicket: "Noted: ticket " + act.Value + ".", policy.ActNote: "Your note is saved.",
	}[act.Kind]
}

// shownCall adds the call to what the page shows, and why an act was refused. It returns the status of the answer.
func (p *pages) shownCall(ctx context.Context, sid policy.CallSID, s policy.Settings, v *wrapUpView, refused error) (int, error) {
	call, err := p.Store.Call(ctx, sid)
	if err != nil {
		return 0, err
	}
	if call.Erased {
		return 0, errErased
	}
	leg, accepted := call.Accepted()
	v.Zone, v.Call, v.Seen, v.Limit, v.Goes = s.LineZone(call.Line), call, len(call.Acts), s.FairUse.CallLimit, call.End().IsZero()
	v.Title, v.Account = "What was this call?", cmp.Or(call.Account, "Unidentified caller")
	if line, ok := s.Line(call.Line); ok {
		v.Line = line.Name
	}
	if v.Talk, _, _ = call.Talk(); v.Goes && accepted {
		v.Title, v.Talk = "Your call", int(v.Now.Sub(leg.AcceptedAt)/time.Second)
	}
	v.Over = time.Duration(v.Talk)*time.Second > v.Limit
	v.Waive, v.Train, v.Ticket = standing(call, policy.ActWaive), standing(call, policy.ActTraining), standing(call, policy.ActTicket)
	for _, a := range call.Acts {
		if a.Kind == policy.ActNote {
			v.Notes = append(v.Notes, a.Masked())
		}
	}
	if err := p.addOffers(ctx, call, s, v); err != nil {
		return 0, err
	}
	v.Problem = sentence(refused, v.Zone)
	switch {
	case refused == nil:
		v.Form = actForm{}
		return http.StatusOK, nil
	case errors.Is(refused, policy.ErrCallChanged), errors.Is(refused, policy.ErrAlready), errors.Is(refused, remedy.ErrOffered):
		return http.StatusConflict, nil
	}
	return http.StatusUnprocessableEntity, nil
}

// standing returns the last act of a kind that nobody has undone, without telephone numbers.
func standing(c policy.Call, kind policy.ActKind) policy.Act {
	act, _ := c.LastAct(kind)
	return act.Masked()
}

// addOffers adds the pages that can be offered on a call, and what was.
func (p *pages) addOffers(ctx context.Context, call policy.Call, s policy.Settings, v *wrapUpView) error {
	made, err := p.Store.OffersOf(ctx, call.SID)
	if err != nil {
		return err
	}
	texted, err := p.Store.OffersTexted(ctx, call.From)
	if err != nil {
		return err
	}
	var holder *policy.Customer
	switch found, err := p.Store.Customer(ctx, call.Customer); {
	case err == nil:
		holder = &found
	case !errors.Is(err, policy.ErrNoCustomer):
		return err
	}
	for _, c := range remedy.Choices(call, holder, made, texted, v.Now, s) {
		one := offered{c, v.Seen}
		if v.Pages = append(v.Pages, one); !one.Stands() {
			v.Open = &one
		}
	}
	return nil
}

// Span returns seconds as people read them: "24 min 48 s".
func (wrapUpView) Span(seconds int) string {
	if seconds < 60 {
		return fmt.Sprintf("%d s", seconds)
	}
	return fmt.Sprintf("%d min %02d s", seconds/60, seconds%60)
}

// Clock returns a moment of the call's day in the zone of its line.
func (v wrapUpView) Clock(t time.Time) string { return t.In(v.Zone).Format("15:04 MST") }

// Beyond returns by how much the talk is over the limit.
func (v wrapUpView) Beyond() string { return v.Span(v.Talk - int(v.Limit/time.Second)) }

// undoing is a form that undoes an act.
type undoing struct {
	Seen int
	Kind string
}

// Undoing returns the form that undoes an act of a kind.
func (v wrapUpView) Undoing(kind string) undoing { return undoing{v.Seen, kind} }

// Own reports whether an act, or an offer, is the specialist's own, who may undo it here.
func (v wrapUpView) Own(by string) bool { return by == v.For }

// Kept returns the text of a form that was refused, so that nothing that was typed is lost.
func (v wrapUpView) Kept(kind string) actForm {
	if v.Form.Kind == kind {
		return v.Form
	}
	return actForm{}
}
