package flags

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
)

// Intent, Outcome and CaseState are flags that take one of the policy's values; Number is one that takes a telephone number.
type (
	Intent  policy.Intent
	Outcome policy.Outcome
	Number  policy.Phone

	CaseState policy.CaseState
)

func (i *Intent) UnmarshalText(text []byte) error { return Choose(i, string(text), policy.Intents()) }

func (o *Outcome) UnmarshalText(text []byte) error { return Choose(o, string(text), Outcomes()) }

// Outcomes returns the outcomes by which calls can be selected.
func Outcomes() []policy.Outcome { return append(policy.Outcomes(), policy.InProgress) }

func (c *CaseState) UnmarshalText(text []byte) error {
	return Choose(c, string(text), policy.CaseStates())
}

// UnmarshalText takes a number in E.164, with spaces, hyphens, dots and brackets allowed between the digits.
func (n *Number) UnmarshalText(text []byte) error {
	tidy := strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "").Replace(string(text))
	if !policy.Phone(tidy).IsNumber() || len(tidy) < 4 || len(tidy) > 16 {
		return fmt.Errorf("%q is not a telephone number: write it with its country, for example +448000668187", text)
	}
	*n = Number(tidy)
	return nil
}

// Choose sets a flag to one of the values; anything else is an error that lists them.
func Choose[F, V ~string](flag *F, text string, values []V) error {
	if !slices.Contains(values, V(text)) {
		return fmt.Errorf("%q is not known: write one of %s", text, List(values))
	}
	*flag = F(text)
	return nil
}

// List joins values in words.
func List[V ~string](values []V) string { return strings.Join(Names(values), ", ") }

func Names[V ~string](values []V) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

// absences holds the sentences about something that is not there: the error, and the sentence with what was asked for.
var absences = map[error]string{
	policy.ErrNoCall:     "no call %s is in the log: \"supportline calls\" shows the SIDs",
	policy.ErrNoCase:     "no case has the number %s: \"supportline cases list\" shows them",
	policy.ErrNoCustomer: "no customer has the number %s: \"supportline customers list\" shows them",
	followup.ErrNone:     "no follow-up has the number %s: \"supportline followups\" shows those that wait",
	remedy.ErrNone:       "no offer has the number %s: \"supportline calls explain SID\" shows what was offered on a call",
	policy.ErrNoNotice:   "no notice has the key %s: \"supportline notices list\" shows them",
	users.ErrNoUser:      "no user is called %s: \"supportline users list\" shows them",
}

// Absent adds to an error that something is not there what was asked for, and where to look. Other errors stay as they are.
func Absent(asked string, err error) error {
	for absence, sentence := range absences {
		if errors.Is(err, absence) {
			return control.Refused(sentence, asked)
		}
	}
	return err
}

// localLayouts are the times without a zone that people write.
var localLayouts = []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"}

// ParseMoment returns the time that people wrote: RFC 3339, a wall-clock time in zone, or a date, which is the start of that day in zone;
// day reports that it was one.
func ParseMoment(text string, zone *time.Location) (at time.Time, day bool, err error) {
	text = strings.TrimSpace(text)
	at, err = time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.ParseInLocation(time.DateOnly, text, zone)
		day = err == nil
	}
	for _, layout := range localLayouts {
		if err != nil {
			at, err = time.ParseInLocation(layout, text, zone)
		}
	}
	if err != nil {
		err = fmt.Errorf("%q is not a time: write a date (2026-11-24), a date and time (\"2026-11-24 19:59\") or RFC 3339 (2026-11-24T19:59:00Z)", text)
		return time.Time{}, false, err
	}
	return at, day, policy.WithinReach(at)
}

// Zone is a flag that takes a time zone.
type Zone struct{ *time.Location }

// UnmarshalText takes a time zone's name. The machine's own zone is refused: the same command would mean different days on two machines.
func (z *Zone) UnmarshalText(text []byte) (err error) {
	name := string(text)
	z.Location, err = time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return fmt.Errorf("%q is not a time zone: write a name of the zone database, for example Europe/London, America/New_York or UTC", name)
	}
	return nil
}

// Period is a half-open range of time.
type Period struct{ Since, Until time.Time }

// ParsePeriod returns the period of --since and --until. Dates are days in zone, and the day of --until belongs to the period. Without --since it is
// the 30 days before until, or before now.
func ParsePeriod(since, until string, zone *time.Location, now time.Time) (Period, error) {
	var p Period
	if until != "" {
		at, day, err := ParseMoment(until, zone)
		if err != nil {
			return p, fmt.Errorf("--until: %w", err)
		}
		if day {
			at = at.AddDate(0, 0, 1)
		}
		p.Until = at
	}
	if since != "" {
		at, _, err := ParseMoment(since, zone)
		if err != nil {
			return p, fmt.Errorf("--since: %w", err)
		}
		p.Since = at
	} else {
		p.Since = cmp.Or(p.Until, now).AddDate(0, 0, -30)
	}
	if !p.Until.IsZero() && !p.Since.Before(p.Until) {
		return p, fmt.Errorf("--since %s is not before the end of --until %s", since, until)
	}
	return p, nil
}

