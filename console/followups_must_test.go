package console_test

import (
	"testing"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/store"
)

// onShift gives a company two people, one of whom signs in as the operator, and a rota of theirs in turns of a week.
func onShift(t testing.TB) func(*console.Deps) {
	t.Helper()
	return func(d *console.Deps) {
		s := browsertest.Company(t)
		s.Countries, s.MadeUp = []string{"GB", "US"}, true
		s.People = []policy.Person{
			{ID: "ada", Name: "Ada Moreau", Phone: browsertest.Specialist, User: "operator"}, {ID: "ben", Name: "Ben Okafor", Phone: "+15550100012"},
		}
		layer := oncall.Layer{Days: 7, Starts: oncall.WallTime{Date: policy.Date{Year: 2026, Month: time.November, Day: 23}, Minute: 9 * 60}, People: []policy.PersonID{"ada", "ben"}}
		d.Policy = s
		opened := d.Calls.(*store.Store)
		d.Lines = store.NewLines(s, opened)
		d.Rotas = store.NewRotas([]oncall.Rota{{Name: "primary", Zone: s.Lines[1].Zone, Layers: []oncall.Layer{layer}}}, s, opened)
	}
}

// missed ends a call before the people look, without anybody who took it.
func missed(t testing.TB, p *browsertest.Place, sid policy.CallSID, intent policy.Intent, ago time.Duration, changes ...func(*policy.Call)) followup.FollowUp {
	t.Helper()
	ended := p.Now.Add(-ago)
	log := store.NotifyingLog{Store: p.Store, Settings: browsertest.Company(t), Link: func(policy.CallSID) string { return "" }}
	_, err := log.Advance(t.Context(), sid, func(c policy.Call) policy.Call {
		c.Line, c.From, c.StartedAt, c.Answered, c.Intent = browsertest.UKLine, browsertest.Caller, ended.Add(-2*time.Minute), true, intent
		c.Customer, c.Account, c.Month = browsertest.Northwind.Number, browsertest.Northwind.Name, "2026-11"
		c.HuntingAt, c.Exhausted, c.LeftAt, c.EndedAt = ended.Add(-time.Minute), true, ended, ended
		for _, change := range changes {
			change(&c)
		}
		return c
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := p.Store.FollowUpOf(t.Context(), sid)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// byAlarm tells of missed critical calls by an alarm, whose first step is told to Ben by text and to a chat.
func byAlarm(event policy.Notice, running *alarm.Alarm, fresh alarm.ID, at time.Time) (*alarm.Alarm, []policy.Notice) {
	switch {
	case event.Kind != policy.NoticeCriticalMissed:
		return nil, nil
	case running != nil:
		joined := *running
		joined.Count++
		return &joined, nil
	}
	told := func(channel policy.Channel, to string, who policy.PersonID) policy.Notice {
		n := event
		n.Key, n.Alarm, n.Channel, n.To, n.Person = "alarm/"+string(fresh)+"/0/0/"+string(channel)+to, string(fresh), channel, to, who
		return n
	}
	next := alarm.Alarm{ID: fresh, Event: event, Count: 1, StartedAt: at, Step: 1, NextAt: at.Add(3 * time.Minute), State: policy.AlarmOpen}
	if event.FollowUp != "" {
		next.FollowUps = []followup.ID{followup.ID(event.FollowUp)}
	}
	return &next, []policy.Notice{told("sms", "+15550100012", "ben"), told("sms", "+15550100099", ""), told("ops-slack", "", "")}
}
