package console_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// linesOver are a company's lines with the edits of a store, read anew each time.
type linesOver struct {
	configured policy.Settings
	store      *store.Store
}

func (l linesOver) Configured() policy.Settings { return l.configured }

func (l linesOver) InForce() policy.Settings {
	revisions, err := l.store.ScheduleRevisions(context.Background())
	if err != nil {
		panic(err)
	}
	return l.configured.With(revisions)
}

func (l linesOver) ScheduleRevisions(ctx context.Context, line policy.Phone, before, limit int) ([]policy.ScheduleRevision, error) {
	return l.store.LineRevisions(ctx, line, before, limit)
}

func (l linesOver) ChangeDates(ctx context.Context, line policy.Phone, seen int, c policy.ScheduleChange) (policy.ScheduleRevision, error) {
	return l.store.ChangeDates(ctx, line, seen, c)
}

func (l linesOver) YAML() []byte {
	return fmt.Appendf(nil, "lines: # %d closed\n", len(l.InForce().Lines[1].Hours.Closed))
}

const ukPath = "/lines/448000668187"

// withHours gives the company its hours, teams and what the configuration says of single dates.
func withHours(t testing.TB) func(*console.Deps) {
	t.Helper()
	return func(d *console.Deps) {
		s := company(t)
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
			"critical": {Name: "critical", Rounds: 2, Steps: []policy.RingStep{{To: []policy.Phone{specialist, "sip:oncall@example.com"}, For: 20 * time.Second}}},
			"general":  {Name: "general", Rounds: 1, Steps: []policy.RingStep{{To: []policy.Phone{"+15550100003"}, For: 25 * time.Second}}},
		}
		s.Routes = map[policy.Intent]string{policy.Critical: "critical", policy.Question: "general"}
		s.NoAnswer = policy.Voicemail
		s.AfterHours = policy.AfterHours{Default: policy.Message, ByIntent: map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.Connect, policy.Question: policy.Voicemail}}
		d.Policy = s
		d.Lines = linesOver{s, d.Lines.(linesOver).store}
	}
}

func december(day int) policy.Date { return policy.Date{Year: 2026, Month: time.December, Day: day} }
