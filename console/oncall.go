package console

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/policy/users"
)

const onCallPath = "/oncall"

// fourWeeks is how far ahead pages show who is on call.
const fourWeeks = 28

var errNoRota = errors.New("no such rota")

// Overrides need what other acts need: who is ill at night must not have to find an admin.
var onCallRoutes = []route{
	{http.MethodGet, onCallPath, (*request).onCall, ""},
	{http.MethodGet, onCallPath + "/:rota", (*request).rota, ""},
	{http.MethodPost, onCallPath + "/:rota/overrides", (*request).override, users.DoActs},
	{http.MethodPost, onCallPath + "/:rota/remove", (*request).removeOverride, users.DoActs},
}

// rotaNow is who is on call in a rota at this moment.
type rotaNow struct {
	Name, Path string
	Zone       *time.Location
	Who        string // "" in a gap
	Why        string // of a gap, or of an override
	Override   bool
	Next       *handOver // nil: nobody takes over within 400 days
	Feed       *feedState
}

type handOver struct {
	At  time.Time
	Who string // "" for a gap
}

// feedState is how far a rota's calendar is known.
type feedState struct {
	Age    string // how long ago it was current, "" for never
	Failed time.Time
	Error  string
}

type onCallPage struct {
	Rotas []rotaAhead
}

// rotaAhead is a rota with its next four weeks.
type rotaAhead struct {
	rotaNow
	Strip []segment
	Ticks []int
	Key   []segment // who has which colour
	Gaps  []oncall.Shift
	Words string // of the picture
}

// segment is a stretch of a picture, in minutes, in the colour of a person.
type segment struct {
	From, Width int
	Class, Who  string
}

func (r *request) onCall() error {
	roster := r.console.Rotas.Roster()
	body := onCallPage{}
	for _, now := range r.rotasNow() {
		body.Rotas = append(body.Rotas, r.ahead(roster, now))
	}
	return r.render(http.StatusOK, "oncall", body)
}

// rotasNow returns who is on call in each rota.
func (r *request) rotasNow() (all []rotaNow) {
	roster, answers := r.console.Rotas.Roster(), r.console.Rotas.Answers()
	for _, rota := range roster.Rotas() {
		all = append(all, r.rotaNow(roster, rota, answers))
	}
	return all
}

func (r *request) rotaNow(roster *oncall.Roster, rota oncall.Rota, answers []oncall.Answer) rotaNow {
	now := rotaNow{Name: rota.Name, Path: onCallPath + "/" + rota.Name, Zone: zoneOfRota(rota)}
	for _, s := range roster.Shifts(rota.Name, r.now, r.now.Add(time.Second)) {
		now.Who, now.Why, now.Override = r.names(s.People), s.Note, s.Override > 0
	}
	if next, ok := roster.NextHandOver(rota.Name, r.now); ok {
		now.Next = &handOver{next.From, r.names(next.People)}
	}
	if rota.Feed != "" {
		now.Feed = &feedState{}
		for _, a := range answers {
			if a.Rota == rota.Name {
				*now.Feed = feedStateOf(a, r.now)
			}
		}
	}
	return now
}

func feedStateOf(a oncall.Answer, now time.Time) feedState {
	state := feedState{Failed: a.FailedAt, Error: a.Error}
	if age, known := a.Age(now); known {
		state.Age = lasting(age)
	}
	return state
}

// names returns who is on call, in words.
func (r *request) names(people []policy.PersonID) string {
	var names []string
	for _, id := range people {
		names = append(names, r.console.Policy.NameOf(id))
	}
	return strings.Join(names, " and ")
}

// zoneOfRota returns the zone in which a rota is shown. A calendar with zones of its own is shown in UTC, as the roster has it.
func zoneOfRota(rota oncall.Rota) *time.Location {
	if rota.Zone == nil {
		return time.UTC
	}
	return rota.Zone
}

// ahead adds the four weeks to a rota.
func (r *request) ahead(roster *oncall.Roster, now rotaNow) rotaAhead {
	today := policy.DateOf(r.now.In(now.Zone))
	from, until := midnight(today, now.Zone), midnight(today.Plus(fourWeeks), now.Zone)
	row := rotaAhead{rotaNow: now, Gaps: roster.Gaps(now.Name, r.now, until)}
	var words []string
	for _, s := range roster.Shifts(now.Name, from, until) {
		at := int(s.From.Sub(from) / time.Minute)
		part := segment{at, max(1, int(s.Until.Sub(s.From)/time.Minute)), r.colour(s), cmp.Or(r.names(s.People), "nobody")}
		row.Strip = append(row.Strip, part)
		if !slices.ContainsFunc(row.Key, func(k segment) bool { return k.Who == part.Who }) {
			row.Key = append(row.Key, part)
		}
		words = append(words, s.From.Format("2 Jan 15:04")+" "+part.Who)
	}
	for day := 7; day < fourWeeks; day += 7 {
		row.Ticks = append(row.Ticks, day*minutesOfDay)
	}
	row.Words = "Four weeks of " + now.Name + ": from " + strings.Join(words[:min(len(words), 12)], ", from ")
	return row
}

