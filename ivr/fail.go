package ivr

import (
	"fmt"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// Failure is the provider's word that one of our answers failed: it asks the number's fallback URL instead.
type Failure struct {
	Code  string // the provider's error code
	Path  string // of the address that failed, below the public URL: "voice/menu/3"
	Token string // of the request, the same in a retry
	Input        // who calls, as far as the request says
}

// The bounds of going on after failures. The provider's own retries of one request all come within its 15 seconds.
const (
	retriedWithin = 15 * time.Second
	maxFailures   = 8 // of a whole call; beyond it even the plain way fails, and the caller hears goodbye
)

// Fail goes on after a failure where the call was: what was decided before is said again; a step that waits for no answer is decided; a
// call that the log does not know begins. The second failure at one place takes the plain way, and after many the call ends with a sentence,
// so that nobody goes in circles. A retry of one request gets the same reply; where that can't be told from a second failure, it is taken
// for one: the plain way is right for both.
func (m Machine) Fail(call policy.Call, f Failure, now time.Time) (policy.Call, Reply) {
	place := failureKey + f.Path
	var before []policy.Exchange
	for _, turn := range call.Exchanges {
		if strings.HasPrefix(turn.Key, failureKey) {
			before = append(before, turn)
		}
	}
	key := fmt.Sprintf("%s#%d %s", place, len(before), f.Token)
	again := false
	for i, turn := range before {
		at, rest, _ := strings.Cut(turn.Key, "#")
		again = again || at == place
		_, token, _ := strings.Cut(rest, " ")
		if i == len(before)-1 && at == place && token != "" && token == f.Token && now.Sub(turn.At) < retriedWithin {
			if reply, ok := answered(call, turn.Key); ok {
				return call, reply
			}
		}
	}
	t := m.start(call.Clip(), f.Input, now)
	t.note("provider.fallback", "the provider could not use our answer and asked the fallback", "error", f.Code, "at", f.Path,
		"page", "https://www.twilio.com/docs/errors/"+f.Code)
	if len(before) >= maxFailures {
		t.note("provider.goodbye", "nothing that we answer reaches the caller: the call ends")
		return t.finish(key, "", t.leave(phrase("trouble-goodbye")))
	}
	return t.finish(key, "", t.resume(f.Path, again))
}

// failureKey begins the turn of a failure; the place, its number in the call and the request's token follow.
const failureKey = "fallback/"

func (t *turn) resume(path string, again bool) Reply {
	last, began := lastReply(t.call)
	failed := strings.TrimPrefix(path, "voice/")
	step, _, _ := strings.Cut(failed, "/")
	decided, known := answered(t.call, failed)
	switch {
	case t.in.Gone:
		return t.gone()
	case again:
		t.note("provider.plain", "a second failure at the same place: the plain way, without the log")
		return Reply{Then: ThenPlain}
	case !began:
		return t.arrive()
	case known:
		return decided
	case step == stepRang && t.call.State.Step == stepRang:
		return t.rang()
	case step == stepRecorded:
		return t.leave(phrase("goodbye"))
	}
	return last
}

// lastReply is what the caller was told last.
func lastReply(call policy.Call) (Reply, bool) {
	for i := len(call.Exchanges) - 1; i >= 0; i-- {
		if strings.HasPrefix(call.Exchanges[i].Key, stepScreen+"/") || strings.HasPrefix(call.Exchanges[i].Key, stepAnswer+"/") {
			continue
		}
		if reply, ok := answered(call, call.Exchanges[i].Key); ok {
			return reply, true
		}
	}
	return Reply{}, false
}

// failedPath is the path of an address of ours below the public one; "" for any other.
func failedPath(publicURL, address string) string {
	path, ours := strings.CutPrefix(address, strings.TrimSuffix(publicURL, "/")+"/")
	if !ours {
		return ""
	}
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "#")
	return path
}
