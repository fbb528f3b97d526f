package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/server"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/twilio/fake"
)

// keeps gives the telephony an archive that asks its account.
func (l *telephony) keeps() *recordings.Archive {
	l.t.Helper()
	bucket, err := l.conf.Recordings.OpenBucket()
	if err != nil {
		l.t.Fatal(err)
	}
	l.app.Archive = recordings.New(l.conf.Recordings, bucket, l.app.Store, l.client, recordings.Options{
		Now: l.clock.Now, Random: func() float64 { return 0.5 }, Told: l.app.Counters.Recorded,
	})
	return l.app.Archive
}

// run runs a data command as the person mila, on what the server has open.
func (l *telephony) run(args ...string) (out, words string, status int) {
	l.t.Helper()
	line, err := parse(args, io.Discard, io.Discard)
	if err != nil {
		l.t.Fatal(err)
	}
	var o, w bytes.Buffer
	status = control.Report(&w, line.command.(control.Command).Run(l.t.Context(), &control.Session{
		Terminal: control.Terminal{User: "mila"}, In: strings.NewReader(""), Out: &o, Err: &w, Now: l.clock.Now, Store: l.app.Store,
		Settings: l.conf.Settings, Archive: l.app.Archive,
	}))
	return o.String(), w.String(), status
}

// speaker presses keys and then leaves a message; nobody else is there.
type speaker struct {
	people
	said bool
}

func (p *speaker) Caller(m fake.Moment) fake.Act {
	switch {
	case m.Kind == fake.Recording && !p.said:
		p.said = true
		return fake.Say("please call me back, it is about the printer on the second floor")
	case m.Kind == fake.Recording:
		return fake.HangUp()
	}
	return p.people.Caller(m)
}

func (p *speaker) Specialist(string) fake.Specialist { return fake.Specialist{} }

// voicemail is a call whose caller leaves a message.
func (l *telephony) voicemail() policy.CallSID {
	l.t.Helper()
	l.provision(true)
	l.provider.People = &speaker{people: people{keys: []string{"204518", "5"}}}
	record, err := l.provider.Call(l.t.Context(), fake.Incoming{From: "+442079460018", To: ukLine})
	if err != nil {
		l.t.Fatal(err)
	}
	l.clock.Sleep(2 * time.Second) // the sound is there when the recording's length, in whole seconds, is over
	return policy.CallSID(record.SID)
}

func (l *telephony) pass(what string, want recordings.Done) {
	l.t.Helper()
	if got, err := l.app.Archive.Pass(l.t.Context()); err != nil || got != want {
		l.t.Errorf("%s: %+v, %v; want %+v", what, got, err, want)
	}
}

// TestVoicemailIsKept from the tone to the file, and played; it makes no difference whether its callbacks came.
func TestVoicemailIsKept(t *testing.T) {
	for name, faults := range map[string]fake.Faults{
		"all callbacks": {}, "doubled": {Callbacks: fake.Twice}, "reordered": {Callbacks: fake.Reordered},
		"none": {Callbacks: fake.Lost, NoActionAfterHangUp: true}, "the one of the recording alone": {NoActionAfterHangUp: true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTelephony(t)
			archive := l.keeps()
			l.provider.Faults = faults
			l.at.Change(func(s *fake.State) { s.MediaLag = time.Minute })
			sid := l.voicemail()
			if _, err := l.reconcile(); err != nil {
				t.Fatal(err)
			}
			l.pass("before the provider has made the sound", recordings.Done{Failed: 1})
			out, _, _ := l.run("recordings", "list", "--failed", "--format", "csv")
			if !strings.Contains(out, string(sid)+",fetch,") || !strings.Contains(out, "20404") {
				t.Errorf("what waits: %s", out)
			}
			l.clock.Sleep(2 * time.Minute)
			l.pass("after it", recordings.Done{Fetched: 1})
			o, err := archive.Open(t.Context(), sid, "")
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			file, err := os.ReadFile(filepath.Join(l.conf.Recordings.Folder, o.SID+".wav"))
			if err != nil || !o.Message || !bytes.Equal(file, fake.Sound(o.Seconds)) {
				t.Errorf("%d bytes of %s, %v", len(file), o.Words(), err)
			}
		})
	}
}