// colour returns the class of a shift in a picture. The names beside it say the same in words.
func (r *request) colour(s oncall.Shift) string {
	if len(s.People) == 0 {
		return "gap"
	}
	i := slices.IndexFunc(r.console.Policy.People, func(p policy.Person) bool { return p.ID == s.People[0] })
	return fmt.Sprintf("p%d", (i+1)%8)
}

func midnight(d policy.Date, zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
}

type rotaPage struct {
	rotaNow
	Weeks          [][]rotaDay
	Earlier, Later string
	Home           string // "" if today is shown
	Gaps           []oncall.Shift
	Overrides      []overrideRow
	History        []oncall.Revision
	Before, Older  int
	Seen           int // the newest version
	People         []policy.Person
	Form           overrideForm
	Problem        string
}

type overrideRow struct {
	oncall.Override
	Person, Instead string // names; Instead is "" for everybody
	Begun           bool
}

type overrideForm struct{ Person, Instead, From, Until, Reason string }

// rotaDay is a day of a rota's calendar.
type rotaDay struct {
	Date        policy.Date
	Today, Past bool
	Turns       []rotaTurn
}

// Short returns the day and the month.
func (d rotaDay) Short() string { return fmt.Sprintf("%d %.3s", d.Date.Day, d.Date.Month) }

type rotaTurn struct {
	segment
	Hours    string // "" for the whole day
	Gap      bool
	Override bool
	Instead  string // of whom, where an override decided
}

func (r *request) rota() error { return r.showRota(http.StatusOK, rotaPage{}) }

// rotaNamed returns the rota that the address names. The error is errNoRota.
func (r *request) rotaNamed() (oncall.Rota, error) {
	rota, ok := r.console.Rotas.Roster().Rota(r.Param("rota"))
	if !ok {
		return rota, errNoRota
	}
	return rota, nil
}

func (r *request) showRota(status int, body rotaPage) error {
	rota, err := r.rotaNamed()
	if err != nil {
		return err
	}
	roster := r.console.Rotas.Roster()
	body.rotaNow = r.rotaNow(roster, rota, r.console.Rotas.Answers())
	today := policy.DateOf(r.now.In(body.Zone))
	first := today
	if text := r.QueryParam("from"); text != "" {
		if first, err = policy.ParseDate(text); err == nil {
			err = policy.WithinReach(midnight(first, body.Zone))
		}
		if err != nil {
			return fmt.Errorf("%w: %w", api.ErrWrongInput, err)
		}
	}
	body.Weeks = r.weeks(roster, rota, first, today)
	body.Gaps = roster.Gaps(rota.Name, r.now, midnight(today.Plus(fourWeeks), body.Zone))
	body.around(first, today)
	if err := r.overrides(roster, rota, &body); err != nil {
		return err
	}
	body.People = r.console.Policy.People
	if body.Form == (overrideForm{}) {
		body.Form.From = r.now.In(body.Zone).Format(wallLayout)
	}
	return r.render(status, "rota", body)
}

// around adds the addresses of other weeks.
func (p *rotaPage) around(first, today policy.Date) {
	at := func(d policy.Date) string { return p.Path + query("from", d.String()) + "#weeks" }
	p.Earlier, p.Later = at(first.Plus(-fourWeeks)), at(first.Plus(fourWeeks))
	if first != today {
		p.Home = p.Path + "#weeks"
	}
}

// overrides adds the overrides that are not over, and the history.
func (r *request) overrides(roster *oncall.Roster, rota oncall.Rota, body *rotaPage) (err error) {
	if body.Before, err = number(r.QueryParam("before")); err != nil {
		return err
	}
	newest := roster.Revision(rota.Name)
	body.Seen = newest.Version
	for _, o := range newest.Overrides {
		if o.Until.After(r.now) {
			row := overrideRow{Override: o, Person: r.console.Policy.NameOf(o.Person), Begun: !o.From.After(r.now)}
			if o.Instead != "" {
				row.Instead = r.console.Policy.NameOf(o.Instead)
			}
			body.Overrides = append(body.Overrides, row)
		}
	}
	body.History, err = r.console.Rotas.Revisions(r.ctx(), rota.Name, body.Before, revisionsOnPage+1)
	if len(body.History) > revisionsOnPage {
		body.History = body.History[:revisionsOnPage]
		body.Older = body.History[revisionsOnPage-1].Version
	}
	return err
}

