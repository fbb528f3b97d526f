package policy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

// edited is an edit of mila's; hours are of special hours alone.
func edited(kind policy.DateKind, date, hours, reason string) policy.DateOverride {
	d := policy.DateOverride{Date: must(policy.ParseDate(date)), Kind: kind, Reason: reason, By: "mila", At: editedAt}
	if hours != "" {
		d.Spans = must(policy.ParseSpans(hours))
	}
	return d
}

var editedAt = time.Date(2026, time.December, 1, 9, 0, 0, 0, time.UTC)

// An edit adds, replaces or takes away what the configuration says of one date, and rule 2 holds over both.
func TestEditsOfDates(t *testing.T) {
	line := ukLine(calendars("gb-eng"), closed("2026-12-24", "Christmas Eve"), special("2026-12-31", "08:00-12:00"),
		closed("2026-12-30", "Stocktaking"), special("2026-12-30", "10:00-11:00"))
	for name, c := range map[string]struct {
		edit policy.DateOverride
		want string
	}{
		"a closure is added":                         {edited(policy.DateClosed, "2026-12-23", "", "Moving"), "2026-12-23 closed hours.closed Moving"},
		"special hours are added":                    {edited(policy.DateSpecial, "2026-12-26", "10:00-12:00", "Volunteers"), "2026-12-26 10:00-12:00 hours.special 2026-12-26 10:00-12:00"},
		"special hours on a holiday":                 {edited(policy.DateSpecial, "2026-12-25", "10:00-12:00", "Volunteers"), "2026-12-25 10:00-12:00 hours.special 2026-12-25 10:00-12:00"},
		"the file's closure gets another reason":     {edited(policy.DateClosed, "2026-12-24", "", "Party"), "2026-12-24 closed hours.closed Party"},
		"the file's closure becomes special hours":   {edited(policy.DateSpecial, "2026-12-24", "08:00-12:00", "Half"), "2026-12-24 08:00-12:00 hours.special 2026-12-24 08:00-12:00"},
		"the file's special hours become a closure":  {edited(policy.DateClosed, "2026-12-31", "", "Party"), "2026-12-31 closed hours.closed Party"},
		"the file's closure goes":                    {edited("usual", "2026-12-24", "", "Open"), "2026-12-24 08:00-19:00 hours.week Monday to Friday 08:00-19:00"},
		"the file's two go":                          {edited("usual", "2026-12-30", "", "Open"), "2026-12-30 08:00-19:00 hours.week Monday to Friday 08:00-19:00"},
		"a holiday stays one without special hours":  {edited("usual", "2026-12-25", "", "Open"), "2026-12-25 closed hours.holiday Christmas Day"},
		"special hours can close a day all the same": {edited(policy.DateSpecial, "2026-12-22", "closed", "Shut"), "2026-12-22 closed hours.special 2026-12-22 closed"},
	} {
		before := fmt.Sprint(line)
		if got := told(line.With([]policy.DateOverride{c.edit}).Day(c.edit.Date)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if fmt.Sprint(line) != before {
			t.Errorf("%s: the line itself was changed", name)
		}
	}
}

func told(s policy.DaySchedule) string {
	hours := []string{}
	for _, o := range s.Open {
		hours = append(hours, o.From.Format("15:04")+"-"+o.To.Format("15:04"))
	}
	if len(hours) == 0 {
		hours = []string{"closed"}
	}
	return fmt.Sprint(s.Date, " ", strings.Join(hours, " "), " ", s.Rule, " ", s.Reason)
}

// Whatever the configuration and the edits are: an edited date is what the last edit says, every other date is as the configuration has it,
// and what the merged line holds is a configuration whose own line says every edit.
func TestEditsTouchTheirDatesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := anyLine(t)
		var revision policy.ScheduleRevision
		last := map[policy.Date]policy.DateOverride{}
		for range rapid.IntRange(0, 8).Draw(t, "edits") {
			e := anyEdit(t)
			next, err := revision.Changed(policy.OverrideDate(line, e))
			if err != nil && !errors.Is(err, policy.ErrAlready) {
				t.Fatal(err)
			}
			if last[e.Date] = e; err == nil {
				revision = next
			}
		}
		merged := line.With(revision.Dates)
		for n := range 20 {
			d := firstDate.Plus(n)
			want := told(line.Day(d))
			if e, ok := last[d]; ok {
				want = told(line.With([]policy.DateOverride{e}).Day(d))
			}
			if got := told(merged.Day(d)); got != want {
				t.Fatalf("%s, want %s", got, want)
			}
		}
		for _, d := range revision.Dates {
			if line.Configures(d) {
				t.Fatalf("an edit that the configuration has anyway was kept: %s", d.Date)
			}
			if !merged.Configures(d) {
				t.Fatalf("the merged line does not say %s", d.Date)
			}
		}
		if len(revision.Dates) > 0 {
			if left, err := revision.Changed(policy.DropConfigured(merged, "mila", editedAt)); err != nil || len(left.Dates) != 0 {
				t.Fatalf("written into the configuration, edits stay: %v, %v", left.Dates, err)
			}
		}
	})
}

