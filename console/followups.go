package console

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/users"
)

const (
	followUpsPath   = "/followups"
	followUpsOnPage = 50
	// mostWaiting is how many follow-ups are shown on the page of the present.
	mostWaiting = 8
)

var followUpsRoutes = []route{
	{http.MethodGet, followUpsPath, (*request).followUps, ""},
	{http.MethodGet, followUpsPath + "/:id", (*request).followUp, ""},
	{http.MethodPost, followUpsPath + "/:id/take", (*request).takeFollowUp, users.DoActs},
	{http.MethodPost, followUpsPath + "/:id/done", (*request).finishFollowUp, users.DoActs},
	{http.MethodPost, followUpsPath + "/:id/reopen", (*request).reopenFollowUp, users.DoActs},
	{http.MethodPost, followUpsPath + "/:id/call", (*request).callBack, users.DoActs},
}

type followUpsPage struct {
	Choices []choice
	Shown   string
	Rows    []followUpRow
	Waiting []waitingCount
	Next    string // addresses, or ""
	First   string
}

// waitingCount is how many follow-ups of a severity wait.
type waitingCount struct {
	Severity followup.Severity
	followup.Count
}

type followUpRow struct {
	followup.FollowUp
	LineName string
	Clock    followUpClock
	Mine     bool
}

// followUpClock is how much of its time a follow-up has left.
type followUpClock struct{ Class, Words string }

// followUpFilters are the parts of the list, by their names in the address.
var followUpFilters = []struct{ name, title string }{
	{"", "Waiting"}, {"open", "Open"}, {"taken", "Taken"}, {"mine", "Mine"}, {"done", "Done"},
}

// actor returns the name under which the person takes and finishes: the specialist's, so that a telephone, a link and the console mean the same person.
func (r *request) actor() string { return r.console.Policy.ActsAs(r.user.Name) }

func (r *request) followUpFilter(shown string) (followup.Filter, error) {
	switch shown {
	case "":
		return followup.Filter{Waiting: true}, nil
	case "mine":
		return followup.Filter{Waiting: true, Owner: r.actor()}, nil
	case "open", "taken", "done":
		return followup.Filter{State: followup.State(shown)}, nil
	}
	return followup.Filter{}, fmt.Errorf("%w: follow-ups have no state %q; choose one above the list", api.ErrWrongInput, shown)
}

func (r *request) followUps() error {
	body := followUpsPage{Shown: r.QueryParam("show")}
	after := r.QueryParam("after")
	filter, err := r.followUpFilter(body.Shown)
	if err != nil {
		return err
	}
	found, err := r.console.FollowUps.FollowUps(r.ctx(), filter, followup.Page{After: followup.ID(after), Limit: followUpsOnPage})
	if err != nil {
		return err
	}
	if body.Waiting, err = r.waitingCounts(); err != nil {
		return err
	}
	body.Rows = r.followUpRows(found.List)
	for _, f := range followUpFilters {
		body.Choices = append(body.Choices, choice{f.title, followUpsPath + query("show", f.name), f.name == body.Shown})
	}
	if found.Next != "" {
		body.Next = followUpsPath + query("show", body.Shown, "after", string(found.Next))
	}
	if after != "" {
		body.First = followUpsPath + query("show", body.Shown)
	}
	return r.render(http.StatusOK, "followups", body)
}

func (r *request) waitingCounts() (all []waitingCount, err error) {
	counts, err := r.console.FollowUps.CountFollowUps(r.ctx(), r.now)
	for _, s := range followup.Severities() {
		all = append(all, waitingCount{s, counts[s]})
	}
	return all, err
}

func (r *request) followUpRows(list []followup.FollowUp) (rows []followUpRow) {
	s := r.console.Lines.InForce()
	for _, f := range list {
		rows = append(rows, r.followUpRow(f, s))
	}
	return rows
}

func (r *request) followUpRow(f followup.FollowUp, inForce policy.Settings) followUpRow {
	line, known := inForce.Line(f.Line)
	row := followUpRow{FollowUp: f, LineName: line.Name, Clock: clockOf(f, line, r.now), Mine: f.Owner == r.actor()}
	if !known {
		row.LineName = f.Line.Full()
	}
	return row
}

// clockOf returns the time that is left: calm at first, a warning from half of it on, and late.
func clockOf(f followup.FollowUp, line policy.Line, now time.Time) followUpClock {
	switch {
	case f.State == followup.Done:
		return followUpClock{}
	case f.Late(now):
		return followUpClock{"bad", "late by " + lasting(now.Sub(f.DueAt))}
	case !now.Before(f.HalfAt(line)):
		return followUpClock{"warn", "half is gone, due in " + lasting(f.DueAt.Sub(now))}
	}
	return followUpClock{"ok", "due in " + lasting(f.DueAt.Sub(now))}
}