// weeks returns whole weeks from Monday on, so that four weeks from a day on are among them.
func (r *request) weeks(roster *oncall.Roster, rota oncall.Rota, first, today policy.Date) (weeks [][]rotaDay) {
	zone := zoneOfRota(rota)
	monday := first.Plus(-(int(first.Weekday()) + 6) % 7)
	end := monday
	for end.String() < first.Plus(fourWeeks).String() {
		end = end.Plus(7)
	}
	shifts := roster.Shifts(rota.Name, midnight(monday, zone), midnight(end, zone))
	for d := monday; d != end; d = d.Plus(1) {
		if d.Weekday() == time.Monday {
			weeks = append(weeks, nil)
		}
		day := rotaDay{Date: d, Today: d == today, Past: d.String() < today.String(), Turns: r.turns(shifts, midnight(d, zone), midnight(d.Plus(1), zone))}
		weeks[len(weeks)-1] = append(weeks[len(weeks)-1], day)
	}
	return weeks
}

// turns returns what of shifts is between two midnights.
func (r *request) turns(shifts []oncall.Shift, from, until time.Time) (turns []rotaTurn) {
	for _, s := range shifts {
		if !s.Until.After(from) || !s.From.Before(until) {
			continue
		}
		t := rotaTurn{Gap: len(s.People) == 0, Override: s.Override > 0}
		t.Who, t.Class = cmp.Or(r.names(s.People), "nobody"), r.colour(s)
		begin, end := "00:00", "24:00"
		t.From = 0
		if s.From.After(from) {
			begin, t.From = s.From.Format("15:04"), s.From.Hour()*60+s.From.Minute()
		}
		to := minutesOfDay
		if s.Until.Before(until) {
			end, to = s.Until.Format("15:04"), s.Until.Hour()*60+s.Until.Minute()
		}
		if t.Width = max(0, to-t.From); begin != "00:00" || end != "24:00" {
			t.Hours = begin + "–" + end
		}
		if t.Override {
			t.Instead = r.names(s.Planned)
		}
		if t.Gap && s.Note != "" {
			t.Instead = s.Note
		}
		turns = append(turns, t)
	}
	return turns
}

// Local returns a moment on the rota's own clock.
func (n rotaNow) Local(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(n.Zone).Format("Mon 2006-01-02 15:04")
}

// override puts a person on call, or gives one person's turns to another.
func (r *request) override() error {
	get := func(name string) string { return strings.TrimSpace(r.FormValue(name)) }
	form := overrideForm{get("person"), get("instead"), get("from"), get("until"), get("reason")}
	return r.changeOverrides("override", form, func(roster *oncall.Roster, zone *time.Location) (oncall.Change, error) {
		from, err := wallTime(form.From, zone, "begins")
		if err != nil {
			return oncall.Change{}, err
		}
		until, err := wallTime(form.Until, zone, "ends")
		if err != nil {
			return oncall.Change{}, err
		}
		return oncall.Add(roster, oncall.Override{
			From: from, Until: until, Person: policy.PersonID(form.Person), Instead: policy.PersonID(form.Instead), By: r.user.Name, At: r.now, Reason: form.Reason,
		}), nil
	})
}

// wallTime returns the moment that a form has on a zone's clock. The error is api.ErrWrongInput.
func wallTime(text string, zone *time.Location, what string) (time.Time, error) {
	typed, err := time.Parse(wallLayout, text)
	if err != nil {
		return typed, fmt.Errorf("%w: when it %s is %q; write a time such as 2026-12-24T10:00", api.ErrWrongInput, what, text)
	}
	at, _, _ := policy.Line{Zone: zone}.Wall(typed)
	return at, nil
}

func (r *request) removeOverride() error {
	return r.changeOverrides("unoverride", overrideForm{}, func(roster *oncall.Roster, _ *time.Location) (oncall.Change, error) {
		n, err := number(r.FormValue("number"))
		return oncall.Remove(roster, n, r.user.Name, r.now), err
	})
}

// changeOverrides changes the rota that the address names. If somebody else changed it first, or something is written wrong, the page shows the rota as
// it is now, why nothing was done, and the form as it was sent.
func (r *request) changeOverrides(done string, form overrideForm, change func(*oncall.Roster, *time.Location) (oncall.Change, error)) error {
	rota, err := r.rotaNamed()
	if err != nil {
		return err
	}
	seen, err := number(r.FormValue("seen"))
	var c oncall.Change
	if err == nil {
		c, err = change(r.console.Rotas.Roster(), zoneOfRota(rota))
	}
	if err == nil {
		_, err = r.console.Rotas.ChangeOverrides(r.ctx(), rota.Name, seen, c)
	}
	return r.answerForm(err, onCallPath+"/"+rota.Name+query("done", done), func(status int, problem string) error {
		if errors.Is(err, oncall.ErrChanged) {
			problem += " This is the rota as it is now; what you wrote is still in the form."
		}
		return r.showRota(status, rotaPage{Problem: problem, Form: form})
	})
}
