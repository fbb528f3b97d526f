package fake_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// reached returns the account of the tests' server, and a client of it.
func reached(t *testing.T, clock fake.Clock) (*fake.Account, *twilio.Account) {
	t.Helper()
	at := fake.NewAccount(accountSID, token, clock.Now)
	client, err := twilio.NewAccount(twilio.AccountConfig{AccountSID: accountSID, AuthToken: token, Transport: fake.Straight(at)})
	if err != nil {
		t.Fatal(err)
	}
	return at, client
}

// TestACallThatTheServerCreates is listed at once, rings whom it is for, follows its document, and reports its progress.
func TestACallThatTheServerCreates(t *testing.T) {
	clock := fake.NewVirtual(start)
	at, client := reached(t, clock)
	at.Change(func(s *fake.State) { s.Runs = true })
	at.AddNumber("+448000668187")
	var states []string
	h := newServer(t, pages{
		"/told": says(twilio.Gather{Action: "/key", NumDigits: 1, Prompts: []twilio.Verb{twilio.Say{Text: "Press 1."}}}, twilio.Hangup{}),
		"/key":  says(twilio.Say{Text: "Thank you."}, twilio.Hangup{}),
		"/state": func(w http.ResponseWriter, r *http.Request) {
			states = append(states, r.PostFormValue("CallStatus"))
			w.WriteHeader(http.StatusNoContent)
		},
	})
	leg, err := client.Ring(t.Context(), twilio.OutboundLeg{
		From: "+448000668187", To: "+15550100001", URL: publicURL + "/told", StatusURL: publicURL + "/state", StatusEvents: []string{"answered", "completed"}, Seconds: 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	if found, ok, err := client.FindPlaced(t.Context(), "+15550100001", "+448000668187", start); !ok || err != nil || found.SID != leg.SID || found.Status != "queued" {
		t.Errorf("listed: %+v, %v", found, err)
	}
	p := provider(h, &people{specialists: map[string]fake.Specialist{"+15550100001": {PicksUp: 3 * time.Second, Presses: []string{"1"}}}})
	p.Account, p.Clock = at, clock
	created := at.TakeCreated()
	r, err := p.Place(t.Context(), created[0])
	if err != nil || r.SID != leg.SID || r.Status != "completed" || len(r.Troubles)+len(r.Warnings) > 0 || len(at.TakeCreated()) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if diff := cmp.Diff([]string{"in-progress", "completed"}, states); diff != "" {
		t.Error(diff)
	}
	var listed []twilio.ListedCall
	at.Change(func(s *fake.State) { listed = slices.Clone(s.Calls) })
	if len(listed) != 1 || listed[0].Status != "completed" || listed[0].Seconds == nil {
		t.Errorf("listed at its end: %+v", listed)
	}
}

// TestTextsAsTheProviderTakesThem: what it refuses at once, and what it loses later.
func TestTextsAsTheProviderTakesThem(t *testing.T) {
	clock := fake.NewVirtual(start)
	at, client := reached(t, clock)
	at.Change(func(s *fake.State) {
		s.RefusedTexts["+15550100007"], s.LostTexts["+15550100008"] = 21614, 30006
		s.Services["MG1"], s.Services["MG2"] = []string{"+448000668187"}, nil
	})
	at.AddNumber("+448000668187")
	for name, row := range map[string]struct {
		from, to, body string
		code           int
	}{
		"taken":               {"+448000668187", "+15550100001", "Hello", 0},
		"taken from a pool":   {"MG1", "+15550100001", "Hello", 0},
		"an empty pool":       {"MG2", "+15550100001", "Hello", 21703},
		"a foreign sender":    {"+448000668188", "+15550100001", "Hello", 21606},
		"no number":           {"+448000668187", "ada", "Hello", 21211},
		"no mobile number":    {"+448000668187", "+15550100007", "Hello", 21614},
		"nothing said":        {"+448000668187", "+15550100001", "", 21602},
		"a landline, at once": {"+448000668187", "+15550100008", "Hello", 0},
	} {
		_, err := client.SendMessage(t.Context(), twilio.Message{From: row.from, To: row.to, Body: row.body, StatusURL: publicURL + "/state"})
		if why, _ := twilio.WhyNot(err); (err == nil) != (row.code == 0) || row.code != 0 && row.code != 21602 && why != twilio.MeaningOf(row.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	states := map[string][]string{}
	h := newServer(t, pages{"/state": func(w http.ResponseWriter, r *http.Request) {
		if r.PostForm.Has("CallSid") {
			t.Error("a text has no call")
		}
		states[r.PostFormValue("To")] = append(states[r.PostFormValue("To")], r.PostFormValue("MessageStatus")+r.PostFormValue("ErrorCode"))
		w.WriteHeader(http.StatusNoContent)
	}})
	p := provider(h, &people{})
	p.Account, p.Clock = at, clock
	for _, text := range at.TakeTexts() {
		p.Deliver(t.Context(), text)
	}
	want := map[string][]string{"+15550100001": {"sent", "delivered", "sent", "delivered"}, "+15550100008": {"sent", "undelivered30006"}}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
	sent, found, err := client.FindSent(t.Context(), twilio.Message{To: "+15550100008", Body: "Hello"}, start)
	if err != nil || !found || !sent.Lost() || sent.Code != 30006 {
		t.Errorf("%+v, %v", sent, err)
	}
	if s, err := client.Sender(t.Context(), "MG1"); err != nil || !s.Service || len(s.Numbers) != 1 || !s.Numbers[0].SMS {
		t.Errorf("%+v, %v", s, err)
	}
}
