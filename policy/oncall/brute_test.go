package oncall_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
)

// clock is turns as a person keeps them who looks at a clock again and again: at the first look at which it shows the time of the next hand-over, or a
// later one, they hand over. It shares nothing with the program: it compares texts.
type clock struct {
	zone   *time.Location
	next   string // the date and time of the next hand-over
	people []string
	turn   int // -1: none yet
	step   func(date string) string
	hours  map[string]string // by weekday; nil: always
}

// look returns who is on call, "" for nobody. It must be called with later and later times.
func (c *clock) look(at time.Time) string {
	shown := at.In(c.zone).Format("2006-01-02 15:04")
	for shown >= c.next {
		c.turn++
		c.next = c.step(c.next[:10]) + c.next[10:]
	}
	if c.turn < 0 {
		return ""
	}
	if c.hours != nil {
		span := c.hours[at.In(c.zone).Format("Mon")]
		if len(span) == 0 || shown[11:] < span[:5] || shown[11:] >= span[6:] {
			return ""
		}
	}
	return c.people[c.turn%len(c.people)]
}

// plus returns the date so many days later.
func plus(date string, days int) string {
	d, _ := time.Parse(time.DateOnly, date)
	return d.AddDate(0, 0, days).Format(time.DateOnly)
}

// nextOf returns the next date whose weekday is one of some.
func nextOf(date string, days ...string) string {
	for {
		date = plus(date, 1)
		if d, _ := time.Parse(time.DateOnly, date); slices.Contains(days, d.Format("Mon")) {
			return date
		}
	}
}

// cases are rotas with the clocks that keep the same.
func bruteCases(zone *time.Location) map[string]struct {
	rota   oncall.Rota
	clocks []*clock
} {
	week := func(date string) string { return plus(date, 7) }
	day := func(date string) string { return plus(date, 1) }
	weekend := func(date string) string { return nextOf(date, "Sat", "Sun") }
	workday := func(date string) string { return nextOf(date, "Mon", "Tue", "Wed", "Thu", "Fri") }
	all := []string{"ada", "ben", "cleo"}
	return map[string]struct {
		rota   oncall.Rota
		clocks []*clock
	}{
		"weeks": {
			rota(zone, layer(7, "2026-12-20 02:00", ada, ben, cleo)),
			[]*clock{{zone, "2026-12-20 02:00", all, -1, week, nil}},
		},
		"days": {
			rota(zone, layer(1, "2026-12-20 01:30", ada, ben, cleo)),
			[]*clock{{zone, "2026-12-20 01:30", all, -1, day, nil}},
		},
		"midnight": {
			rota(zone, layer(1, "2026-12-20 00:00", ada, ben, cleo)),
			[]*clock{{zone, "2026-12-20 00:00", all, -1, day, nil}},
		},
		"a weekend apart": {
			rota(zone, layer(7, "2026-12-21 09:00", ada, ben, cleo), within(layer(1, "2026-12-26 02:15", ben, cleo), "sat,sun 01:45-02:45")),
			[]*clock{{zone, "2026-12-21 09:00", all, -1, week, nil}, {zone, "2026-12-26 02:15", all[1:], -1, weekend, map[string]string{"Sat": "01:45-02:45", "Sun": "01:45-02:45"}}},
		},
		"workdays": {
			rota(zone, within(layer(1, "2026-12-25 02:30", ada, ben), "mon-fri 02:00-17:00")),
			[]*clock{{zone, "2026-12-25 02:30", all[:2], -1, workday, map[string]string{
				"Mon": "02:00-17:00", "Tue": "02:00-17:00", "Wed": "02:00-17:00", "Thu": "02:00-17:00", "Fri": "02:00-17:00",
			}}},
		},
	}
}

// TestTurnsByBruteForce looks at every minute of the days around a clock change, and every quarter of an hour of the year: OnCall, Shifts and NextHandOver
// answer what people do who look at the clock.
func TestTurnsByBruteForce(t *testing.T) {
	for _, name := range []string{"Europe/London", "America/New_York", "Australia/Sydney", "Australia/Lord_Howe", "Asia/Tokyo", "Asia/Beirut", "Pacific/Apia"} {
		z := zone(name)
		for what, c := range bruteCases(z) {
			t.Run(name+" "+what, func(t *testing.T) {
				t.Parallel()
				byBruteForce(t, z, rosterOf(c.rota), c.clocks)
			})
		}
	}
}

