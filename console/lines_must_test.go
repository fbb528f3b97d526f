package console_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

const ukPath = "/lines/448000668187"

// withHours adds hours, teams and single dates to the company.
func withHours(t testing.TB) func(*console.Deps) {
	t.Helper()
	return func(d *console.Deps) {
		s := browsertest.Company(t)
		s.Version = "0123456789ab"
		for i := range s.Lines {
			l := &s.Lines[i]
			l.Language, l.Voice = "en-GB", "Polly.Amy-Neural"
			for day := time.Monday; day <= time.Friday; day++ {
				l.Hours.Week[day] = []policy.Span{{From: 8 * 60, To: 19 * 60}}
			}
		}
		s.Lines[1].Hours.Closed = []policy.Closure{{Date: december(24), Reason: "Christmas Eve"}}
		s.Lines[1].Hours.Calendars = []policy.Calendar{"gb-eng"}
		for i, intent := range policy.Intents() {
			s.Menu = append(s.Menu, policy.MenuKey{Key: fmt.Sprint(i + 1), Intent: intent})
		}
		s.Teams = map[string]policy.Team{
			"critical": {Name: "critical", Rounds: 2, Steps: []policy.RingStep{{To: []policy.Target{policy.Target(browsertest.Specialist), "sip:oncall@example.com"}, For: 20 * time.Second}}},
			"general":  {Name: "general", Rounds: 1, Steps: []policy.RingStep{{To: []policy.Target{"+15550100003"}, For: 25 * time.Second}}},
		}
		s.Routes = map[policy.Intent]string{policy.Critical: "critical", policy.Question: "general"}
		s.NoAnswer = policy.Voicemail
		s.AfterHours = policy.AfterHours{Default: policy.Message, ByIntent: map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.Connect, policy.Question: policy.Voicemail}}
		d.Policy = s
		d.Lines = store.NewLines(s, d.Calls.(*store.Store))
	}
}

func december(day int) policy.Date { return policy.Date{Year: 2026, Month: time.December, Day: day} }