var firstDate = policy.Date{Year: 2026, Month: time.December, Day: 18}

func anyLine(t *rapid.T) policy.Line {
	line := ukLine()
	if rapid.Bool().Draw(t, "holidays") {
		line.Hours.Calendars = []policy.Calendar{"gb-eng"}
	}
	for n := range 20 {
		switch d := firstDate.Plus(n); rapid.IntRange(0, 5).Draw(t, "of the file") {
		case 0:
			closed(d.String(), rapid.SampledFrom([]string{"", "Moving", "Party"}).Draw(t, "reason"))(&line)
		case 1:
			special(d.String(), anyHours(t))(&line)
		case 2:
			closed(d.String(), "Moving")(&line)
			special(d.String(), anyHours(t))(&line)
		}
	}
	return line
}

func anyHours(t *rapid.T) string {
	return rapid.SampledFrom([]string{"closed", "08:00-12:00", "09:00-10:00, 20:00-24:00"}).Draw(t, "hours")
}

func anyEdit(t *rapid.T) policy.DateOverride {
	kind := rapid.SampledFrom([]policy.DateKind{policy.DateClosed, policy.DateSpecial, "usual"}).Draw(t, "kind")
	date, hours := firstDate.Plus(rapid.IntRange(0, 19).Draw(t, "date")).String(), ""
	if kind == policy.DateSpecial {
		hours = anyHours(t)
	}
	return edited(kind, date, hours, rapid.SampledFrom([]string{"Moving", "Party"}).Draw(t, "why"))
}

