package ivr_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// TestTranscript: a logged reply has the words that the caller, or a specialist, heard.
func TestTranscript(t *testing.T) {
	s := settings(t)
	machine := ivr.Machine{Settings: s}
	call, _ := machine.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
	call, _ = machine.Next(call, ivr.Input{Step: "number", Exchange: 1, Keys: "204518", Number: "204518", Customer: &northwind}, tuesday)
	call, _ = machine.Next(call, ivr.Input{Step: "menu", Exchange: 2, Keys: "1"}, tuesday)
	call, _ = machine.NextLeg(call, ivr.LegInput{Step: "screen", Leg: "CA2", To: oncall1, Try: 1}, tuesday)
	var got []ivr.Heard
	for _, exchange := range call.Exchanges {
		got = append(got, ivr.DefaultWords().Transcript(s.Lines[1], exchange))
	}
	want := []ivr.Heard{
		{Sentences: []string{"Welcome to phone support. Please enter or say your 6 digit customer number. If you don't have it, press star."}},
		{Sentences: []string{"If your platform is down, press 1. If it partly works, 2. For news on a ticket, 3. To make one more urgent, 4. For a question, 5."}},
		{Sentences: []string{"Putting you through to a specialist.", "(ringing)"}},
		{Specialist: true, Sentences: []string{"Critical.", "Northwind Flex Offices.", "Press 1 to take the call, 2 to pass."}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if h := ivr.DefaultWords().Transcript(s.Lines[1], policy.Exchange{Key: "menu/2", Reply: json.RawMessage(`"another version"`)}); len(h.Sentences) > 0 {
		t.Errorf("an unknown reply has words: %+v", h)
	}
}
