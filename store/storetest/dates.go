package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
)

// moving returns a change that closes a day for the move.
func moving(days int, by string) policy.ScheduleChange {
	return policy.OverrideDate(policy.Line{Zone: time.UTC}, policy.DateOverride{
		Date: policy.DateOf(day).Plus(days), Kind: policy.DateClosed, Reason: "Moving", By: by, At: day,
	})
}

func dates(t *testing.T, storage Storage) {
	s := storage.Open(t)
	none, err := s.ScheduleRevisions(t.Context())
	if err != nil || len(none) != 0 {
		t.Fatalf("revisions of a new store: %v, %v", none, err)
	}
	change := func(line policy.Phone, seen int, c policy.ScheduleChange) policy.ScheduleRevision {
		t.Helper()
		e, err := s.ChangeDates(t.Context(), line, seen, c)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	first := change(ukLine, 0, moving(1, "mila"))
	second := change(ukLine, 1, policy.OverrideDate(policy.Line{Zone: time.UTC}, policy.DateOverride{
		Date: policy.DateOf(day).Plus(2), Kind: policy.DateSpecial, Spans: []policy.Span{{From: 480, To: 720}}, Reason: "Party", By: "anna", At: day.Add(time.Hour),
	}))
	us := change(usLine, 0, moving(3, "mila"))
	third := change(ukLine, 2, policy.RestoreRevision(first, "mila", day.Add(2*time.Hour)))
	_, err = s.ChangeDates(t.Context(), ukLine, 3, policy.RestoreRevision(first, "mila", day))
	wantError(t, "nothing to change", err, policy.ErrAlready)
	_, err = s.ChangeDates(t.Context(), ukLine, 3, moving(9, ""))
	wantError(t, "nobody", err, policy.ErrInput)
	full := errors.New("no space left on device")
	s.FailWrites(full)
	_, err = s.ChangeDates(t.Context(), ukLine, 3, moving(9, "mila"))
	wantError(t, "a change on a full disk", err, full)
	s.FailWrites(nil)

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	newest, err := s.ScheduleRevisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the newest of each line", []policy.ScheduleRevision{us, third}, newest)
	for _, c := range []struct {
		before, limit int
		want          []policy.ScheduleRevision
	}{
		{0, 10, []policy.ScheduleRevision{third, second, first}},
		{3, 1, []policy.ScheduleRevision{second}},
		{2, 10, []policy.ScheduleRevision{first}},
		{1, 10, nil},
	} {
		got, err := s.LineRevisions(t.Context(), ukLine, c.before, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("%d before version %d", c.limit, c.before), c.want, got)
	}
	if other, err := s.LineRevisions(t.Context(), ukLine+"0", 0, 10); err != nil || len(other) != 0 {
		t.Errorf("a line that was never edited has %v, %v", other, err)
	}
	var told []string
	for _, e := range collect(t, s.Audit(t.Context())) {
		told = append(told, fmt.Sprintf("%s %s by %s: %s %s", e.Act, e.Subject, e.By, e.Detail, e.Reason))
	}
	same(t, "the audit", []string{
		"line-dates +448000668187 by mila: version 1: closed 2026-11-24 Moving",
		"line-dates +448000668187 by anna: version 2: gave 2026-11-25 the hours 08:00-12:00 Party",
		"line-dates +18883071053 by mila: version 1: closed 2026-11-26 Moving",
		"line-dates +448000668187 by mila: version 3: went back to version 1 ",
	}, told)
}

// oneWins lets rivals make a change who saw the same version, and checks that one of them made it, and that the others are told of it in the words of the
// version that is there now.
func oneWins(t *testing.T, changed error, change func(rival int) error, words func() string) {
	t.Helper()
	const rivals = 8
	errs := make([]error, rivals)
	atOnce(rivals, func(i int) { errs[i] = change(i) })
	won := 0
	for i, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, changed) || !strings.Contains(err.Error(), words()):
			t.Errorf("user%d hears %v, not of %s", i, err, words())
		}
	}
	if won != 1 {
		t.Errorf("%d of %d won, not one", won, rivals)
	}
}

