package links

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/link"
)

// view is what the page of a link shows.
type view struct {
	Status  int
	Sheet   string // the name of the stylesheet
	Title   string
	Now     time.Time
	Zone    *time.Location // nil: there are no times
	For     string         // whose link it is
	Shared  bool           // it was sent to a chat or a list that several people read
	People  []policy.Person
	Did     string // what was done, in a sentence
	Problem string // why something was not done
	Note    string // as it was sent
	Chosen  string
	State   string // open, taken, done, or "" for no page of its own
	Owner   string
	Since   time.Time // of the owner, or of the end
	Began   time.Time
	Events  int
	// NeedsNote reports whether finishing needs a note.
	NeedsNote bool
	Where     string // what the console calls it: "follow-up 3", or "" where the console has no more
	Waiting   []waiting
	More      int // that are not shown
}

// waiting is a caller who waits for a person.
type waiting struct {
	Account, Intent, Why string
	Since, Due           time.Time
	State                string
	Late                 bool
}

// shown adds what a link leads to.
func (p *pages) shown(ctx context.Context, to link.Link, s policy.Settings, v view) (view, error) {
	v.Zone = time.UTC
	if len(s.Lines) > 0 && s.Lines[0].Zone != nil {
		v.Zone = s.Lines[0].Zone
	}
	if to.To == link.FollowUp {
		f, err := p.Store.FollowUp(ctx, followup.ID(to.ID))
		if err != nil {
			return v, err
		}
		return v.followUp(f, s), nil
	}
	a, err := p.Store.Alarm(ctx, alarm.ID(to.ID))
	if err != nil {
		return v, err
	}
	v = v.alarm(a)
	for i, id := range a.FollowUps {
		if i == mostShown {
			v.More = len(a.FollowUps) - mostShown
			break
		}
		f, err := p.Store.FollowUp(ctx, id)
		if errors.Is(err, followup.ErrNone) {
			continue
		}
		if err != nil {
			return v, err
		}
		v.Waiting = append(v.Waiting, v.caller(f))
		if line, ok := s.Line(f.Line); ok && line.Zone != nil {
			v.Zone = line.Zone
		}
	}
	return v, nil
}

func (v view) alarm(a alarm.Alarm) view {
	v.Title, v.State, v.Owner, v.Began, v.Events, v.NeedsNote = a.Event.Kind.Title(), string(a.State), a.TakenBy, a.StartedAt, a.Count, len(a.FollowUps) > 0
	if rota := a.Event.Facts["rota"]; rota != "" {
		v.Title += ": " + rota
	}
	if v.Since = a.TakenAt; a.State == policy.AlarmDone {
		v.Owner, v.Since = "", a.DoneAt // who has done each call is said there
	}
	if v.NeedsNote && a.State != policy.AlarmDone {
		v.Where = "alarm " + string(a.ID)
	}
	return v
}

func (v view) followUp(f followup.FollowUp, s policy.Settings) view {
	v.Title, v.State, v.Owner, v.Since, v.Began, v.NeedsNote = "A caller waits for a person", string(f.State), f.Owner, f.TakenAt, f.WaitingSince, true
	if line, ok := s.Line(f.Line); ok && line.Zone != nil {
		v.Zone = line.Zone
	}
	if f.State == followup.Done {
		v.Owner, v.Since = f.DoneBy, f.DoneAt
	} else {
		v.Where = "follow-up " + string(f.ID)
	}
	v.Waiting = []waiting{v.caller(f)}
	return v
}

// caller returns a caller who waits, without the telephone number.
func (v view) caller(f followup.FollowUp) waiting {
	w := waiting{
		Account: f.Account, Intent: string(f.Intent), Why: f.Reason.Words(), Since: f.WaitingSince, Due: f.DueAt, State: string(f.State), Late: f.Late(v.Now),
	}
	switch {
	case f.Erased:
		w.Account = "Erased customer"
	case w.Account == "":
		w.Account = "Unidentified caller"
	}
	return w
}

// Has returns who has what the link leads to.
func (v view) Has() string {
	switch {
	case v.State == string(policy.AlarmOpen):
		return "nobody has it"
	case v.State == string(policy.AlarmTaken) && v.Owner == v.For:
		return "you have it"
	case v.State == string(policy.AlarmTaken):
		return v.Owner + " has it"
	case v.Owner != "":
		return "done by " + v.Owner
	}
	return "done"
}

// Seen returns what the form says that its reader sees: the state, and who has it.
func (v view) Seen() string { return v.State + " " + v.Owner }

// Time returns a moment in the zone of the line, with the zone's name.
func (v view) Time(t time.Time) string { return t.In(v.Zone).Format("2006-01-02 15:04 MST") }

// sentence returns why an act was refused, "" for none.
func sentence(err error, zone *time.Location) string {
	var quicker *followup.Conflict
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errNobody):
		return "Choose who you are, so that the others know who has it."
	case errors.Is(err, errNothing):
		return "Nothing was done: press one of the buttons."
	case errors.As(err, &quicker):
		return quicker.Words(quicker.At.In(zone).Format("2006-01-02 15:04 MST"))
	}
	return capital(policy.MaskedText(strings.TrimSuffix(err.Error(), "."))) + "."
}

// capital returns a text with a capital letter at its beginning.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}
