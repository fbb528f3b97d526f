package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrScheduleChanged refuses a change of somebody who saw an earlier version.
var ErrScheduleChanged = errors.New("the line's dates changed")

const errDate inputError = "the date cannot be edited so"

// DateOverride is an edit of one date of a line in the console. It replaces what the configuration has for that date.
type DateOverride struct {
	Date   Date      `json:"date"`
	Kind   DateKind  `json:"kind"`
	Spans  []Span    `json:"spans,omitempty"`  // of special hours: sorted, apart from each other; none: closed all day
	Reason string    `json:"reason,omitempty"` // in the person's own words; a closure's is the closure's
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// DateKind is the effect of an override on its date.
type DateKind string

// The kinds of edits.
const (
	DateClosed  DateKind = "closed"
	DateSpecial DateKind = "special" // special hours
	dateUsual   DateKind = "usual"   // neither: calendars and the week decide
)

// words returns what the date is, without the reason: "closed 2026-12-24".
func (d DateOverride) words() string {
	switch d.Kind {
	case DateClosed:
		return "closed " + d.Date.String()
	case DateSpecial:
		return "gave " + d.Date.String() + " the hours " + spansText(d.Spans)
	}
	return "gave " + d.Date.String() + " its usual hours"
}

// ScheduleRevision is one version of all edits of a line's dates. Each change makes another, and each is kept.
type ScheduleRevision struct {
	Line    Phone          `json:"line"`
	Version int            `json:"version"` // 1 is the first; 0: nothing was ever edited
	At      time.Time      `json:"at"`
	By      string         `json:"by"`
	Change  string         `json:"change"`           // what the person did, in words: "closed 2026-12-24"
	Reason  string         `json:"reason,omitempty"` // why, in the person's own
	Dates   []DateOverride `json:"dates"`            // by date, each once
}

// Words returns who made this version, and how: `mila closed 2026-12-24: "Christmas Eve"`.
func (e ScheduleRevision) Words() string {
	text := e.By + " " + e.Change
	if e.Reason != "" {
		text += `: "` + e.Reason + `"`
	}
	return text
}

// With returns the line with its dates overridden: an override replaces all that the configuration has for that very date. Rule 2 stays: special
// hours beat a closure, a closure (a calendar's too) beats the week. The line itself is left as it is. Single dates come sorted.
func (l Line) With(dates []DateOverride) Line {
	edited := map[Date]bool{}
	for _, d := range dates {
		edited[d.Date] = true
	}
	special := slices.DeleteFunc(slices.Clone(l.Hours.Special), func(s SpecialHours) bool { return edited[s.Date] })
	closed := slices.DeleteFunc(slices.Clone(l.Hours.Closed), func(c Closure) bool { return edited[c.Date] })
	for _, d := range dates {
		switch d.Kind {
		case DateClosed:
			closed = append(closed, Closure{d.Date, d.Reason})
		case DateSpecial:
			special = append(special, SpecialHours{d.Date, slices.Clone(d.Spans)})
		}
	}
	slices.SortStableFunc(special, func(a, b SpecialHours) int { return a.Date.compare(b.Date) })
	slices.SortStableFunc(closed, func(a, b Closure) int { return a.Date.compare(b.Date) })
	l.Hours.Special, l.Hours.Closed = special, closed
	return l
}

// compare returns a negative number if d is before other, 0 if they are the same, and a positive number if d is after other.
func (d Date) compare(other Date) int {
	return cmp.Or(cmp.Compare(d.Year, other.Year), cmp.Compare(d.Month, other.Month), cmp.Compare(d.Day, other.Day))
}

// Configures reports whether the line itself has what the override says, so that the override changes nothing and can be dropped.
func (l Line) Configures(d DateOverride) bool {
	special := slices.DeleteFunc(slices.Clone(l.Hours.Special), func(s SpecialHours) bool { return s.Date != d.Date })
	closed := slices.DeleteFunc(slices.Clone(l.Hours.Closed), func(c Closure) bool { return c.Date != d.Date })
	switch d.Kind {
	case DateClosed:
		return len(special) == 0 && len(closed) > 0 && closed[0].Reason == d.Reason
	case DateSpecial: // a closure beside them changes nothing
		return len(special) > 0 && slices.Equal(special[0].Spans, d.Spans)
	}
	return len(special)+len(closed) == 0
}

// With returns the settings under the newest revision of each line. Their version tells them from others of the same configuration:
// "0123456789ab+3" after three changes. ScheduleRevisions of lines that the configuration has no more change nothing, and count. The settings
// themselves are left as they are.
func (s Settings) With(revisions []ScheduleRevision) Settings {
	changes := 0
	s.Lines = slices.Clone(s.Lines)
	for _, e := range revisions {
		changes += e.Version
		for i, l := range s.Lines {
			if l.Number == e.Line {
				s.Lines[i] = l.With(e.Dates)
			}
		}
	}
	if changes > 0 {
		s.Version += "+" + strconv.Itoa(changes)
	}
	return s
}

// oneLine returns a text as one line of UTF-8, without space around it.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
}

