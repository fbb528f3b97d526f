package ivr_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

const otherSID = "CA00000000000000000000000000000009"

// rejects reports whether an answer refuses the call before it is answered, and says nothing.
func rejects(t *testing.T, s *server, path string, pairs ...string) bool {
	t.Helper()
	return cmp.Equal([]twilio.Verb{twilio.Reject{Reason: "busy"}}, document(t, s.post(path, pairs...)).Verbs)
}

// first returns the parameters of a call's first webhook.
func first(pairs ...string) []string { return append([]string{"CallStatus", "ringing"}, pairs...) }

// TestCallsFromOurOwnLinesAreRefused holds rule 17 with the log, without it, and at the fallback URL: nothing is said, and each is counted once.
func TestCallsFromOurOwnLinesAreRefused(t *testing.T) {
	for _, from := range []policy.Phone{uk, us, "448000668187", "tel:+448000668187", "sip:+448000668187@example.com", "sip:448000668187@example.com;user=phone"} {
		for name, fail := range map[string]error{"logged": nil, "without the log": errors.New("no store")} {
			for _, path := range []string{"/voice", "/fallback"} {
				s := newServer(t)
				s.fail = fail
				if !rejects(t, s, path, first("From", from.Full(), "ErrorUrl", publicURL+"/voice", "ErrorCode", "11200")...) {
					t.Errorf("a call from %s, %s, at %s is answered", from.Full(), name, path)
				}
				if s.looped != 1 {
					t.Errorf("a call from %s, %s, at %s is counted %d times", from.Full(), name, path, s.looped)
				}
				call := s.calls[sid]
				ruled := slices.ContainsFunc(call.Trace, func(d policy.Decision) bool { return d.Rule == "call.loop" })
				if fail == nil && (call.Outcome() != policy.Refused || !ruled || call.From != from) {
					t.Errorf("a call from %s at %s: outcome %q, trace %+v, from %q", from.Full(), path, call.Outcome(), call.Trace, call.From.Full())
				}
			}
		}
	}
}

// TestALoopStaysRefused holds that neither a retry nor the failure of the answer makes us answer a loop, and that it is counted once.
func TestALoopStaysRefused(t *testing.T) {
	s := newServer(t)
	for i, path := range []string{"/voice", "/voice", "/fallback", "/fallback", "/fallback"} {
		if !rejects(t, s, path, first("From", us.Full(), "ErrorUrl", publicURL+"/voice", "ErrorCode", "12100")...) {
			t.Errorf("request %d, of %s, is answered", i+1, path)
		}
	}
	s.post("/status", "CallStatus", "busy")
	if s.looped != 1 || s.calls[sid].Outcome() != policy.Refused {
		t.Errorf("counted %d times, with the outcome %q", s.looped, s.calls[sid].Outcome())
	}
}

// TestForwardedBySpecialist holds whose forwarded calls are loops: those of a specialist whom we ring for another call, at that time.
func TestForwardedBySpecialist(t *testing.T) {
	hunts := func(s *server) {
		s.post("/voice")
		s.post("/voice/number/1", "Digits", "204518")
		s.post("/voice/menu/2", "Digits", "1")
	}
	picked := func(s *server) {
		hunts(s)
		s.post("/leg/"+sid+"/screen/1", "CallSid", legSID, "Direction", "outbound-dial", "To", oncall1.Full())
	}
	talks := func(s *server) {
		picked(s)
		s.post("/leg/"+sid+"/answer/1", "CallSid", legSID, "Direction", "outbound-dial", "To", oncall1.Full(), "Digits", "1")
	}
	over := func(s *server) {
		hunts(s)
		s.post("/status", "CallStatus", "completed", "CallDuration", "40")
	}
	ago := func(d time.Duration) func(*server) {
		return func(s *server) {
			hunts(s)
			c := s.calls[sid]
			c.StartedAt, c.State.RungAt = tuesday.Add(-d), tuesday.Add(-d)
			s.calls[sid] = c
		}
	}
	older := func(s *server) { // which kept no time of it
		hunts(s)
		c := s.calls[sid]
		c.State.RungAt = time.Time{}
		s.calls[sid] = c
	}
	for name, row := range map[string]struct {
		before func(*server)
		by     policy.Phone
		loop   bool
	}{
		"the specialist is rung":             {hunts, oncall1, true},
		"in another spelling":                {hunts, "sip:15550100001@mobile.example", true},
		"the specialist has picked up":       {picked, oncall1, true},
		"the specialist talks":               {talks, oncall1, false},
		"that call is over":                  {over, oncall1, false},
		"that call has rung for a while":     {ago(30 * time.Second), oncall1, true},
		"that call's end was not reported":   {ago(80 * time.Second), oncall1, false},
		"it rings since the version before":  {older, oncall1, true},
		"nobody is rung":                     {func(*server) {}, oncall1, false},
		"another specialist is rung":         {hunts, general, false},
		"somebody else forwards":             {hunts, caller, false},
		"nobody forwards":                    {hunts, "", false},
		"who forwards withholds the number":  {hunts, "anonymous", false},
		"the carrier says what nobody knows": {hunts, "+", false},
	} {
		s := newServer(t)
		row.before(s)
		if got := rejects(t, s, "/voice", first("CallSid", otherSID, "From", "+441632960999", "ForwardedFrom", row.by.Full())...); got != row.loop {
			t.Errorf("%s: refused is %t", name, got)
		}
		if want := map[bool]int{true: 1}[row.loop]; s.looped != want {
			t.Errorf("%s: counted %d times", name, s.looped)
		}
	}
}

// TestASpecialistCallsTheLine: a specialist who is rung, or whom we once rang, may call as anybody else.
func TestASpecialistCallsTheLine(t *testing.T) {
	s := newServer(t)
	s.post("/voice")
	s.post("/voice/number/1", "Digits", "204518")
	s.post("/voice/menu/2", "Digits", "1")
	if rejects(t, s, "/voice", first("CallSid", otherSID, "From", oncall1.Full())...) {
		t.Error("refused")
	}
}

// TestForwardedWithoutTheLog: nobody knows who is rung, so every specialist's telephone counts. A call that goes on is never cut off.
func TestForwardedWithoutTheLog(t *testing.T) {
	s := newServer(t)
	s.fail = errors.New("no store")
	for by, want := range map[policy.Phone]bool{oncall1: true, general: true, "sip:oncall@example.com": true, "+441632960111": false, "": false} {
		for _, path := range []string{"/voice", "/plain", "/fallback"} {
			if got := rejects(t, s, path, first("ForwardedFrom", by.Full(), "ErrorUrl", publicURL+"/voice")...); got != want {
				t.Errorf("forwarded by %q at %s: refused is %t", by.Full(), path, got)
			}
		}
		if rejects(t, s, "/voice/menu/3", "ForwardedFrom", by.Full(), "Digits", "1") {
			t.Errorf("forwarded by %q: a caller at the menu is cut off", by.Full())
		}
	}
}

// TestALineIsDialledInAnySpelling holds that a line is found, and logged, as itself.
func TestALineIsDialledInAnySpelling(t *testing.T) {
	for _, to := range []string{"448000668187", "sip:+448000668187@sip.example.com", "tel:+448000668187"} {
		s := newServer(t)
		s.post("/voice", first("To", to)...)
		s.post("/status", "To", to, "CallStatus", "completed")
		if c := s.calls[sid]; c.Line != uk || c.Outcome() != policy.Abandoned {
			t.Errorf("a call to %s is logged on %q, with the outcome %q", to, c.Line.Full(), c.Outcome())
		}
	}
}
