package fake

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/twilio"
)

// createCall accepts an outbound leg of a call that is under way.
func (a *Account) createCall(w http.ResponseWriter, r *http.Request, _ string) {
	seconds, err := strconv.Atoi(r.Form.Get("Timeout"))
	ring := twilio.OutboundLeg{
		From: r.Form.Get("From"), To: r.Form.Get("To"), URL: r.Form.Get("Url"), StatusURL: r.Form.Get("StatusCallback"),
		StatusEvents: r.Form["StatusCallbackEvent"], Seconds: seconds,
	}
	caller, active := a.callOf(ring.URL)
	owned := slices.ContainsFunc(a.state.Numbers, func(n twilio.OwnedNumber) bool { return n.Number == ring.From })
	switch {
	case err != nil || ring.To == "" || ring.URL == "":
		Refuse(w, http.StatusBadRequest, 21201, "No 'To' number, Url or Timeout is specified")
	case !owned:
		Refuse(w, http.StatusBadRequest, 21210, "The source phone number provided, "+ring.From+", is not yet verified for your account")
	case a.refuseLeg(w, ring):
	case !active && a.state.Runs:
		c := Created{SID: a.sid("CA"), Leg: ring, Queue: a.queue()}
		a.created(c)
		a.placedLeg(w, c.SID, ring, c.Queue)
	case !active:
		Refuse(w, http.StatusServiceUnavailable, 20503, "Service unavailable: no call is active here that the leg could belong to")
	default:
		sid := a.sid("CA")
		queued := a.queue()
		a.actions[caller] = append(a.actions[caller], restAction{sid: sid, ring: ring, queued: queued})
		a.outbound[sid] = caller
		a.placedLeg(w, sid, ring, queued)
	}
}

func (a *Account) placedLeg(w http.ResponseWriter, sid string, ring twilio.OutboundLeg, queued time.Duration) {
	reply(w, http.StatusCreated, map[string]any{
		"sid": sid, "status": "queued", "direction": "outbound-api", "from": ring.From, "to": ring.To, "queue_time": fmt.Sprint(queued.Milliseconds()),
	})
}

// queue takes the next start of a call, and returns the time until then.
func (a *Account) queue() time.Duration {
	now := a.state.Now()
	start := a.nextStart
	if start.Before(now) {
		start = now
	}
	a.nextStart = start.Add(time.Second / time.Duration(max(1, a.state.CallsPerSecond)))
	return start.Sub(now)
}

// updateCall accepts a redirect or the end of a call or leg.
func (a *Account) updateCall(w http.ResponseWriter, r *http.Request, sid string) {
	caller, live := a.outbound[sid]
	if !live && slices.Contains(a.active, sid) {
		caller, live = sid, true
	}
	if !live {
		if a.callBySID(sid) == nil {
			Refuse(w, http.StatusNotFound, 20404, "The requested resource /Calls/"+sid+".json was not found")
			return
		}
		Refuse(w, http.StatusBadRequest, 21220, "Call is not in-progress. Cannot redirect.")
		return
	}
	a.actions[caller] = append(a.actions[caller], restAction{sid: sid, redirect: r.Form.Get("Url"), hangUp: r.Form.Get("Status") == "completed"})
	reply(w, http.StatusOK, map[string]any{"sid": sid, "status": "in-progress"})
}

func (a *Account) listConferences(w http.ResponseWriter, r *http.Request, _ string) {
	var found []any
	for _, name := range slices.Sorted(maps.Keys(a.conferences)) {
		if matches(r.Form, "FriendlyName", name) {
			found = append(found, a.conference(name))
		}
	}
	a.page(w, r, "conferences", found)
}

// updateParticipant accepts an announcement to one party. path is CF.../Participants/CA...
func (a *Account) updateParticipant(w http.ResponseWriter, r *http.Request, path string) {
	conference, party, _ := strings.Cut(path, "/Participants/")
	caller, live := a.outbound[party]
	underWay := slices.Contains(slices.Collect(maps.Values(a.conferences)), conference)
	if !live || !underWay || r.Form.Get("AnnounceUrl") == "" {
		Refuse(w, http.StatusNotFound, 20404, "The requested resource was not found")
		return
	}
	a.actions[caller] = append(a.actions[caller], restAction{sid: party, announce: r.Form.Get("AnnounceUrl")})
	reply(w, http.StatusOK, map[string]any{"call_sid": party, "conference_sid": conference})
}