// Bounds of what people can edit: far above a company's years, and far below what the path of a call could feel.
const (
	maxDateOverrides = 400 // of one line
	maxDateReason    = 200 // characters
	maxDateYears     = 10  // from now
)

// ScheduleChange is a person's change of a line's overrides. It is made by OverrideDate, RevertDate, RestoreRevision or DropConfigured.
type ScheduleChange struct {
	At     time.Time
	By     string
	Reason string // why, in the person's own words
	change func([]DateOverride) (dates []DateOverride, words string, err error)
}

// OverrideDate returns the change that closes a date, sets special hours, or restores its usual ones, in place of an earlier override. An
// override that the line's configuration has anyway is dropped, and so is an earlier one of that date.
//
// Errors of Changed: ErrInput for a missing reason, a date that is over on the line's clock or too far away, a reason that is too long, and
// too many edits; ErrAlready.
func OverrideDate(line Line, edit DateOverride) ScheduleChange {
	edit.Reason = oneLine(edit.Reason)
	return ScheduleChange{edit.At, edit.By, edit.Reason, func(dates []DateOverride) ([]DateOverride, string, error) {
		if err := edit.check(line); err != nil {
			return nil, "", err
		}
		i, found := slices.BinarySearchFunc(dates, edit.Date, func(d DateOverride, date Date) int { return d.Date.compare(date) })
		switch {
		case found && dates[i].same(edit), !found && line.Configures(edit):
			return nil, "", fmt.Errorf("%w: %s", ErrAlready, line.With(dates).stands(edit.Date))
		case found && line.Configures(edit):
			return slices.Delete(dates, i, i+1), edit.words() + ", as the configuration has it", nil
		case found:
			dates[i] = edit
			return dates, edit.words(), nil
		case len(dates) >= maxDateOverrides:
			return nil, "", fmt.Errorf("%w: %d dates are edited; write them into the configuration, and take out here what it says", errDate, len(dates))
		}
		return slices.Insert(dates, i, edit), edit.words(), nil
	}}
}

// check returns an error if the override by itself is wrong.
func (d DateOverride) check(line Line) error {
	today := DateOf(d.At.In(line.Zone))
	_, err := WrittenText("the reason", d.Reason)
	switch {
	case d.Kind != DateClosed && d.Kind != DateSpecial && d.Kind != dateUsual:
		return fmt.Errorf("%w: %q is nothing that a date can be; write closed, special or usual", errDate, string(d.Kind))
	case d.Date.compare(today) < 0:
		return fmt.Errorf("%w: %s is over; write %s or a later date", errDate, d.Date, today)
	case d.Date.Year > today.Year+maxDateYears:
		return fmt.Errorf("%w: %s is more than %d years away; look whether the year is right", errDate, d.Date, maxDateYears)
	case err != nil:
		return err
	case d.Reason == "":
		return fmt.Errorf("%w: write why %s is another day than usual, such as Christmas Eve", errNoReason, d.Date)
	case utf8.RuneCountInString(d.Reason) > maxDateReason:
		return fmt.Errorf("%w: the reason is longer than %d characters; write the short of it", errDate, maxDateReason)
	}
	return nil
}

