package console

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/users"
)

type followUpPageBody struct {
	followUpRow
	Sounds   []sound // the message
	Autoplay bool
	Logged   bool   // the call is still in the log
	Acts     int    // of the call, that the person sees
	Written  string // into the form, if it was refused
	// Kept reports whether the form for the note stays, because somebody may be writing into it.
	Kept  bool
	Story []happened
	// Phones are the specialists who can be rung first of a call-back. Own reports whether the person is one of them.
	Phones   []policy.Person
	Own      bool
	To       string // as it was sent, if it was refused
	Number   string
	UnderWay *followup.CallBack
	MayNot   string // why the caller cannot be called back now, or ""
	Problem  string
	Events   string
}

func (r *request) followUp() error { return r.showFollowUp(http.StatusOK, followUpPageBody{}) }

func (r *request) showFollowUp(status int, body followUpPageBody) error {
	p, err := r.followUpPage(body)
	if err != nil {
		return err
	}
	return r.show(status, "followup", p)
}

func (r *request) followUpEvents() error {
	return r.live("followup", func() (page, error) {
		return r.followUpPage(followUpPageBody{Kept: r.QueryParam("writing") != ""})
	})
}

// followUpPage returns the page of the follow-up that the address names.
func (r *request) followUpPage(body followUpPageBody) (p page, err error) {
	f, err := r.console.FollowUps.FollowUp(r.ctx(), followup.ID(r.Param("id")))
	if err != nil {
		return p, err
	}
	s := r.console.Lines.InForce()
	body.followUpRow = r.followUpRow(f, s)
	call, err := r.console.Calls.Call(r.ctx(), f.Call)
	switch {
	case err == nil:
		body.Logged, body.Acts, body.Sounds = true, len(call.Acts), r.message(call)
	case !errors.Is(err, policy.ErrNoCall):
		return p, err
	}
	r.phones(&body, s)
	body.Autoplay = r.QueryParam("play") != ""
	body.Kept = body.Kept || f.State != followup.Done
	body.Events = body.Path() + eventsEnd + query("play", r.QueryParam("play"), "writing", map[bool]string{true: "1"}[body.Kept && r.may(users.DoActs)])
	p = r.revealedPage(nil, string(f.Call))
	body.Story, err = r.story(p, body.followUpRow)
	p.Body = body
	return p, err
}

// phones adds whose phone can ring first of a call-back, the one that is under way, and why there can be none.
func (r *request) phones(body *followUpPageBody, s policy.Settings) {
	for _, p := range r.console.Policy.People {
		if p.Phone != "" {
			body.Phones = append(body.Phones, p)
			body.Own = body.Own || p.Name == r.actor()
		}
	}
	if c, is := body.FollowUp.UnderWay(); is {
		body.UnderWay = &c
	}
	if err := body.MayCall(s, r.now); err != nil {
		body.MayNot = api.Sentence(err)
	}
}

// Progress returns how far the call-back is that is under way.
func (b followUpPageBody) Progress() string { return progressOf(*b.UnderWay) }

// message returns the message that a caller left, without recordings of a talk.
func (r *request) message(call policy.Call) (all []sound) {
	for _, s := range r.sounds(call) {
		if call.Message != nil && s.SID == call.Message.SID {
			all = append(all, s)
		}
	}
	return all
}

