package ivr

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// Failure is the provider's report that one of our answers failed: it asks the number's fallback URL instead.
type Failure struct {
	Code  string // the provider's error code
	Path  string // of the address that failed, below the public URL: "voice/menu/3"
	Token string // of the request, the same in a retry
	Input        // the caller, as far as the request tells
}

// Bounds on going on after failures. The provider retries a request for 15 seconds.
const (
	retriedWithin = 15 * time.Second
	maxFailures   = 8 // of a whole call; beyond it the stateless fallback fails too, and the caller hears goodbye
)

// Fail goes on after a failure where the call was: a reply that was decided before is said again, a step that waits for no answer is decided, and
// a call that the log does not know begins. A second failure at one place leads to the stateless fallback, and after many the call ends with a
// sentence, so that nobody goes in circles. A retry of one request gets the same reply. If it can't be told from a second failure, it is taken
// for one: the stateless fallback suits both.
func (m Machine) Fail(call policy.Call, f Failure, now time.Time) (policy.Call, Reply) {
	place := failureKey + f.Path
	var before []policy.Exchange
	for _, e := range call.Exchanges {
		if strings.HasPrefix(e.Key, failureKey) {
			before = append(before, e)
		}
	}
	key := fmt.Sprintf("%s#%d %s", place, len(before), f.Token)
	again := false
	for i, e := range before {
		at, rest, _ := strings.Cut(e.Key, "#")
		again = again || at == place
		_, token, _ := strings.Cut(rest, " ")
		if i == len(before)-1 && at == place && token != "" && token == f.Token && now.Sub(e.At) < retriedWithin {
			if reply, ok := replyOf(e); ok {
				return call, reply
			}
		}
	}
	x := m.start(call.Clip(), f.Input, now)
	x.note("provider.fallback", "the provider could not use our answer and asked the fallback", "error", f.Code, "at", f.Path,
		"page", "https://www.twilio.com/docs/errors/"+f.Code)
	if len(before) >= maxFailures {
		x.note("provider.goodbye", "nothing that we answer reaches the caller: the call ends")
		return x.finish(key, "", x.leave(phrase("trouble-goodbye")))
	}
	return x.finish(key, "", x.resume(f.Path, again))
}

// failureKey begins the key of a failure's exchange. The place, the failure's number in the call and the request's token follow.
const failureKey = "fallback/"

func (x *exchange) resume(path string, again bool) Reply {
	last, began := lastReply(x.call)
	failed := strings.TrimPrefix(path, "voice/")
	step, _, _ := strings.Cut(failed, "/")
	decided, known := answered(x.call, failed)
	switch {
	case x.in.Gone:
		return x.gone()
	case x.call.Refused == policy.Refused: // nothing else, however often that fails
		return x.reject()
	case again:
		x.note("provider.plain", "a second failure at the same place: the stateless fallback")
		return Reply{Then: ThenStateless}
	case !began:
		return x.arrive()
	case known:
		return decided
	case step == stepRang && x.call.State.Step == stepRang:
		return x.rang()
	case step == stepRecorded:
		return x.leave(phrase("goodbye"))
	}
	return last
}

// lastReply returns what the caller was told last.
func lastReply(call policy.Call) (Reply, bool) {
	for _, e := range slices.Backward(call.Exchanges) {
		if ofLeg(e) {
			continue
		}
		if reply, ok := replyOf(e); ok {
			return reply, true
		}
	}
	return Reply{}, false
}

// failedPath returns the path of an address below the public URL, and "" for any other address.
func failedPath(publicURL, address string) string {
	path, ours := strings.CutPrefix(address, strings.TrimSuffix(publicURL, "/")+"/")
	if !ours {
		return ""
	}
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "#")
	return path
}
