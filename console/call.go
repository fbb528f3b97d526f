package console

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
)

var callRoutes = []route{
	{http.MethodGet, callsPath + "/:sid", (*request).call, ""},
	{http.MethodPost, callsPath + "/:sid/reveal", (*request).revealCall, users.SeeNumbers},
	{http.MethodPost, callsPath + "/:sid/recordings/:recording", (*request).listen, users.HearRecordings},
	{http.MethodGet, callsPath + "/:sid/recordings/:recording", (*request).recording, users.HearRecordings},
	{http.MethodPost, callsPath + "/:sid/acts", (*request).act, users.DoActs},
	{http.MethodPost, callsPath + "/:sid/offers", (*request).offer, users.DoActs},
	{http.MethodPost, callsPath + "/:sid/offers/:offer/back", (*request).takeBackOffer, users.DoActs},
}

type callPage struct {
	callRow
	Picture  timeline
	History  []policy.Decision
	Spoken   []spoken // what was pressed, said and heard
	Sounds   []sound  // voicemails and recordings
	Legs     []policy.Leg
	Seen     int // how many acts the person sees
	Problem  string
	Form     actForm         // as it was sent, if it was refused
	Standing map[string]bool // the kinds of acts that can be undone
	FollowUp *followUpRow    // of the call, or of the one that it calls back; nil: there is none
	Story    []happened      // of the follow-up, of people and of what they sent
	Offers   []offerRow      // what was sent
	Choices  []remedy.Choice // what can be
}

func (r *request) call() error {
	call, err := r.console.Calls.Call(r.ctx(), policy.CallSID(r.Param("sid")))
	if err != nil {
		return err
	}
	return r.showCall(http.StatusOK, call, callPage{})
}

func (r *request) showCall(status int, call policy.Call, body callPage) error {
	counted, err := r.console.Calls.TicketCounter(r.ctx())(call)
	if err != nil {
		return err
	}
	body.callRow = r.row(call, counted)
	if call.OnFile != "" {
		if body.OnFileName, err = r.accountName(call.OnFile); err != nil {
			return err
		}
	}
	body.History = r.console.Policy.Explain(call, counted, r.now)
	body.Legs, body.Seen = byTime(call.Legs), len(call.Acts)
	if body.FollowUp, err = r.followUpOf(cmp.Or(call.CallBackOf, call.SID)); err != nil {
		return err
	}
	body.Spoken, body.Sounds = r.spoken(call), r.sounds(call)
	body.Standing = map[string]bool{}
	for _, kind := range []policy.ActKind{policy.ActWaive, policy.ActTraining, policy.ActAttach, policy.ActTicket, policy.ActNote} {
		_, body.Standing[string(kind)] = call.LastAct(kind)
	}
	p := r.revealedPage(nil, string(call.SID))
	if !p.Numbers {
		for i, d := range body.History {
			body.History[i] = d.Masked()
		}
	}
	if body.FollowUp != nil {
		if body.Story, err = r.story(p, *body.FollowUp); err != nil {
			return err
		}
	}
	if err := r.fillOffers(p, &body); err != nil {
		return err
	}
	body.Picture = draw(call, r.now, p.Specialist)
	p.Body = body
	return r.show(status, "call", p)
}

// byTime returns the legs in the order in which they rang.
func byTime(legs []policy.Leg) []policy.Leg {
	return slices.SortedStableFunc(slices.Values(legs), func(a, b policy.Leg) int { return a.RangAt.Compare(b.RangAt) })
}

// revealCall shows the telephone numbers of one call.
func (r *request) revealCall() error {
	call, err := r.console.Calls.Call(r.ctx(), policy.CallSID(r.Param("sid")))
	if err != nil {
		return err
	}
	sid := string(call.SID)
	return r.reveal(sid, r.backToFollowUp(callPath(call.SID), ""), users.AuditEntry{Customer: call.Customer, Subject: sid, Detail: "the telephone numbers of a call"})
}

