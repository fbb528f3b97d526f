package ivr_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// TestCriticalAlwaysRings holds rule 10: whatever an entitled caller did before on an open line, or on a closed one that connects critical
// calls, the key for critical rings the critical team.
func TestCriticalAlwaysRings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := settings(t)
		s.AfterHours.ByIntent = map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.Connect}
		s.Identification.Refuse = rapid.Bool().Draw(rt, "refuse")
		now := rapid.SampledFrom([]time.Time{tuesday, sunday}).Draw(rt, "now")
		m := ivr.Machine{Settings: s}
		call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, now)
		for range rapid.IntRange(0, s.Identification.Tries-1).Draw(rt, "misses") {
			call, reply = m.Next(call, follow(rt, reply, ivr.Input{Keys: rapid.SampledFrom([]string{"", "123456"}).Draw(rt, "wrong")}), now)
		}
		call, reply = m.Next(call, follow(rt, reply, ivr.Input{Keys: "204518", Number: "204518", Customer: &northwind}), now)
		for range rapid.IntRange(0, 2).Draw(rt, "dithers") {
			call, reply = m.Next(call, follow(rt, reply, ivr.Input{Keys: rapid.SampledFrom([]string{"", "0", "7", "9", "#", "*"}).Draw(rt, "key")}), now)
		}
		call, reply = m.Next(call, follow(rt, reply, ivr.Input{Keys: "1"}), now)
		if reply.Then != ivr.ThenRing || call.State.Team != "critical" || reply.Ring.To[0] != oncall1 {
			rt.Fatalf("a critical call does not ring: %+v", reply)
		}
	})
}

// follow puts an answer to the question that a reply asked.
func follow(t interface{ Fatalf(string, ...any) }, reply ivr.Reply, in ivr.Input) ivr.Input {
	step, turn, ok := cutNext(reply)
	if !ok {
		t.Fatalf("nothing follows %+v", reply)
	}
	in.Step, in.Exchange = step, turn
	return in
}
