package console

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
)

type dateForm struct {
	Date, Hours, Reason string
	Kind                policy.DateKind
}

// editDate closes a date, gives it special hours, or its usual ones.
func (r *request) editDate() error {
	get := func(name string) string { return strings.TrimSpace(r.FormValue(name)) }
	form := dateForm{Date: get("date"), Hours: get("hours"), Reason: get("reason"), Kind: policy.DateKind(get("kind"))}
	return r.changeDates("edit", form, func(base policy.Line) (policy.ScheduleChange, error) {
		edit := policy.DateOverride{Kind: form.Kind, Reason: form.Reason, By: r.user.Name, At: r.now}
		var err error
		if edit.Date, err = policy.ParseDate(form.Date); err != nil {
			return policy.ScheduleChange{}, fmt.Errorf("%w: %w", api.ErrWrongInput, err)
		}
		if form.Kind == policy.DateSpecial {
			if edit.Spans, err = policy.ParseSpans(form.Hours); err != nil {
				return policy.ScheduleChange{}, fmt.Errorf("%w: %w", api.ErrWrongInput, err)
			}
		}
		return policy.OverrideDate(base, edit), nil
	})
}

// withdrawDate removes the edit of a date, so that the configuration applies to it again.
func (r *request) withdrawDate() error {
	return r.changeDates("withdraw", dateForm{}, func(policy.Line) (policy.ScheduleChange, error) {
		date, err := policy.ParseDate(r.FormValue("date"))
		if err != nil {
			return policy.ScheduleChange{}, fmt.Errorf("%w: %w", api.ErrWrongInput, err)
		}
		return policy.RevertDate(date, r.user.Name, r.now), nil
	})
}

// restoreDates brings an earlier version back; 0 is the configuration without edits.
func (r *request) restoreDates() error {
	return r.changeDates("restore", dateForm{}, func(base policy.Line) (policy.ScheduleChange, error) {
		version, err := number(r.FormValue("version"))
		if err != nil || version == 0 {
			return policy.RestoreRevision(policy.ScheduleRevision{Line: base.Number}, r.user.Name, r.now), err
		}
		found, err := r.console.Lines.ScheduleRevisions(r.ctx(), base.Number, version+1, 1)
		if err == nil && (len(found) == 0 || found[0].Version != version) {
			err = fmt.Errorf("%w: there is no version %d; the history shows those that there are", api.ErrWrongInput, version)
		}
		if err != nil {
			return policy.ScheduleChange{}, err
		}
		return policy.RestoreRevision(found[0], r.user.Name, r.now), nil
	})
}

// dropWritten removes the edits that the configuration has too.
func (r *request) dropWritten() error {
	return r.changeDates("written", dateForm{}, func(base policy.Line) (policy.ScheduleChange, error) {
		return policy.DropConfigured(base, r.user.Name, r.now), nil
	})
}

// changeDates changes the line that the address names. If somebody else changed it first, or something is written wrong, the page shows the line as it
// is now, why nothing was done, and the form as it was sent.
func (r *request) changeDates(done string, form dateForm, change func(base policy.Line) (policy.ScheduleChange, error)) error {
	_, l, err := r.found()
	if err != nil {
		return err
	}
	base, err := r.configured(l.Number)
	if err != nil {
		return err
	}
	seen, err := number(r.FormValue("seen"))
	var c policy.ScheduleChange
	if err == nil {
		c, err = change(base)
	}
	if err == nil {
		_, err = r.console.Lines.ChangeDates(r.ctx(), l.Number, seen, c)
	}
	return r.answerForm(err, linePath(l.Number)+query("done", done), func(status int, problem string) error {
		if errors.Is(err, policy.ErrScheduleChanged) {
			problem += " This is the line as it is now; what you wrote is still in the form."
		}
		return r.showLine(status, linePage{Problem: problem, Form: form})
	})
}

// number returns a version in a form or an address, or 0 for none. The error is api.ErrWrongInput.
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

type calendarDay struct {
	policy.DaySchedule
	Hours  string
	Clock  string // how the clock changes on that day, or ""
	Bars   []bar
	Now    *int // minutes of today that have passed
	Today  bool
	Edited bool
}

// bar is a stretch in which the line is open, in minutes after midnight on the wall clock.
type bar struct{ From, Width int }

const minutesOfDay = 24 * 60

// calendar adds the days from first on.
func (p *linePage) calendar(first, today policy.Date) {
	for n := range calendarDays {
		d := first.Plus(n)
		day := calendarDay{DaySchedule: p.Day(d), Clock: clockText(p.ClockChange(d)), Today: d == today, Edited: p.Overruled[d.String()] > 0}
		day.Hours, day.Bars = stretches(day.Open)
		if day.Today {
			local := p.Now.In(p.Zone)
			minute := local.Hour()*60 + local.Minute()
			day.Now = &minute
		}
		p.Days = append(p.Days, day)
	}
	from := func(d policy.Date) string { return p.Path() + query("from", d.String()) + "#weeks" }
	p.Earlier, p.Later = from(first.Plus(-calendarDays)), from(first.Plus(calendarDays))
	if first != today {
		p.Home = p.Path() + "#weeks"
	}
}

// stretches returns the open times of a day in words and as bars. One that lasts to midnight ends at 24:00.
func stretches(open []policy.Interval) (text string, bars []bar) {
	if len(open) == 0 {
		return "closed", nil
	}
	var words []string
	for _, i := range open {
		from, to := i.From.Hour()*60+i.From.Minute(), i.To.Hour()*60+i.To.Minute()
		end := i.To.Format("15:04")
		if to == 0 {
			to, end = minutesOfDay, "24:00"
		}
		words = append(words, i.From.Format("15:04")+"–"+end)
		if to > from { // an hour that the clock shows twice can begin after its end
			bars = append(bars, bar{from, to - from})
		}
	}
	return strings.Join(words, ", "), bars
}

func clockText(forward time.Duration) string {
	switch {
	case forward > 0:
		return fmt.Sprintf("clock %v forward", short(forward))
	case forward < 0:
		return fmt.Sprintf("clock %v back", short(-forward))
	}
	return ""
}

// short returns a duration without zero parts: 1h, 30m.
func short(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}
