package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

var listedEnd = policy.Report{
	At: at(192), StartedAt: began, From: "+442079460018", To: "+448000668187", Status: "completed", Seconds: seconds(192),
}

// TestACallThatOnlyTheListKnows is marked as such and failed, once, whether or not its last callback came.
func TestACallThatOnlyTheListKnows(t *testing.T) {
	callback := policy.Report{At: at(192), From: listedEnd.From, To: listedEnd.To, Status: "completed", Seconds: seconds(192)}
	for name, call := range map[string]policy.Call{
		"the list alone":          policy.Call{SID: "CA1"}.LearnListed(listedEnd, at(500)),
		"the list twice":          policy.Call{SID: "CA1"}.LearnListed(listedEnd, at(500)).LearnListed(listedEnd, at(900)),
		"a callback, then a list": policy.Call{SID: "CA1"}.Learn(callback).LearnListed(listedEnd, at(500)),
		"a list, then a callback": policy.Call{SID: "CA1"}.LearnListed(listedEnd, at(500)).Learn(callback),
	} {
		if !call.Listed || call.Outcome() != policy.Failed || len(call.Trace) != 1 || call.Trace[0].Rule != "provider.listed" {
			t.Errorf("%s: %v, %s, %+v", name, call.Listed, call.Outcome(), call.Trace)
		}
	}
	seen := policy.Call{SID: "CA1", Line: "+448000668187", StartedAt: began, Answered: true, LeftAt: at(190)}
	if after := seen.LearnListed(listedEnd, at(500)); after.Listed || len(after.Trace) > 0 || after.Outcome() != policy.Abandoned {
		t.Errorf("a call that the log saw: %+v", after)
	}
}

// TestTheStartThatTheLogSawStays: it decides the month of the call, and where the call is found. Reports of the provider, whose clock is another, do
// not move it.
func TestTheStartThatTheLogSawStays(t *testing.T) {
	seen := policy.Call{SID: "CA1", Line: "+448000668187", StartedAt: at(2), Answered: true}
	for name, after := range map[string]policy.Call{
		"a callback": seen.Learn(policy.Report{At: at(192), From: listedEnd.From, To: listedEnd.To, Status: "completed", Seconds: seconds(192)}),
		"the list":   seen.LearnListed(listedEnd, at(500)),
	} {
		if !after.StartedAt.Equal(seen.StartedAt) {
			t.Errorf("%s: the call started at %v, want %v", name, after.StartedAt, seen.StartedAt)
		}
	}
}

// TestACallThatNobodyHereAnsweredHasNoLengthOfOurs: how long it rang elsewhere is no length of a call.
func TestACallThatNobodyHereAnsweredHasNoLengthOfOurs(t *testing.T) {
	missed := policy.Report{At: at(30), StartedAt: began, From: "+442079460018", To: "+448000668187", Status: "no-answer"}
	call := policy.Call{SID: "CA1"}.LearnListed(missed, at(500))
	if row := (policy.Settings{}).Row(call, false); row.TotalSeconds != nil || row.EndedAt == nil {
		t.Errorf("a call that ended unanswered: %+v", row)
	}
}

// TestRepairsAreWhatChanged and nothing else.
func TestRepairsAreWhatChanged(t *testing.T) {
	before := policy.Call{SID: "CA1", Line: "+448000668187", StartedAt: began, Answered: true}
	leg := policy.Report{At: at(190), StartedAt: at(50), Leg: "CA2", To: "+15550100002", From: "+448000668187", Status: "completed", Seconds: seconds(135)}
	after := before.Learn(leg).Learn(listedEnd)
	want := []policy.Repair{
		{What: "status", After: "completed"},
		{What: "end", After: "2026-11-24T10:03:12Z"},
		{What: "total", After: "192 s"},
		{What: "outcome", After: "abandoned"},
		{What: "leg", After: "completed 135 s"},
	}
	if diff := cmp.Diff(want, policy.Repairs(before, after)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again := policy.Repairs(after, after.Learn(leg).Learn(listedEnd)); len(again) > 0 {
		t.Errorf("learned again: %+v", again)
	}
}
