package console

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/users"
)

const (
	followUpsPath   = "/followups"
	followUpsOnPage = 50
	// mostWaiting is how many follow-ups are shown on the page of the present.
	mostWaiting = 8
)

var followUpsRoutes = []route{
	{http.MethodGet, followUpsPath, (*request).followUps, ""},
	{http.MethodGet, followUpsPath + eventsEnd, (*request).followUpsEvents, ""},
	{http.MethodGet, followUpsPath + "/:id", (*request).followUp, ""},
	{http.MethodGet, followUpsPath + "/:id" + eventsEnd, (*request).followUpEvents, ""},
	{http.MethodPost, followUpsPath + "/:id/take", (*request).takeFollowUp, users.DoActs},
	{http.MethodPost, followUpsPath + "/:id/done", (*request).finishFollowUp, users.DoActs},
	{http.MethodPost, followUpsPath + "/:id/reopen", (*request).reopenFollowUp, users.DoActs},
	{http.MethodPost, followUpsPath + "/:id/call", (*request).callBack, users.DoActs},
}

type followUpsPage struct {
	Asked   api.FollowUpQuery
	Choices []choice
	Lines   []policy.Line
	Owners  []string
	Rows    []followUpRow
	Waiting []waitingCount
	Next    string // addresses, or ""
	First   string
	Events  string
}

// waitingCount is how many follow-ups of a severity wait.
type waitingCount struct {
	Severity followup.Severity
	followup.Count
}

// Word returns the severity as people read it: those of the last one called for some other reason.
func (c waitingCount) Word() string {
	if c.Severity == followup.Default {
		return "other"
	}
	return string(c.Severity)
}

// Path returns the address of those that wait, and LatePath that of those of them that are late.
func (c waitingCount) Path() string {
	return followUpsAt(api.FollowUpQuery{Severity: string(c.Severity)})
}

// LatePath returns the address of those that are late.
func (c waitingCount) LatePath() string {
	return followUpsAt(api.FollowUpQuery{Severity: string(c.Severity), Late: "yes"})
}

// followUpsAt returns the address of the list that a query selects, with pairs of further names and values.
func followUpsAt(q api.FollowUpQuery, more ...string) string {
	return followUpsPath + followUpsQuery(q, more...)
}

func followUpsQuery(q api.FollowUpQuery, more ...string) string {
	values := q.Values()
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			values.Set(more[i], more[i+1])
		}
	}
	return search(values)
}

// actor returns the name under which the person takes and finishes: the specialist's, so that a telephone, a link and the console mean the same person.
func (r *request) actor() string { return r.console.Policy.ActsAs(r.user.Name) }

func (r *request) followUps() error {
	asked := api.ReadFollowUpQuery(r.QueryParams())
	if led, err := r.atItsAddress(followUpsAt(asked, "after", r.QueryParam("after"))); led {
		return err
	}
	body, err := r.followUpsFound(asked)
	if err != nil {
		return err
	}
	return r.render(http.StatusOK, "followups", body)
}

func (r *request) followUpsEvents() error {
	asked := api.ReadFollowUpQuery(r.QueryParams())
	return r.live("followups", func() (page, error) {
		body, err := r.followUpsFound(asked)
		return r.page(body), err
	})
}

// followUpsFound returns the page of the list at which the address is.
func (r *request) followUpsFound(asked api.FollowUpQuery) (body followUpsPage, err error) {
	s, after := r.console.Lines.InForce(), r.QueryParam("after")
	filter, err := asked.Filter(s, r.now)
	if err != nil {
		return body, err
	}
	found, err := r.console.FollowUps.FollowUps(r.ctx(), filter, followup.Page{After: followup.ID(after), Limit: followUpsOnPage})
	if err != nil {
		return body, err
	}
	body = followUpsPage{
		Asked: asked, Choices: r.followUpChoices(asked), Lines: s.Lines, Owners: r.owners(asked.Owner), Rows: r.followUpRows(found.List),
		Events: followUpsPath + eventsEnd + followUpsQuery(asked, "after", after),
	}
	if found.Next != "" {
		body.Next = followUpsAt(asked, "after", string(found.Next))
	}
	if after != "" {
		body.First = followUpsAt(asked)
	}
	body.Waiting, err = r.waitingCounts()
	return body, err
}

// followUpChoices returns links to the usual parts of the list. Line and severity stay as they were asked for.
func (r *request) followUpChoices(asked api.FollowUpQuery) (all []choice) {
	for _, c := range []struct{ title, state, owner, late string }{
		{"Waiting", "", "", ""},
		{"Nobody has it", string(followup.Open), "", ""},
		{"Taken", string(followup.Taken), "", ""},
		{"Mine", "", r.actor(), ""},
		{"Late", "", "", "yes"},
		{"Done", string(followup.Done), "", ""},
	} {
		q := asked
		q.State, q.Owner, q.Late = c.state, c.owner, c.late
		all = append(all, choice{c.title, followUpsAt(q), q == asked})
	}
	return all
}

// owners returns the names by which the list can be narrowed: the specialists, the reader, and whoever was asked for.
func (r *request) owners(asked string) (names []string) {
	for _, p := range r.console.Policy.People {
		names = append(names, p.Name)
	}
	for _, more := range []string{r.actor(), asked} {
		if more != "" && !slices.Contains(names, more) {
			names = append(names, more)
		}
	}
	return names
}

// Narrow reports whether the form leaves anything out.
func (p followUpsPage) Narrow() bool {
	return p.Asked.Line != "" || p.Asked.Severity != "" || p.Asked.Owner != "" || p.Asked.Customer != "" || p.Asked.Reason != ""
}

// OfAll returns the address of the list with the same state for everybody.
func (p followUpsPage) OfAll() string {
	return followUpsAt(api.FollowUpQuery{State: p.Asked.State, Late: p.Asked.Late})
}

