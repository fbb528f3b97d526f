package notices_test

import (
	"context"
	"errors"
	"testing"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

// TestAnnouncement: an announcement is delivered once where it is heard, again where the provider failed, and never after the talk.
func TestAnnouncement(t *testing.T) {
	whisper := post("call-limit/CA1/whisper")
	whisper.Channel, whisper.To = policy.ChannelAnnouncement, "CA2"
	for name, row := range map[string]struct {
		over         bool
		err          error
		sent, failed bool
	}{
		"heard":                {sent: true},
		"the provider fails":   {err: errors.New("503")},
		"the talk is over":     {over: true, err: errors.New("404"), failed: true},
		"over without a cause": {over: true, failed: true},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOutbox(whisper)
			var to string
			announce := notices.Announcement(func(_ context.Context, n policy.Notice) (bool, error) {
				to = n.To
				return row.over, row.err
			})
			sender := notices.New(over(announce), o, notices.Options{Now: newClock().Now, After: never})
			sender.Once(t.Context())
			n := o.get(whisper.Key)
			if to != "CA2" || n.SentAt.IsZero() == row.sent || n.FailedAt.IsZero() == row.failed || (!row.sent && n.Error == "") {
				t.Errorf("to %q: %+v", to, n)
			}
		})
	}
}
