package console

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

const nowPath = "/now"

// nowRoutes are the routes of what goes on at this moment.
var nowRoutes = []route{
	{http.MethodGet, nowPath, (*request).atThisMoment, ""},
	{http.MethodGet, nowPath + eventsEnd, (*request).nowEvents, ""},
}

// The bounds of the page.
const (
	mostInProgress = 100 // calls in progress that are shown
	mostNear       = 25  // accounts near or over a limit that are shown
	recentWaits    = 50  // served calls whose waiting times are summed up
	nearLimit      = 0.9 // of the call limit: from here on a talk is shown as near it
	nowEvery       = 2 * time.Second
)

type nowPage struct {
	Lines    []lineStatus
	Calls    []callNow
	More     bool // there are more calls in progress than are shown
	Hours    hoursChart
	Today    []outcomeToday
	All      int // calls of today
	Waits    waits
	Failed   int // failed notices
	Near     []standing
	NearAt   time.Time
	NearMore int // accounts beyond those
	LimitSec int
	NearSec  int
	People   waitingNow
}

type callNow struct {
	callRow
	Stage   policy.Stage
	Since   time.Time // of the stage's clock: the talk, the waiting, else the call
	Seconds int
	Near    bool // the talk is near the call limit
	Over    bool // or past it
}

// outcomeToday is the number of today's calls with an outcome; "" are calls in progress.
type outcomeToday struct {
	Outcome policy.Outcome
	Calls   int
	Kind    string // the colour in the chart
}

// waits sums up how long callers waited until a specialist accepted.
type waits struct {
	Longest int // of those who wait now, in seconds; 0 for nobody
	Waiting int // how many wait now
	Of      int // the number of calls, the latest ones, that Median and Worst are of
	Median  int
	Worst   int // nine of ten waited less
}

func (r *request) atThisMoment() error {
	body, err := r.present()
	if err != nil {
		return err
	}
	return r.render(http.StatusOK, "now", body)
}

func (r *request) nowEvents() error {
	return r.live("now", func() (page, error) {
		body, err := r.present()
		return r.page(body), err
	})
}

// live sends the changing part of a page ("live" in its view) whenever it has changed, until the person leaves, is signed out, or the server stops.
func (r *request) live(view string, look func() (page, error)) error {
	return r.stream(nowEvery, func() ([]byte, error) {
		p, err := look()
		if err != nil {
			return nil, err
		}
		var part bytes.Buffer
		err = r.console.views.part(&part, view, "live", p)
		return part.Bytes(), err
	})
}

func (r *request) present() (nowPage, error) {
	limit := r.console.Policy.FairUse.CallLimit
	body := nowPage{LimitSec: int(limit.Seconds()), NearSec: int(limit.Seconds() * nearLimit)}
	s := r.console.Lines.InForce()
	for _, l := range s.Lines {
		body.Lines = append(body.Lines, r.lineStatus(s, l))
	}
	err := errors.Join(r.presentCalls(&body), r.presentDay(&body), r.presentWaits(&body), r.presentPeople(&body))
	if err != nil {
		return body, err
	}
	body.Failed, err = r.console.Outbox.FailedNotices(r.ctx())
	if err != nil {
		return body, err
	}
	if r.console.Usage != nil {
		near, at := r.console.Usage.Near()
		body.NearAt, body.NearMore = at, max(0, len(near)-mostNear)
		for _, u := range near[:len(near)-body.NearMore] {
			body.Near = append(body.Near, r.stands(u))
		}
	}
	return body, nil
}

// presentCalls adds the calls in progress, the longest first.
func (r *request) presentCalls(body *nowPage) error {
	found, err := r.console.Calls.Search(r.ctx(), policy.Filter{Outcome: policy.InProgress, Since: r.now.Add(-24 * time.Hour)}, policy.Page{Length: mostInProgress})
	if err != nil {
		return err
	}
	body.More = !found.Older.IsZero()
	for _, c := range slices.Backward(found.List) {
		if !c.Lost(r.now) {
			body.Calls = append(body.Calls, r.callNow(c, body))
		}
	}
	return nil
}

func (r *request) callNow(c policy.Call, body *nowPage) callNow {
	row := callNow{callRow: r.row(c, false), Stage: c.Stage(), Since: c.StartedAt}
	switch row.Stage {
	case policy.StageTalking:
		leg, _ := c.Accepted()
		row.Since = leg.AcceptedAt
	case policy.StageWaiting, policy.StageTold:
		row.Since = c.HuntingAt
	}
	row.Seconds = max(0, int(r.now.Sub(row.Since)/time.Second))
	if row.Stage == policy.StageTalking {
		row.Over, row.Near = row.Seconds > body.LimitSec, row.Seconds >= body.NearSec
	}
	if row.Stage == policy.StageWaiting || row.Stage == policy.StageTold {
		body.Waits.Waiting++
		body.Waits.Longest = max(body.Waits.Longest, row.Seconds)
	}
	return row
}

// presentDay counts today's calls by hour and outcome. The day is the viewer's.
func (r *request) presentDay(body *nowPage) error {
	hours := hoursOf(r.now.In(r.zone))
	counts, err := r.console.Calls.CountCalls(r.ctx(), hours)
	if err != nil {
		return err
	}
	all := policy.OutcomeCount{}
	for _, hour := range counts {
		for outcome, n := range hour {
			all[outcome] += n
		}
	}
	for _, outcome := range append(policy.Outcomes(), "") {
		if all[outcome] > 0 {
			body.Today = append(body.Today, outcomeToday{outcome, all[outcome], kindOf(outcome)})
		}
	}
	body.All, body.Hours = all.All(), drawHours(hours, counts, r.zone)
	return nil
}

// hoursOf returns the starts of a day's hours, and of the next day. A day on which clocks change has one more or one less.
func hoursOf(day time.Time) []time.Time {
	y, m, d := day.Date()
	end := time.Date(y, m, d+1, 0, 0, 0, 0, day.Location())
	var hours []time.Time
	for t := time.Date(y, m, d, 0, 0, 0, 0, day.Location()); t.Before(end); t = t.Add(time.Hour) {
		hours = append(hours, t)
	}
	return append(hours, end)
}

// presentWaits adds how long the last served callers waited.
func (r *request) presentWaits(body *nowPage) error {
	found, err := r.console.Calls.Search(r.ctx(), policy.Filter{Outcome: policy.Served}, policy.Page{Length: recentWaits})
	if err != nil {
		return err
	}
	var waited []int
	for _, c := range found.List {
		if seconds, known := c.Wait(); known {
			waited = append(waited, seconds)
		}
	}
	if len(waited) == 0 {
		return nil
	}
	slices.Sort(waited)
	body.Waits.Of, body.Waits.Median, body.Waits.Worst = len(waited), waited[len(waited)/2], waited[len(waited)*9/10]
	return nil
}

func (c callNow) Class() string {
	return strings.TrimSpace(map[bool]string{true: "bad"}[c.Over] + map[bool]string{true: "warn"}[c.Near && !c.Over])
}