// Nothing returns why the list is empty, in a sentence.
func (p followUpsPage) Nothing() string {
	switch {
	case p.Next != "":
		return "None found so far: a page looks at a part of the list only. Go on with the next page."
	case p.Narrow():
		return "No follow-up matches."
	case p.Asked.State == "" && p.Asked.Late == "":
		return "No caller is waiting for a person."
	case p.Asked.Late == "yes":
		return "Nobody has waited for too long."
	case p.Asked.State == string(followup.Done):
		return "Nothing is done yet."
	}
	return "There are none."
}

func (r *request) waitingCounts() (all []waitingCount, err error) {
	counts, err := r.console.FollowUps.CountFollowUps(r.ctx(), r.now)
	for _, s := range followup.Severities() {
		all = append(all, waitingCount{s, counts[s]})
	}
	return all, err
}

// followUpRow is a follow-up as lists and pages show it.
type followUpRow struct {
	followup.FollowUp
	LineName string
	Clock    followUpClock
	Mine     bool
}

// followUpClock is how much of its time a follow-up has left. Why is of a warning, or "".
type followUpClock struct{ Class, Words, Why string }

func (r *request) followUpRows(list []followup.FollowUp) (rows []followUpRow) {
	s := r.console.Lines.InForce()
	for _, f := range list {
		rows = append(rows, r.followUpRow(f, s))
	}
	return rows
}

func (r *request) followUpRow(f followup.FollowUp, inForce policy.Settings) followUpRow {
	line, known := inForce.Line(f.Line)
	row := followUpRow{FollowUp: f, LineName: line.Name, Clock: clockOf(f, line, r.now), Mine: f.Owner == r.actor()}
	if !known {
		row.LineName = f.Line.Full()
	}
	return row
}

// clockOf returns the time that is left: calm at first, a warning from half of it on, and late.
func clockOf(f followup.FollowUp, line policy.Line, now time.Time) followUpClock {
	switch {
	case f.State == followup.Done:
		return followUpClock{}
	case f.Late(now):
		return followUpClock{Class: "bad", Words: lasting(now.Sub(f.DueAt)) + " late"}
	case !now.Before(f.HalfAt(line)):
		return followUpClock{"warn", "due in " + lasting(f.DueAt.Sub(now)), "half the time is gone"}
	}
	return followUpClock{Class: "ok", Words: "due in " + lasting(f.DueAt.Sub(now))}
}

// lasting returns a duration in whole minutes, in words.
func lasting(d time.Duration) string {
	minutes := int(d / time.Minute)
	switch {
	case minutes < 1:
		return "less than a minute"
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	case minutes < 48*60:
		return fmt.Sprintf("%d h %02d min", minutes/60, minutes%60)
	}
	return fmt.Sprintf("%d days", minutes/(24*60))
}

// Path returns the address of the follow-up's page.
func (f followUpRow) Path() string { return followUpPath(f.ID) }

func followUpPath(id followup.ID) string { return followUpsPath + "/" + url.PathEscape(string(id)) }

// Waited returns how long the caller has waited, or waited until it was done.
func (f followUpRow) Waited(now time.Time) string {
	if f.State == followup.Done {
		now = f.DoneAt
	}
	return lasting(now.Sub(f.WaitingSince))
}

// InTime returns whether a follow-up was done before it was due, in words.
func (f followUpRow) InTime() string {
	if over := f.DoneAt.Sub(f.DueAt); over > 0 {
		return "done " + lasting(over) + " late"
	}
	return "done in time"
}

// Caller returns the name of who waits.
func (f followUpRow) Caller() string {
	switch {
	case f.Erased:
		return "Erased customer"
	case f.Account == "":
		return "Unidentified caller"
	}
	return f.Account
}

// Urgency returns the class of the sign of the reason to call.
func (f followUpRow) Urgency() string {
	return map[followup.Severity]string{followup.Critical: "bad", followup.Restricted: "warn"}[f.Severity()]
}

// Has returns who has the follow-up, or how it was done, and Colour the class of that sign.
func (f followUpRow) Has() string {
	switch {
	case f.State == followup.Open:
		return "nobody has it"
	case f.State == followup.Taken && f.Mine:
		return "you have it"
	case f.State == followup.Taken:
		return f.Owner + " has it"
	case f.DoneBy != "":
		return "done by " + f.DoneBy
	}
	return f.byItself()
}

// byItself returns how a follow-up came to be done without an act.
func (f followUpRow) byItself() string {
	called := slices.ContainsFunc(f.CallBacks, func(c followup.CallBack) bool { return c.SID != "" && c.SID == f.ServedBy })
	switch {
	case f.ServedBy == "":
		return "closed: the customer was erased"
	case f.ServedBy == f.Call:
		return "done: the call was answered after all"
	case called:
		return "done: called back"
	}
	return "done: the caller got through meanwhile"
}

// Colour returns the class of the sign of who has the follow-up.
func (f followUpRow) Colour() string {
	return cmp.Or(map[followup.State]string{followup.Open: "warn", followup.Done: "ok"}[f.State], "calm")
}

// Seen returns what a form says that its reader sees: the state, and who has it.
func (f followUpRow) Seen() string { return string(f.State) + " " + f.Owner }

// UnderWayBy returns who is calling the caller back, or "".
func (f followUpRow) UnderWayBy() string {
	c, _ := f.UnderWay()
	return c.By
}

// LastCallBack returns how far the last call-back has come, "" for none.
func (f followUpRow) LastCallBack() string {
	if len(f.CallBacks) == 0 {
		return ""
	}
	last := f.CallBacks[len(f.CallBacks)-1]
	return cmp.Or(last.Result, progressOf(last))
}
