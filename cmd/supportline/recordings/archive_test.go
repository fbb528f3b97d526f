package recordings_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

func TestRecordingsAreKept(t *testing.T) {
	everyBucket(t, func(t *testing.T, bucket recordings.Bucket) {
		a := newRig(t, bucket, nil)
		a.pass("at first", recordings.Done{Fetched: 2})
		sound := fake.Sound(2)
		sum := sha256.Sum256(sound)
		want := policy.RecordingCopy{
			Bucket: bucket.Name(), File: first + ".wav", Type: "audio/x-wav", Bytes: int64(len(sound)), SHA256: hex.EncodeToString(sum[:]), At: noon,
		}
		if diff := cmp.Diff(want, *a.recording(first).Copy); diff != "" {
			t.Errorf("the copy in the log (-want +got):\n%s", diff)
		}
		for _, sid := range []string{first, second} {
			if a.played(sid) != string(sound) {
				t.Errorf("%s does not sound as at the provider", sid)
			}
		}
		a.advance(heard) // the callbacks once more
		a.now = a.now.Add(time.Hour)
		a.pass("later", recordings.Done{})
		if got := a.asked("GET", first); got != 1 || a.asked("DELETE", "") != 0 {
			t.Errorf("asked for the sound %d times, deleted %d times", got, a.asked("DELETE", ""))
		}
		if diff := cmp.Diff(map[string]int{"fetch ok": 2}, a.told); diff != "" {
			t.Errorf("counted (-want +got):\n%s", diff)
		}
	})
}

func TestRecordingsAreDeletedAtTheProvider(t *testing.T) {
	everyBucket(t, func(t *testing.T, bucket recordings.Bucket) {
		a := newRig(t, bucket, nil)
		a.pass("while it is off", recordings.Done{Fetched: 2})
		a.o = deleting
		a.configure()
		a.pass("switched on", recordings.Done{Deleted: 2})
		a.pass("again", recordings.Done{})
		if r := a.recording(first); !r.DeletedAt.Equal(noon) || a.asked("DELETE", first) != 1 || a.played("") != string(fake.Sound(2)) {
			t.Errorf("%+v, deleted %d times", r, a.asked("DELETE", first))
		}
	})
}

// TestWithoutABucket: recordings stay at the provider, and those of an erased customer are deleted there all the same.
func TestWithoutABucket(t *testing.T) {
	a := newRig(t, nil, deleting)
	a.pass("without a bucket", recordings.Done{})
	if err := a.archive.Probe(t.Context()); err != nil || a.archive.BucketName() != "" {
		t.Errorf("no bucket is %q, %v", a.archive.BucketName(), err)
	}
	a.erase()
	a.pass("erased", recordings.Done{Removed: 2})
	if a.asked("GET", "") != 0 || a.asked("DELETE", "") != 2 {
		t.Errorf("asked %d times for sound, deleted %d", a.asked("GET", ""), a.asked("DELETE", ""))
	}
}

func (a *rig) erase() {
	a.Helper()
	if _, err := a.store.Erase(a.Context(), "204518", "test", a.now.Add(24*time.Hour)); err != nil {
		a.Fatal(err)
	}
}