func callPath(sid policy.CallSID) string { return callsPath + "/" + string(sid) }

// Inputs returns the inputs of a decision in a line.
func (callPage) Inputs(d policy.Decision) string {
	parts := make([]string, len(d.Inputs))
	for i, f := range d.Inputs {
		parts[i] = f.Name + " " + f.Value
	}
	return strings.Join(parts, ", ")
}

// Waivable reports whether the call can be waived: it is over the limit, or in progress.
func (c callPage) Waivable() bool { return !c.Waived && (c.OverLong || c.Call.End().IsZero()) }

// Fate returns the result of a leg in words.
func (callPage) Fate(l policy.Leg) string {
	switch {
	case !l.AcceptedAt.IsZero() && l.NotBridged:
		return "accepted, but never joined"
	case !l.AcceptedAt.IsZero():
		return "accepted"
	case !l.PassedAt.IsZero():
		return "passed on"
	case !l.AnsweredAt.IsZero() || !l.ScreenedAt.IsZero():
		return "picked up, did not accept"
	case l.EndedAt.IsZero() && l.DialEndedAt.IsZero():
		return "rings"
	}
	return "did not answer"
}

type actForm struct{ Kind, Value, Reason string }

// act does what a form says to a call. If somebody else changed the call first, the page shows it as it is now, and that change.
func (r *request) act() error {
	sid := policy.CallSID(r.Param("sid"))
	form := actForm{r.FormValue("kind"), strings.TrimSpace(r.FormValue("value")), strings.TrimSpace(r.FormValue("reason"))}
	seen, err := strconv.Atoi(r.FormValue("seen"))
	if err != nil {
		seen = 0 // a form without it has seen no acts
	}
	act := policy.Act{At: r.now, By: r.actor(), Kind: policy.ActKind(form.Kind), Value: form.Value, Reason: form.Reason, Undo: r.FormValue("undo") != ""}
	if act.Kind == policy.ActWaive {
		act.Limit = r.console.Policy.FairUse.CallLimit
	}
	done := form.Kind
	if act.Undo {
		act.Value, act.Reason, done = "", "", "undo-"+form.Kind
	}
	_, err = r.console.Calls.Act(r.ctx(), sid, act, max(0, seen), r.console.Policy.LineZone)
	return r.answerForm(err, callPath(sid)+query("done", done), func(status int, problem string) error {
		call, err := r.console.Calls.Call(r.ctx(), sid)
		if err != nil {
			return err
		}
		return r.showCall(status, call, callPage{Problem: problem, Form: form})
	})
}

// offerRow is something that was sent, as a page shows it.
type offerRow struct {
	remedy.Offer
	Back     string // the address of the form that takes it back, "" where there is nothing to take back
	CallPath string // of the call on which it was sent, "" on the page of that
	Mail     string // the masked address on the page of a call, whose telephone numbers alone are shown on demand; "" where the page decides
}

// Title returns what was sent: "Screen-sharing link".
func (o offerRow) Title() string { return upper(o.Page.Title()) }

// Sender returns who sent it.
func (o offerRow) Sender() string {
	if o.By == "" && o.Via == followup.ViaPhone {
		return "the caller asked for it"
	}
	return cmp.Or(o.By, "a letter")
}

// Class returns the colour that means how far it is.
func (o offerRow) Class() string {
	return map[remedy.State]string{remedy.Failed: "bad", remedy.Opened: "ok"}[o.Is()]
}

// Sign returns how far it is, and More who did that or why.
func (o offerRow) Sign() string {
	switch o.Is() {
	case remedy.Failed:
		return "not delivered"
	case remedy.TakenBack:
		return "taken back"
	}
	return o.State()
}

// More returns who took it back, or why it did not arrive; "" for neither.
func (o offerRow) More() string {
	if o.Is() == remedy.TakenBack {
		return "by " + o.TakenBackBy
	}
	return o.Error
}

