package ivr_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// tokens are those that the provider may send with a request to tell its retries apart. They are not signed, so nothing may rest on them alone.
var tokens = map[string]func(n int) string{
	"a token of each": strconv.Itoa,
	"no token":        func(int) string { return "" },
	"one for all":     func(int) string { return "same" },
}

func failure(path, token string) ivr.Failure {
	return ivr.Failure{Code: "11200", Path: path, Token: token, Input: ivr.Input{Step: "arrive", Line: uk, From: caller}}
}

// TestFailuresNeverGoInCircles (rule 11): if every answer fails, the caller hears something each time, gets the stateless fallback at the second
// failure of a place, and hears goodbye in the end.
func TestFailuresNeverGoInCircles(t *testing.T) {
	m := ivr.Machine{Settings: settings(t)}
	for name, token := range tokens {
		for _, after := range []time.Duration{time.Second, 20 * time.Second} {
			t.Run(name+" after "+after.String(), func(t *testing.T) {
				call, now := policy.Call{SID: "CA1"}, tuesday
				path, stateless := "voice", 0
				for n := range 150 { // where one token serves all, each reply is given again for 15 seconds
					var reply ivr.Reply
					call, reply = m.Fail(call, failure(path, token(n)), now)
					now = now.Add(after)
					switch {
					case reply.Then == ivr.ThenHangup && len(reply.Say) > 0:
						if stateless == 0 {
							t.Error("the stateless fallback was never taken")
						}
						return
					case reply.Then == ivr.ThenStateless:
						stateless++
						path = "plain/key"
					case reply.Then == ivr.ThenNothing || len(reply.Say) == 0:
						t.Fatalf("failure %d: silence: %+v", n, reply)
					default:
						path = "voice/" + reply.Next
					}
				}
				t.Errorf("the caller still goes in circles: %+v", call.Exchanges)
			})
		}
	}
}

// TestSecondFailureWithoutAToken: what can't be told from a retry is taken for a failure.
func TestSecondFailureWithoutAToken(t *testing.T) {
	m := ivr.Machine{Settings: settings(t)}
	call, first := m.Fail(policy.Call{SID: "CA1"}, failure("voice", ""), tuesday)
	_, second := m.Fail(call, failure("voice", ""), tuesday.Add(time.Second))
	if first.Then != ivr.ThenAskNumber || second.Then != ivr.ThenStateless {
		t.Errorf("%s, then %s", first.Then, second.Then)
	}
}

// TestSecondFailureOfAPlaceAmongOthers: a place that failed is remembered while another fails, so that the caller does not go back and forth between two.
func TestSecondFailureOfAPlaceAmongOthers(t *testing.T) {
	m := ivr.Machine{Settings: settings(t)}
	call, first := m.Fail(policy.Call{SID: "CA1"}, failure("voice", "a"), tuesday)
	call, other := m.Fail(call, failure("voice/"+first.Next, "b"), tuesday.Add(time.Second))
	_, second := m.Fail(call, failure("voice", "c"), tuesday.Add(2*time.Second))
	if first.Then != ivr.ThenAskNumber || other.Then != ivr.ThenAskNumber || second.Then != ivr.ThenStateless {
		t.Errorf("%s, then %s, then %s", first.Then, other.Then, second.Then)
	}
}

// TestRetryOfAFailure: a retry with its token gets the same reply and changes nothing, within the time that the provider takes for one request.
func TestRetryOfAFailure(t *testing.T) {
	m := ivr.Machine{Settings: settings(t)}
	call, reply := m.Fail(policy.Call{SID: "CA1"}, failure("voice", "a"), tuesday)
	after, again := m.Fail(call, failure("voice", "a"), tuesday.Add(14*time.Second))
	if diff := cmp.Diff([]any{call, reply}, []any{after, again}); diff != "" {
		t.Errorf("a retry (-first +again):\n%s", diff)
	}
	if _, late := m.Fail(call, failure("voice", "a"), tuesday.Add(16*time.Second)); late.Then != ivr.ThenStateless {
		t.Errorf("no retry comes so late: %s", late.Then)
	}
}

// TestReplyOfAnotherVersionIsDecidedAnew: a call outlives an update of the server, and a reply that cannot be read is no reply.
func TestReplyOfAnotherVersionIsDecidedAnew(t *testing.T) {
	m := ivr.Machine{Settings: settings(t)}
	first := ivr.Input{Step: "arrive", Line: uk, From: caller}
	call, reply := m.Next(policy.Call{SID: "CA1"}, first, tuesday)
	call.Exchanges[0].Reply = []byte(`{"say":"good morning","then":"ask-number","next":"number/1"}`)
	if _, again := m.Next(call, first, tuesday.Add(time.Second)); again.Then != reply.Then || len(again.Say) != len(reply.Say) {
		t.Errorf("it was %+v, and is %+v", reply, again)
	}
}

// TestCallsWithFailuresEnd: any mixture of answers that arrive and answers that fail ends, and nobody hears nothing on the way.
func TestCallsWithFailuresEnd(t *testing.T) {
	m := ivr.Machine{Settings: settings(t)}
	rapid.Check(t, func(rt *rapid.T) {
		token := tokens[rapid.SampledFrom([]string{"a token of each", "no token", "one for all"}).Draw(rt, "tokens")]
		call, now := policy.Call{SID: "CA1"}, tuesday
		in, path := ivr.Input{Step: "arrive", Line: uk, From: caller}, "voice"
		for n := range 200 {
			var reply ivr.Reply
			if rapid.Bool().Draw(rt, "fails") {
				call, reply = m.Fail(call, failure(path, token(n)), now)
			} else {
				call, reply = m.Next(call, in, now)
			}
			now = now.Add(time.Duration(rapid.IntRange(1, 30).Draw(rt, "seconds")) * time.Second)
			switch reply.Then {
			case ivr.ThenHangup, ivr.ThenNothing, ivr.ThenStateless: // the stateless fallback rings by itself
				return
			}
			if len(reply.Say) == 0 && reply.Ring == nil {
				rt.Fatalf("silence: %+v", reply)
			}
			step, number, ok := cutNext(reply)
			if !ok {
				rt.Fatalf("a reply that leads nowhere: %+v", reply)
			}
			in = ivr.Input{Step: step, Exchange: number, Line: uk, From: caller, Keys: rapid.SampledFrom([]string{"", "1", "5", "204518", "9"}).Draw(rt, "keys")}
			in.Number = in.Keys
			if in.Number == string(northwind.Number) {
				in.Customer = &northwind
			}
			path = "voice/" + reply.Next
		}
		rt.Fatal("the call does not end")
	})
}
