package demo

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/twilio/fake"
)

// The states of an incident, by the actions of events that bring it there.
var pagerStates = map[string]string{trigger: "triggered", "acknowledge": acknowledged, "resolve": resolved}

const (
	trigger      = "trigger"
	acknowledged = "acknowledged"
	resolved     = "resolved"
)

// pagerEvent is what is read of an event of PagerDuty's Events API v2.
type pagerEvent struct {
	Sender  string `json:"routing_key"`
	Action  string `json:"event_action"`
	Key     string `json:"dedup_key"`
	Links   []struct{ Href, Text string }
	Payload struct{ Summary string }
}

// pager plays PagerDuty's Events API v2: one open incident for each key, in the order of its states.
func (o *Outside) pager(w http.ResponseWriter, r *http.Request) {
	var e pagerEvent
	if json.NewDecoder(r.Body).Decode(&e) != nil || e.Key == "" || pagerStates[e.Action] == "" {
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]any{"status": "invalid event", "errors": []string{"event_action or dedup_key is missing"}})
		return
	}
	known := o.changeIncident(e)
	if !known && e.Action == trigger {
		o.arrived(arrival{Kind: kindPager, Subject: e.Payload.Summary, Pieces: e.pieces(), State: pagerStates[trigger], Open: true, key: e.Key, sender: e.Sender})
	}
	w.WriteHeader(http.StatusAccepted)
	answer(w, map[string]any{"status": "success", "message": "Event processed", "dedup_key": e.Key})
}

// changeIncident lets an event change the open incident under its key, and reports whether there is one.
func (o *Outside) changeIncident(e pagerEvent) bool {
	open := false
	o.change(kindPager, e.Key, func(a *arrival) {
		switch open = a.Open; {
		case !open:
		case e.Action == trigger:
			a.Subject, a.Pieces = e.Payload.Summary, e.pieces()
		default:
			a.State, a.Open = pagerStates[e.Action], e.Action != "resolve"
		}
	})
	return open
}

// pieces returns the links of an event.
func (e pagerEvent) pieces() (all []piece) {
	for i, l := range e.Links {
		if i > 0 {
			all = append(all, piece{Text: "  ·  "})
		}
		all = append(all, piece{Text: cmp.Or(l.Text, l.Href), Link: l.Href})
	}
	return all
}

// actOnIncident is somebody who acknowledges or resolves an incident in PagerDuty, which then posts it to where its webhook subscription leads.
func (o *Outside) actOnIncident(ctx context.Context, id int, state, by string) {
	o.mu.Lock()
	var incident arrival
	for _, a := range o.items {
		if a.ID == id && a.Kind == kindPager && a.Open && a.State != state {
			a.State, a.Open = state, state != resolved
			incident = *a
		}
	}
	o.mu.Unlock()
	if incident.ID == 0 {
		return
	}
	if err := o.postIncident(ctx, incident, by); err != nil {
		o.change(kindPager, incident.key, func(a *arrival) { a.State += ", " + err.Error() })
	}
}

// hookPath is where PagerDuty posts to, below the public URL.
const hookPath = "/hooks/pagerduty"

// postIncident posts what somebody did to an incident as PagerDuty's webhooks (V3) do. Where the channel has no secret there is no subscription, and
// nobody is told.
func (o *Outside) postIncident(ctx context.Context, incident arrival, by string) error {
	secret := ""
	for _, c := range o.app.Conf.Notices.All() {
		if pager, is := c.(notices.PagerDuty); is && pager.Key == incident.sender {
			secret = pager.Secret
		}
	}
	if secret == "" {
		return fmt.Errorf("of which nobody here is told: the channel has no webhook_secret")
	}
	body, err := json.Marshal(map[string]any{"event": map[string]any{
		"id": rand.Text(), "event_type": "incident." + incident.State, "resource_type": "incident", "occurred_at": o.now().UTC().Format(time.RFC3339),
		"agent": map[string]any{"id": "PDEMO00", "type": "user_reference", "summary": by},
		"data":  map[string]any{"id": fmt.Sprintf("QDEMO%d", incident.ID), "type": "incident", "status": incident.State, "incident_key": incident.key, "title": incident.Subject},
	}})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, o.app.Conf.PublicURL+hookPath, bytes.NewReader(body))
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(notices.PagerDutySignature, "v1="+hex.EncodeToString(mac.Sum(nil)))
	response, err := fake.Straight(o.app.Webhooks).RoundTrip(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("and phone support answered %s", response.Status)
	}
	return nil
}
