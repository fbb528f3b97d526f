package console

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
)

// actForm is an act on a call as a form sends it.
type actForm struct{ Kind, Value, Reason string }

// actsDone says what was done, by the word in the address.
var actsDone = map[string]string{
	"waive": "The call is waived.", "undo-waive": "The waiver is taken back.",
	"training": "The call is marked as training.", "undo-training": "The training mark is taken back.",
	"attach": "The call is attached to the account.", "undo-attach": "The attaching is taken back.",
	"ticket": "The ticket number is set.", "undo-ticket": "The ticket number is taken back.",
	"note": "The note is added.", "undo-note": "The note is taken back.",
}

// refusedActs are the errors that a person is told beside the form, and the status of the page: the person's own mistake, or a call that is
// no longer as it was when the person looked.
var refusedActs = []struct {
	kind   error
	status int
}{
	{policy.ErrNoReason, http.StatusUnprocessableEntity},
	{policy.ErrNoValue, http.StatusUnprocessableEntity},
	{policy.ErrNoCustomer, http.StatusUnprocessableEntity},
	{policy.ErrCallChanged, http.StatusConflict},
	{policy.ErrAlready, http.StatusConflict},
	{policy.ErrNothingToWaive, http.StatusConflict},
	{policy.ErrNothingToUndo, http.StatusConflict},
}

// act does to a call what a form says. Who was overtaken by somebody else is shown the call as it is now, and what the other one did.
func (r *request) act() error {
	sid := policy.CallSID(r.Param("sid"))
	form := actForm{r.FormValue("kind"), strings.TrimSpace(r.FormValue("value")), strings.TrimSpace(r.FormValue("reason"))}
	seen, err := strconv.Atoi(r.FormValue("seen"))
	if err != nil {
		seen = 0 // a form without it has seen nothing
	}
	act := policy.Act{At: r.now, By: r.user.Name, Kind: policy.ActKind(form.Kind), Value: form.Value, Reason: form.Reason, Undo: r.FormValue("undo") != ""}
	if act.Kind == policy.ActWaive {
		act.Limit = r.site.Policy.FairUse.CallLimit
	}
	done := form.Kind
	if act.Undo {
		act.Value, act.Reason, done = "", "", "undo-"+form.Kind
	}
	_, err = r.site.Calls.Act(r.ctx(), sid, act, max(0, seen), r.site.Policy.LineZone)
	for _, refused := range refusedActs {
		if errors.Is(err, refused.kind) {
			return r.refuseAct(refused.status, sid, form, err)
		}
	}
	if err != nil {
		return err
	}
	return r.seeOther(callPath(sid) + query("done", done))
}

func (r *request) refuseAct(status int, sid policy.CallSID, form actForm, why error) error {
	call, err := r.site.Calls.Call(r.ctx(), sid)
	if err != nil {
		return err
	}
	return r.showCall(status, call, callPage{Problem: api.Sentence(why), Form: form})
}