func byBruteForce(t *testing.T, z *time.Location, r *oncall.Roster, clocks []*clock) {
	from, until := time.Date(2026, 12, 18, 0, 0, 0, 0, z), time.Date(2028, 1, 10, 0, 0, 0, 0, z)
	shifts := r.Shifts("primary", from, until)
	if !shifts[0].From.Equal(from) || !shifts[len(shifts)-1].Until.Equal(until) {
		t.Fatalf("the shifts are from %s to %s", shifts[0].From, shifts[len(shifts)-1].Until)
	}
	i, changed, before := 0, time.Time{}, "" // the last look at which somebody took over
	for at := from; at.Before(until); at = at.Add(pace(z, at)) {
		who := ""
		for _, c := range clocks {
			if of := c.look(at); of != "" {
				who = of
			}
		}
		if got := strings.Trim(fmt.Sprint(r.OnCall("primary", at)), "[]"); got != who {
			t.Fatalf("at %s %q is on call, want %q", at, got, who)
		}
		if !at.Before(shifts[i].Until) {
			if i++; !shifts[i].From.Equal(shifts[i-1].Until) {
				t.Fatalf("the shift after %s begins at %s", shifts[i-1].Until, shifts[i].From)
			}
		}
		if s := shifts[i]; strings.Trim(fmt.Sprint(s.People), "[]") != who || at.Before(s.From) || !at.Before(s.Until) {
			t.Fatalf("at %s the shift is %v from %s to %s, want %q", at, s.People, s.From, s.Until, who)
		}
		if who != before {
			if next, ok := r.NextHandOver("primary", changed); !changed.IsZero() && (!ok || !next.From.Equal(at)) {
				t.Fatalf("after %s the next hand-over is at %s, want %s", changed, next.From, at)
			}
			changed, before = at, who
		}
	}
}

// pace is a minute within two days of a clock change, and a quarter of an hour otherwise.
func pace(z *time.Location, at time.Time) time.Duration {
	begin, end := at.In(z).ZoneBounds()
	const near = 48 * time.Hour
	if at.Minute()%15 != 0 || !begin.IsZero() && at.Sub(begin) < near || !end.IsZero() && end.Sub(at) < near {
		return time.Minute
	}
	return 15 * time.Minute
}

// TestFarFromNow: turns are counted, not walked.
func TestFarFromNow(t *testing.T) {
	r := rosterOf(rota(london, layer(7, "2026-11-30 09:00", ada, ben, cleo), within(layer(1, "2026-12-05 09:00", ben, cleo), "sat,sun 09:00-18:00")))
	const week = 7 * 24 * 60 * 60
	weeks := (at("2900-01-01 12:00").Unix() - at("2026-11-30 09:00").Unix()) / week
	want := []policy.PersonID{ada, ben, cleo}[weeks%3]
	if got := r.OnCall("primary", in(london, "2900-01-01 12:00")); !slices.Equal(got, []policy.PersonID{want}) {
		t.Errorf("in 2900 %v are on call, want %s", got, want)
	}
	if got := r.OnCall("primary", at("1900-01-01 12:00")); got != nil {
		t.Errorf("in 1900 %v are on call", got)
	}
}

// TestOverridesByBruteForce draws overrides and swaps, some of them removed again: each half hour has the one who was put there last.
func TestOverridesByBruteForce(t *testing.T) {
	now := in(london, "2027-03-20 00:00")
	rapid.Check(t, func(t *rapid.T) {
		r := rosterOf(rota(london, layer(rapid.SampledFrom([]int{1, 7}).Draw(t, "days"), "2027-03-01 09:00", ada, ben, cleo)))
		const slots = 14 * 48 // half hours, over a clock change
		slot := func(i int) time.Time { return now.Add(time.Duration(i) * 30 * time.Minute) }
		plain := r
		type act struct {
			number, from, until int
			person, instead     policy.PersonID
		}
		var acts []act
		for range rapid.IntRange(0, 8).Draw(t, "acts") {
			revision := r.Revision("primary")
			if len(acts) > 0 && rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
				i := rapid.IntRange(0, len(acts)-1).Draw(t, "which")
				after, err := revision.Changed(oncall.Remove(r, acts[i].number, "mila", now))
				if err != nil {
					t.Fatal(err)
				}
				r, acts = r.With(after), slices.Delete(acts, i, i+1)
				continue
			}
			from := rapid.IntRange(0, slots-1).Draw(t, "from")
			a := act{
				revision.Version + 1, from, rapid.IntRange(from+1, slots).Draw(t, "until"), rapid.SampledFrom([]policy.PersonID{ada, ben, cleo}).Draw(t, "person"),
				rapid.SampledFrom([]policy.PersonID{"", "", ada, ben, cleo}).Draw(t, "instead"),
			}
			o := oncall.Override{From: slot(a.from), Until: slot(a.until), Person: a.person, Instead: a.instead, By: "mila", At: now}
			if after, err := revision.Changed(oncall.Add(r, o)); err == nil {
				r, acts = r.With(after), append(acts, a)
			}
		}
		shifts := r.Shifts("primary", slot(0), slot(slots))
		for i := range slots {
			at := slot(i).Add(time.Duration(rapid.IntRange(0, 1).Draw(t, "late")) * 29 * time.Minute)
			want := plain.OnCall("primary", at)[0]
			for _, a := range acts {
				if a.from <= i && i < a.until && (a.instead == "" || a.instead == want) {
					want = a.person
				}
			}
			if got := r.OnCall("primary", at); !slices.Equal(got, []policy.PersonID{want}) {
				t.Fatalf("at %s %v are on call, want %s", at, got, want)
			}
			for !at.Before(shifts[0].Until) {
				if !shifts[0].Until.Equal(shifts[1].From) {
					t.Fatalf("between %s and %s nothing is shown", shifts[0].Until, shifts[1].From)
				}
				shifts = shifts[1:]
			}
			if !slices.Equal(shifts[0].People, []policy.PersonID{want}) {
				t.Fatalf("at %s %v are shown, want %s", at, shifts[0].People, want)
			}
		}
	})
}

