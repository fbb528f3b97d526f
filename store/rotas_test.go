package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/store"
)

const night = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Ada Moreau\r\nDTSTART:20261123T200000Z\r\nDTEND:20270124T080000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

var (
	people     = policy.Settings{People: []policy.Person{{ID: "ada", Name: "Ada Moreau"}, {ID: "ben", Name: "Ben Okafor"}}}
	liveRotas  = []oncall.Rota{{Name: "primary", Zone: time.UTC, Layers: []oncall.Layer{weeks("ada")}}, {Name: "night", Feed: "https://calendar.example.com/night.ics"}}
	calledTime = time.Date(2026, time.December, 1, 22, 0, 0, 0, time.UTC)
)

func weeks(of ...policy.PersonID) oncall.Layer {
	return oncall.Layer{Days: 7, Starts: oncall.WallTime{Date: policy.Date{Year: 2026, Month: 11, Day: 2}, Minute: 540}, People: of}
}

func overridden(r *store.Rotas, hours time.Duration) oncall.Change {
	at := calledTime.Add(-time.Hour)
	return oncall.Add(r.Roster(), oncall.Override{From: at, Until: calledTime.Add(hours * time.Hour), Person: "ben", By: "mila", At: at})
}

// answered returns an answer of the calendar of nights.
func answered(body string, at time.Time) oncall.Answer {
	return oncall.Answer{Rota: "night", Source: oncall.SourceOf(liveRotas[1].Feed), Body: []byte(body), FetchedAt: at, CheckedAt: at}
}

func wantOnCall(t *testing.T, what string, r *store.Rotas, rota string, want ...policy.PersonID) {
	t.Helper()
	if got := r.OnCall(rota, calledTime); !slices.Equal(got, want) {
		t.Errorf("%s: %v are on call in %s, want %v", what, got, rota, want)
	}
}

// TestWhoIsOnCallElsewhere: what one process changes is in force in it at once, and in another with the next reload.
func TestWhoIsOnCallElsewhere(t *testing.T) {
	a, b := twoWith(t, store.Options{Now: func() time.Time { return calledTime }})
	here, there := store.NewRotas(liveRotas, people, a), store.NewRotas(liveRotas, people, b)
	wantOnCall(t, "as configured", here, "primary", "ada")
	wantOnCall(t, "without a calendar", here, "night")
	if _, err := here.ChangeOverrides(t.Context(), "primary", 0, overridden(here, 1)); err != nil {
		t.Fatal(err)
	}
	if err := here.PutFeedAnswer(t.Context(), answered(night, calledTime)); err != nil {
		t.Fatal(err)
	}
	wantOnCall(t, "overridden", here, "primary", "ben")
	wantOnCall(t, "read", here, "night", "ada")
	wantOnCall(t, "overridden elsewhere", there, "primary", "ada")
	for range 2 {
		if err := there.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantOnCall(t, "reloaded", there, "primary", "ben")
		wantOnCall(t, "reloaded", there, "night", "ada")
	}
	before := there.Roster()
	if err := there.Reload(t.Context()); err != nil || there.Roster() != before {
		t.Errorf("without news there is another roster, %v", err)
	}
	if _, err := there.ChangeOverrides(t.Context(), "primary", 0, overridden(there, 2)); err == nil || !strings.Contains(err.Error(), "mila put Ben Okafor on call") {
		t.Errorf("who saw no override hears %v", err)
	}
	if err := here.PutFeedAnswer(t.Context(), answered(strings.ReplaceAll(night, "Ada Moreau", "Ben Okafor"), calledTime.Add(time.Minute))); err != nil {
		t.Fatal(err)
	}
	if err := there.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantOnCall(t, "read anew elsewhere", there, "night", "ben")
	if all := there.Answers(); len(all) != 1 || !all[0].FetchedAt.Equal(calledTime.Add(time.Minute)) || all[0].Body != nil {
		t.Errorf("the answers are %+v", all)
	}
}

// TestCalendarOfAnotherAddress: its answer is none of the rota's, and nobody is on call until the new one was read.
func TestCalendarOfAnotherAddress(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(t, store.Options{Now: func() time.Time { return calledTime }})
		if err := store.NewRotas(liveRotas, people, s).PutFeedAnswer(t.Context(), answered(night, calledTime)); err != nil {
			t.Fatal(err)
		}
		same, moved := store.NewRotas(liveRotas, people, s), slices.Clone(liveRotas)
		moved[1].Feed += "?v=2"
		other := store.NewRotas(moved, people, s)
		for _, r := range []*store.Rotas{same, other} {
			if err := r.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		wantOnCall(t, "the same address", same, "night", "ada")
		wantOnCall(t, "another address", other, "night")
		if a, err := other.FeedAnswer(t.Context(), moved[1]); err != nil || a.Body != nil || a.Source != oncall.SourceOf(moved[1].Feed) {
			t.Errorf("the answer of another address is %+v, %v", a, err)
		}
		if a, err := same.FeedAnswer(t.Context(), liveRotas[1]); err != nil || string(a.Body) != night {
			t.Errorf("the answer is %+v, %v", a, err)
		}
	})
}

// TestCalendarGoesOn: a calendar is worked out for a time around now, and anew as that goes on, although its feed does not change.
func TestCalendarGoesOn(t *testing.T) {
	now := calledTime.AddDate(-2, 0, 0)
	s := newFile(t).open(t, store.Options{Now: func() time.Time { return now }})
	r := store.NewRotas(liveRotas, people, s)
	if err := r.PutFeedAnswer(t.Context(), answered(night, now)); err != nil {
		t.Fatal(err)
	}
	wantOnCall(t, "two years before", r, "night")
	now = calledTime
	if err := r.PutFeedAnswer(t.Context(), answered(night, now)); err != nil {
		t.Fatal(err)
	}
	wantOnCall(t, "now", r, "night", "ada")
}