// CallsChoice are the flags that select calls by what happened on them.
type CallsChoice struct {
	Specialist   string        `placeholder:"WHO" help:"Calls that this specialist accepted: a person's short name or name, a number, or a SIP address."`
	Ticket       string        `placeholder:"T" help:"Calls about this ticket."`
	OverLong     bool          `help:"Calls that talked longer than call_limit and were not waived."`
	Waived       bool          `help:"Calls that were waived as necessary."`
	Training     bool          `help:"Calls that were marked as training."`
	Unidentified bool          `help:"Calls that a specialist took and that belong to no account."`
	TalkAtLeast  time.Duration `placeholder:"TIME" help:"Calls that talked so long or longer, such as 10m."`
	TalkAtMost   time.Duration `placeholder:"TIME" help:"Calls that talked so long or shorter."`
	Text         string        `placeholder:"TEXT" help:"A customer number or its beginning, words of a name, a SID or its beginning, a ticket, or 4 digits or more of the caller's number."`
}

// Choose brings the flags into a filter.
func (c CallsChoice) Choose(f *policy.Filter, s policy.Settings) error {
	for flag, d := range map[string]time.Duration{"--talk-at-least": c.TalkAtLeast, "--talk-at-most": c.TalkAtMost} {
		if d < 0 || d%time.Second != 0 {
			return fmt.Errorf("%s %s: write whole seconds or more, for example 90s or 10m", flag, d)
		}
	}
	if c.TalkAtMost > 0 && c.TalkAtMost < c.TalkAtLeast {
		return fmt.Errorf("--talk-at-most %s is less than --talk-at-least %s: no call can be both", c.TalkAtMost, c.TalkAtLeast)
	}
	if _, err := policy.WrittenLine("--text", c.Text); err != nil {
		return err
	}
	var err error
	if f.Person, f.Specialist, err = s.ParseSpecialist(c.Specialist); err != nil {
		return fmt.Errorf("--specialist: %w", err)
	}
	f.Texts = s.TextsOf(f.Person)
	f.Ticket, f.Waived, f.Training = policy.Ticket(c.Ticket), c.Waived, c.Training
	f.Unidentified = c.Unidentified
	f.TalkAtLeast, f.TalkAtMost = int(c.TalkAtLeast/time.Second), int(c.TalkAtMost/time.Second)
	f.Text, f.Numbers = c.Text, true // whoever can run commands on the store can read all of it
	if c.OverLong {
		f.OverLong = s.FairUse.CallLimit
	}
	return nil
}

// CallsPages are the flags that read the log page by page.
type CallsPages struct {
	Page  bool `help:"One page of calls, and where the next one is."`
	Older Mark `placeholder:"MARK" help:"The page of older calls that another page named."`
	Newer Mark `placeholder:"MARK" help:"The page of newer calls that another page named."`
}

// Mark is a flag that takes a place in a list.
type Mark policy.Cursor

// UnmarshalText takes what a page printed.
func (m *Mark) UnmarshalText(text []byte) error {
	place, err := policy.ParseCursor(string(text))
	*m = Mark(place)
	return err
}

func (p CallsPages) Paged() bool {
	return p.Page || !policy.Cursor(p.Older).IsZero() || !policy.Cursor(p.Newer).IsZero()
}

// PageOf returns the page that flags ask for, at most limit long.
func PageOf(limit int, older, newer Mark) (policy.Page, error) {
	page := policy.Page{Length: limit, Older: policy.Cursor(older), Newer: policy.Cursor(newer)}
	switch {
	case !page.Older.IsZero() && !page.Newer.IsZero():
		return page, fmt.Errorf("--older and --newer lead to different pages: give one of them")
	case limit > page.Size():
		return page, fmt.Errorf("--limit %d: a page has at most %d", limit, page.Size())
	}
	return page, nil
}

// TellPage prints where the pages beside a page are, and how far the search came if it ended early.
func TellPage(w io.Writer, older, newer policy.Cursor, searchedTo time.Time, zone *time.Location) {
	if !searchedTo.IsZero() {
		fmt.Fprintf(w, "So far the search came to %s, and it can go on.\n", searchedTo.In(zone).Format(time.DateTime+" MST"))
	}
	if !newer.IsZero() {
		fmt.Fprintf(w, "Newer: --newer %s\n", newer)
	}
	if !older.IsZero() {
		fmt.Fprintf(w, "Older: --older %s\n", older)
	}
}