// TestProviderThatFails delays one recording and no other, tries again after a pause, and succeeds in the end.
func TestProviderThatFails(t *testing.T) {
	answers := func(answer func(http.ResponseWriter)) func(*rig) {
		return func(a *rig) { a.interfere(http.MethodGet, first, answer) }
	}
	gives := func(err error) func(*rig) {
		return func(a *rig) {
			a.fails = func(sid string) error {
				if sid == first {
					return err
				}
				return nil
			}
		}
	}
	for name, row := range map[string]struct {
		spoil  func(*rig)
		result string // as it is counted
		why    string // in the log
	}{
		"not made yet": {answers(refuse(404, 20404)), "not there", "20404"},
		"refused":      {answers(refuse(403, 20008)), "failed", "20008"},
		"a page of a proxy": {
			answers(func(w http.ResponseWriter) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, "<p>")
			}), "failed", "text/html",
		},
		"no sound": {answers(func(w http.ResponseWriter) { w.Header().Set("Content-Type", "audio/x-wav") }), "failed", "empty"},
		"limited":  {gives(&twilio.Err{Status: 429, Code: 20429}), "failed", "20429"},
		"broken":   {gives(&twilio.Err{Status: 500, Code: 20500}), "failed", "20500"},
		"cut off":  {gives(io.ErrUnexpectedEOF), "failed", "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newRig(t, recordings.NewFolder(t.TempDir()), deleting)
			row.spoil(a)
			a.pass("failing", recordings.Done{Fetched: 1, Deleted: 1, Failed: 1})
			if r := a.recording(first); r.Tries != 1 || !strings.Contains(r.Error, row.why) || !r.NextAt.Equal(noon.Add(10*time.Second)) || a.has(first) {
				t.Errorf("%+v", r)
			}
			if a.told["fetch "+row.result] != 1 || !strings.Contains(a.played(first), "not kept here: "+first+" could not be fetched yet") {
				t.Errorf("counted %v, played %.200q", a.told, a.played(first))
			}
			a.pass("too early", recordings.Done{})
			a.now = a.now.Add(10 * time.Second)
			a.pass("failing on", recordings.Done{Failed: 1})
			if r := a.recording(first); r.Tries != 2 || !r.NextAt.Equal(a.now.Add(30*time.Second)) {
				t.Errorf("%+v", r)
			}
			a.interfere("", "", nil)
			a.fails = nil
			a.now = a.now.Add(30 * time.Second)
			a.pass("well again", recordings.Done{Fetched: 1, Deleted: 1})
			if r := a.recording(first); r.Tries != 0 || r.Error != "" || r.Copy == nil {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestSoundThatBreaksOff leaves neither a file nor a copy in the log.
func TestSoundThatBreaksOff(t *testing.T) {
	everyBucket(t, func(t *testing.T, bucket recordings.Bucket) {
		a := newRig(t, bucket, deleting)
		for name, wire := range map[string]func(*http.Request, *http.Response) *http.Response{
			"shorter than announced": func(_ *http.Request, answer *http.Response) *http.Response {
				answer.Body = io.NopCloser(io.LimitReader(answer.Body, 1000))
				return answer
			},
			"cut off": func(_ *http.Request, answer *http.Response) *http.Response {
				answer.Body = io.NopCloser(io.MultiReader(io.LimitReader(answer.Body, 1000), cut{}))
				return answer
			},
			"cut off, of a length that nobody knew": func(_ *http.Request, answer *http.Response) *http.Response {
				answer.Body, answer.ContentLength = io.NopCloser(io.MultiReader(io.LimitReader(answer.Body, 1000), cut{})), -1
				return answer
			},
		} {
			a.wire = wire
			a.now = a.now.Add(2 * time.Hour)
			a.pass(name, recordings.Done{Failed: 2})
			if r := a.recording(first); r.Copy != nil || !strings.Contains(r.Error, "broke off") || a.has(first) {
				t.Errorf("%s: %+v", name, r)
			}
		}
		a.wire = func(_ *http.Request, answer *http.Response) *http.Response { answer.ContentLength = -1; return answer }
		a.now = a.now.Add(2 * time.Hour)
		a.pass("whole, of a length that nobody knew", recordings.Done{Fetched: 2, Deleted: 2})
	})
}

type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestSoundThatIsGone is asked for once a day: the provider has it no more, but somebody may bring it back.
func TestSoundThatIsGone(t *testing.T) {
	a := newRig(t, recordings.NewFolder(t.TempDir()), nil)
	a.at.Change(func(s *fake.State) { s.Recordings = nil })
	for tries := 1; a.now.Before(noon.Add(10 * 24 * time.Hour)); tries++ {
		a.pass("gone", recordings.Done{Failed: 2})
		r := a.recording(first)
		if pause := r.NextAt.Sub(a.now); r.Tries != tries || pause > 24*time.Hour || (pause == 24*time.Hour) != (a.now.Sub(r.At) > 3*24*time.Hour) {
			t.Fatalf("after %d tries, %v after it was made, the pause is %v", r.Tries, a.now.Sub(r.At), pause)
		}
		a.now = r.NextAt
	}
}

// TestKilledAtAnyWrite: after each write, the next process ends where an undisturbed one does, and nothing is deleted at the provider without
// a copy in the log.
func TestKilledAtAnyWrite(t *testing.T) {
	a := newRig(t, recordings.NewFolder(t.TempDir()), deleting)
	for writes := int64(0); ; writes++ {
		a.log = func(l recordings.Log) recordings.Log {
			broken := &brokenLog{Log: l}
			broken.left.Store(writes % 5)
			return broken
		}
		a.configure()
		_, err := a.archive.Pass(t.Context())
		a.killed()
		a.at.Change(func(s *fake.State) {
			for _, sid := range s.Deleted {
				if r := a.recording(sid); r.Copy == nil || !a.has(sid) {
					t.Errorf("after %d writes %s was deleted at the provider, and the log has %+v", writes, sid, r)
				}
			}
		})
		if err == nil {
			break
		}
		a.now = a.now.Add(6 * time.Minute) // past the claims of the one that was killed
		if !errors.Is(err, errKilled) || writes > 30 {
			t.Fatalf("after %d writes: %v", writes, err)
		}
	}
	for _, sid := range []string{first, second} {
		if r := a.recording(sid); r.Copy == nil || r.DeletedAt.IsZero() || a.played(sid) != string(fake.Sound(2)) {
			t.Errorf("%+v", r)
		}
	}
}

// TestBucketThatFails: recordings wait, none is fetched in vain, and the work goes on when the bucket is well.
func TestBucketThatFails(t *testing.T) {
	b := newS3Store(t)
	blocked := filepath.Join(t.TempDir(), "blocked")
	for name, row := range map[string]struct {
		bucket      recordings.Bucket
		spoil, mend func(t *testing.T)
	}{
		"a bucket that is down": {b.bucket(t), func(*testing.T) { b.refuse = true }, func(*testing.T) { b.refuse = false }},
		"a folder that can't be made": {
			recordings.NewFolder(filepath.Join(blocked, "recordings")),
			func(t *testing.T) { mustWrite(t, blocked, "a file") },
			func(t *testing.T) {
				if err := os.Remove(blocked); err != nil {
					t.Fatal(err)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			row.spoil(t)
			a := newRig(t, row.bucket, deleting)
			if err := a.archive.Probe(t.Context()); err == nil {
				t.Error("nothing is wrong with the bucket")
			}
			a.pass("failing", recordings.Done{Failed: 2, Down: true})
			if r := a.recording(first); r.Tries != 1 || !strings.Contains(r.Error, row.bucket.Name()) {
				t.Errorf("%+v", r)
			}
			a.now = a.now.Add(time.Hour)
			a.pass("failing on", recordings.Done{Down: true})
			if n := a.asked("GET", first); n != 1 {
				t.Errorf("the provider was asked %d times", n)
			}
			row.mend(t)
			a.pass("mended", recordings.Done{Fetched: 2, Deleted: 2})
		})
	}
}

func mustWrite(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// spoiling is a bucket that stores something else than it was given.
type spoiling struct{ recordings.Bucket }

func (p spoiling) Put(ctx context.Context, file, kind string, from io.Reader, size int64) error {
	return p.Bucket.Put(ctx, file, kind, flipped{from}, size)
}

type flipped struct{ io.Reader }

func (f flipped) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if n > 0 {
		p[n-1] ^= 1
	}
	return n, err
}

// TestCopyIsReadBack: one that differs is no copy, and one that was damaged later keeps the provider's alive.
func TestCopyIsReadBack(t *testing.T) {
	folder := t.TempDir()
	a := newRig(t, spoiling{recordings.NewFolder(folder)}, deleting)
	a.pass("a bucket that spoils", recordings.Done{Failed: 2})
	if r := a.recording(first); r.Copy != nil || !strings.Contains(r.Error, "not what was written") || a.has(first) {
		t.Errorf("%+v", r)
	}
	a.bucket, a.o = recordings.NewFolder(folder), nil
	a.configure()
	a.now = a.now.Add(time.Hour)
	a.pass("a good one", recordings.Done{Fetched: 2})
	mustWrite(t, filepath.Join(folder, first+".wav"), "damaged")
	if err := os.Remove(filepath.Join(folder, second+".wav")); err != nil {
		t.Fatal(err)
	}
	a.o = deleting
	a.configure()
	a.pass("after damage", recordings.Done{Failed: 2})
	if a.asked("DELETE", "") != 0 {
		t.Error("the only good one was deleted")
	}
	for sid, want := range map[string]string{first: "not what was written: 7 bytes instead of 32044", second: "not in folder:" + folder + " any more"} {
		if got := a.played(sid); !strings.Contains(got, want) {
			t.Errorf("played %.200q, want %q", got, want)
		}
	}
}

// TestBucketThatMoved: files that were moved along are found in the new bucket, others in the old one where it can be reached.
func TestBucketThatMoved(t *testing.T) {
	b, old, next := newS3Store(t), t.TempDir(), t.TempDir()
	a := newRig(t, recordings.NewFolder(old), nil)
	a.pass("in a folder", recordings.Done{Fetched: 2})
	if err := os.Rename(filepath.Join(old, first+".wav"), filepath.Join(next, first+".wav")); err != nil {
		t.Fatal(err)
	}
	a.bucket = recordings.NewFolder(next)
	a.configure()
	for _, sid := range []string{first, second} {
		if a.played(sid) != string(fake.Sound(2)) {
			t.Errorf("%s is not found: %.200q", sid, a.played(sid))
		}
	}
	a.erase()
	a.pass("erased", recordings.Done{Removed: 2})
	for _, folder := range []string{old, next} {
		if left, err := os.ReadDir(folder); len(left) > 0 || err != nil {
			t.Errorf("left in %s: %v, %v", folder, left, err)
		}
	}
	a = newRig(t, b.bucket(t), nil)
	a.pass("in a bucket", recordings.Done{Fetched: 2})
	a.bucket = recordings.NewFolder(next)
	a.configure()
	if got := a.played(first); !strings.Contains(got, "it was kept in s3:http://127.0.0.1") || !strings.Contains(got, "recordings.keep names folder:") {
		t.Errorf("played %.300q", got)
	}
	a.erase()
	a.pass("a bucket that nobody has the keys of", recordings.Done{Failed: 2})
	a.bucket = b.bucket(t)
	a.configure()
	a.now = a.now.Add(time.Minute)
	a.pass("with the keys again", recordings.Done{Removed: 2})
	a.gone(first, second)
}

func TestOpeningSaysWhatIsMissing(t *testing.T) {
	a := newRig(t, recordings.NewFolder(t.TempDir()), nil)
	for name, row := range map[string]struct {
		call policy.CallSID
		sid  string
		want error
	}{
		"no such call":      {"CA9", "", policy.ErrNoCall},
		"no such recording": {call, "RE9", policy.ErrNoRecording},
		"not fetched yet":   {call, first, policy.ErrNotStored},
	} {
		if _, err := a.archive.Open(t.Context(), row.call, row.sid); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
	}
	a.pass("at first", recordings.Done{Fetched: 2})
	o, err := a.archive.Open(t.Context(), call, "")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if o.SID != first || !o.Message || o.Words() != "the voicemail of 2 s" {
		t.Errorf("the first is %s: %s", o.SID, o.Words())
	}
	if at, err := o.Seek(-4, io.SeekEnd); at != o.Copy.Bytes-4 || err != nil {
		t.Errorf("it can't be played from the middle: %d, %v", at, err)
	}
}

// TestPassAllWaitsForNothing, and makes one attempt for each recording.
func TestPassAllWaitsForNothing(t *testing.T) {
	a := newRig(t, recordings.NewFolder(t.TempDir()), nil)
	a.interfere(http.MethodGet, first, refuse(404, 20404))
	a.pass("failing", recordings.Done{Fetched: 1, Failed: 1})
	if did, err := a.archive.PassAll(t.Context()); did != (recordings.Done{Failed: 1}) || err != nil {
		t.Errorf("%+v, %v", did, err)
	}
	a.interfere("", "", nil)
	if did, err := a.archive.PassAll(t.Context()); did != (recordings.Done{Fetched: 1}) || err != nil {
		t.Errorf("%+v, %v", did, err)
	}
}

// TestWhatWasDoneIsNotedWhileTheProgramStops: otherwise a recording that is gone at the provider would be deleted there again.
func TestWhatWasDoneIsNotedWhileTheProgramStops(t *testing.T) {
	a := newRig(t, recordings.NewFolder(t.TempDir()), nil)
	a.pass("fetched", recordings.Done{Fetched: 2})
	ctx, stop := context.WithCancel(t.Context())
	a.wire = func(r *http.Request, answer *http.Response) *http.Response {
		if r.Method == http.MethodDelete {
			stop()
		}
		return answer
	}
	a.o = deleting
	a.configure()
	if _, err := a.archive.Pass(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a pass that was stopped: %v", err)
	}
	deleted := 0
	for _, sid := range []string{first, second} {
		asked, noted := a.asked("DELETE", sid), !a.recording(sid).DeletedAt.IsZero()
		if deleted += asked; (asked == 1) != noted {
			t.Errorf("%s was deleted %d times, and that is noted: %t", sid, asked, noted)
		}
	}
	if deleted == 0 {
		t.Error("nothing was deleted")
	}
}

// TestRunStopsWhenItIsTold, which is not a failure of the recording.
func TestRunStopsWhenItIsTold(t *testing.T) {
	a := newRig(t, recordings.NewFolder(t.TempDir()), nil)
	under := make(chan struct{}, 2)
	a.wire = func(r *http.Request, answer *http.Response) *http.Response {
		answer.Body = io.NopCloser(&hanging{r.Context(), under})
		return answer
	}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { defer close(over); a.archive.Run(ctx) }()
	<-under
	<-under
	stop()
	<-over
	for _, sid := range []string{first, second} {
		if r := a.recording(sid); r.Tries != 0 || r.Copy != nil || a.has(sid) {
			t.Errorf("%+v", r)
		}
	}
}

// hanging is a sound that does not arrive.
type hanging struct {
	context context.Context
	under   chan<- struct{} // told when it is waited for
}

func (h *hanging) Read([]byte) (int, error) {
	h.under <- struct{}{}
	<-h.context.Done()
	return 0, h.context.Err()
}

// TestARecordingIsFetchedByOneProcess: while one fetches it, another one finds it claimed, and a process that asks for everything at once too. The claim
// of one that died is over after some minutes.
func TestARecordingIsFetchedByOneProcess(t *testing.T) {
	a := newRig(t, recordings.NewFolder(t.TempDir()), nil)
	a.advance(func(c policy.Call) policy.Call {
		return c.LearnClaimed(first, policy.StepFetch, "another", a.now, a.now.Add(5*time.Minute))
	})
	did, err := a.archive.PassAll(t.Context())
	if err != nil || did != (recordings.Done{Fetched: 1}) {
		t.Errorf("%+v, %v", did, err)
	}
	if r := a.recording(first); r.ClaimedBy != "another" || r.Copy != nil {
		t.Errorf("the claimed one is %+v", r)
	}
	a.now = a.now.Add(5 * time.Minute)
	a.pass("after the claim", recordings.Done{Fetched: 1})
	if r := a.recording(first); r.ClaimedBy != "" || r.Copy == nil {
		t.Errorf("the claimed one is %+v", r)
	}
}

// TestAClaimOutlastsALongFetch: it is renewed as long as the sound comes, and released when the process is stopped.
func TestAClaimOutlastsALongFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newRig(t, recordings.NewFolder(t.TempDir()), nil)
		began := time.Now()
		a.clock = func() time.Time { return noon.Add(time.Since(began)) }
		ctx, stop := context.WithCancel(t.Context())
		a.fails = func(string) error {
			time.Sleep(20 * time.Minute) // of the bubble
			if r := a.recording(first); r.ClaimedBy != "here" || !r.NextAt.After(a.clock().Add(3*time.Minute)) {
				t.Errorf("after 20 minutes: %+v", r)
			}
			stop()
			return ctx.Err()
		}
		a.configure()
		if _, err := a.archive.Pass(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		if r := a.recording(first); r.ClaimedBy != "" || r.NextAt.After(a.clock()) {
			t.Errorf("after the stop: %+v", r)
		}
	})
}
