package oncall_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
)

// The people of the tests.
const ada, ben, cleo = policy.PersonID("ada"), policy.PersonID("ben"), policy.PersonID("cleo")

var staff = []policy.Person{{ID: ada, Name: "Ada Moreau"}, {ID: ben, Name: "Ben Okafor"}, {ID: cleo, Name: "Cleo Lind"}}

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

var london = zone("Europe/London")

// at returns the moment of a time in UTC: "2026-11-30 09:00".
func at(text string) time.Time { return in(time.UTC, text) }

func in(zone *time.Location, text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		panic(err)
	}
	return t
}

// layer returns turns of so many days from a wall time on.
func layer(days int, starts string, people ...policy.PersonID) oncall.Layer {
	t := at(starts)
	return oncall.Layer{Days: days, Starts: oncall.WallTime{Date: policy.DateOf(t), Minute: t.Hour()*60 + t.Minute()}, People: people}
}

// within returns a layer with hours, which are written as in the configuration: "sat,sun 09:00-18:00; mon 08:00-10:00".
func within(l oncall.Layer, hours string) oncall.Layer {
	for part := range strings.SplitSeq(hours, "; ") {
		names, spans, _ := strings.Cut(part, " ")
		days, err := policy.ParseDays(names)
		if err != nil {
			panic(err)
		}
		read, err := policy.ParseSpans(spans)
		if err != nil {
			panic(err)
		}
		for _, d := range days {
			l.Hours = append(l.Hours, oncall.WeekHours{Day: d, Spans: read})
		}
	}
	return l
}

func rota(zone *time.Location, layers ...oncall.Layer) oncall.Rota {
	return oncall.Rota{Name: "primary", Zone: zone, Layers: layers}
}

// primary is the rota of the example: weekly turns, and days of the weekend apart.
func primary() oncall.Rota {
	return rota(london, layer(7, "2026-11-30 09:00", ada, ben, cleo), within(layer(1, "2026-12-05 09:00", ben, cleo), "sat,sun 09:00-18:00"))
}

func rosterOf(rotas ...oncall.Rota) *oncall.Roster { return oncall.NewRoster(rotas, staff, nil, nil) }

// words returns shifts as texts in a zone: "Mon 30 Nov 09:00 ada".
func words(zone *time.Location, shifts []oncall.Shift) (all []string) {
	for _, s := range shifts {
		who := "nobody"
		if len(s.People) > 0 {
			who = strings.Trim(fmt.Sprint(s.People), "[]")
		}
		all = append(all, s.From.In(zone).Format("Mon 2 Jan 15:04 ")+who)
	}
	return all
}

