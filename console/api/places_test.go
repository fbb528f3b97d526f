package api_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/officernd/supportline/console/api"
)

// However many ask at once, one person has no more places than each, and all people no more than all; a place that was given back, once or more
// often, is free once.
func TestPlacesAreTakenAsTheyAreCounted(t *testing.T) {
	const each, all = 3, 7
	var places api.Places
	crowd := func() map[string]*atomic.Int32 {
		got := map[string]*atomic.Int32{"mila": {}, "bea": {}, "ada": {}}
		var asking sync.WaitGroup
		for name, n := range got {
			for range 50 {
				asking.Go(func() {
					if leave, _ := places.Take(name, each, all); leave != nil {
						n.Add(1)
						t.Cleanup(leave)
					}
				})
			}
		}
		asking.Wait()
		return got
	}
	total := int32(0)
	for name, n := range crowd() {
		if total += n.Load(); n.Load() > each {
			t.Errorf("%s has %d places, want at most %d", name, n.Load(), each)
		}
	}
	if total != all {
		t.Errorf("%d places are taken, want %d", total, all)
	}
	var others api.Places
	leave, _ := others.Take("mila", 1, 1)
	if second, theirs := others.Take("mila", 1, 1); second != nil || theirs != 1 {
		t.Errorf("a second place: %d before it", theirs)
	}
	leave()
	leave()
	if leave, _ := others.Take("bea", 1, 1); leave == nil {
		t.Error("no place is free again")
	}
	if leave, _ := others.Take("ada", 1, 1); leave != nil {
		t.Error("a place that was given back twice is free twice")
	}
}
