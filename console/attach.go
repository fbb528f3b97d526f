package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// attachEnd is the end of the address to which the list of calls that were served to nobody sends those to attach.
const attachEnd = "/attach"

// attaching holds the values of a list from which calls that were served to nobody can be attached to the accounts that their numbers are on file of.
type attaching struct {
	Unidentified bool   // the filter selects such calls
	Attachable   int    // calls of the page that the person can attach so
	Attach       string // the address that the form is sent to
}

// fillOnFile adds the names of the accounts on file, where they are shown, and counts the calls that the person can attach.
func (r *request) fillOnFile(body *callsPage) error {
	body.Unidentified = body.Filter.Unidentified != ""
	if !body.Unidentified && !body.Shows("on_file") {
		return nil
	}
	names := map[policy.CustomerNumber]string{}
	for i := range body.Calls {
		number := body.Calls[i].Call.OnFile
		if number == "" {
			continue
		}
		name, known := names[number]
		if !known {
			var err error
			if name, err = r.accountName(number); err != nil {
				return err
			}
			names[number] = name
		}
		body.Calls[i].OnFileName = name
		if name != "" && body.Unidentified && r.may(users.DoActs) {
			body.Attachable++
		}
	}
	body.Attach = strings.Replace(body.address(body.Filter), callsPath, callsPath+attachEnd, 1)
	return nil
}

// attachCalls attaches the calls of a form to the accounts that their numbers are on file of: the one whose button was pressed, or those that are
// checked. Each is an act of its own, so that one that cannot be attached any more keeps none of the others.
func (r *request) attachCalls() error {
	form, err := r.FormParams()
	if err != nil {
		return fmt.Errorf("%w: the form cannot be read", api.ErrWrongInput)
	}
	sids := form["only"]
	if len(sids) == 0 {
		sids = form["call"]
	}
	if len(sids) == 0 || len(sids) > callsOnPage {
		return r.showCalls(http.StatusUnprocessableEntity, fmt.Sprintf("Check 1 to %d calls.", callsOnPage))
	}
	attached, refused := 0, ""
	for _, sid := range sids {
		err := r.attachOnFile(policy.CallSID(sid))
		switch {
		case err == nil:
			attached++
		case formStatus(err) != 0 || errors.Is(err, policy.ErrNoCall):
			refused += fmt.Sprintf(" %s: %s", sid, api.Sentence(err))
		default:
			return err
		}
	}
	if refused != "" {
		return r.showCalls(http.StatusConflict, fmt.Sprintf("Attached: %d of %d.%s", attached, len(sids), refused))
	}
	page := callsPage{Columns: r.columns()}
	page.Chosen = chosen(page.Columns)
	return r.seeOther(withDone(page.address(r.callFilter()), "attached"))
}

func (r *request) attachOnFile(sid policy.CallSID) error {
	call, err := r.console.Calls.Call(r.ctx(), sid)
	if err != nil {
		return err
	}
	act, err := call.AttachOnFile(r.actor(), r.now)
	if err != nil {
		return err
	}
	_, err = r.console.Calls.Act(r.ctx(), sid, act, len(call.Acts), r.console.Policy.LineZone)
	return err
}

// nobodyMonth is how many calls of a month were served to nobody, with links to them.
type nobodyMonth struct {
	Month policy.Month
	policy.NobodyCount
	Lines []nobodyLine
}

type nobodyLine struct {
	Name  string
	Calls int
	Path  string
}

// nobody returns the present month and the one before, without those in which every call had an account.
func (r *request) nobody() (months []nobodyMonth, err error) {
	this := r.console.Policy.ThisMonth(r.now)
	for _, month := range []policy.Month{this, this.Plus(-1)} {
		lines, err := r.console.Calls.CountNobody(r.ctx(), month, r.console.Policy.LineZone)
		if err != nil {
			return nil, err
		}
		if len(lines) == 0 {
			continue
		}
		found := nobodyMonth{Month: month, NobodyCount: policy.CountNobody(lines)}
		for _, l := range lines {
			found.Lines = append(found.Lines, nobodyLine{r.console.lineName(l.Line), l.Calls, r.nobodyPath(l.Line, month)})
		}
		months = append(months, found)
	}
	return months, nil
}

// nobodyPath returns the address of exactly the calls that a line's figure counts: the month's bounds are those of the line's zone.
func (r *request) nobodyPath(line policy.Phone, month policy.Month) string {
	from, to := month.Bounds(r.console.Policy.LineZone(line))
	return callsPath + query("unidentified", "yes", "line", line.Full(), "since", from.Format(time.RFC3339), "until", to.Format(time.RFC3339))
}
