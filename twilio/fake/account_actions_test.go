package fake_test

import (
	"errors"
	"testing"

	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// TestRESTActionsThatAreRefused, each with the provider's error code.
func TestRESTActionsThatAreRefused(t *testing.T) {
	at, client := asking(t, nil)
	at.AddNumber("+448000668187")
	at.Change(func(s *fake.State) { s.Calls = append(s.Calls, twilio.ListedCall{SID: "CA1", Status: "completed"}) })
	ring := twilio.OutboundLeg{From: "+448000668187", To: "+15550100001", URL: "https://a.example/leg/CA9/3/screen/1", Seconds: 20}
	for name, row := range map[string]struct {
		act  func() error
		code int // 0: no error
	}{
		"a leg of a call that is not under way": {func() error { _, err := client.Ring(t.Context(), ring); return err }, 20503},
		"from a number of somebody else": {func() error {
			r := ring
			r.From = "+448000668188"
			_, err := client.Ring(t.Context(), r)
			return err
		}, 21210},
		"to nobody": {func() error {
			r := ring
			r.To = ""
			_, err := client.Ring(t.Context(), r)
			return err
		}, 21201},
		"redirecting a call that is over":      {func() error { return client.Redirect(t.Context(), "CA1", "https://a.example/") }, 21220},
		"redirecting a call that never was":    {func() error { return client.Redirect(t.Context(), "CA2", "https://a.example/") }, 20404},
		"hanging up a call that is over":       {func() error { return client.HangUp(t.Context(), "CA1") }, 0},
		"an announcement without a conference": {func() error { return client.Announce(t.Context(), "CA1", "CA2", "https://a.example/") }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			err := row.act()
			var refused *twilio.Err
			errors.As(err, &refused)
			switch {
			case row.code == 0 && refused != nil && refused.Code != 0, row.code == 0 && refused == nil && err != nil:
				t.Errorf("%v", err)
			case row.code != 0 && (refused == nil || refused.Code != row.code):
				t.Errorf("%v, want code %d", err, row.code)
			}
		})
	}
}