// TestTalkIsKeptWhereTheCompanyRecords, and deleted at the provider.
func TestTalkIsKeptWhereTheCompanyRecords(t *testing.T) {
	l := newTelephony(t, func(c *config.Config) { c.Settings.Recording, c.Recordings.DeleteAtProvider = true, true })
	l.keeps()
	l.provision(true)
	record, _ := l.call(ukLine, "204518", "1")
	l.pass("after the call", recordings.Done{Fetched: 1, Deleted: 1})
	l.at.Change(func(s *fake.State) {
		if len(s.Recordings) != 0 || len(s.Deleted) != 1 {
			t.Errorf("the provider has %d, and deleted %v", len(s.Recordings), s.Deleted)
		}
	})
	if found, err := l.reconcile(); len(found) > 0 || err != nil {
		t.Errorf("reconcile put right %+v, %v", found, err)
	}
	out, words, status := l.run("calls", "recording", record.SID)
	if status != control.Done || out != string(fake.Sound(90)) || !strings.Contains(words, "a recording of 90 s") {
		t.Errorf("status %d, %d bytes: %s", status, len(out), words)
	}
	told := httptest.NewRecorder()
	l.app.Health.ServeHTTP(told, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{`supportline_recordings_total{result="ok",what="fetch"} 1`, `supportline_recordings_total{result="ok",what="delete"} 1`} {
		if !strings.Contains(told.Body.String(), want) {
			t.Errorf("%s is not among the metrics", want)
		}
	}
}

// TestListeningIsNoted in the audit, before a sound is heard, and nothing is heard that can't be noted.
func TestListeningIsNoted(t *testing.T) {
	l := newTelephony(t)
	l.keeps()
	sid := l.voicemail()
	l.pass("after the call", recordings.Done{Fetched: 1})
	if out, words, status := l.run("calls", "recording", string(sid), "--by", "anna"); status != control.Done || !strings.HasPrefix(out, "RIFF") {
		t.Fatalf("status %d: %s", status, words)
	}
	var last users.AuditEntry
	for e, err := range l.app.Store.Audit(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		last = e
	}
	want := users.AuditEntry{At: l.clock.Now(), By: "anna", Act: "reveal", Customer: "204518", Subject: string(sid), Detail: last.Detail}
	if diff := cmp.Diff(want, last); diff != "" || !strings.HasPrefix(last.Detail, "the voicemail of ") {
		t.Errorf("%q (-want +got):\n%s", last.Detail, diff)
	}
	l.app.Store.FailWrites(io.ErrShortWrite)
	if out, _, status := l.run("calls", "recording", string(sid)); out != "" || status != control.FailedExit {
		t.Errorf("status %d, %d bytes were heard", status, len(out))
	}
}

// TestFileThatWasChanged is not taken for the recording.
func TestFileThatWasChanged(t *testing.T) {
	l := newTelephony(t)
	l.keeps()
	sid := l.voicemail()
	l.pass("after the call", recordings.Done{Fetched: 1})
	call, err := l.app.Store.Call(t.Context(), sid)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(l.conf.Recordings.Folder, call.Message.Copy.File)
	if err := os.WriteFile(name, make([]byte, call.Message.Copy.Bytes), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, words, status := l.run("calls", "recording", string(sid)); status != control.FailedExit || !strings.Contains(words, "not what was written") {
		t.Errorf("status %d: %s", status, words)
	}
}

// TestWhereARecordingIsIsShown in the history of its call and in its customer's export.
func TestWhereARecordingIsIsShown(t *testing.T) {
	l := newTelephony(t)
	l.keeps()
	sid := l.voicemail()
	if out, _, _ := l.run("calls", "explain", string(sid)); !strings.Contains(out, "it is at the provider") {
		t.Errorf("before it is fetched:\n%s", out)
	}
	if _, words, status := l.run("calls", "recording", string(sid)); status != control.RefusedExit || !strings.Contains(words, "was not fetched yet") {
		t.Errorf("status %d: %s", status, words)
	}
	_, words, status := l.run("recordings", "fetch")
	if status != control.Done || words != "1 fetched, 0 deleted at the provider, 0 removed\n" {
		t.Errorf("status %d: %s", status, words)
	}
	if out, _, _ := l.run("calls", "explain", string(sid), "--format", "json"); !strings.Contains(out, "kept in folder:"+l.conf.Recordings.Folder) {
		t.Errorf("after it:\n%s", out)
	}
	out, _, _ := l.run("customers", "export", "204518")
	var got struct {
		Calls []struct{ Message policy.Recording }
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Calls) != 1 || len(got.Calls[0].Message.Copy.SHA256) != 64 {
		t.Errorf("%v: %s", err, out)
	}
}

// TestFailuresAreSaid by the commands: which step, why, and when it is tried again.
func TestFailuresAreSaid(t *testing.T) {
	l := newTelephony(t)
	l.keeps()
	l.voicemail()
	l.at.Change(func(s *fake.State) { s.Recordings, s.UnlistedMedia = nil, false })
	_, words, status := l.run("recordings", "fetch")
	if status != control.RefusedExit || !strings.Contains(words, "1 recording failed") {
		t.Errorf("status %d: %s", status, words)
	}
	out, _, _ := l.run("recordings", "list")
	if lines := strings.Split(out, "\n"); !strings.HasPrefix(lines[0], "RECORDING") || !strings.Contains(lines[1], "fetch") || !strings.Contains(lines[1], "20404") {
		t.Errorf("what waits:\n%s", out)
	}
	blocked := filepath.Join(t.TempDir(), "blocked")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.conf.Recordings.Folder = filepath.Join(blocked, "recordings")
	archive := l.keeps()
	l.at.Change(func(s *fake.State) { s.UnlistedMedia = true })
	if _, err := archive.PassAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, words, status = l.run("recordings", "fetch"); status != control.RefusedExit || !strings.Contains(words, "supportline doctor") {
		t.Errorf("status %d: %s", status, words)
	}
	l.conf.Recordings = recordings.Settings{}
	l.keeps()
	if out, words, status = l.run("recordings", "list"); status != control.Done || out != "" || !strings.Contains(words, "stay at the provider") {
		t.Errorf("without a place: status %d, %s%s", status, out, words)
	}
}

// TestRecordingReportedAfterTheErasing is removed at the provider when reconcile meets it there.
func TestRecordingReportedAfterTheErasing(t *testing.T) {
	l := newTelephony(t)
	l.keeps()
	l.provider.Faults = fake.Faults{Callbacks: fake.Lost, NoActionAfterHangUp: true}
	l.voicemail()
	if _, err := l.app.Store.Erase(t.Context(), "204518", "mila", l.clock.Now().Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	l.pass("erased, and unknown of", recordings.Done{})
	for range 2 {
		if found, err := l.reconcile(); err != nil {
			t.Fatalf("%+v, %v", found, err)
		}
	}
	l.pass("met by reconcile", recordings.Done{Removed: 1})
	if _, err := l.reconcile(); err != nil {
		t.Fatal(err)
	}
	l.pass("in the end", recordings.Done{})
	l.at.Change(func(s *fake.State) {
		if len(s.Recordings) > 0 {
			t.Errorf("the provider still has %+v", s.Recordings)
		}
	})
}

// TestRetentionTakesTheSound with the call, in the server's own night.
func TestRetentionTakesTheSound(t *testing.T) {
	l := newTelephony(t)
	l.keeps()
	l.voicemail()
	l.pass("after the call", recordings.Done{Fetched: 1})
	later := l.clock.Now().Add(l.conf.Settings.Retention + 48*time.Hour)
	j := &server.Jobs{Store: l.app.Store, Settings: l.conf.Settings, Log: zap.NewNop(), Wake: func() {}}
	if err := j.Retain(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	l.pass("after the night", recordings.Done{Removed: 1})
	if left, err := os.ReadDir(l.conf.Recordings.Folder); len(left) > 0 || err != nil {
		t.Errorf("left: %v, %v", left, err)
	}
}
