package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

func copyOf(sid string, at time.Time) policy.RecordingCopy {
	return policy.RecordingCopy{Bucket: "folder:/r", File: sid + ".wav", Type: "audio/x-wav", Bytes: 44, SHA256: "c0ffee", At: at}
}

// messages are the reports of two voicemails on one call, one of them first without a SID, and of a recording of the talk.
func messages() []policy.Report {
	const address = "https://api.example/Recordings/"
	return []policy.Report{
		{Message: &policy.Recording{URL: address + "RE1", Seconds: 12, At: at(200)}},
		{Message: &policy.Recording{SID: "RE1", URL: address + "RE1", Seconds: 12, At: at(201)}},
		{Message: &policy.Recording{SID: "RE2", URL: address + "RE2", Seconds: 20, At: at(300)}},
		{Message: &policy.Recording{SID: "RE3", URL: address + "RE3", Seconds: 0, At: at(310)}},
		{Recording: &policy.Recording{SID: "RE4", URL: address + "RE4", Seconds: 130, At: at(192)}},
	}
}

// TestRecordingsConverge: for any order and repetition of reports, every recording is known by its SID, the longer voicemail
// is the call's, and nothing that we did with one is forgotten.
func TestRecordingsConverge(t *testing.T) {
	t.Parallel()
	want := policy.Call{SID: "CA0"}
	for _, r := range messages() {
		want = want.Learn(r)
	}
	if want.Message.SID != "RE2" || len(want.Recorded()) != 3 {
		t.Fatalf("%+v and %+v", want.Message, want.Recordings)
	}
	want = want.LearnCopy("RE1", copyOf("RE1", at(400))).LearnCopy("RE2", copyOf("RE2", at(401))).LearnDeleted("RE2", at(402))
	want = want.LearnFailed("RE4", policy.StepFetch, "not yet", at(500))
	rapid.Check(t, func(rt *rapid.T) {
		got := policy.Call{SID: "CA0"}
		again := rapid.SliceOfN(rapid.SampledFrom(messages()), 0, 8).Draw(rt, "again")
		todo := map[string]func(policy.Call) policy.Call{
			"RE1": func(c policy.Call) policy.Call { return c.LearnCopy("RE1", copyOf("RE1", at(400))) },
			"RE2": func(c policy.Call) policy.Call {
				return c.LearnCopy("RE2", copyOf("RE2", at(401))).LearnDeleted("RE2", at(402)).LearnDeleted("RE2", at(403))
			},
			"RE4": func(c policy.Call) policy.Call {
				return c.LearnFailed("RE4", policy.StepFetch, "not yet", at(500)).LearnFailed("RE4", policy.StepDelete, "never", at(1))
			},
		}
		for _, r := range rapid.Permutation(append(messages(), again...)).Draw(rt, "order") {
			got = got.Learn(r)
			for sid, does := range todo { // as soon as it is known, and once
				if _, known := got.Recording(sid); known {
					got = does(got)
					delete(todo, sid)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("the order shows (-in order +shuffled):\n%s", diff)
		}
	})
}

// TestStepsOfARecording: fetched, then deleted at the provider; a failure is kept until the step is done.
func TestStepsOfARecording(t *testing.T) {
	c := policy.Call{SID: "CA0"}.Learn(policy.Report{Recording: &policy.Recording{SID: "RE1", Seconds: 5, At: at(1)}})
	step := func(what string, next policy.Call, want policy.RecordingStep, tries int) {
		t.Helper()
		c = next
		r, known := c.Recording("RE1")
		if !known || r.Step() != want || r.Tries != tries || (tries == 0) != (r.Error == "" && r.NextAt.IsZero()) {
			t.Errorf("%s: %+v, step %q", what, r, r.Step())
		}
	}
	step("new", c, policy.StepFetch, 0)
	step("failed", c.LearnFailed("RE1", policy.StepFetch, "down", at(9)), policy.StepFetch, 1)
	step("deleted before it was copied", c.LearnDeleted("RE1", at(9)), policy.StepFetch, 1)
	step("copied", c.LearnCopy("RE1", copyOf("RE1", at(10))), policy.StepDelete, 0)
	step("copied again", c.LearnCopy("RE1", copyOf("RE1", at(11))), policy.StepDelete, 0)
	step("a late failure of the fetching", c.LearnFailed("RE1", policy.StepFetch, "down", at(9)), policy.StepDelete, 0)
	step("failed to delete", c.LearnFailed("RE1", policy.StepDelete, "down", at(19)), policy.StepDelete, 1)
	step("deleted", c.LearnDeleted("RE1", at(20)), "", 0)
	if r, _ := c.Recording("RE1"); !r.Copy.At.Equal(at(10)) {
		t.Errorf("the copy became that of %v", r.Copy.At)
	}
}

// TestRecordingsOfAnErasedCall do not come back with late reports (rule 13); they are removed here and at the provider.
func TestRecordingsOfAnErasedCall(t *testing.T) {
	before := erasable().LearnCopy("RE1", copyOf("RE1", at(9)))
	after := before.Anonymised()
	late := after.LearnCopy("RE2", copyOf("RE2", at(9))).LearnFailed("RE2", policy.StepFetch, "down", at(9)).LearnDeleted("RE1", at(9))
	for _, r := range messages() {
		late = late.Learn(r)
	}
	if diff := cmp.Diff(after, late); diff != "" {
		t.Errorf("an erased call learned (-want +got):\n%s", diff)
	}
	want := []policy.Removal{
		{SID: "RE1", Why: policy.RemovalErased, At: at(10), Bucket: "folder:/r"},
		{SID: "RE2", Why: policy.RemovalErased, At: at(10)},
	}
	if diff := cmp.Diff(want, before.Removals(policy.RemovalErased, at(10))); diff != "" {
		t.Errorf("what has to go (-want +got):\n%s", diff)
	}
}

// TestRecordingBesideOneWithoutAUsableSID: what can be removed is removed, whatever else the call has.
func TestRecordingBesideOneWithoutAUsableSID(t *testing.T) {
	c := policy.Call{SID: "CA0", Message: &policy.Recording{SID: "../RE0", Seconds: 1}, Recordings: []policy.Recording{{SID: "RE 1"}, {SID: "RE2"}}}
	want := []policy.Removal{{SID: "RE2", Why: policy.RemovalExpired, At: at(10)}}
	if diff := cmp.Diff(want, c.Removals(policy.RemovalExpired, at(10))); diff != "" {
		t.Errorf("what has to go (-want +got):\n%s", diff)
	}
}

// TestLearningOfRecordingsKeepsItsInput: a call is a value.
func TestLearningOfRecordingsKeepsItsInput(t *testing.T) {
	c := policy.Call{SID: "CA0"}
	for _, r := range messages() {
		c = c.Learn(r)
	}
	for name, does := range map[string]func(policy.Call, string) policy.Call{
		"copy": func(c policy.Call, sid string) policy.Call { return c.LearnCopy(sid, copyOf(sid, at(400))) },
		"failure": func(c policy.Call, sid string) policy.Call {
			return c.LearnFailed(sid, policy.StepFetch, "down", at(9))
		},
		"message": func(c policy.Call, sid string) policy.Call {
			return c.Learn(policy.Report{Message: &policy.Recording{SID: sid, Seconds: 1000}})
		},
	} {
		for _, r := range c.Recorded() {
			before, message := c.Clone(), *c.Message
			does(c, r.SID)
			before.Message = &message
			if diff := cmp.Diff(before, c); diff != "" {
				t.Errorf("the %s of %s wrote into the call:\n%s", name, r.SID, diff)
			}
		}
	}
}

// TestSIDsThatLeadNowhereElse: a file's name and an address are made of them.
func TestSIDsThatLeadNowhereElse(t *testing.T) {
	for sid, want := range map[string]bool{
		"RE0123456789abcdef0123456789abcdef": true, "": false, "../RE1": false, "RE1/..": false, "RE1.wav": false, "RE 1": false,
		"RE\x001": false, strings.Repeat("R", 65): false,
	} {
		if got := policy.StorableSID(sid); got != want {
			t.Errorf("%q: %v, want %v", sid, got, want)
		}
		c := policy.Call{SID: "CA0", Message: &policy.Recording{SID: sid, Seconds: 1}}
		if len(c.Removals(policy.RemovalErased, at(0))) == 1 != want || (c.Message.Step() == policy.StepFetch) != want {
			t.Errorf("%q is taken for one that can be kept", sid)
		}
	}
}

// TestWhereARecordingIs checks the recordings in the trace of a call.
func TestWhereARecordingIs(t *testing.T) {
	c := policy.Call{SID: "CA0", StartedAt: began}
	for _, r := range messages() {
		c = c.Learn(r)
	}
	c = c.LearnCopy("RE1", copyOf("RE1", at(400))).LearnDeleted("RE1", at(402)).LearnFailed("RE4", policy.StepFetch, "not found", at(500))
	var got []string
	for _, d := range (policy.Settings{}).Explain(c, false, at(600)) {
		line := d.Rule + ": " + d.Result
		for _, f := range d.Inputs {
			line += ", " + f.Name + " " + f.Value
		}
		got = append(got, line)
	}
	want := []string{
		"recording: 130 s were recorded, recording RE4",
		"recording.waits: it could not be fetched yet, recording RE4, tries 1, why not found",
		"recording: 12 s were recorded, recording RE1",
		"voicemail: a message of 20 s was left, recording RE2",
		"recording.waits: it is at the provider, recording RE2",
		"recording.kept: fetched, and kept in folder:/r, file RE1.wav, bytes 44, sha-256 c0ffee",
		"recording.deleted: deleted at the provider, recording RE1",
		"end: the call goes on",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
