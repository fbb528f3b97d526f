package fake

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/officernd/supportline/twilio"
)

func (a *Account) orderRoutes() []route {
	return []route{
		{http.MethodPost, "{AC}/Calls.json", a.createCall},
		{http.MethodPost, "{AC}/Calls/*.json", a.updateCall},
		{http.MethodGet, "{AC}/Conferences.json", a.listConferences},
		{http.MethodPost, "{AC}/Conferences/*.json", a.updateParticipant},
	}
}

// createCall takes the order to ring a leg beside a call that is carried.
func (a *Account) createCall(w http.ResponseWriter, r *http.Request, _ string) {
	seconds, err := strconv.Atoi(r.Form.Get("Timeout"))
	ring := twilio.OutboundLeg{
		From: r.Form.Get("From"), To: r.Form.Get("To"), URL: r.Form.Get("Url"), StatusURL: r.Form.Get("StatusCallback"),
		StatusEvents: r.Form["StatusCallbackEvent"], Seconds: seconds,
	}
	caller, carried := a.belongs(ring.URL)
	owned := slices.ContainsFunc(a.state.Numbers, func(n twilio.OwnedNumber) bool { return n.Number == ring.From })
	switch {
	case err != nil || ring.To == "" || ring.URL == "":
		Refuse(w, http.StatusBadRequest, 21201, "No 'To' number, Url or Timeout is specified")
	case !owned:
		Refuse(w, http.StatusBadRequest, 21210, "The source phone number provided, "+ring.From+", is not yet verified for your account")
	case !carried:
		Refuse(w, http.StatusServiceUnavailable, 20503, "Service unavailable: no call is carried here that the leg could belong to")
	default:
		sid := a.sid("CA")
		a.orders[caller] = append(a.orders[caller], order{sid: sid, ring: ring})
		a.live[sid] = caller
		reply(w, http.StatusCreated, map[string]any{"sid": sid, "status": "queued", "direction": "outbound-api", "from": ring.From, "to": ring.To})
	}
}

// updateCall takes the order to bring a call or leg elsewhere, or to end it.
func (a *Account) updateCall(w http.ResponseWriter, r *http.Request, sid string) {
	caller, live := a.live[sid]
	if !live && slices.Contains(a.carried, sid) {
		caller, live = sid, true
	}
	if !live {
		if a.known(sid) == nil {
			Refuse(w, http.StatusNotFound, 20404, "The requested resource /Calls/"+sid+".json was not found")
			return
		}
		Refuse(w, http.StatusBadRequest, 21220, "Call is not in-progress. Cannot redirect.")
		return
	}
	a.orders[caller] = append(a.orders[caller], order{sid: sid, fetch: r.Form.Get("Url"), hangUp: r.Form.Get("Status") == "completed"})
	reply(w, http.StatusOK, map[string]any{"sid": sid, "status": "in-progress"})
}

func (a *Account) listConferences(w http.ResponseWriter, r *http.Request, _ string) {
	var found []any
	for _, name := range slices.Sorted(maps.Keys(a.rooms)) {
		if matches(r.Form, "FriendlyName", name) {
			found = append(found, a.room(name))
		}
	}
	a.page(w, r, "conferences", found)
}

// updateParticipant takes the order to announce something to one party. path is CF.../Participants/CA...
func (a *Account) updateParticipant(w http.ResponseWriter, r *http.Request, path string) {
	conference, party, _ := strings.Cut(path, "/Participants/")
	caller, live := a.live[party]
	underWay := slices.Contains(slices.Collect(maps.Values(a.rooms)), conference)
	if !live || !underWay || r.Form.Get("AnnounceUrl") == "" {
		Refuse(w, http.StatusNotFound, 20404, "The requested resource was not found")
		return
	}
	a.orders[caller] = append(a.orders[caller], order{sid: party, announce: r.Form.Get("AnnounceUrl")})
	reply(w, http.StatusOK, map[string]any{"call_sid": party, "conference_sid": conference})
}
