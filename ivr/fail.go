package ivr

import (
	"net/url"
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

// Fail goes on after a failure where the call was: what was decided before is said again; a step that waits for no answer is decided; a
// call that the log does not know begins. The second failure at one place takes the plain way, so that nobody goes in circles. A retry gets
// the same reply.
func (m Machine) Fail(call policy.Call, f Failure, now time.Time) (policy.Call, Reply) {
	place := "fallback/" + f.Path + "/"
	key := place + f.Token
	if reply, ok := answered(call, key); ok {
		return call, reply
	}
	again := false
	for _, turn := range call.Turns {
		again = again || strings.HasPrefix(turn.Key, place)
	}
	t := m.start(call.Clip(), f.Input, now)
	t.note("provider.fallback", "the provider could not use our answer and asked the fallback", "error", f.Code, "at", f.Path,
		"page", "https://www.twilio.com/docs/errors/"+f.Code)
	return t.finish(key, "", t.resume(f.Path, again))
}

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
	for i := len(call.Turns) - 1; i >= 0; i-- {
		if strings.HasPrefix(call.Turns[i].Key, stepScreen+"/") || strings.HasPrefix(call.Turns[i].Key, stepAnswer+"/") {
			continue
		}
		if reply, ok := answered(call, call.Turns[i].Key); ok {
			return reply, true
		}
	}
	return Reply{}, false
}

// failedPath is the path of an address of ours below the public one; "" for any other.
func failedPath(publicURL, address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.TrimPrefix(u.Path, publicPath(publicURL)), "/")
}