// TestShiftsOfAnyRota: whatever the zone, the turns, the layers and their hours, the shifts follow each other without a break, who is asked for at any
// moment of one is in it, and the next hand-over is where its people change.
func TestShiftsOfAnyRota(t *testing.T) { rapid.Check(t, shiftsOfAnyRota) }

func FuzzShifts(f *testing.F) { f.Fuzz(rapid.MakeFuzz(shiftsOfAnyRota)) }

func shiftsOfAnyRota(t *rapid.T) {
	z := zone(rapid.SampledFrom([]string{"Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu"}).Draw(t, "zone"))
	people := rapid.SliceOfN(rapid.SampledFrom([]policy.PersonID{ada, ben, cleo}), 1, 5)
	day := rapid.Custom(func(t *rapid.T) time.Time { // in a week with a clock change, most often
		begin := at(rapid.SampledFrom([]string{"2026-03-08", "2026-03-29", "2026-04-05", "2026-07-01", "2026-10-04", "2026-10-25", "2026-11-01"}).Draw(t, "near") + " 00:00")
		return begin.AddDate(0, 0, rapid.IntRange(-3, 3).Draw(t, "day")).Add(time.Duration(rapid.IntRange(0, 95).Draw(t, "quarter")) * 15 * time.Minute)
	})
	var layers []oncall.Layer
	for range rapid.IntRange(1, 3).Draw(t, "layers") {
		starts := day.Draw(t, "starts").Format("2006-01-02 15:04")
		l := layer(rapid.SampledFrom([]int{1, 7}).Draw(t, "days"), starts, people.Draw(t, "people")...)
		for d := time.Sunday; d <= time.Saturday; d++ {
			from, length := rapid.IntRange(0, 96).Draw(t, "from"), rapid.IntRange(-96, 96).Draw(t, "length")
			if to := min(from+length, 96); from < to {
				l.Hours = append(l.Hours, oncall.WeekHours{Day: d, Spans: []policy.Span{{From: from * 15, To: to * 15}}})
			}
		}
		layers = append(layers, l)
	}
	r, from := rosterOf(rota(z, layers...)), day.Draw(t, "at").Add(time.Duration(rapid.IntRange(0, 900).Draw(t, "second"))*time.Second)
	until := from.AddDate(0, 0, rapid.IntRange(1, 20).Draw(t, "shown"))
	shifts, who := r.Shifts("primary", from, until), func(at time.Time) string { return fmt.Sprint(r.OnCall("primary", at)) }
	changed := time.Time{}
	for i, s := range shifts {
		if before := from; i > 0 {
			before = shifts[i-1].Until
			if !s.From.Equal(before) {
				t.Fatalf("a shift begins at %s, and the one before ends at %s", s.From, before)
			}
		}
		within := s.From.Add(time.Duration(rapid.Int64Range(0, int64(s.Until.Sub(s.From))-1).Draw(t, "within")))
		for _, at := range []time.Time{s.From, within, s.Until.Add(-1)} {
			if who(at) != fmt.Sprint(s.People) {
				t.Fatalf("at %s %s are on call, and %v are shown", at, who(at), s.People)
			}
		}
		if changed.IsZero() && who(s.From) != who(from) {
			changed = s.From
		}
	}
	if last := shifts[len(shifts)-1]; !shifts[0].From.Equal(from) || !last.Until.Equal(until) {
		t.Fatalf("from %s to %s is shown, want from %s to %s", shifts[0].From, last.Until, from, until)
	}
	if next, ok := r.NextHandOver("primary", from); !changed.IsZero() && (!ok || !next.From.Equal(changed)) || changed.IsZero() && ok && next.From.Before(until) {
		t.Fatalf("the next hand-over is at %v (%v), want %s", next.From, ok, changed)
	}
}

// BenchmarkOnCall measures what a ring step pays.
func BenchmarkOnCall(b *testing.B) {
	many := weekly()
	overridden := made1
	for range 100 {
		from := overridden
		overridden = overridden.Add(2 * time.Hour)
		after, err := many.Revision("primary").Changed(oncall.Add(many, oncall.Override{From: from, Until: from.Add(time.Hour), Person: ben, By: "mila", At: made1}))
		if err != nil {
			b.Fatal(err)
		}
		many = many.With(after)
	}
	for name, c := range map[string]struct {
		roster *oncall.Roster
		at     time.Time
	}{
		"weeks and weekends":   {rosterOf(primary()), in(london, "2026-12-05 10:00")},
		"a hundred overrides":  {many, made1},
		"eight hundred years":  {rosterOf(primary()), in(london, "2826-12-05 10:00")},
		"before the first one": {rosterOf(primary()), in(london, "2000-12-05 10:00")},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.roster.OnCall("primary", c.at)
			}
		})
	}
}