func wantShifts(t *testing.T, r *oncall.Roster, from, until time.Time, want ...string) {
	t.Helper()
	got := words(from.Location(), r.Shifts("primary", from, until))
	if !slices.Equal(got, want) {
		t.Errorf("from %s the shifts are\n%s\nwant\n%s", from, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, s := range r.Shifts("primary", from, until) {
		if rung := r.OnCall("primary", s.From); !slices.Equal(rung, s.People) {
			t.Errorf("at %s %v are shown, and %v are rung", s.From, s.People, rung)
		}
	}
}

func TestLaterLayersWinWhereTheyApply(t *testing.T) {
	r := rosterOf(primary())
	wantShifts(t, r, in(london, "2026-11-30 00:00"), in(london, "2026-12-14 12:00"),
		"Mon 30 Nov 00:00 nobody", "Mon 30 Nov 09:00 ada", "Sat 5 Dec 09:00 ben", "Sat 5 Dec 18:00 ada", "Sun 6 Dec 09:00 cleo", "Sun 6 Dec 18:00 ada",
		"Mon 7 Dec 09:00 ben", "Sat 12 Dec 09:00 ben", "Sat 12 Dec 18:00 ben", "Sun 13 Dec 09:00 cleo", "Sun 13 Dec 18:00 ben", "Mon 14 Dec 09:00 cleo")
	if next, ok := r.NextHandOver("primary", in(london, "2026-12-12 10:00")); !ok || words(london, []oncall.Shift{next})[0] != "Sun 13 Dec 09:00 cleo" {
		t.Errorf("from Ben's turn to Ben's day nobody takes over, and then it is %v, %v", next, ok)
	}
	if next, ok := r.NextHandOver("primary", in(london, "2020-01-01 00:00")); ok {
		t.Errorf("years before the first hand-over the next one is %v", next)
	}
	if got := r.OnCall("nothing", at("2026-12-01 00:00")); got != nil {
		t.Errorf("of a rota that there is not %v are on call", got)
	}
}

// TestTurnsInAClockChange: a hand-over in a skipped hour is the first moment after it, in a doubled hour the first of the two, and a week of 167 or 169 hours
// keeps its wall time.
func TestTurnsInAClockChange(t *testing.T) {
	daily := rosterOf(rota(london, layer(1, "2027-03-26 01:30", ada, ben)))
	wantShifts(t, daily, at("2027-03-27 02:00"), at("2027-03-29 02:00"), "Sat 27 Mar 02:00 ben", "Sun 28 Mar 01:00 ada", "Mon 29 Mar 00:30 ben")
	wantShifts(t, daily, at("2027-10-30 12:00"), at("2027-11-01 12:00"), "Sat 30 Oct 12:00 ada", "Sun 31 Oct 00:30 ben", "Mon 1 Nov 01:30 ada")
	weekly := rosterOf(rota(london, layer(7, "2027-03-22 09:00", ada, ben)))
	wantShifts(t, weekly, in(london, "2027-03-23 00:00"), in(london, "2027-04-06 00:00"),
		"Tue 23 Mar 00:00 ada", "Mon 29 Mar 09:00 ben", "Mon 5 Apr 09:00 ada")
	wantShifts(t, weekly, in(london, "2027-10-26 00:00"), in(london, "2027-11-09 00:00"),
		"Tue 26 Oct 00:00 ben", "Mon 1 Nov 09:00 ada", "Mon 8 Nov 09:00 ben")
}

// TestDaysOff: a daily turn counts only the days that its layer covers.
func TestDaysOff(t *testing.T) {
	for hours, want := range map[string][]string{
		"mon-fri 09:00-17:00": {"Fri 4 Dec 12:00 ada", "Fri 4 Dec 17:00 nobody", "Mon 7 Dec 09:00 ben", "Mon 7 Dec 17:00 nobody", "Tue 8 Dec 09:00 ada"},
		// the day begins with the hand-over, so that Ada has the night before it
		"mon-fri 00:00-24:00": {"Fri 4 Dec 12:00 ada", "Sat 5 Dec 00:00 nobody", "Mon 7 Dec 00:00 ada", "Mon 7 Dec 09:00 ben", "Tue 8 Dec 09:00 ada"},
		// a night is one turn
		"fri 18:00-24:00; sat 00:00-08:00; mon 18:00-24:00; tue 00:00-08:00": {
			"Fri 4 Dec 12:00 nobody", "Fri 4 Dec 18:00 ada", "Sat 5 Dec 08:00 nobody", "Mon 7 Dec 18:00 ben", "Tue 8 Dec 08:00 nobody",
		},
		// hours before the hand-over are of the turn of the day before
		"mon-fri 00:00-08:00": {"Fri 4 Dec 12:00 nobody", "Mon 7 Dec 00:00 ben", "Mon 7 Dec 08:00 nobody", "Tue 8 Dec 00:00 ada", "Tue 8 Dec 08:00 nobody"},
	} {
		t.Run(hours, func(t *testing.T) {
			starts := map[bool]string{true: "2026-12-04 18:00", false: "2026-12-04 09:00"}[strings.HasPrefix(hours, "fri")]
			if hours == "mon-fri 00:00-08:00" {
				starts = "2026-12-03 09:00" // of Ada's Friday
			}
			r := rosterOf(rota(london, within(layer(1, starts, ada, ben), hours)))
			wantShifts(t, r, in(london, "2026-12-04 12:00"), in(london, "2026-12-08 12:00"), want...)
		})
	}
}

// made returns the roster after changes.
func made(t *testing.T, r *oncall.Roster, changes ...func(*oncall.Roster) oncall.Change) *oncall.Roster {
	t.Helper()
	for _, c := range changes {
		after, err := r.Revision("primary").Changed(c(r))
		if err != nil {
			t.Fatal(err)
		}
		r = r.With(after)
	}
	return r
}

var made1 = at("2026-12-01 10:00")

func put(who policy.PersonID, from, until string) func(*oncall.Roster) oncall.Change {
	return func(r *oncall.Roster) oncall.Change {
		return oncall.Add(r, oncall.Override{From: in(london, from), Until: in(london, until), Person: who, By: "mila", At: made1})
	}
}

func swap(out, who policy.PersonID, from, until string) func(*oncall.Roster) oncall.Change {
	return func(r *oncall.Roster) oncall.Change {
		return oncall.Add(r, oncall.Override{
			From: in(london, from), Until: in(london, until), Person: who, Instead: out, By: "mila", At: made1, Reason: "a funeral",
		})
	}
}

func weekly() *oncall.Roster { return rosterOf(rota(london, layer(7, "2026-11-30 09:00", ada, cleo))) }

// TestOverrideOverAHandOver: Ben for the rota from Sunday to Monday noon, while Ada hands over to Cleo; and Ben in Ada's turn, which ends before.
func TestOverrideOverAHandOver(t *testing.T) {
	from, until := in(london, "2026-12-06 19:00"), in(london, "2026-12-07 13:00")
	wantShifts(t, made(t, weekly(), put(ben, "2026-12-06 20:00", "2026-12-07 12:00")), from, until,
		"Sun 6 Dec 19:00 ada", "Sun 6 Dec 20:00 ben", "Mon 7 Dec 09:00 ben", "Mon 7 Dec 12:00 cleo")
	wantShifts(t, made(t, weekly(), swap(ada, ben, "2026-12-06 20:00", "2026-12-07 12:00")), from, until,
		"Sun 6 Dec 19:00 ada", "Sun 6 Dec 20:00 ben", "Mon 7 Dec 09:00 cleo")
	r := made(t, weekly(), put(ben, "2026-12-06 20:00", "2026-12-07 12:00"))
	shown := r.Shifts("primary", from, until)
	if s := shown[1]; s.Why != oncall.ByOverride || !slices.Equal(s.Planned, []policy.PersonID{ada}) || s.Override != 1 {
		t.Errorf("shown as %+v, want an override of Ada's turn", s)
	}
	if next, _ := r.NextHandOver("primary", in(london, "2026-12-06 21:00")); !next.From.Equal(in(london, "2026-12-07 12:00")) {
		t.Errorf("Ben hands over at %s, want at the end of the override", next.From)
	}
}

// TestOverrideOnAnOverride: the one made last wins, and below it is the one before.
func TestOverrideOnAnOverride(t *testing.T) {
	r := made(t, weekly(), put(ben, "2026-12-06 20:00", "2026-12-07 12:00"), put(cleo, "2026-12-06 22:00", "2026-12-06 23:00"))
	wantShifts(t, r, in(london, "2026-12-06 21:00"), in(london, "2026-12-07 08:00"), "Sun 6 Dec 21:00 ben", "Sun 6 Dec 22:00 cleo", "Sun 6 Dec 23:00 ben")
	r = made(t, weekly(), put(cleo, "2026-12-06 22:00", "2026-12-06 23:00"), swap(ada, ben, "2026-12-06 20:00", "2026-12-07 12:00"))
	wantShifts(t, r, in(london, "2026-12-06 21:00"), in(london, "2026-12-07 08:00"), "Sun 6 Dec 21:00 ben", "Sun 6 Dec 22:00 cleo", "Sun 6 Dec 23:00 ben")
	wantShifts(t, made(t, r, swap(ben, ada, "2026-12-06 20:00", "2026-12-07 12:00")), in(london, "2026-12-06 21:00"), in(london, "2026-12-07 08:00"),
		"Sun 6 Dec 21:00 ada", "Sun 6 Dec 22:00 cleo", "Sun 6 Dec 23:00 ada")
}

// TestOverrideOfOneWhoLeft: nobody, in words; and it can be removed.
func TestOverrideOfOneWhoLeft(t *testing.T) {
	revision := made(t, weekly(), put(ben, "2026-12-02 20:00", "2026-12-03 12:00"), swap(ada, ben, "2026-12-04 20:00", "2026-12-05 12:00")).Revision("primary")
	left := oncall.NewRoster([]oncall.Rota{rota(london, layer(7, "2026-11-30 09:00", ada, cleo))}, []policy.Person{staff[0], staff[2]}, []oncall.Revision{revision}, nil)
	wantShifts(t, left, in(london, "2026-12-02 12:00"), in(london, "2026-12-06 12:00"),
		"Wed 2 Dec 12:00 ada", "Wed 2 Dec 20:00 nobody", "Thu 3 Dec 12:00 ada", "Fri 4 Dec 20:00 nobody", "Sat 5 Dec 12:00 ada")
	gaps := left.Gaps("primary", in(london, "2026-12-02 12:00"), in(london, "2026-12-06 12:00"))
	if len(gaps) != 2 || gaps[0].Note != "ben is not in the configuration any more" {
		t.Errorf("the gaps are %+v", gaps)
	}
	remove := func(r *oncall.Roster) oncall.Change { return oncall.Remove(r, 1, "mila", made1) }
	if gaps := made(t, left, remove).Gaps("primary", in(london, "2026-12-02 12:00"), in(london, "2026-12-04 12:00")); len(gaps) != 0 {
		t.Errorf("removed, it leaves %+v", gaps)
	}
}

// TestPastStays: neither a late override nor the removal of one that has begun changes who was on call.
func TestPastStays(t *testing.T) {
	r := made(t, weekly(), put(ben, "2026-12-01 08:00", "2026-12-01 12:00"))
	from, until := in(london, "2026-12-01 07:00"), in(london, "2026-12-01 13:00")
	wantShifts(t, r, from, until, "Tue 1 Dec 07:00 ada", "Tue 1 Dec 10:00 ben", "Tue 1 Dec 12:00 ada")
	early := func(r *oncall.Roster) oncall.Change { return oncall.Remove(r, 1, "mila", made1.Add(time.Hour)) }
	ended := made(t, r, early)
	wantShifts(t, ended, from, until, "Tue 1 Dec 07:00 ada", "Tue 1 Dec 10:00 ben", "Tue 1 Dec 11:00 ada")
	if got, want := ended.Revision("primary").Words(), "mila took back that Ben Okafor is on call from 2026-12-01 10:00 to 2026-12-01 12:00, from 2026-12-01 11:00 on"; got != want {
		t.Errorf("it is told as\n%s, want\n%s", got, want)
	}
	if _, err := ended.Revision("primary").Changed(oncall.Remove(ended, 1, "mila", made1.Add(2*time.Hour))); !errors.Is(err, policy.ErrNothingToUndo) {
		t.Errorf("what is over is removed: %v", err)
	}
	later := func(r *oncall.Roster) oncall.Change {
		now := made1.AddDate(0, 0, 36)
		return oncall.Add(r, oncall.Override{From: now, Until: now.Add(time.Hour), Person: ben, By: "mila", At: now})
	}
	if left := made(t, ended, later).Revision("primary").Overrides; len(left) != 1 || left[0].Number != 3 {
		t.Errorf("after 36 days these overrides are left: %+v", left)
	}
}

func TestRefusedOverrides(t *testing.T) {
	override := func(change func(*oncall.Override)) func(*oncall.Roster) oncall.Change {
		o := oncall.Override{From: at("2026-12-02 10:00"), Until: at("2026-12-02 12:00"), Person: ben, By: "mila", At: made1}
		change(&o)
		return func(r *oncall.Roster) oncall.Change { return oncall.Add(r, o) }
	}
	for want, c := range map[string]func(*oncall.Roster) oncall.Change{
		`there is no specialist "bne"; the specialists are ada, ben, cleo`: override(func(o *oncall.Override) { o.Person = "bne" }),
		"it ends at 2026-12-01 10:00, which is past; write a later end":    override(func(o *oncall.Override) { o.Until = made1 }),
		"it begins at 2026-12-02 12:00, which is not before its end":       override(func(o *oncall.Override) { o.From = o.Until }),
		"is more than three years away":                                    override(func(o *oncall.Override) { o.Until = o.At.AddDate(4, 0, 0) }),
		"no name: say who does it":                                         override(func(o *oncall.Override) { o.By = " " }),
		"the reason is longer than 200 characters":                         override(func(o *oncall.Override) { o.Reason = strings.Repeat("a", 201) }),
		"Ada Moreau is on call in primary then":                            override(func(o *oncall.Override) { o.Person = ada }),
		"Ben Okafor cannot swap with themselves":                           override(func(o *oncall.Override) { o.Instead = ben }),
		"Cleo Lind is not on call in primary from 2026-12-02 10:00 to 2026-12-02 12:00; the next turn is from 2026-12-07 09:00 to 2026-12-14 09:00": override(
			func(o *oncall.Override) { o.Instead = cleo }),
	} {
		r := weekly()
		_, err := r.Revision("primary").Changed(c(r))
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, policy.ErrInput) && !errors.Is(err, policy.ErrAlready) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	r := weekly()
	if _, err := r.Revision("night").Changed(override(func(*oncall.Override) {})(r)); err == nil || !strings.Contains(err.Error(), `there is no rota "night"; the rotas are primary`) {
		t.Errorf("of another rota: %v", err)
	}
	for i := range 200 {
		from := made1.Add(time.Duration(i) * 2 * time.Hour)
		r = made(t, r, func(r *oncall.Roster) oncall.Change {
			return oncall.Add(r, oncall.Override{From: from, Until: from.Add(time.Hour), Person: ben, By: "mila", At: made1})
		})
	}
	if _, err := r.Revision("primary").Changed(put(ben, "2027-12-02 10:00", "2027-12-02 11:00")(r)); err == nil || !strings.Contains(err.Error(), "200 overrides are ahead") {
		t.Errorf("the 201st: %v", err)
	}
}

// TestOrderChanged: a person in front of the others changes whose turn it is now, one at the end does so in some weeks alone.
func TestOrderChanged(t *testing.T) {
	before, now := oncall.TurnsOf([]oncall.Rota{primary()}), in(london, "2026-12-01 10:00")
	after := func(people ...policy.PersonID) []oncall.Rota {
		r := primary()
		r.Layers[0].People = people
		return []oncall.Rota{r}
	}
	name := func(id policy.PersonID) string {
		return staff[slices.IndexFunc(staff, func(p policy.Person) bool { return p.ID == id })].Name
	}
	changes := oncall.TurnChanges(before, after(cleo, ada, ben), now)
	want := "in the rota primary it is now Cleo Lind's turn, until 2026-12-07 09:00; before its people or turns were changed it was Ada Moreau's"
	if len(changes) != 1 || changes[0].Words(name) != want {
		t.Errorf("with Cleo in front: %v, want %s", changes, want)
	}
	for what, c := range map[string]struct {
		after []oncall.Rota
		at    string
		want  int
	}{
		"nothing changed":                 {[]oncall.Rota{primary()}, "2026-12-01 10:00", 0},
		"one more at the end, first week": {after(ada, ben, cleo, ada), "2026-12-01 10:00", 0},
		"one more at the end, the fourth": {after(ada, ben, cleo, "dora"), "2026-12-22 10:00", 1},
		"the weekend's turn by weekday":   {[]oncall.Rota{rota(london, primary().Layers[0], within(layer(1, "2026-12-05 09:00", cleo, ben), "sat,sun 09:00-18:00"))}, "2026-12-08 10:00", 1},
		"a layer less, which is not on":   {[]oncall.Rota{rota(london, primary().Layers[0])}, "2026-12-08 10:00", 0},
		"a layer less, which is on":       {[]oncall.Rota{rota(london, primary().Layers[0])}, "2026-12-05 10:00", 1},
		"another rota":                    {[]oncall.Rota{{Name: "night", Zone: london, Layers: primary().Layers}}, "2026-12-05 10:00", 0},
		"read from a calendar now":        {[]oncall.Rota{{Name: "primary", Zone: london, Feed: "https://example.com"}}, "2026-12-05 10:00", 0},
	} {
		if got := oncall.TurnChanges(before, c.after, in(london, c.at)); len(got) != c.want {
			t.Errorf("%s: %v, want %d", what, got, c.want)
		}
	}
}

func TestGapsOfARota(t *testing.T) {
	r := rota(london, within(layer(7, "2026-11-30 09:00", ada), "mon-fri 09:00-17:00"), within(layer(1, "2026-11-30 12:00", ben), "fri,sat 16:00-20:00"),
		within(layer(1, "2026-11-30 12:00", cleo), "sat 19:00-21:00"))
	gaps := words(london, rosterOf(r).Gaps("primary", in(london, "2026-12-04 12:00"), in(london, "2026-12-07 12:00")))
	if want := []string{"Fri 4 Dec 20:00 nobody", "Sat 5 Dec 21:00 nobody"}; !slices.Equal(gaps, want) {
		t.Errorf("the gaps are %v, want %v", gaps, want)
	}
}