func (d DateOverride) same(other DateOverride) bool {
	return d.Date == other.Date && d.Kind == other.Kind && d.Reason == other.Reason && slices.Equal(d.Spans, other.Spans)
}

// stands returns in words what a date is on the line: "2026-12-24 is closed by hours.closed: Christmas Eve".
func (l Line) stands(date Date) string {
	spans, rule, what := l.Hours.on(date)
	text := fmt.Sprintf("%s is %s by %s", date, spansText(spans), rule)
	if reason := l.Hours.reason(date, spans, rule, what); rule == ruleClosed || rule == ruleHoliday {
		text += ": " + reason
	}
	return text
}

// RevertDate returns the change that removes the override of a date, so that the configuration holds again. Error of Changed: ErrNothingToUndo.
func RevertDate(date Date, by string, at time.Time) ScheduleChange {
	return ScheduleChange{at, by, "", func(dates []DateOverride) ([]DateOverride, string, error) {
		i, found := slices.BinarySearchFunc(dates, date, func(d DateOverride, date Date) int { return d.Date.compare(date) })
		if !found {
			return nil, "", fmt.Errorf("%w: nothing is edited of %s", ErrNothingToUndo, date)
		}
		return slices.Delete(dates, i, i+1), "took back what was edited of " + date.String(), nil
	}}
}

// RestoreRevision returns the change to the overrides of an earlier version; version 0 has none. Error of Changed: ErrAlready.
func RestoreRevision(earlier ScheduleRevision, by string, at time.Time) ScheduleChange {
	return ScheduleChange{at, by, "", func(dates []DateOverride) ([]DateOverride, string, error) {
		if slices.EqualFunc(dates, earlier.Dates, DateOverride.same) {
			return nil, "", fmt.Errorf("%w: the dates are those of version %d", ErrAlready, earlier.Version)
		}
		if earlier.Version == 0 {
			return nil, "took back all edits", nil
		}
		return slices.Clone(earlier.Dates), fmt.Sprintf("went back to version %d", earlier.Version), nil
	}}
}

// DropConfigured returns the change that removes the overrides which the line's configuration has by now. It changes no hours. The error of Changed is
// ErrNothingToUndo.
func DropConfigured(line Line, by string, at time.Time) ScheduleChange {
	return ScheduleChange{at, by, "", func(dates []DateOverride) ([]DateOverride, string, error) {
		var rest []DateOverride
		var written []string
		for _, d := range dates {
			if line.Configures(d) {
				written = append(written, d.Date.String())
			} else {
				rest = append(rest, d)
			}
		}
		if len(written) == 0 {
			return nil, "", fmt.Errorf("%w: the configuration has none of the edited dates yet", ErrNothingToUndo)
		}
		return rest, "took out what the configuration has by now: " + strings.Join(written, ", "), nil
	}}
}

// Changed returns the revision after one more change, with the next version. The errors are ErrInput without a name, and those of the change.
func (e ScheduleRevision) Changed(c ScheduleChange) (ScheduleRevision, error) {
	by, err := WrittenLine("the name of who does it", c.By)
	if c.By = by; err == nil && by == "" {
		err = errNobody
	}
	if err != nil {
		return ScheduleRevision{}, err
	}
	dates, words, err := c.change(slices.Clone(e.Dates))
	if err != nil {
		return ScheduleRevision{}, err
	}
	return ScheduleRevision{Line: e.Line, Version: e.Version + 1, At: c.At, By: c.By, Change: words, Reason: c.Reason, Dates: dates}, nil
}
