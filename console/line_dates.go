package console

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
)

// dateForm is an edit of a date as the form sends it.
type dateForm struct {
	Date, Hours, Reason string
	Kind                policy.DateKind
}

// datesDone says what was done, by the word in the address.
var datesDone = map[string]string{
	"edit": "The date is edited, and holds from the next call on.", "withdraw": "The edit is taken back.",
	"restore": "The earlier version holds again.", "written": "The edits that the configuration has are taken out. The hours are as they were.",
}

// refusedDates are the errors that a person is told beside the form, and the status of the page.
var refusedDates = []struct {
	kind   error
	status int
}{
	{policy.ErrDate, http.StatusUnprocessableEntity},
	{policy.ErrNoReason, http.StatusUnprocessableEntity},
	{api.ErrWrongInput, http.StatusUnprocessableEntity},
	{policy.ErrDatesChanged, http.StatusConflict},
	{policy.ErrAlready, http.StatusConflict},
	{policy.ErrNothingToUndo, http.StatusConflict},
}

// editDate closes a date, gives it special hours, or its usual ones.
func (r *request) editDate() error {
	get := func(name string) string { return strings.TrimSpace(r.FormValue(name)) }
	form := dateForm{Date: get("date"), Hours: get("hours"), Reason: get("reason"), Kind: policy.DateKind(get("kind"))}
	return r.changeDates("edit", form, func(base policy.Line) (policy.DatesChange, error) {
		edit := policy.DateEdit{Kind: form.Kind, Reason: form.Reason, By: r.user.Name, At: r.now}
		var err error
		if edit.Date, err = policy.ParseDate(form.Date); err != nil {
			return policy.DatesChange{}, fmt.Errorf("%w: %w", api.ErrWrongInput, err)
		}
		if form.Kind == policy.DateSpecial {
			if edit.Spans, err = policy.ParseSpans(form.Hours); err != nil {
				return policy.DatesChange{}, fmt.Errorf("%w: %w", api.ErrWrongInput, err)
			}
		}
		return policy.EditDate(base, edit), nil
	})
}

// withdrawDate lets the configuration hold on a date again.
func (r *request) withdrawDate() error {
	return r.changeDates("withdraw", dateForm{}, func(policy.Line) (policy.DatesChange, error) {
		date, err := policy.ParseDate(r.FormValue("date"))
		if err != nil {
			return policy.DatesChange{}, fmt.Errorf("%w: %w", api.ErrWrongInput, err)
		}
		return policy.WithdrawDate(date, r.user.Name, r.now), nil
	})
}

// restoreDates brings an earlier version back; 0 is the configuration alone.
func (r *request) restoreDates() error {
	return r.changeDates("restore", dateForm{}, func(base policy.Line) (policy.DatesChange, error) {
		version, err := number(r.FormValue("version"))
		if err != nil || version == 0 {
			return policy.RestoreDates(policy.Edition{Line: base.Number}, r.user.Name, r.now), err
		}
		found, err := r.site.Lines.Editions(r.ctx(), base.Number, version+1, 1)
		if err == nil && (len(found) == 0 || found[0].Version != version) {
			err = fmt.Errorf("%w: there is no version %d; the history shows those that there are", api.ErrWrongInput, version)
		}
		if err != nil {
			return policy.DatesChange{}, err
		}
		return policy.RestoreDates(found[0], r.user.Name, r.now), nil
	})
}

// dropWritten takes out the edits that the configuration has by now.
func (r *request) dropWritten() error {
	return r.changeDates("written", dateForm{}, func(base policy.Line) (policy.DatesChange, error) {
		return policy.DropWritten(base, r.user.Name, r.now), nil
	})
}

// changeDates makes a change of the line that the address names. Who was overtaken by somebody else, or wrote something wrong, is shown the
// line as it is now, why nothing was done, and the form as it was sent.
func (r *request) changeDates(done string, form dateForm, change func(base policy.Line) (policy.DatesChange, error)) error {
	_, l, err := r.found()
	if err != nil {
		return err
	}
	base, err := r.configured(l.Number)
	if err != nil {
		return err
	}
	seen, err := number(r.FormValue("seen"))
	var c policy.DatesChange
	if err == nil {
		c, err = change(base)
	}
	if err == nil {
		_, err = r.site.Lines.ChangeDates(r.ctx(), l.Number, seen, c)
	}
	for _, refused := range refusedDates {
		if errors.Is(err, refused.kind) {
			body := linePage{Problem: api.Sentence(err), Form: form}
			if errors.Is(err, policy.ErrDatesChanged) {
				body.Problem += " This is the line as it is now; what you wrote is still in the form."
			}
			return r.showLine(refused.status, body)
		}
	}
	if err != nil {
		return err
	}
	return r.seeOther(linePath(l.Number) + query("done", done))
}

// number is a whole number of a form or an address that is not negative; 0 where none is given. Its error is api.ErrWrongInput.
func number(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1<<30 {
		return 0, fmt.Errorf("%w: %q is no version; open the page anew", api.ErrWrongInput, text)
	}
	return n, nil
}