// Every version can be brought back, one after the other, and is then what it was.
func TestVersionsOfDates(t *testing.T) {
	line := ukLine(closed("2026-12-24", "Christmas Eve"))
	change := func(e policy.ScheduleRevision, c policy.ScheduleChange) policy.ScheduleRevision {
		t.Helper()
		next, err := e.Changed(c)
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	none := policy.ScheduleRevision{Line: "+448000668187"}
	first := change(none, policy.OverrideDate(line, edited(policy.DateSpecial, "2026-12-31", "08:00-12:00", " New  Year's\nEve ")))
	second := change(first, policy.OverrideDate(line, edited("usual", "2026-12-24", "", "we are open")))
	third := change(second, policy.OverrideDate(line, edited(policy.DateClosed, "2026-12-24", "", "Christmas Eve")))
	fourth := change(third, policy.RestoreRevision(second, "anna", editedAt))
	fifth := change(fourth, policy.RevertDate(must(policy.ParseDate("2026-12-31")), "anna", editedAt))
	sixth := change(fifth, policy.RestoreRevision(none, "anna", editedAt))
	var got []string
	for _, e := range []policy.ScheduleRevision{first, second, third, fourth, fifth, sixth} {
		got = append(got, fmt.Sprintf("%d %s: %d dates", e.Version, e.Words(), len(e.Dates)))
	}
	want := []string{
		`1 mila gave 2026-12-31 the hours 08:00-12:00: "New Year's Eve": 1 dates`,
		`2 mila gave 2026-12-24 its usual hours: "we are open": 2 dates`,
		`3 mila closed 2026-12-24, as the configuration has it: "Christmas Eve": 1 dates`,
		`4 anna went back to version 2: 2 dates`,
		`5 anna took back what was edited of 2026-12-31: 1 dates`,
		`6 anna took back all edits: 0 dates`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the versions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(second.Dates, fourth.Dates, cmpopts.EquateComparable(policy.Date{})); diff != "" {
		t.Errorf("what was brought back (-want +got):\n%s", diff)
	}
}

func TestRefusedEdits(t *testing.T) {
	line := ukLine(closed("2026-12-24", "Christmas Eve"))
	full := policy.ScheduleRevision{}
	for n := range 400 {
		full.Dates = append(full.Dates, edited(policy.DateClosed, firstDate.Plus(30+n).String(), "", "Moving"))
	}
	edit := func(e policy.DateOverride) policy.ScheduleChange { return policy.OverrideDate(line, e) }
	nobody := edited(policy.DateClosed, "2026-12-23", "", "Moving")
	nobody.By = ""
	twoLines := edited(policy.DateClosed, "2026-12-23", "", "Moving")
	twoLines.By = "mila\nanna"
	for name, c := range map[string]struct {
		revision policy.ScheduleRevision
		change   policy.ScheduleChange
		want     error
		says     string
	}{
		"nobody":                   {change: edit(nobody), want: wrong("no name: say who does it")},
		"no reason":                {change: edit(edited(policy.DateClosed, "2026-12-23", "", " ")), want: wrong("no reason")},
		"a long reason":            {change: edit(edited(policy.DateClosed, "2026-12-23", "", strings.Repeat("x", 201))), want: wrong("the date cannot be edited so")},
		"a reason that is no text": {change: edit(edited(policy.DateClosed, "2026-12-23", "", "Mov\x1bing")), want: policy.ErrInput, says: "the reason has characters that are no text"},
		"a name on two lines":      {change: edit(twoLines), want: policy.ErrInput, says: "the name of who does it has several lines"},
		"no kind":                  {change: edit(edited("shut", "2026-12-23", "", "Moving")), want: wrong("the date cannot be edited so"), says: "write closed, special or usual"},
		"yesterday":                {change: edit(edited(policy.DateClosed, "2026-11-30", "", "Moving")), want: wrong("the date cannot be edited so"), says: "write 2026-12-01 or a later date"},
		"another century":          {change: edit(edited(policy.DateClosed, "2126-12-23", "", "Moving")), want: wrong("the date cannot be edited so")},
		"one too many":             {revision: full, change: edit(edited(policy.DateClosed, "2026-12-23", "", "Moving")), want: wrong("the date cannot be edited so"), says: "400 dates"},
		"what the file says":       {change: edit(edited(policy.DateClosed, "2026-12-24", "", "Christmas Eve")), want: policy.ErrAlready, says: "closed by hours.closed: Christmas Eve"},
		"usual hours":              {change: edit(edited("usual", "2026-12-23", "", "Open")), want: policy.ErrAlready, says: "08:00-19:00 by hours.week"},
		"nothing to take back":     {change: policy.RevertDate(firstDate, "mila", editedAt), want: policy.ErrNothingToUndo},
		"the version that is":      {revision: full, change: policy.RestoreRevision(full, "mila", editedAt), want: policy.ErrAlready},
		"nothing written so far":   {revision: full, change: policy.DropConfigured(line, "mila", editedAt), want: policy.ErrNothingToUndo},
	} {
		before := slices.Clone(c.revision.Dates)
		_, err := c.revision.Changed(c.change)
		if !matches(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: %v, want %v with %q", name, err, c.want, c.says)
		}
		if !cmp.Equal(before, c.revision.Dates) {
			t.Errorf("%s: the revision changed", name)
		}
	}
}

// Today is that of the line: its last hours can be edited while it is tomorrow in UTC, and yesterday cannot while it is still today there.
func TestADateIsOverByTheClockOfTheLine(t *testing.T) {
	for zone, row := range map[string]struct {
		at   string
		over bool
	}{
		"America/New_York": {"2026-12-02T02:00:00Z", false}, "Asia/Tokyo": {"2026-12-01T16:00:00Z", true}, "Europe/London": {"2026-12-01T16:00:00Z", false},
	} {
		line, e := ukLine(), edited(policy.DateClosed, "2026-12-01", "", "Moving")
		line.Zone, e.At = must(time.LoadLocation(zone)), must(time.Parse(time.RFC3339, row.at))
		if _, err := (policy.ScheduleRevision{}).Changed(policy.OverrideDate(line, e)); (err != nil) != row.over {
			t.Errorf("%s at %s: %v, and the date is over: %t", zone, row.at, err, row.over)
		}
	}
}

// Settings under revisions have a version of their own, and leave the settings they came from alone.
func TestSettingsUnderRevisions(t *testing.T) {
	base := policy.Settings{Version: "0123456789ab", Lines: []policy.Line{ukLine(), usLine()}}
	base.Lines[0].Number, base.Lines[1].Number = "+448000668187", "+18883071053"
	revisions := []policy.ScheduleRevision{
		{Line: "+448000668187", Version: 2, Dates: []policy.DateOverride{edited(policy.DateClosed, "2026-12-23", "", "Moving")}},
		{Line: "+18005550100", Version: 1, Dates: []policy.DateOverride{edited(policy.DateClosed, "2026-12-23", "", "Moving")}},
	}
	got := base.With(revisions)
	on := func(s policy.Settings) string {
		day := must(policy.ParseDate("2026-12-23"))
		return s.Version + " " + s.Lines[0].Day(day).Rule + " " + s.Lines[1].Day(day).Rule
	}
	if on(got) != "0123456789ab+3 hours.closed hours.week" || on(base) != "0123456789ab hours.week hours.week" || on(base.With(nil)) != on(base) {
		t.Errorf("edited: %s; of the configuration: %s; without revisions: %s", on(got), on(base), on(base.With(nil)))
	}
}

// What a person reads from the line's clock is a moment, on the days when the clock changes too.
func TestWallTime(t *testing.T) {
	for wall, want := range map[string]string{
		"2026-11-24 19:59:00": "2026-11-24 19:59:00 GMT",
		"2026-03-29 01:30:00": "2026-03-29 02:30:00 BST skipped",
		"2026-03-29 03:00:00": "2026-03-29 03:00:00 BST",
		"2026-10-25 01:30:00": "2026-10-25 01:30:00 BST twice",
		"2026-10-25 02:00:00": "2026-10-25 02:00:00 GMT",
		"2026-10-25 00:59:59": "2026-10-25 00:59:59 BST",
	} {
		at, skipped, twice := ukLine().Wall(must(time.Parse(time.DateTime, wall)))
		got := at.Format("2006-01-02 15:04:05 MST")
		if skipped {
			got += " skipped"
		}
		if twice {
			got += " twice"
		}
		if got != want {
			t.Errorf("%s is %s, want %s", wall, got, want)
		}
	}
	for date, want := range map[string]time.Duration{"2026-03-29": time.Hour, "2026-10-25": -time.Hour, "2026-11-24": 0} {
		if got := ukLine().ClockChange(must(policy.ParseDate(date))); got != want {
			t.Errorf("on %s the clock changes by %v, want %v", date, got, want)
		}
	}
}
