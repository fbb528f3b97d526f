package demo

import (
	"encoding/json"
	"net/http"
)

// pager plays PagerDuty's Events API v2: an incident for each key, in the order of its states.
func (o *Outside) pager(w http.ResponseWriter, r *http.Request) {
	var e struct {
		Action  string `json:"event_action"`
		Key     string `json:"dedup_key"`
		Payload struct {
			Summary, Severity string
		} `json:"payload"`
	}
	if json.NewDecoder(r.Body).Decode(&e) != nil || e.Key == "" {
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]any{"status": "invalid event", "errors": []string{"dedup_key is missing"}})
		return
	}
	states := map[string]string{"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}
	known := o.change("Pager", e.Key, func(a *arrival) {
		if e.Action != "trigger" {
			a.State = states[e.Action]
		} else {
			a.Subject = e.Payload.Summary
		}
	})
	if !known && e.Action == "trigger" {
		o.arrived(arrival{Kind: "Pager", To: e.Payload.Severity, Subject: e.Payload.Summary, State: states[e.Action], key: e.Key})
	}
	w.WriteHeader(http.StatusAccepted)
	answer(w, map[string]any{"status": "success", "message": "Event processed", "dedup_key": e.Key})
}
