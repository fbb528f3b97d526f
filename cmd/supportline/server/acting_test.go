package server

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// TestActsOfPeopleWakeTheSender: a chat shows who has it at once, and what waits is not sent any more.
func TestActsOfPeopleWakeTheSender(t *testing.T) {
	s, err := bolt.OpenStore(filepath.Join(t.TempDir(), "s.db"), 1<<20, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	woken := 0
	acts, act := acting{s, func() { woken++ }}, followup.Act{At: time.Now(), By: "ada", Note: "done"}
	_, took := acts.TakeAlarm(t.Context(), "1", act)
	_, finished := acts.FinishAlarm(t.Context(), "1", act)
	_, tookCall := acts.TakeFollowUp(t.Context(), "1", act)
	_, finishedCall := acts.FinishFollowUp(t.Context(), "1", act)
	_, reopened := acts.ReopenFollowUp(t.Context(), "1", act)
	_, asked := acts.AskCallBack(t.Context(), "1", "", act)
	if !errors.Is(reopened, followup.ErrNone) || !errors.Is(asked, followup.ErrNone) {
		t.Errorf("the acts answered %v, %v", reopened, asked)
	}
	if !errors.Is(took, alarm.ErrNone) || !errors.Is(finished, alarm.ErrNone) || !errors.Is(tookCall, followup.ErrNone) || !errors.Is(finishedCall, followup.ErrNone) {
		t.Errorf("the acts answered %v, %v, %v, %v", took, finished, tookCall, finishedCall)
	}
	if woken != 6 {
		t.Errorf("six acts woke the sender %d times", woken)
	}
}
