package fake_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// TestCreatedCallsStartOneASecond: the others wait, each answer says how long, and the waiting counts before the ringing.
func TestCreatedCallsStartOneASecond(t *testing.T) {
	for name, row := range map[string]struct {
		perSecond int
		queued    []string // milliseconds
		rings     []string
	}{
		"unless the account has more": {0, []string{"0", "1000", "2000"}, []string{"10:00:00 a", "10:00:01 b", "10:00:02 c"}},
		"two a second":                {2, []string{"0", "500", "1000"}, []string{"10:00:00 a", "10:00:00 b", "10:00:01 c"}},
	} {
		t.Run(name, func(t *testing.T) {
			clock := fake.NewVirtual(start)
			at := fake.NewAccount(accountSID, token, clock.Now)
			at.AddNumber(incoming.To)
			at.Change(func(s *fake.State) { s.CallsPerSecond = row.perSecond })
			var queued []string
			h := newServer(t, pages{"/leg": says(twilio.Hangup{})})
			h.pages["/voice"] = func(w http.ResponseWriter, r *http.Request) {
				for _, to := range []string{"a", "b", "c"} {
					queued = append(queued, create(t, at, to, publicURL+"/leg?"+r.PostFormValue("CallSid")))
				}
				says(twilio.Pause{Seconds: 30})(w, r)
			}
			p := provider(h, &people{})
			p.Account, p.Clock = at, clock
			var rings []string
			for _, e := range call(t, p).Events {
				if e.Did == fake.Rings {
					rings = append(rings, e.At.Format(time.TimeOnly)+" "+e.Who)
				}
			}
			if diff := cmp.Diff([][]string{row.queued, row.rings}, [][]string{queued, rings}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// create creates a call over REST and returns its queue time.
func create(t *testing.T, at *fake.Account, to, address string) (queueTime string) {
	t.Helper()
	form := url.Values{"From": {incoming.To}, "To": {to}, "Url": {address}, "Timeout": {"20"}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.twilio.com/2010-04-01/Accounts/"+accountSID+"/Calls.json",
		strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(accountSID, token)
	w, err := fake.Straight(at).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	var made struct {
		QueueTime string `json:"queue_time"`
	}
	if err := json.NewDecoder(w.Body).Decode(&made); err != nil || w.StatusCode != http.StatusCreated {
		t.Fatalf("answered %d, %v", w.StatusCode, err)
	}
	return made.QueueTime
}
