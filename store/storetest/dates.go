package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
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

func datesRivals(t *testing.T, storage Storage) {
	s := storage.Open(t)
	const rivals = 8
	errs := make([]error, rivals)
	var all sync.WaitGroup
	for i := range rivals {
		all.Go(func() { _, errs[i] = s.ChangeDates(t.Context(), ukLine, 0, moving(i, fmt.Sprint("user", i))) })
	}
	all.Wait()
	newest, err := s.ScheduleRevisions(t.Context())
	if err != nil || len(newest) != 1 || newest[0].Version != 1 || len(newest[0].Dates) != 1 {
		t.Fatalf("after %d at once: %+v, %v", rivals, newest, err)
	}
	won := 0
	for i, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, policy.ErrScheduleChanged) || !strings.Contains(err.Error(), newest[0].Words()):
			t.Errorf("user%d hears %v, not of %s", i, err, newest[0].Words())
		}
	}
	if won != 1 {
		t.Errorf("%d won, not one", won)
	}
	_, err = s.ChangeDates(t.Context(), ukLine, 7, moving(9, "mila"))
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
