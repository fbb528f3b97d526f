package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

var began = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }

func seconds(n int) *int { return &n }

// reports are everything the provider says of one call: two legs, the second accepted, a voicemail that was begun, and the end.
func reports() []policy.Report {
	return []policy.Report{
		{At: at(30), Leg: "CA1", To: "+15550100001", From: "+448000668187", Status: "initiated"},
		{At: at(31), Leg: "CA1", To: "+15550100001", From: "+448000668187", Status: "ringing"},
		{At: at(50), Leg: "CA1", To: "+15550100001", From: "+448000668187", Status: "no-answer"},
		{At: at(50), Leg: "CA1", DialEnd: true, NotBridged: true},
		{At: at(50), Leg: "CA1", DialEnd: true}, // again, without that word
		{At: at(51), Leg: "CA2", To: "+15550100002", From: "+448000668187", Status: "ringing"},
		{At: at(55), Leg: "CA2", To: "+15550100002", From: "+448000668187", Status: "in-progress"},
		{At: at(190), Leg: "CA2", To: "+15550100002", From: "+448000668187", Status: "completed", Seconds: seconds(135)},
		{At: at(191), Leg: "CA2", DialEnd: true, Seconds: seconds(136)},
		{Message: &policy.Recording{SID: "RE1", URL: "https://api.example/RE1", Seconds: 12, At: at(200)}},
		{Message: &policy.Recording{URL: "https://api.example/RE1", Seconds: 12, At: at(199)}},
		{Recording: &policy.Recording{SID: "RE2", URL: "https://api.example/RE2", Seconds: 130, At: at(192)}},
		{At: at(192), From: "+442079460018", To: "+448000668187", Status: "completed", Seconds: seconds(192)},
		// The provider's list says the same, a second apart here and there.
		{At: at(50), StartedAt: at(29), Leg: "CA1", To: "+15550100001", From: "+448000668187", Status: "no-answer"},
		{At: at(189), StartedAt: at(50), Leg: "CA2", To: "+15550100002", From: "+448000668187", Status: "completed", Seconds: seconds(135)},
		{At: at(193), StartedAt: began, From: "+442079460018", To: "+448000668187", Status: "completed", Seconds: seconds(192)},
	}
}

// TestReportsConverge holds that order, repetition and lateness of the provider's reports do not matter, nor whether they come before the
// first step of the call.
func TestReportsConverge(t *testing.T) {
	t.Parallel()
	start := policy.Call{SID: "CA0", Line: "+448000668187", From: "+442079460018", StartedAt: began, Answered: true}
	start = start.WithLeg(policy.Leg{SID: "CA2", To: "+15550100002", ScreenedAt: at(56), AcceptedAt: at(60)})
	want := start
	for _, r := range reports() {
		want = want.Learn(r)
	}
	rapid.Check(t, func(rt *rapid.T) {
		got := start
		for _, r := range shuffled(rt) {
			got = got.Learn(r)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("the order shows (-in order +shuffled):\n%s", diff)
		}
	})
}

// TestReportsWithoutTheCall holds that a call whose webhooks we never saw is logged from its callbacks alone, in any order.
func TestReportsWithoutTheCall(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		got := policy.Call{SID: "CA0"}
		for _, r := range shuffled(rt) {
			got = got.Learn(r)
		}
		if got.Line != "+448000668187" || got.From != "+442079460018" || !got.StartedAt.Equal(began) || !got.EndedAt.Equal(at(192)) {
			rt.Fatalf("line %q from %q, %v to %v", got.Line.Full(), got.From.Full(), got.StartedAt, got.EndedAt)
		}
	})
}

// TestLearnKeepsItsInput holds that a call is a value: learning does not write into the one it came from.
func TestLearnKeepsItsInput(t *testing.T) {
	t.Parallel()
	call := policy.Call{SID: "CA0"}
	for _, r := range reports() {
		before, copied := call, call.Clone()
		call = before.Learn(r)
		if diff := cmp.Diff(copied, before); diff != "" {
			t.Errorf("%+v wrote into the call:\n%s", r, diff)
		}
	}
}

// shuffled returns all reports in some order, some of them twice.
func shuffled(t *rapid.T) []policy.Report {
	all := append(reports(), rapid.SliceOfN(rapid.SampledFrom(reports()), 0, 8).Draw(t, "again")...)
	return rapid.Permutation(all).Draw(t, "order")
}