// followUpOf returns the follow-up of a call, nil for none.
func (r *request) followUpOf(sid policy.CallSID) (*followUpRow, error) {
	f, err := r.console.FollowUps.FollowUpOf(r.ctx(), sid)
	switch {
	case isGone(err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	row := r.followUpRow(f, r.console.Lines.InForce())
	return &row, nil
}

// isGone reports whether an error is that there is no such follow-up.
func isGone(err error) bool { return errors.Is(err, followup.ErrNone) }

// callBack asks for the caller to be called back: the phone of a specialist, or the number that the form has, rings first.
func (r *request) callBack() error {
	id := followup.ID(r.Param("id"))
	to, number := r.FormValue("to"), strings.TrimSpace(r.FormValue("number"))
	_, err := r.console.FollowUps.AskCallBack(r.ctx(), id, policy.Target(cmp.Or(number, to)), r.followUpAct())
	return r.answerForm(err, followUpPath(id)+query("done", "calling"), func(status int, _ string) error {
		return r.showFollowUp(status, followUpPageBody{Problem: r.refusal(err), To: to, Number: number})
	})
}

func (r *request) takeFollowUp() error {
	return r.actOnFollowUp("taken", r.console.FollowUps.TakeFollowUp)
}

func (r *request) finishFollowUp() error {
	return r.actOnFollowUp("followed-up", r.console.FollowUps.FinishFollowUp)
}

func (r *request) reopenFollowUp() error {
	return r.actOnFollowUp("reopened", r.console.FollowUps.ReopenFollowUp)
}

// actOnFollowUp does what a form says to the follow-up that the address names. If somebody else was quicker, the page shows who, and what is so now.
func (r *request) actOnFollowUp(done string, do followUpAct) error {
	id := followup.ID(r.Param("id"))
	act := r.followUpAct()
	_, err := do(r.ctx(), id, act)
	return r.answerForm(err, followUpPath(id)+query("done", done), func(status int, _ string) error {
		return r.showFollowUp(status, followUpPageBody{Problem: r.refusal(err), Written: act.Note})
	})
}

// followUpAct returns what the person does, with the note of the form, and what the page showed on which the form was.
func (r *request) followUpAct() followup.Act {
	state, owner, _ := strings.Cut(r.FormValue("seen"), " ")
	return followup.Act{
		At: r.now, By: r.actor(), Via: followup.ViaConsole, Note: strings.TrimSpace(r.FormValue("note")),
		Seen: followup.Seen{State: followup.State(state), Owner: owner},
	}
}

// refusal returns why an act was refused, in a sentence, with times in the person's zone.
func (r *request) refusal(err error) string {
	var quicker *followup.Conflict
	if !errors.As(err, &quicker) {
		return api.Sentence(err)
	}
	return quicker.Words(quicker.At.In(r.zone).Format("2006-01-02 15:04:05"))
}

// backToFollowUp returns the page of the follow-up from which a form was sent, or else another path.
func (r *request) backToFollowUp(path, end string) string {
	if id := r.FormValue("followup"); id != "" && strings.Trim(id, "0123456789") == "" {
		return followUpPath(followup.ID(id)) + end
	}
	return path
}

// happened is one thing that came after a call which nobody took.
type happened struct {
	At         time.Time
	What       string
	Class      string // of what went wrong
	Path, Link string // of a call
}

// mostHappened is how many notices a story has: an alarm that nobody takes goes on for as long as that.
const mostHappened = 40

// story returns what came after a call, in its order, with telephone numbers as a page shows them: who was told and whom nobody reached, who played the
// message, took it and called back, and how it ended.
func (r *request) story(p page, f followUpRow) ([]happened, error) {
	all := []happened{{At: f.WaitingSince, What: endWords[f.Reason]}}
	starts := policy.NoticesAfter(f.Call)
	for _, id := range f.Alarms {
		starts = append(starts, noticesOfAlarm(id))
	}
	notices, err := r.console.Outbox.NoticesUnder(r.ctx(), starts, mostHappened)
	if err != nil {
		return nil, err
	}
	for _, n := range notices {
		if n.WithdrawnAt.IsZero() || !n.SentAt.IsZero() || !n.FailedAt.IsZero() {
			all = append(all, p.told(n))
		}
	}
	if !f.HeardAt.IsZero() {
		all = append(all, happened{At: f.HeardAt, What: f.HeardBy + " played the message."})
	}
	if f.Owner != "" && f.TakenAt != f.DoneAt {
		all = append(all, happened{At: f.TakenAt, What: f.Owner + " took it " + viaWords[f.TakenVia] + "."})
	}
	for _, c := range f.CallBacks {
		all = append(all, p.calledBack(c))
	}
	if f.State == followup.Done || r.now.After(f.DueAt) {
		all = append(all, p.ended(f)...)
	}
	slices.SortStableFunc(all, func(a, b happened) int { return a.At.Compare(b.At) })
	return all, nil
}

// endWords say how a call ended that nobody took.
var endWords = map[followup.Reason]string{
	followup.Unanswered: "The call ended: nobody answered it.", followup.Abandoned: "The caller hung up while waiting.",
	followup.Voicemail: "The caller left a message.", followup.Promised: "The caller was promised a call back.",
}

// viaWords are the ways by which people act, behind what they did.
var viaWords = map[followup.Via]string{
	followup.ViaConsole: "in the console", followup.ViaCommand: "by command", followup.ViaPhone: "with a key on the phone",
	followup.ViaLink: "by the link of a message", followup.ViaPager: "in the pager", followup.ViaAPI: "by a program",
}

// told returns how a notice reached whom it is for.
func (p page) told(n policy.Notice) happened {
	to := p.Receiver(n)
	switch {
	case !n.FailedAt.IsZero(): // the other side may have taken it, and found out later
		return happened{At: n.FailedAt, What: "Not reached: " + to + ". " + p.Text(n.Error), Class: "bad"}
	case !n.SentAt.IsZero():
		return happened{At: n.SentAt, What: "Told: " + to + "."}
	case n.Error != "":
		return happened{At: n.At, What: "Not reached yet: " + to + ". It is tried again. " + p.Text(n.Error), Class: "warn"}
	}
	return happened{At: n.At, What: "On its way: " + to + "."}
}

// calledBack returns how far a call-back has come.
func (p page) calledBack(c followup.CallBack) happened {
	one := happened{At: c.AskedAt, What: c.By + " called back"}
	if phone := p.Specialist(policy.Leg{To: c.Phone, Person: c.Person}); c.Phone != "" && phone != c.By {
		one.What += " with the phone of " + phone
	}
	if c.EndedAt.IsZero() {
		one.What += ": " + progressOf(c) + "."
	} else {
		one.What += ": " + p.Text(c.Result) + "."
	}
	if c.SID != "" {
		one.Path, one.Link = callPath(c.SID), "The call back"
	}
	return one
}

// progressOf returns how far a call-back is that goes on.
func progressOf(c followup.CallBack) string {
	switch {
	case c.Result != "": // it goes on, and the caller took it
		return "they are talking"
	case !c.DialledAt.IsZero():
		return "the caller's phone was dialled"
	case !c.PickedUp.IsZero():
		return "the specialist has picked up, and is asked for 1"
	case !c.PlacedAt.IsZero():
		return "the specialist's phone rings"
	}
	return "the specialist's phone rings in a moment"
}

// ended returns how a follow-up was done, and that it was late.
func (p page) ended(f followUpRow) (all []happened) {
	if f.State != followup.Done || f.DoneAt.After(f.DueAt) {
		all = append(all, happened{At: f.DueAt, What: "It was due, and nobody had finished it.", Class: "bad"})
	}
	if f.State != followup.Done {
		return all
	}
	end := happened{At: f.DoneAt, What: upper(f.Has()) + "."}
	if f.ServedBy != "" && f.ServedBy != f.Call {
		end.Path, end.Link = callPath(f.ServedBy), "The call that served them"
	}
	if f.Note != "" {
		end.What = f.DoneBy + " finished it: " + p.Text(f.Note)
	}
	return append(all, end)
}

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
