package console

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
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
	{http.MethodGet, alarmsPath + "/:id" + eventsEnd, (*request).alarmEvents, ""},
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
	row.Told, err = r.console.Outbox.NoticesUnder(r.ctx(), []string{noticesOfAlarm(string(a.ID))}, limit)
	return row, err
}

// noticesOfAlarm returns the prefix of the keys of an alarm's notices.
func noticesOfAlarm(id string) string { return "alarm/" + id + "/" }

// Path returns the address of the alarm's page.
func (a alarmRow) Path() string { return alarmPath(a.ID) }

func alarmPath(id alarm.ID) string { return alarmsPath + "/" + string(id) }

// Ring reports whether people are still being told.
func (a alarmRow) Ring() bool { return a.State == policy.AlarmOpen }

// ToldBy returns how a notice reached, or did not reach, whom it is for.
func (alarmRow) ToldBy(n policy.Notice) string { return toldWord(n) }

func toldWord(n policy.Notice) string {
	switch {
	case !n.FailedAt.IsZero(): // the other side may have taken it, and found out later
		return "not reached"
	case !n.SentAt.IsZero():
		return "told"
	case !n.WithdrawnAt.IsZero():
		return "not needed any more"
	}
	return "on its way"
}

// toldGroup is how several receivers were, or were not, reached.
type toldGroup struct{ Word, Receivers string }

// ToldGroups returns the receivers of notices by how they were reached, in the order of that: each once.
func (p page) ToldGroups(list []policy.Notice) (all []toldGroup) {
	for _, word := range []string{"told", "on its way", "not reached"} {
		var names []string
		for _, n := range slices.Backward(list) {
			if to := p.Receiver(n); toldWord(n) == word && !slices.Contains(names, to) {
				names = append(names, to)
			}
		}
		if len(names) > 0 {
			all = append(all, toldGroup{upper(word), strings.Join(names, ", ")})
		}
	}
	return all
}

// channelWords are the channels whose names are no names of the configuration, as people call them.
var channelWords = map[policy.Channel]string{
	policy.ChannelEmail: "by e-mail", policy.ChannelSMS: "by text", policy.ChannelCall: "by phone", policy.ChannelSlack: "in Slack", policy.ChannelWebhook: "by webhook",
}

// Receiver returns who was told by a notice, and how: a specialist by name, anybody else by a masked address, or the channel of the configuration.
func (p page) Receiver(n policy.Notice) string {
	how := channelWords[n.Channel]
	switch {
	case n.Person != "":
		return strings.TrimSpace(p.policy.NameOf(n.Person) + " " + cmp.Or(how, "by "+string(n.Channel)))
	case n.Channel == policy.ChannelSMS || n.Channel == policy.ChannelCall:
		return p.At(policy.Phone(n.To)) + " " + how
	case n.Channel == policy.ChannelEmail && n.To != "":
		return p.Email(n.To) + " " + how
	}
	return "channel " + string(n.Channel)
}

// TakenHow returns by which way an alarm was taken, in words.
func (a alarmRow) TakenHow() string {
	if a.State != policy.AlarmTaken {
		return ""
	}
	return viaWords[a.TakenVia]
}

// Stands returns how far people are with the alarm.
func (a alarmRow) Stands() string {
	switch a.State {
	case policy.AlarmOpen:
		return "nobody has it"
	case policy.AlarmTaken:
		return a.TakenBy + " has it"
	}
	return "done"
}

// Verb returns what happened when the alarm came into its state.
func (a alarmRow) Verb() string {
	return map[policy.AlarmState]string{policy.AlarmOpen: "Started", policy.AlarmTaken: "Taken", policy.AlarmDone: "Done"}[a.State]
}

// Began returns since when the alarm is in its state.
func (a alarmRow) Began() time.Time {
	switch a.State {
	case policy.AlarmOpen:
		return a.StartedAt
	case policy.AlarmTaken:
		return a.TakenAt
	}
	return a.DoneAt
}

// Next returns when somebody is told next, in words without the time.
func (a alarmRow) Next() string {
	switch {
	case !a.Ring():
		return "Nobody else is told."
	case a.NextAt.IsZero():
		return "Nobody else will be told: there is no further step."
	case a.Held:
		return "Quiet hours: people are told at"
	}
	return "If nobody takes it, the next people are told at"
}

// Seen returns what a form says that its reader sees: the state, and who has it.
func (a alarmRow) Seen() string { return string(a.State) + " " + a.TakenBy }

type alarmPage struct {
	alarmRow
	Kept      bool // the form for the note stays, because somebody may be writing into it
	Events    string
	FollowUps []followUpRow
	More      int    // follow-ups beyond those
	Written   string // into the form, if it was refused
	Problem   string
}

func (r *request) alarm() error { return r.showAlarm(http.StatusOK, alarmPage{}) }

func (r *request) showAlarm(status int, body alarmPage) error {
	body, err := r.alarmPage(body)
	if err != nil {
		return err
	}
	return r.render(status, "alarm", body)
}

func (r *request) alarmEvents() error {
	return r.live("alarm", func() (page, error) {
		body, err := r.alarmPage(alarmPage{Kept: r.QueryParam("writing") != ""})
		return r.page(body), err
	})
}

// alarmPage returns the page of the alarm that the address names.
func (r *request) alarmPage(body alarmPage) (alarmPage, error) {
	a, err := r.console.FollowUps.Alarm(r.ctx(), alarm.ID(r.Param("id")))
	if err != nil {
		return body, err
	}
	if body.alarmRow, err = r.alarmRow(a, mostNotices); err != nil {
		return body, err
	}
	body.Kept = body.Kept || a.State != policy.AlarmDone
	body.Events = body.Path() + eventsEnd + query("writing", map[bool]string{true: "1"}[body.Kept && r.may(users.DoActs)])
	ids := a.FollowUps
	body.More = max(0, len(ids)-mostJoined)
	var found []followup.FollowUp
	for _, id := range ids[:len(ids)-body.More] {
		f, err := r.console.FollowUps.FollowUp(r.ctx(), id)
		if isGone(err) {
			continue
		}
		if err != nil {
			return body, err
		}
		found = append(found, f)
	}
	body.FollowUps = r.followUpRows(found)
	return body, nil
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

// Since returns how long the alarm has been in its state, in words.
func (a alarmRow) Since(now time.Time) string { return lasting(now.Sub(a.Began())) }

// aboutFollowUps reports whether an alarm tells nobody any more, and the follow-ups that it is about show how far people are.
func aboutFollowUps(a alarm.Alarm) bool {
	return len(a.FollowUps) > 0 && (a.State != policy.AlarmOpen || a.NextAt.IsZero())
}