// lasting returns a duration in whole minutes, in words.
func lasting(d time.Duration) string {
	minutes := int(d / time.Minute)
	switch {
	case minutes < 1:
		return "less than a minute"
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	case minutes < 48*60:
		return fmt.Sprintf("%d h %02d min", minutes/60, minutes%60)
	}
	return fmt.Sprintf("%d days", minutes/(24*60))
}

// Path returns the address of the follow-up's page.
func (f followUpRow) Path() string { return followUpPath(f.ID) }

func followUpPath(id followup.ID) string { return followUpsPath + "/" + string(id) }

// Waits returns how long the caller has waited, or waited until it was done.
func (f followUpRow) Waits(now time.Time) string {
	if f.State == followup.Done {
		now = f.DoneAt
	}
	return lasting(now.Sub(f.WaitingSince))
}

// Caller returns the name of who waits.
func (f followUpRow) Caller() string {
	switch {
	case f.Erased:
		return "Erased customer"
	case f.Account == "":
		return "Unidentified caller"
	}
	return f.Account
}

type followUpPageBody struct {
	followUpRow
	Sounds   []sound // the message
	Autoplay bool
	Logged   bool   // the call is still in the log
	Written  string // into the form, if it was refused
	// Phones are the specialists who can be rung first of a call back. Own reports whether the person is one of them.
	Phones   []policy.Person
	Own      bool
	To       string // as it was sent, if it was refused
	Number   string
	UnderWay *followup.CallBack
	Problem  string
}

func (r *request) followUp() error { return r.showFollowUp(http.StatusOK, followUpPageBody{}) }

func (r *request) showFollowUp(status int, body followUpPageBody) error {
	f, err := r.console.FollowUps.FollowUp(r.ctx(), followup.ID(r.Param("id")))
	if err != nil {
		return err
	}
	body.followUpRow = r.followUpRow(f, r.console.Lines.InForce())
	call, err := r.console.Calls.Call(r.ctx(), f.Call)
	switch {
	case err == nil:
		body.Logged = true
		body.Sounds = r.message(call)
	case !errors.Is(err, policy.ErrNoCall):
		return err
	}
	r.phones(&body)
	body.Autoplay = r.QueryParam("play") != ""
	return r.show(status, "followup", r.revealedPage(body, string(f.Call)))
}

// phones adds whose phone can ring first of a call back, and the one that is under way.
func (r *request) phones(body *followUpPageBody) {
	for _, p := range r.console.Policy.People {
		if p.Phone != "" {
			body.Phones = append(body.Phones, p)
			body.Own = body.Own || p.Name == r.actor()
		}
	}
	if c, is := body.FollowUp.UnderWay(); is {
		body.UnderWay = &c
	}
}

// callBack asks for the caller to be called back: the phone of a specialist, or the number that the form has, rings first.
func (r *request) callBack() error {
	id := followup.ID(r.Param("id"))
	to, number := r.FormValue("to"), strings.TrimSpace(r.FormValue("number"))
	_, err := r.console.FollowUps.AskCallBack(r.ctx(), id, policy.Target(cmp.Or(number, to)), r.followUpAct())
	return r.answerForm(err, followUpPath(id)+query("done", "calling")+"#calls", func(status int, _ string) error {
		return r.showFollowUp(status, followUpPageBody{Problem: r.refusal(err), To: to, Number: number})
	})
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

// message returns the message that a caller left, without recordings of a talk.
func (r *request) message(call policy.Call) (all []sound) {
	for _, s := range r.sounds(call) {
		if call.Message != nil && s.SID == call.Message.SID {
			all = append(all, s)
		}
	}
	return all
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

// followUpAct returns what the person does, with the note of the form.
func (r *request) followUpAct() followup.Act {
	return followup.Act{At: r.now, By: r.actor(), Via: followup.ViaConsole, Note: strings.TrimSpace(r.FormValue("note"))}
}

// refusal returns why an act was refused, in a sentence, with times in the person's zone.
func (r *request) refusal(err error) string {
	var quicker *followup.Conflict
	if !errors.As(err, &quicker) {
		return api.Sentence(err)
	}
	at := quicker.At.In(r.zone).Format("2006-01-02 15:04:05")
	switch {
	case errors.Is(err, followup.ErrTaken):
		return quicker.By + " took it at " + at + ", before you. Below is how it is now."
	case quicker.By == "":
		return "It was done at " + at + ", before you. Below is how it is now."
	}
	return quicker.By + " finished it at " + at + ", before you. Below is how it is now."
}

// backToFollowUp returns the page of the follow-up from which a form was sent, or else another path.
func (r *request) backToFollowUp(path, end string) string {
	if id := r.FormValue("followup"); id != "" && strings.Trim(id, "0123456789") == "" {
		return followUpPath(followup.ID(id)) + end
	}
	return path
}
