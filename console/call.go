package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

var callRoutes = []route{
	{http.MethodGet, callsPath + "/:sid", (*request).call, ""},
	{http.MethodPost, callsPath + "/:sid/reveal", (*request).revealCall, users.SeeNumbers},
	{http.MethodPost, callsPath + "/:sid/recordings/:recording", (*request).listen, users.HearRecordings},
	{http.MethodGet, callsPath + "/:sid/recordings/:recording", (*request).recording, users.HearRecordings},
	{http.MethodPost, callsPath + "/:sid/acts", (*request).act, users.DoActs},
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
	return r.reveal(sid, callPath(call.SID), users.AuditEntry{Customer: call.Customer, Subject: sid, Detail: "the telephone numbers of a call"})
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
	act := policy.Act{At: r.now, By: r.user.Name, Kind: policy.ActKind(form.Kind), Value: form.Value, Reason: form.Reason, Undo: r.FormValue("undo") != ""}
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
