package twilio_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/officernd/supportline/twilio"
)

// TestOutboundLegIsPlacedOnce: a request whose answer is lost may have worked, and nobody is rung twice. One beyond the provider's rate limit has
// not.
func TestOutboundLegIsPlacedOnce(t *testing.T) {
	const made = `{"sid":"CA9"}`
	for name, row := range map[string]struct {
		answer func(int, *http.Request) (*http.Response, error)
		asked  int
		ok     bool
	}{
		"taken":        {then(0, nil, made), 1, true},
		"once limited": {then(1, refusing(429, limited), made), 2, true},
		"broken":       {then(1, refusing(500, broken), made), 1, false},
		"cut off":      {then(1, cut, made), 1, false},
		"slow":         {then(1, hang, made), 1, false},
		"refused":      {refusing(400, `{"code":21211,"message":"Invalid 'To' Phone Number"}`), 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{answer: row.answer}
				leg, err := asking(t, p, nil).Ring(t.Context(), twilio.OutboundLeg{From: "+1", To: "+2", URL: "https://a.example/leg", Seconds: 20})
				if (err == nil) != row.ok || (row.ok && leg.SID != "CA9") || len(p.asked) != row.asked {
					t.Errorf("asked %d times: %+v, %v", len(p.asked), leg, err)
				}
			})
		})
	}
}

// TestTimeInTheQueue holds what is read of the provider's queue_time, which is a text of milliseconds.
func TestTimeInTheQueue(t *testing.T) {
	for queue, want := range map[string]time.Duration{
		`"0"`: 0, `"1000"`: time.Second, `"9250"`: 9250 * time.Millisecond, `null`: 0, `""`: 0, `"soon"`: 0, `"-5"`: 0, `"99999999999999"`: 0,
	} {
		p := &provider{answer: then(0, nil, `{"sid":"CA9","queue_time":`+queue+`}`)}
		leg, err := asking(t, p, nil).Ring(t.Context(), twilio.OutboundLeg{From: "+1", To: "+2", URL: "https://a.example/leg", Seconds: 20})
		if err != nil || leg != (twilio.PlacedLeg{SID: "CA9", Queue: want}) {
			t.Errorf("queue_time %s: %+v, %v", queue, leg, err)
		}
	}
}

// TestHangingUpWhatIsOver is no error: it races with the other side.
func TestHangingUpWhatIsOver(t *testing.T) {
	over := &provider{answer: refusing(400, `{"code":21220,"message":"Call is not in-progress. Cannot redirect."}`)}
	if err := asking(t, over, nil).HangUp(t.Context(), "CA1"); err != nil {
		t.Error(err)
	}
	unknown := &provider{answer: refusing(404, `{"code":20404,"message":"not found"}`)}
	if err := asking(t, unknown, nil).HangUp(t.Context(), "CA1"); err == nil {
		t.Error("a call that never was can be ended")
	}
}

// TestAnnouncementToNobody: the conference is over, or the party has left it.
func TestAnnouncementToNobody(t *testing.T) {
	room := `{"conferences":[{"sid":"CF1"}]}`
	for name, answer := range map[string]func(int, *http.Request) (*http.Response, error){
		"no conference": then(0, nil, `{"conferences":[]}`),
		"no party": func(n int, r *http.Request) (*http.Response, error) {
			if n == 0 {
				return then(0, nil, room)(n, r)
			}
			return refusing(404, `{"code":20404,"message":"not found"}`)(n, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &provider{answer: answer}
			err := asking(t, p, nil).Announce(t.Context(), "CA1", "CA2", "https://a.example/announce")
			var refused *twilio.Err
			if !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
				t.Errorf("%v", err)
			}
			if !strings.Contains(p.asked[0].URL.RawQuery, "FriendlyName=CA1") {
				t.Errorf("asked %s", p.asked[0].URL)
			}
		})
	}
}