func datesRivals(t *testing.T, storage Storage) {
	s := storage.Open(t)
	oneWins(t, policy.ErrScheduleChanged, func(rival int) error {
		_, err := s.ChangeDates(t.Context(), ukLine, 0, moving(rival, fmt.Sprint("user", rival)))
		return err
	}, func() string {
		newest, err := s.ScheduleRevisions(t.Context())
		if err != nil || len(newest) != 1 || newest[0].Version != 1 || len(newest[0].Dates) != 1 {
			t.Fatalf("after several at once: %+v, %v", newest, err)
		}
		return newest[0].Words()
	})
	_, err := s.ChangeDates(t.Context(), ukLine, 7, moving(9, "mila"))
	wantError(t, "a version that never was", err, policy.ErrScheduleChanged)
	for i := range 7 {
		if _, err := s.ChangeDates(t.Context(), ukLine, 1+i, moving(20+i, "anna")); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.ChangeDates(t.Context(), ukLine, 1, moving(9, "mila"))
	if n := strings.Count(fmt.Sprint(err), "anna"); n != 5 || !strings.Contains(fmt.Sprint(err), "earlier") {
		t.Errorf("overtaken by seven, mila hears of %d: %v", n, err)
	}
}

var (
	rotas = []oncall.Rota{{Name: "primary", Zone: time.UTC, Layers: []oncall.Layer{{
		Days: 7, Starts: oncall.WallTime{Date: policy.Date{Year: 2026, Month: 11, Day: 2}, Minute: 540}, People: []policy.PersonID{"ada", "cleo"},
		Hours: []oncall.WeekHours{{Day: time.Monday, Spans: []policy.Span{{From: 0, To: 1440}}}},
	}}}, {Name: "night", Zone: time.UTC, Feed: "https://calendar.example.com/night.ics"}}
	roster = oncall.NewRoster(rotas, []policy.Person{{ID: "ada", Name: "Ada Moreau"}, {ID: "ben", Name: "Ben Okafor"}, {ID: "cleo", Name: "Cleo Lind"}}, nil, nil)
)

// duty returns a change that puts Ben on call for an hour.
func duty(hours int, by string) oncall.Change {
	from := day.Add(time.Duration(hours) * time.Hour)
	return oncall.Add(roster, oncall.Override{From: from, Until: from.Add(time.Hour), Person: "ben", By: by, At: day, Reason: "Ada is ill"})
}

func overrides(t *testing.T, storage Storage) {
	s := storage.Open(t)
	change := func(rota string, seen int, c oncall.Change) oncall.Revision {
		t.Helper()
		e, err := s.ChangeOverrides(t.Context(), rota, seen, c)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	first := change("primary", 0, duty(1, "mila"))
	second := change("primary", 1, duty(3, "anna"))
	other := change("night", 0, duty(1, "mila"))
	third := change("primary", 2, oncall.Remove(roster, 1, "mila", day))
	if len(third.Overrides) != 1 || third.Overrides[0].Number != 2 {
		t.Errorf("without the first one there are %+v", third.Overrides)
	}
	_, err := s.ChangeOverrides(t.Context(), "primary", 3, oncall.Remove(roster, 1, "mila", day))
	wantError(t, "nothing to remove", err, policy.ErrNothingToUndo)
	_, err = s.ChangeOverrides(t.Context(), "primary", 3, duty(9, ""))
	wantError(t, "nobody", err, policy.ErrInput)
	full := errors.New("no space left on device")
	s.FailWrites(full)
	_, err = s.ChangeOverrides(t.Context(), "primary", 3, duty(9, "mila"))
	wantError(t, "a change on a full disk", err, full)
	s.FailWrites(nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	for _, c := range []struct {
		rota          string
		before, limit int
		want          []oncall.Revision
	}{
		{"primary", 0, 10, []oncall.Revision{third, second, first}},
		{"primary", 3, 1, []oncall.Revision{second}},
		{"night", 0, 10, []oncall.Revision{other}},
		{"primar", 0, 10, nil},
	} {
		got, err := s.OverrideRevisions(t.Context(), c.rota, c.before, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("%d of %s before version %d", c.limit, c.rota, c.before), c.want, got)
	}
	var told []string
	for _, e := range collect(t, s.Audit(t.Context())) {
		told = append(told, fmt.Sprintf("%s %s by %s: %s: %s", e.Act, e.Subject, e.By, e.Detail, e.Reason))
	}
	same(t, "the audit", []string{
		"oncall-override primary by mila: version 1: put Ben Okafor on call from 2026-11-23 15:00 to 2026-11-23 16:00: Ada is ill",
		"oncall-override primary by anna: version 2: put Ben Okafor on call from 2026-11-23 17:00 to 2026-11-23 18:00: Ada is ill",
		"oncall-override night by mila: version 1: put Ben Okafor on call from 2026-11-23 15:00 to 2026-11-23 16:00: Ada is ill",
		"oncall-override primary by mila: version 3: took back that Ben Okafor is on call from 2026-11-23 15:00 to 2026-11-23 16:00: ",
	}, told)
}

func overrideRivals(t *testing.T, storage Storage) {
	s := storage.Open(t)
	oneWins(t, oncall.ErrChanged, func(rival int) error {
		_, err := s.ChangeOverrides(t.Context(), "primary", 0, duty(rival, fmt.Sprint("user", rival)))
		return err
	}, func() string {
		newest, err := s.OverrideRevisions(t.Context(), "primary", 0, 10)
		if err != nil || len(newest) != 1 || len(newest[0].Overrides) != 1 {
			t.Fatalf("after several at once: %+v, %v", newest, err)
		}
		return newest[0].Words()
	})
}

func closedAndOpened(t *testing.T, s Store, storage Storage) Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return storage.Open(t)
}

func feedAnswers(t *testing.T, storage Storage) {
	s := storage.Open(t)
	none, err := s.FeedAnswer(t.Context(), "night")
	if err != nil || none.Rota != "" {
		t.Fatalf("of a calendar that was never asked: %+v, %v", none, err)
	}
	failed := oncall.Answer{Rota: "night", Source: "a1", CheckedAt: day, FailedAt: day, Error: "no answer"}
	good := oncall.Answer{Rota: "night", Source: "a1", Body: []byte("BEGIN:VCALENDAR"), ETag: "1", FetchedAt: day.Add(1), CheckedAt: day.Add(1)}
	stale := good
	stale.CheckedAt, stale.FailedAt, stale.Error = day.Add(2), day.Add(2), "404"
	for _, want := range []oncall.Answer{failed, good, stale, failed, stale} {
		if err := s.PutFeedAnswer(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		s = closedAndOpened(t, s, storage)
		got, err := s.FeedAnswer(t.Context(), "night")
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the answer", want, got)
	}
	if err := s.PutInForce(t.Context(), rotas); err != nil {
		t.Fatal(err)
	}
	if kept, err := s.FeedAnswer(t.Context(), "night"); err != nil || kept.Rota != "night" {
		t.Errorf("of a calendar in force %+v is left, %v", kept, err)
	}
	if err := s.PutInForce(t.Context(), rotas[:1]); err != nil {
		t.Fatal(err)
	}
	if gone, err := s.FeedAnswer(t.Context(), "night"); err != nil || gone.Rota != "" {
		t.Errorf("of a calendar that is gone %+v is left, %v", gone, err)
	}
}

func turnsInForce(t *testing.T, storage Storage) {
	s := storage.Open(t)
	none, err := s.TurnsInForce(t.Context())
	if err != nil || len(none) != 0 {
		t.Fatalf("in force in a new store: %v, %v", none, err)
	}
	for _, want := range [][]oncall.Rota{nil, rotas[:1], nil} {
		if err := s.PutInForce(t.Context(), append(slices.Clone(want), rotas[1])); err != nil {
			t.Fatal(err)
		}
		s = closedAndOpened(t, s, storage)
		got, err := s.TurnsInForce(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		same(t, "in force", oncall.TurnsOf(want), got)
	}
}
