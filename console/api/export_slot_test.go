package api

import (
	"context"
	"iter"
	"testing"

	"github.com/officernd/supportline/policy"
)

// fewCalls is a log of calls for which nothing else has to be read.
type fewCalls struct {
	anyCalls
	many int
}

type anyCalls = Calls // under another name than the method's

func (f fewCalls) Calls(context.Context, policy.Filter) iter.Seq2[policy.Call, error] {
	return func(yield func(policy.Call, error) bool) {
		for range f.many {
			if !yield(policy.Call{SID: "CA1"}, nil) {
				return
			}
		}
	}
}

func (f fewCalls) TicketCounter(context.Context) func(policy.Call) (bool, error) {
	return func(policy.Call) (bool, error) { return false, nil }
}

// TestAReaderOfAnExportWhoStandsStillKeepsNoSlot: each row is read and made in a slot, and yielded when the slot is free again.
func TestAReaderOfAnExportWhoStandsStillKeepsNoSlot(t *testing.T) {
	t.Parallel()
	for stopAt := 1; stopAt <= 3; stopAt++ { // the reader leaves in the middle, or takes all
		taken := 0
		slot := func(context.Context) func() {
			taken++
			over := false
			return func() {
				if !over {
					over = true
					taken--
				}
			}
		}
		e := &Exports{Calls: fewCalls{many: 3}, Slot: slot}
		rows := 0
		for _, err := range e.rows(t.Context(), policy.Filter{}, true) {
			if rows++; err != nil || taken != 0 {
				t.Errorf("row %d is yielded with %d slots taken, error %v", rows, taken, err)
			}
			if rows == stopAt {
				break
			}
		}
		if rows != stopAt || taken != 0 {
			t.Errorf("after %d rows, of which %d were wanted, %d slots are taken", rows, stopAt, taken)
		}
	}
}
