package console

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
)

const (
	calendarDays = 14
	// revisionsOnPage is how many versions the history shows at once.
	revisionsOnPage = 15
	// wallLayout is the layout of a local time in a form's field.
	wallLayout = "2006-01-02T15:04"
)

type linePage struct {
	lineStatus
	Days                 []calendarDay
	Earlier, Later, Home string // addresses of other weeks; Home is "" if today is shown
	Edited               []editedDate
	Written              bool           // some edit is in the configuration too
	Base                 policy.Line    // as configured, its single dates sorted
	Overruled            map[string]int // dates of the configuration that are edited
	Seen                 int            // the newest version
	History              []policy.ScheduleRevision
	Before               int // a version; the history is of those before it. 0: all
	Older                int // the next Before; 0 on the last page
	At                   *forecast
	Wall                 string // the time in the form
	Form                 dateForm
	Problem              string
	Version              string
}

type editedDate struct {
	policy.DateOverride
	Hours   string
	Written bool // the configuration has it by now
	Over    bool
}

func (r *request) line() error { return r.showLine(http.StatusOK, linePage{}) }

// found returns the settings in force and the line that the address names. The error is api.ErrNoLine.
func (r *request) found() (policy.Settings, policy.Line, error) {
	s := r.console.Lines.InForce()
	l, ok := s.Line(policy.Phone("+" + r.Param("line")))
	if !ok {
		return s, l, api.ErrNoLine
	}
	return s, l, nil
}

func (r *request) showLine(status int, body linePage) error {
	s, l, err := r.found()
	if err != nil {
		return err
	}
	body.lineStatus, body.Version = r.lineStatus(s, l), s.Version
	if body.Base, err = r.configured(l.Number); err != nil {
		return err
	}
	newest, err := r.history(&body)
	if err != nil {
		return err
	}
	body.edits(newest, r.now)
	today := policy.DateOf(r.now.In(l.Zone))
	first := today
	if text := r.QueryParam("from"); text != "" {
		if first, err = policy.ParseDate(text); err != nil {
			return fmt.Errorf("%w: %w", api.ErrWrongInput, err)
		}
	}
	body.calendar(first, today)
	if body.At, err = r.forecast(s, l); err != nil {
		return err
	}
	body.Wall = body.At.wall(r.now.In(l.Zone))
	if body.Form.Date == "" {
		body.Form = dateForm{Date: r.QueryParam("date"), Kind: policy.DateClosed}
	}
	return r.show(status, "line", r.revealedPage(body, teamsRevealed))
}

// configured returns a line without edits. Its single dates are sorted.
func (r *request) configured(number policy.Phone) (policy.Line, error) {
	l, ok := r.console.Lines.Configured().Line(number)
	if !ok {
		return l, api.ErrNoLine
	}
	return l.With(nil), nil
}

// history reads the versions that the page shows, and returns the newest of all.
func (r *request) history(body *linePage) (newest policy.ScheduleRevision, err error) {
	if body.Before, err = number(r.QueryParam("before")); err != nil {
		return newest, err
	}
	found, err := r.console.Lines.ScheduleRevisions(r.ctx(), body.Number, body.Before, revisionsOnPage+1)
	if err != nil {
		return newest, err
	}
	if body.History = found; len(found) > revisionsOnPage {
		body.History = found[:revisionsOnPage]
		body.Older = found[revisionsOnPage-1].Version
	}
	if body.Before > 0 {
		if found, err = r.console.Lines.ScheduleRevisions(r.ctx(), body.Number, 0, 1); err != nil {
			return newest, err
		}
	}
	if len(found) > 0 {
		newest = found[0]
	}
	return newest, nil
}

// edits adds the edits of the newest version.
func (p *linePage) edits(newest policy.ScheduleRevision, now time.Time) {
	p.Seen, p.Overruled = newest.Version, map[string]int{}
	today := policy.DateOf(now.In(p.Zone))
	for _, d := range newest.Dates {
		e := editedDate{DateOverride: d, Hours: hoursText(d), Written: p.Base.Configures(d), Over: d.Date.String() < today.String()}
		p.Edited = append(p.Edited, e)
		p.Written = p.Written || e.Written
		p.Overruled[d.Date.String()] = newest.Version
	}
}

// hoursText returns the hours of an edited date in words.
func hoursText(d policy.DateOverride) string {
	switch d.Kind {
	case policy.DateClosed:
		return "closed"
	case policy.DateSpecial:
		return spansText(d.Spans)
	}
	return "usual hours"
}

func spansText(spans []policy.Span) string {
	words := make([]string, len(spans))
	for i, s := range spans {
		words[i] = s.String()
	}
	return cmp.Or(strings.Join(words, ", "), "closed")
}

// Spans returns hours as the configuration writes them.
func (linePage) Spans(spans []policy.Span) string { return spansText(spans) }

// Restorable reports whether a version is not the newest.
func (p linePage) Restorable(e policy.ScheduleRevision) bool { return e.Version != p.Seen }

// forecast describes what would happen to a call at a time.
type forecast struct {
	Line           policy.Line
	At             time.Time // in the line's zone
	Skipped, Twice bool      // the line's clock skips the time, or shows it twice; At is then as policy.Line.Wall says
	Opening        policy.Opening
	CallerOutcomes []policy.CallerOutcome
	NoAnswer       policy.AfterHoursAction
}

// forecast returns what would happen at the time in the address, which is on the line's own clock; nil for none. The error is api.ErrWrongInput.
func (r *request) forecast(s policy.Settings, l policy.Line) (*forecast, error) {
	text := r.QueryParam("at")
	if text == "" {
		return nil, nil
	}
	typed, err := time.Parse(wallLayout, text)
	if err != nil {
		if typed, err = time.Parse(wallLayout+":05", text); err != nil {
			return nil, fmt.Errorf("%w: %q is no time on the line's clock; write one such as 2026-12-24T10:00", api.ErrWrongInput, text)
		}
	}
	if err := policy.WithinReach(typed); err != nil {
		return nil, fmt.Errorf("%w: %w", api.ErrWrongInput, err)
	}
	w := &forecast{Line: l, NoAnswer: s.NoAnswer}
	w.At, w.Skipped, w.Twice = l.Wall(typed)
	w.Opening = l.Opening(w.At)
	w.CallerOutcomes = s.CallerOutcomes(l, w.At)
	return w, nil
}

// wall returns the time in the form: the one that was asked for, or now.
func (w *forecast) wall(now time.Time) string {
	if w == nil {
		return now.Format(wallLayout)
	}
	return w.At.Format(wallLayout)
}

// Gets returns what a caller gets in words.
func (w forecast) Gets(p policy.CallerOutcome) string {
	switch p.Action {
	case policy.Connect:
		if p.Line.Number != w.Line.Number {
			return "is connected with the team of " + p.Line.Name
		}
		return "is connected"
	case policy.Voicemail:
		return "hears the hours, and can leave a voicemail"
	}
	return "hears the hours, and goodbye"
}

// Unanswered returns what a caller gets if nobody accepts.
func (w forecast) Unanswered() string {
	if w.NoAnswer == policy.Voicemail {
		return "can leave a voicemail"
	}
	return "hears that nobody is free, and goodbye"
}

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
