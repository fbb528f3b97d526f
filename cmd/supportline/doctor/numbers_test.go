package doctor

import (
	"context"
	"strings"
	"testing"

	"github.com/officernd/supportline/twilio"
)

// forgetful is an account that answers a write as it was wanted, and has something else when it is asked again.
type forgetful struct{ answer, has twilio.OwnedNumber }

func (forgetful) Numbers(context.Context) ([]twilio.OwnedNumber, error) { return nil, nil }

func (f forgetful) Number(context.Context, string) (twilio.OwnedNumber, error) { return f.has, nil }

func (f forgetful) ChangeNumber(context.Context, string, twilio.NumberChange) (twilio.OwnedNumber, error) {
	return f.answer, nil
}

// A number is as it was written only if it is so when it is read again.
func TestANumberIsReadBack(t *testing.T) {
	wanted := twilio.Wanted{Number: "+448000668187", Name: "United Kingdom", VoiceSettings: twilio.VoiceSettings{VoiceURL: "https://phone.example.com/voice"}}
	written := twilio.OwnedNumber{SID: "PN1", Number: wanted.Number, Name: wanted.Name, VoiceSettings: wanted.VoiceSettings, Voice: true}
	before := written
	before.VoiceURL = "https://old.example.com/voice"
	for name, row := range map[string]struct {
		at   forgetful
		says string
	}{
		"taken":                           {forgetful{written, written}, ""},
		"not taken":                       {forgetful{before, before}, "the provider did not take"},
		"taken, but not there afterwards": {forgetful{written, before}, "the provider did not take"},
	} {
		_, err := Apply(t.Context(), row.at, twilio.PlanOne(wanted, before))
		if (err != nil) != (row.says != "") || err != nil && !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v, want %q", name, err, row.says)
		}
	}
}
