package console

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/users"
)

const (
	alarmsPath = "/alarms"
	// mostAlarms are shown on the page of the present, and mostTold of the notices of one there. mostNotices are shown of the alarm on its own page.
	mostAlarms  = 5
	mostTold    = 4
	mostNotices = 100
	// mostJoined is how many follow-ups of an alarm its page shows.
	mostJoined = 50
)

var alarmRoutes = []route{
	{http.MethodGet, alarmsPath + "/:id", (*request).alarm, ""},
	{http.MethodPost, alarmsPath + "/:id/take", (*request).takeAlarm, users.DoActs},
	{http.MethodPost, alarmsPath + "/:id/done", (*request).finishAlarm, users.DoActs},
}

type alarmRow struct {
	alarm.Alarm
	Title string
	About string // whom or what it is about, or ""
	Told  []policy.Notice
}

// alarmRow returns an alarm with the last notices by which people were told, at most limit of them.
func (r *request) alarmRow(a alarm.Alarm, limit int) (alarmRow, error) {
	facts := a.Event.Facts
	row := alarmRow{Alarm: a, Title: a.Event.Kind.Title(), About: cmp.Or(facts["account"], facts["rota"])}
	var err error
	row.Told, err = r.console.Outbox.NoticesUnder(r.ctx(), []string{"alarm/" + string(a.ID) + "/"}, limit)
	return row, err
}

// Path returns the address of the alarm's page.
func (a alarmRow) Path() string { return alarmPath(a.ID) }

func alarmPath(id alarm.ID) string { return alarmsPath + "/" + string(id) }

// Ring reports whether people are still being told.
func (a alarmRow) Ring() bool { return a.State == policy.AlarmOpen }

// ToldBy returns how a notice reached, or did not reach, whom it is for.
func (alarmRow) ToldBy(n policy.Notice) string {
	switch {
	case !n.SentAt.IsZero():
		return "told"
	case !n.WithdrawnAt.IsZero():
		return "withdrawn"
	case !n.FailedAt.IsZero():
		return "not reached"
	}
	return "on its way"
}

// Receiver returns who was told by a notice, and how: a specialist by name, anybody else by the channel and a masked address.
func (p page) Receiver(n policy.Notice) string {
	how := string(n.Channel)
	switch {
	case n.Person != "":
		return p.policy.NameOf(n.Person) + " (" + how + ")"
	case n.Channel == policy.ChannelSMS || n.Channel == policy.ChannelCall:
		return p.Phone(policy.Phone(n.To)) + " (" + how + ")"
	}
	return how
}

type alarmPage struct {
	alarmRow
	FollowUps []followUpRow
	More      int    // follow-ups beyond those
	Written   string // into the form, if it was refused
	Problem   string
}

func (r *request) alarm() error { return r.showAlarm(http.StatusOK, alarmPage{}) }

func (r *request) showAlarm(status int, body alarmPage) error {
	a, err := r.console.FollowUps.Alarm(r.ctx(), alarm.ID(r.Param("id")))
	if err != nil {
		return err
	}
	if body.alarmRow, err = r.alarmRow(a, mostNotices); err != nil {
		return err
	}
	ids := a.FollowUps
	body.More = max(0, len(ids)-mostJoined)
	var found []followup.FollowUp
	for _, id := range ids[:len(ids)-body.More] {
		f, err := r.console.FollowUps.FollowUp(r.ctx(), id)
		if isGone(err) {
			continue
		}
		if err != nil {
			return err
		}
		found = append(found, f)
	}
	body.FollowUps = r.followUpRows(found)
	return r.render(status, "alarm", body)
}

func (r *request) takeAlarm() error { return r.actOnAlarm("taken", r.console.FollowUps.TakeAlarm) }

func (r *request) finishAlarm() error {
	return r.actOnAlarm("followed-up", r.console.FollowUps.FinishAlarm)
}

// actOnAlarm does what a form says to the alarm that the address names, as actOnFollowUp does.
func (r *request) actOnAlarm(done string, do alarmAct) error {
	id := alarm.ID(r.Param("id"))
	act := r.followUpAct()
	_, err := do(r.ctx(), id, act)
	return r.answerForm(err, alarmPath(id)+query("done", done), func(status int, _ string) error {
		return r.showAlarm(status, alarmPage{Problem: r.refusal(err), Written: act.Note})
	})
}

// waitingNow is what waits for a person, and who is on call, on the page of the present.
type waitingNow struct {
	Rows   []followUpRow
	Counts []waitingCount
	All    int
	Late   int
	Alarms []alarmRow
	// MoreAlarms is how many are open beyond those.
	MoreAlarms int
	OnCall     []rotaNow
}

func (r *request) presentPeople(body *nowPage) (err error) {
	p := &body.People
	found, err := r.console.FollowUps.FollowUps(r.ctx(), followup.Filter{Waiting: true}, followup.Page{Limit: mostWaiting})
	if err != nil {
		return err
	}
	p.Rows = r.followUpRows(found.List)
	if p.Counts, err = r.waitingCounts(); err != nil {
		return err
	}
	for _, c := range p.Counts {
		p.All += c.Waiting
		p.Late += c.Late
	}
	alarms, err := r.console.FollowUps.OpenAlarms(r.ctx())
	if err != nil {
		return err
	}
	alarms = slices.DeleteFunc(alarms, aboutFollowUps)
	p.MoreAlarms = max(0, len(alarms)-mostAlarms)
	for _, a := range alarms[:len(alarms)-p.MoreAlarms] {
		row, err := r.alarmRow(a, mostTold)
		if err != nil {
			return err
		}
		p.Alarms = append(p.Alarms, row)
	}
	p.OnCall = r.rotasNow()
	return nil
}

// Since returns how long ago the alarm began, in words.
func (a alarmRow) Since(now time.Time) string { return lasting(now.Sub(a.StartedAt)) }

// aboutFollowUps reports whether an alarm tells nobody any more, and the follow-ups that it is about show how far people are.
func aboutFollowUps(a alarm.Alarm) bool {
	return len(a.FollowUps) > 0 && (a.State != policy.AlarmOpen || a.NextAt.IsZero())
}
