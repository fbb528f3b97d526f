package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/officernd/supportline/policy"
)

func lineOperations() []operation {
	return []operation{
		{http.MethodGet, "/lines", "", []string{"at"}, (*request).listLines},
		{http.MethodGet, "/lines/:number", "", []string{"at"}, (*request).getLine},
		{http.MethodGet, "/lines/:number/hours", "", []string{"from", "days"}, (*request).listHours},
	}
}

// How many days of hours one answer has.
const (
	usualDays = 14
	maxDays   = 400
)

// lineShape is a line, and whether it is open at a moment.
type lineShape struct {
	Number   string     `json:"number"`
	Name     string     `json:"name"`
	Zone     string     `json:"zone"`
	Language string     `json:"language"`
	At       time.Time  `json:"at"`
	Open     bool       `json:"open"`
	Rule     string     `json:"rule"`
	Reason   string     `json:"reason"`
	Until    *time.Time `json:"until"` // when it next opens or closes; null if not within 400 days
}

func (r *request) showLine(l policy.Line, at time.Time) lineShape {
	o := l.Opening(at)
	shown := lineShape{
		Number: l.Number.Full(), Name: l.Name, Zone: l.Zone.String(), Language: l.Language, At: at.UTC(), Open: o.Open, Rule: o.Rule, Reason: r.text(o.Reason),
	}
	if !o.Until.IsZero() {
		until := o.Until.UTC()
		shown.Until = &until
	}
	return shown
}

// at returns the moment that is asked about, on the line's clock unless it names its zone; now by default.
func (r *request) at(zone *time.Location) (time.Time, error) {
	text := r.QueryParam("at")
	if text == "" {
		return r.now, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.ParseInLocation("2006-01-02T15:04", text, zone)
	}
	if err != nil {
		return at, fmt.Errorf("%w: at is %q; write 2026-11-24T19:59 on the line's clock, or RFC 3339 such as 2026-11-24T19:59:00Z", ErrWrongInput, text)
	}
	if err := policy.WithinReach(at); err != nil {
		return at, fmt.Errorf("%w: at: %w", ErrWrongInput, err)
	}
	return at, nil
}

func (r *request) listLines() error {
	lines := []lineShape{}
	for _, l := range r.api.Lines.InForce().Lines {
		at, err := r.at(l.Zone)
		if err != nil {
			return err
		}
		lines = append(lines, r.showLine(l, at))
	}
	return r.JSON(http.StatusOK, map[string][]lineShape{"lines": lines})
}

func (r *request) theLine() (policy.Line, error) {
	line, ok := r.api.Lines.InForce().Line(policy.Phone(r.part("number")))
	if !ok {
		return line, ErrNoLine
	}
	return line, nil
}

func (r *request) getLine() error {
	line, err := r.theLine()
	if err != nil {
		return err
	}
	at, err := r.at(line.Zone)
	if err != nil {
		return err
	}
	return r.JSON(http.StatusOK, r.showLine(line, at))
}

type shownDay struct {
	Date   string      `json:"date"`
	Rule   string      `json:"rule"`
	Reason string      `json:"reason"`
	Open   []shownSpan `json:"open"`
}

// shownSpan is a stretch in which a line is open: from is in it, until is not.
type shownSpan struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

func (r *request) listHours() error {
	line, err := r.theLine()
	if err != nil {
		return err
	}
	first := policy.DateOf(r.now.In(line.Zone))
	if text := r.QueryParam("from"); text != "" {
		if first, err = policy.ParseDate(text); err != nil {
			return fmt.Errorf("%w: from: %w", ErrWrongInput, err)
		}
	}
	many, err := r.number("days", usualDays, maxDays)
	if err != nil {
		return err
	}
	days := make([]shownDay, many)
	for i := range days {
		s := line.Day(first.Plus(i))
		days[i] = shownDay{Date: s.Date.String(), Rule: s.Rule, Reason: r.text(s.Reason), Open: []shownSpan{}}
		for _, o := range s.Open { // in the line's own zone, which is the only one that a program needs to show hours
			days[i].Open = append(days[i].Open, shownSpan{o.From, o.To})
		}
	}
	return r.JSON(http.StatusOK, struct {
		Number string     `json:"number"`
		Zone   string     `json:"zone"`
		Days   []shownDay `json:"days"`
	}{line.Number.Full(), line.Zone.String(), days})
}
