package ivr_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
)

// recorder records where documents ask for it, as the provider does, and lists what asked.
type recorder struct {
	t    *testing.T
	s    *server
	said []string
}

// heeds reads a document and sends the callback of the recording that it asks for.
func (r *recorder) heeds(w *httptest.ResponseRecorder) {
	r.t.Helper()
	for _, v := range document(r.t, w).Verbs {
		switch v := v.(type) {
		case twilio.Record:
			r.records("a message", v.RecordingStatusCallback)
		case twilio.Dial:
			if v.Record != "" {
				r.records("the dial", v.RecordingStatusCallback)
			}
			for _, n := range v.Nouns {
				if room, ok := n.(twilio.Conference); ok && room.Record != "" {
					r.records("the conference", room.RecordingStatusCallback)
				}
			}
		}
	}
}

func (r *recorder) records(what, callback string) {
	r.said = append(r.said, what)
	r.s.post(strings.TrimPrefix(callback, publicURL), "RecordingUrl", "https://api.twilio.com/r/RE1", "RecordingSid", "RE1",
		"RecordingDuration", "61", "RecordingStatus", "completed")
}

// TestRecordingsThatNeverCameAreNotLogged: a callback of a recording that goes on, or of which nothing is left, has an address as well.
func TestRecordingsThatNeverCameAreNotLogged(t *testing.T) {
	s := newServer(t)
	s.post("/voice")
	for _, status := range []string{"in-progress", "absent"} {
		for _, path := range []string{"/recording/talk", "/recording/message", "/conference/" + sid + "/recording"} {
			s.post(path, "RecordingUrl", "https://api.twilio.com/r/RE1", "RecordingSid", "RE1", "RecordingDuration", "0", "RecordingStatus", status)
			if call := s.calls[sid]; call.Message != nil || len(call.Recordings) > 0 {
				t.Errorf("%s, %s: %+v %+v", path, status, call.Message, call.Recordings)
			}
		}
	}
}

// TestNothingRecordsUnlessConfigured holds rule 13, in both ways of ringing: with recording off no document of a talk asks for a recording,
// nobody hears of one, and the log has none. With recording on exactly one does, and both sides are told.
func TestNothingRecordsUnlessConfigured(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                string
		outbound, recording bool
		said                []string
	}{
		{"dialled, off", false, false, nil},
		{"outbound, off", true, false, nil},
		{"dialled, on", false, true, []string{"the dial"}},
		{"outbound, on", true, true, []string{"the conference"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			own := settings(t)
			own.Recording = test.recording
			s, ringer := ringingServer(t, &board{}, own, test.outbound)
			r := &recorder{t: t, s: s}
			leg := func(path, keys string) *httptest.ResponseRecorder {
				prefix := "/leg/" + sid
				if test.outbound {
					prefix += "/3"
				}
				return s.post(prefix+path, "CallSid", legSID, "From", string(uk), "To", string(oncall1), "Direction", "outbound-api", "Digits", keys)
			}
			r.heeds(s.post("/voice"))
			r.heeds(s.post("/voice/number/1", "Digits", "204518"))
			ringing := s.post("/voice/menu/2", "Digits", "1")
			r.heeds(ringing)
			ringer.Wait()
			screening := leg("/screen/1", "")
			r.heeds(screening)
			r.heeds(leg("/answer/1", "1"))
			ringer.Wait()
			if test.outbound {
				r.heeds(s.post("/voice/wait/3?fetched=1"))
				r.heeds(s.post("/voice/rang/4"))
			} else {
				r.heeds(s.post("/voice/rang/3", "DialCallStatus", "completed", "DialCallSid", legSID, "DialCallDuration", "60", "DialBridged", "true"))
			}
			for _, path := range []string{"/plain", "/plain/key", "/plain/rang/critical/0", "/plain/screen"} { // nobody is told there
				before := len(r.said)
				if r.heeds(s.post(path)); len(r.said) > before {
					t.Errorf("%s records, and says so to nobody", path)
				}
			}
			if diff := cmp.Diff(test.said, r.said); diff != "" {
				t.Errorf("documents that record (-want +got):\n%s", diff)
			}
			for who, heard := range map[string]*httptest.ResponseRecorder{"the caller": ringing, "the specialist": screening} {
				if told := strings.Contains(strings.ToLower(spoken(document(t, heard).Verbs)), "recorded"); told != test.recording {
					t.Errorf("%s is told of a recording: %t", who, told)
				}
			}
			call := s.calls[sid]
			if len(call.Recordings) != len(test.said) || call.Message != nil || call.Outcome() != "served" {
				t.Errorf("the log of a call that ended %q has %v and %v", call.Outcome(), call.Recordings, call.Message)
			}
		})
	}
}
