package fake

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/officernd/supportline/twilio"
)

func (a *Account) otherRoutes() []route {
	return []route{
		{http.MethodGet, "{AC}.json", a.fetchAccount},
	}
}

func (a *Account) fetchAccount(w http.ResponseWriter, _ *http.Request, _ string) {
	s := a.state
	reply(w, http.StatusOK, map[string]any{
		"sid": s.SID, "friendly_name": s.Name, "status": s.Status, "type": s.Type, "owner_account_sid": s.Owner, "auth_token": "redacted",
	})
}

func (a *Account) listRecordings(w http.ResponseWriter, r *http.Request, _ string) {
	recordings := slices.Clone(a.state.Recordings)
	slices.SortStableFunc(recordings, func(x, y twilio.ListedRecording) int { return y.StartedAt.Compare(x.StartedAt) })
	var found []any
	for _, s := range recordings {
		if within(r.Form, "DateCreated", s.StartedAt) && matches(r.Form, "CallSid", s.CallSID) {
			found = append(found, a.recording(s))
		}
	}
	a.page(w, r, "recordings", found)
}

func (a *Account) recording(s twilio.ListedRecording) map[string]any {
	duration := any(nil)
	if s.Seconds != nil {
		duration = strconv.Itoa(*s.Seconds)
	}
	return map[string]any{
		"sid": s.SID, "account_sid": a.state.SID, "call_sid": s.CallSID, "status": s.Status, "source": s.Source, "duration": duration, "channels": 1,
		"start_time": listTime(s.StartedAt), "date_created": listTime(s.StartedAt), "api_version": "2010-04-01",
		"uri": "/2010-04-01/Accounts/" + a.state.SID + "/Recordings/" + s.SID + ".json",
	}
}
