package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

// recorded returns a change to a call of the customer with a voicemail and a recording.
func recorded(at time.Time) func(policy.Call) policy.Call {
	return func(c policy.Call) policy.Call {
		c = served(at)(c)
		c = c.Learn(policy.Report{Message: &policy.Recording{SID: "RE1", URL: "https://api.example/RE1", Seconds: 9, At: at}})
		return c.Learn(policy.Report{Recording: &policy.Recording{SID: "RE2", URL: "https://api.example/RE2", Seconds: 90, At: at}})
	}
}

func copied(recording string) func(policy.Call) policy.Call {
	return func(c policy.Call) policy.Call {
		return c.LearnCopy(recording, policy.RecordingCopy{Bucket: "folder:/r", File: recording + ".wav", Bytes: 10, SHA256: "00", At: day})
	}
}

// waiting checks which recordings of the call are due for a step at a time, by SID and in order.
func waiting(t *testing.T, s Store, what string, step policy.RecordingStep, now time.Time, want ...string) {
	t.Helper()
	due, err := s.DueRecordings(t.Context(), step, now, 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range due {
		if d.Call != sid {
			t.Errorf("%s: the call is %s", what, d.Call)
		}
		got = append(got, d.SID)
	}
	same(t, what, want, got)
}

func dueRecordings(t *testing.T, storage Storage) {
	s := storage.Open(t)
	must(t, s, sid, recorded(day))
	waiting(t, s, "new ones", policy.StepFetch, day, "RE1", "RE2")
	must(t, s, sid, func(c policy.Call) policy.Call {
		return c.LearnFailed("RE1", policy.StepFetch, "not yet", day.Add(time.Minute))
	})
	waiting(t, s, "after a failure", policy.StepFetch, day, "RE2")
	waiting(t, s, "a minute later", policy.StepFetch, day.Add(time.Minute), "RE2", "RE1")
	must(t, s, sid, copied("RE2"))
	waiting(t, s, "after a copy", policy.StepFetch, day.Add(time.Hour), "RE1")
	waiting(t, s, "after a copy, to delete", policy.StepDelete, day, "RE2")
	if due, err := s.DueRecordings(t.Context(), policy.StepFetch, day.Add(time.Hour), 0); len(due) > 1 || err != nil {
		t.Errorf("%v, %v", due, err)
	}
	must(t, s, sid, func(c policy.Call) policy.Call { return c.LearnDeleted("RE2", day) })
	waiting(t, s, "after the deletion", policy.StepDelete, day.Add(time.Hour))
	must(t, s, sid, recorded(day)) // the same reports again
	waiting(t, s, "after late reports", policy.StepDelete, day.Add(time.Hour))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	waiting(t, s, "opened again", policy.StepFetch, day.Add(time.Hour), "RE1")
}

// gone returns the removals of the call's recordings.
func gone(why string, at time.Time) []policy.Removal {
	return []policy.Removal{{SID: "RE1", Why: why, At: at}, {SID: "RE2", Why: why, At: at, Bucket: "folder:/r"}}
}

func toRemove(t *testing.T, s Store, now time.Time) []policy.Removal {
	t.Helper()
	due, err := s.DueRemovals(t.Context(), now, 10)
	if err != nil {
		t.Fatal(err)
	}
	return due
}

func removals(t *testing.T, storage Storage) {
	t.Run("by erasing", func(t *testing.T) {
		s := storage.Open(t)
		must(t, s, sid, recorded(day))
		must(t, s, sid, copied("RE2"))
		did, err := s.Erase(t.Context(), customer, "anna", day.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "erased", policy.EraseResult{Calls: 1, Recordings: 2}, did)
		same(t, "removals", gone(policy.RemovalErased, day.Add(time.Hour)), toRemove(t, s, day))
		waiting(t, s, "of an erased call", policy.StepFetch, day.Add(time.Hour))
		waiting(t, s, "of an erased call, to delete", policy.StepDelete, day.Add(time.Hour))
		after := must(t, s, sid, copied("RE1")) // by whoever was fetching it
		if _, there := after.Recording("RE1"); there {
			t.Error("an erased call got a recording back")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("by retention", func(t *testing.T) {
		s := storage.Open(t)
		const old = policy.CallSID("CA-old")
		must(t, s, old, func(c policy.Call) policy.Call {
			c = served(day.AddDate(-2, 0, 0))(c)
			return c.Learn(policy.Report{Recording: &policy.Recording{SID: "RE3", Seconds: 90}})
		})
		did, err := s.Expire(t.Context(), day.AddDate(-1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "expired", policy.RetentionResult{Calls: 1, Recordings: 1}, did)
		var found bool
		for _, r := range toRemove(t, s, day) {
			found = found || (r.SID == "RE3" && r.Why == policy.RemovalExpired)
		}
		if !found {
			t.Error("the recording of a call that is gone is not noted for removal")
		}
		must(t, s, old, copied("RE3")) // by whoever was fetching it
		_, err = s.Call(t.Context(), old)
		wantError(t, "a call that is gone", err, policy.ErrNoCall)
	})
}

func removalSteps(t *testing.T, storage Storage) {
	s := storage.Open(t)
	all := gone(policy.RemovalExpired, day)
	wantNoError := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wantNoError(s.Remove(t.Context(), all))
	wantNoError(s.RemovalFailed(t.Context(), all[0], errors.New("down"), day.Add(time.Hour)))
	same(t, "due now", all[1:], toRemove(t, s, day))
	later := toRemove(t, s, day.Add(time.Hour))
	if len(later) != 2 || later[1].Error != "down" || later[1].Tries != 1 {
		t.Errorf("due later: %+v", later)
	}
	erased := all[1]
	erased.Why, erased.Bucket = policy.RemovalErased, ""
	wantNoError(s.Remove(t.Context(), []policy.Removal{erased}))
	wantNoError(s.Removed(t.Context(), all[1])) // for the first reason alone
	if due := toRemove(t, s, day); len(due) != 1 || due[0].Why != policy.RemovalErased || due[0].Bucket != "folder:/r" {
		t.Errorf("after more was asked for: %+v", due)
	}
	for range 2 { // it may have been noted before a crash
		wantNoError(s.Removed(t.Context(), erased))
	}
	wantNoError(s.RemovalFailed(t.Context(), erased, errors.New("down"), day))
	same(t, "in the end", later[1:], toRemove(t, s, day.Add(time.Hour)))
	failed := all[0]
	failed.Why = policy.RemovalErased
	wantNoError(s.Remove(t.Context(), []policy.Removal{failed}))
	if due := toRemove(t, s, day); len(due) != 1 || due[0].Why != policy.RemovalErased { // erasing does not wait for the next try of retention
		t.Errorf("after more was asked for of one that failed: %+v", due)
	}
	if err := s.Remove(t.Context(), []policy.Removal{{SID: "../RE1"}}); err == nil {
		t.Error("a SID that leads elsewhere was taken")
	}
}

func reveal(t *testing.T, storage Storage) {
	s := storage.Open(t)
	must(t, s, sid, recorded(day))
	if err := s.Reveal(t.Context(), sid, "anna", "a voicemail of 9 s"); err != nil {
		t.Fatal(err)
	}
	audit := collect(t, s.Audit(t.Context()))
	e := audit[len(audit)-1]
	if e.Act != "reveal" || e.By != "anna" || e.Subject != string(sid) || e.Customer != customer || e.Detail != "a voicemail of 9 s" || e.At.IsZero() {
		t.Errorf("%+v", e)
	}
	wantError(t, "a call that is not there", s.Reveal(t.Context(), "CA-none", "anna", "x"), policy.ErrNoCall)
}
