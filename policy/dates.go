package policy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DateEdit is what one date of a line is by an edit in the console, instead of what the configuration says of that date.
type DateEdit struct {
	Date   Date      `json:"date"`
	Kind   DateKind  `json:"kind"`
	Spans  []Span    `json:"spans,omitempty"`  // of special hours: sorted, apart from each other; none: closed all day
	Reason string    `json:"reason,omitempty"` // in the person's own words; a closure's is the closure's
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// DateKind is what an edit makes of a date.
type DateKind string

// The kinds of edits.
const (
	DateClosed  DateKind = "closed"
	DateSpecial DateKind = "special" // special hours
	DateUsual   DateKind = "usual"   // neither: calendars and the week decide
)

// Words tell what the date is, without the reason: "closed 2026-12-24".
func (d DateEdit) Words() string {
	switch d.Kind {
	case DateClosed:
		return "closed " + d.Date.String()
	case DateSpecial:
		return "gave " + d.Date.String() + " the hours " + spansText(d.Spans)
	}
	return "gave " + d.Date.String() + " its usual hours"
}

// Edition is one version of all edits of a line's dates. Each change makes another, and each is kept.
type Edition struct {
	Line    Phone      `json:"line"`
	Version int        `json:"version"` // 1 is the first; 0: nothing was ever edited
	At      time.Time  `json:"at"`
	By      string     `json:"by"`
	Change  string     `json:"change"`           // what the person did, in words: "closed 2026-12-24"
	Reason  string     `json:"reason,omitempty"` // why, in the person's own
	Dates   []DateEdit `json:"dates"`            // by date, each once
}

// Words tell who made this version, and how: `mila closed 2026-12-24: "Christmas Eve"`.
func (e Edition) Words() string {
	text := e.By + " " + e.Change
	if e.Reason != "" {
		text += `: "` + e.Reason + `"`
	}
	return text
}

// With is the line under edits of its dates: on an edited date nothing holds that the configuration says of that very date, and what the
// edit says holds instead. Rule 2 stays: special hours beat a closure, a closure (a calendar's too) beats the week. The line itself is
// left as it is. Single dates come sorted.
func (l Line) With(dates []DateEdit) Line {
	edited := map[Date]bool{}
	for _, d := range dates {
		edited[d.Date] = true
	}
	special := slices.DeleteFunc(slices.Clone(l.Hours.Special), func(s Special) bool { return edited[s.Date] })
	closed := slices.DeleteFunc(slices.Clone(l.Hours.Closed), func(c Closure) bool { return edited[c.Date] })
	for _, d := range dates {
		switch d.Kind {
		case DateClosed:
			closed = append(closed, Closure{d.Date, d.Reason})
		case DateSpecial:
			special = append(special, Special{d.Date, slices.Clone(d.Spans)})
		}
	}
	slices.SortStableFunc(special, func(a, b Special) int { return a.Date.Compare(b.Date) })
	slices.SortStableFunc(closed, func(a, b Closure) int { return a.Date.Compare(b.Date) })
	l.Hours.Special, l.Hours.Closed = special, closed
	return l
}

// Compare is negative for a date before the other, 0 for the same, and positive for one after it.
func (d Date) Compare(other Date) int {
	return cmp.Or(cmp.Compare(d.Year, other.Year), cmp.Compare(d.Month, other.Month), cmp.Compare(d.Day, other.Day))
}

// Says is whether the line itself has it so already, so that the edit changes nothing: once an edit was written into the configuration,
// it can go.
func (l Line) Says(d DateEdit) bool {
	special := slices.DeleteFunc(slices.Clone(l.Hours.Special), func(s Special) bool { return s.Date != d.Date })
	closed := slices.DeleteFunc(slices.Clone(l.Hours.Closed), func(c Closure) bool { return c.Date != d.Date })
	switch d.Kind {
	case DateClosed:
		return len(special) == 0 && len(closed) > 0 && closed[0].Reason == d.Reason
	case DateSpecial: // a closure beside them changes nothing
		return len(special) > 0 && slices.Equal(special[0].Spans, d.Spans)
	}
	return len(special)+len(closed) == 0
}

// With are the settings under the newest edition of each line. Their version tells them from others of the same configuration:
// "0123456789ab+3" after three changes. Editions of lines that the configuration has no more change nothing, and count. The settings
// themselves are left as they are.
func (s Settings) With(editions []Edition) Settings {
	changes := 0
	s.Lines = slices.Clone(s.Lines)
	for _, e := range editions {
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

// oneLine is a text as one line of UTF-8, without space around it.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
}
