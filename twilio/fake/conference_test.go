package fake_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// TestCallerAloneInAConference: the document is requested once and its Redirect is followed. After its end, or if it fails, there is silence.
func TestCallerAloneInAConference(t *testing.T) {
	tone := twilio.Play{URL: publicURL + "/tone.wav"}
	for name, row := range map[string]struct {
		wait, more http.HandlerFunc
		want       []string
	}{
		"comes to its end": {says(tone, twilio.Pause{Seconds: 2}), nil, []string{"/voice", "/wait", "/status"}},
		"redirects":        {says(tone, twilio.Redirect{URL: publicURL + "/more"}), says(tone), []string{"/voice", "/wait", "/more", "/status"}},
		"fails":            {answers(http.StatusInternalServerError, "text/plain", "no"), nil, []string{"/voice", "/wait", "/plain", "/status"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newServer(t, pages{
				"/voice": says(twilio.Dial{Nouns: []twilio.Noun{twilio.Conference{Name: "CA1", WaitURL: publicURL + "/wait"}}}),
				"/wait":  row.wait, "/more": row.more, "/plain": answers(http.StatusInternalServerError, "text/plain", "no"),
			})
			var waits []fake.Act
			for range 30 {
				waits = append(waits, fake.Wait(time.Second))
			}
			p := provider(h, &people{acts: acts{fake.Holding: append(waits, fake.HangUp())}})
			if r := call(t, p); r.Seconds < 10 {
				t.Errorf("the call took %d seconds: nobody waited", r.Seconds)
			}
			if diff := cmp.Diff(row.want, h.paths()); diff != "" {
				t.Errorf("requested (-want +got):\n%s", diff)
			}
		})
	}
}