// Number returns the telephone number that it was texted to.
func (o offerRow) Number() policy.Phone { return policy.Phone(o.To) }

// fillOffers adds what was sent on a call and what can be, and tells of both among what people did.
func (r *request) fillOffers(p page, body *callPage) error {
	call := body.Call
	made, err := r.console.Offers.OffersOf(r.ctx(), call.SID)
	if err != nil {
		return err
	}
	hidden := page{}
	for _, o := range made {
		row := offerRow{Offer: o, Mail: hidden.Email(o.To)}
		if o.TakenBackAt.IsZero() && r.may(users.DoActs) {
			row.Back = callPath(call.SID) + "/offers/" + string(o.ID) + "/back"
		}
		body.Offers = append(body.Offers, row)
	}
	for _, a := range call.Acts {
		body.Story = append(body.Story, happened{At: a.At, What: p.Act(a) + viaLink(a.Via) + "."})
	}
	body.Story = append(body.Story, p.offered(made, call.SID)...)
	slices.SortStableFunc(body.Story, func(a, b happened) int { return a.At.Compare(b.At) })
	if !r.may(users.DoActs) {
		return nil
	}
	texted, err := r.console.Offers.OffersTexted(r.ctx(), call.From)
	if err != nil {
		return err
	}
	var holder *policy.Customer
	switch found, err := r.console.Accounts.Customer(r.ctx(), call.Customer); {
	case err == nil:
		holder = &found
	case !errors.Is(err, policy.ErrNoCustomer):
		return err
	}
	body.Choices = remedy.Choices(call, holder, made, texted, r.now, r.console.Policy)
	return nil
}

// viaLink returns how somebody acted who was not in the console, behind what was done.
func viaLink(via string) string {
	if words := viaWords[followup.Via(via)]; via != "" && words != "" {
		return " " + words
	}
	return ""
}

// offered returns what was offered, each by whom and how far it is, with its call where that is not the one that the page is about.
func (p page) offered(offers []remedy.Offer, here policy.CallSID) (all []happened) {
	for _, o := range offers {
		one := happened{At: o.At, What: p.Text(o.Words()) + "."}
		if o.Is() == remedy.Failed {
			one.Class = "bad"
		}
		if o.Call != "" && o.Call != here {
			one.Path, one.Link = callPath(o.Call), "The call"
		}
		all = append(all, one)
	}
	return all
}

// offer sends a page of the company to the caller or the account holder of a call.
func (r *request) offer() error {
	sid := policy.CallSID(r.Param("sid"))
	_, err := r.console.Offers.OfferOn(r.ctx(), sid, remedy.Ask{
		Page: remedy.Page(r.FormValue("page")), By: policy.Channel(r.FormValue("by")), Act: r.acting(),
	})
	return r.answerOffer(sid, err, "offer")
}

// acting returns what the person does about an offer.
func (r *request) acting() followup.Act {
	return followup.Act{At: r.now, By: r.actor(), Via: followup.ViaConsole}
}

func (r *request) takeBackOffer() error {
	sid := policy.CallSID(r.Param("sid"))
	_, err := r.console.Offers.TakeBackOffer(r.ctx(), remedy.ID(r.Param("offer")), r.acting())
	return r.answerOffer(sid, err, "offer-back")
}

// answerOffer shows the page of a call after a form about an offer.
func (r *request) answerOffer(sid policy.CallSID, err error, done string) error {
	return r.answerForm(err, callPath(sid)+query("done", done), func(status int, problem string) error {
		call, err := r.console.Calls.Call(r.ctx(), sid)
		if err != nil {
			return err
		}
		return r.showCall(status, call, callPage{Problem: problem})
	})
}

// spoken is one exchange of a call: what was pressed or said, and what was heard then.
type spoken struct {
	At      time.Time
	Who     string // the caller, or the specialist
	Pressed string
	Heard   string
}

