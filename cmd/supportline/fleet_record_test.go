package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio"
)

// recordedSound is the recording of a recorded call.
const recordedSound = "RE00000000000000000000000000000000"

// record records the calls of the fleet from one process with a file, which answers as the fleet has to.
func (f *fleet) record() {
	f.Helper()
	conf := f.conf
	type played struct {
		name    string
		play    func(*recorder)
		outcome policy.Outcome
		counted bool
	}
	all := []played{
		{"served", func(r *recorder) { r.sent = recordCall(f, conf, r.app) }, policy.Served, true},
		{"left while it rang", (*recorder).leaves, policy.Abandoned, false},
		{"left a message", (*recorder).leavesMessage, "voicemail", false},
	}
	if f.outside != nil {
		all = append(all, played{missedOne, (*recorder).missesCritical, policy.Unanswered, false})
	}
	for _, s := range all {
		conf.Store = config.Store{File: filepath.Join(f.TempDir(), "supportline.db")}
		app := must(server.Open(conf, time.Now, zap.NewNop(), 1<<20))
		importExamples(f, app.Store)
		f.importCriticals(app.Store)
		var states []state
		r := &recorder{b: f, conf: conf, app: watched{app.Webhooks, func() { states = append(states, f.recordedState(app.Store)) }}}
		s.play(r)
		call := must(app.Store.Call(f.Context(), recordedCall))
		if call.Outcome() != s.outcome {
			f.Fatalf("the recorded call %q ended as %s", s.name, call.Outcome())
		}
		f.scripts = append(f.scripts, script{s.name, r.sent, states, s.outcome, s.counted, s.name == missedOne})
		if err := app.Close(); err != nil {
			f.Fatal(err)
		}
	}
}

// watched is a handler that somebody looks at after each request.
type watched struct {
	http.Handler
	look func()
}

func (w watched) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	w.Handler.ServeHTTP(to, r)
	w.look()
}

// state is what a log has of a call: the call without its times, and what it adds to the account's usage.
type state struct {
	call  string
	usage fleetFigures
}

func (f *fleet) recordedState(log *store.Store) state {
	f.Helper()
	return state{timeless(must(log.Call(f.Context(), recordedCall))), f.figures(log)}
}

var (
	anyTime  = regexp.MustCompile(`"([A-Z][a-z]{2} )?[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][^"]*"`)
	anyMonth = regexp.MustCompile(`"month": "[0-9-]*"`)
)

// timeless returns a call with its history as text, without its times.
func timeless(c policy.Call) string {
	text := anyTime.ReplaceAll(must(json.MarshalIndent(c, "", " ")), []byte(`"then"`))
	return string(anyMonth.ReplaceAll(text, []byte(`"month": "then"`)))
}

func (r *recorder) caller(more ...string) url.Values {
	return r.params(recordedCall, append([]string{"From", "+442079460018", "To", "+448000668187", "Direction", "inbound", "CallStatus", "in-progress"}, more...)...)
}

func (r *recorder) leg(more ...string) url.Values {
	return r.params(recordedLeg, append([]string{"From", "+448000668187", "To", "+15550100003", "Direction", "outbound-dial", "ParentCallSid", recordedCall}, more...)...)
}

// rings brings the call to where the specialist rings.
func (r *recorder) rings() twilio.Dial {
	menu := r.post(r.conf.PublicURL+"/voice", r.caller("CallStatus", "ringing"))
	menu = r.post(gather(menu).Action, r.caller("Digits", "204518"))
	dial := only[twilio.Dial](r.b, r.post(gather(menu).Action, r.caller("Digits", "5")))
	for _, status := range []string{"initiated", "ringing"} {
		r.post(dial.Nouns[0].(twilio.Number).StatusCallback, r.leg("CallStatus", status))
	}
	return dial
}

// leaves is a caller who hangs up while it rings.
func (r *recorder) leaves() {
	dial := r.rings()
	r.post(dial.Nouns[0].(twilio.Number).StatusCallback, r.leg("CallStatus", "no-answer", "CallDuration", "0"))
	r.post(r.conf.PublicURL+"/status", r.caller("CallStatus", "completed", "CallDuration", "25"))
}

// leavesMessage is a caller whom nobody answers, and who leaves a message.
func (r *recorder) leavesMessage() {
	dial := r.rings()
	r.post(dial.Nouns[0].(twilio.Number).StatusCallback, r.leg("CallStatus", "no-answer", "CallDuration", "0"))
	next := r.post(dial.Action, r.caller("DialCallStatus", "no-answer", "DialCallSid", recordedLeg))
	asked := only[twilio.Record](r.b, next)
	sound := []string{"RecordingUrl", "https://api.example.com/" + recordedSound, "RecordingSid", recordedSound, "RecordingDuration", "7"}
	r.post(asked.Action, r.caller(sound...))
	if asked.RecordingStatusCallback != "" {
		r.post(asked.RecordingStatusCallback, r.caller(append(sound, "RecordingStatus", "completed")...))
	}
	r.post(r.conf.PublicURL+"/status", r.caller("CallStatus", "completed", "CallDuration", "61"))
}