// spoken returns the exchanges in which something was pressed, said or heard.
func (r *request) spoken(call policy.Call) (all []spoken) {
	for _, exchange := range call.Exchanges {
		one := spoken{At: exchange.At, Who: "caller", Pressed: exchange.Heard}
		if r.console.Spoken != nil {
			specialist, sentences := r.console.Spoken(call, exchange)
			one.Heard = strings.Join(sentences, " ")
			if specialist {
				one.Who = "specialist"
			}
		}
		if one.Pressed != "" || one.Heard != "" {
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, func(a, b spoken) int { return a.At.Compare(b.At) })
	return all
}

// sound is a voicemail or a recording on the call's page.
type sound struct {
	policy.Recording
	Title string
	Path  string // of the sound, for the player; "" if it is not played to this person, or not yet
	Ask   string // of the form that asks for it, or ""
	State string // where it is, in words
}

func (r *request) sounds(call policy.Call) (all []sound) {
	for _, recording := range call.Recorded() {
		path := callPath(call.SID) + "/recordings/" + recording.SID
		s := sound{Recording: recording, Title: "Recording of the talk", State: "not fetched from the provider"}
		if call.Message != nil && call.Message.SID == recording.SID {
			s.Title = "Voicemail"
		}
		if recording.Copy != nil {
			s.State = "stored since " + recording.Copy.At.In(r.zone).Format("2006-01-02 15:04:05")
		}
		switch {
		case recording.Copy == nil, r.console.Recordings == nil, !r.may(users.HearRecordings):
		case r.console.signin.IsRevealed(r.ctx(), revealedSound(call.SID, recording.SID)):
			s.Path = path
		default:
			s.Ask = path
		}
		all = append(all, s)
	}
	return all
}

// revealedSound returns the name under which a session remembers a revealed recording.
func revealedSound(call policy.CallSID, recording string) string {
	return string(call) + "/" + recording
}

// listen lets the person play a recording for the rest of the session, and notes that in the audit.
func (r *request) listen() error {
	call, recording := policy.CallSID(r.Param("sid")), r.Param("recording")
	sound, err := r.opened(call, recording)
	if err != nil {
		return err
	}
	if err := sound.Close(); err != nil {
		return err
	}
	if err := r.console.Recordings.Reveal(r.ctx(), call, r.user.Name, "recording "+recording); err != nil {
		return err
	}
	r.console.signin.Reveal(r.ctx(), revealedSound(call, recording))
	if err := r.heard(call, recording); err != nil {
		return err
	}
	return r.seeOther(r.backToFollowUp(callPath(call)+"#recordings", "?play=1#message"))
}

// heard notes who played the message of a call that waits for a person.
func (r *request) heard(sid policy.CallSID, recording string) error {
	call, err := r.console.Calls.Call(r.ctx(), sid)
	if err != nil || call.Message == nil || call.Message.SID != recording {
		return err
	}
	return r.console.FollowUps.HeardVoicemail(r.ctx(), sid, r.actor(), r.now)
}

func (r *request) opened(call policy.CallSID, recording string) (Sound, error) {
	if r.console.Recordings == nil {
		return Sound{}, policy.ErrNotStored
	}
	return r.console.Recordings.OpenRecording(r.ctx(), call, recording)
}

// recording sends a recording, as a whole or in the parts that a player asks for. It must have been revealed first.
func (r *request) recording() error {
	call, recording := policy.CallSID(r.Param("sid")), r.Param("recording")
	if !r.console.signin.IsRevealed(r.ctx(), revealedSound(call, recording)) {
		return errNotPermitted
	}
	sound, err := r.opened(call, recording)
	if err != nil {
		return err
	}
	defer sound.Close()
	r.Response().Header().Set("Content-Type", cmp.Or(sound.Type, "application/octet-stream"))
	r.Response().Header().Set("Cache-Control", "private, no-store")
	http.ServeContent(r.Response(), r.Request(), "", sound.Made, sound)
	return nil
}
