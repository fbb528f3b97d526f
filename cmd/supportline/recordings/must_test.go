package recordings_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

const (
	account = "AC00000000000000000000000000000001"
	token   = "11111111111111111111111111111111"
	call    = policy.CallSID("CA00000000000000000000000000000001")
	first   = "RE00000000000000000000000000000001" // the voicemail
	second  = "RE00000000000000000000000000000002"
)

// rig is a log with one call that has a voicemail and a recording, the provider's account, a bucket, and an archive, on a clock that the test
// moves.
type rig struct {
	testing.TB
	now     time.Time
	clock   func() time.Time // of the archive, unless it is a.now
	file    string
	store   *store.Store
	at      *fake.Account
	bucket  recordings.Bucket
	archive *recordings.Archive
	told    map[string]int
	o       func(*recordings.Settings)
	log     func(recordings.Log) recordings.Log                // what the archive sees of it
	fails   func(sid string) error                             // what the provider's client answers, where it has given up asking
	wire    func(*http.Request, *http.Response) *http.Response // what becomes of the provider's answers
}

func newRig(t testing.TB, bucket recordings.Bucket, change func(*recordings.Settings)) *rig {
	t.Helper()
	a := &rig{TB: t, now: noon, file: filepath.Join(t.TempDir(), "0.db"), bucket: bucket, o: change, told: map[string]int{}}
	a.at = fake.NewAccount(account, token, func() time.Time { return a.now })
	n := 2
	a.at.Change(func(s *fake.State) {
		for _, sid := range []string{first, second} {
			s.Recordings = append(s.Recordings, twilio.ListedRecording{
				SID: sid, CallSID: string(call), Status: "completed", Seconds: &n, StartedAt: noon.Add(-time.Minute),
			})
		}
	})
	a.open()
	t.Cleanup(func() { _ = a.store.Close() })
	a.advance(func(c policy.Call) policy.Call {
		c.Line, c.From, c.Customer, c.Month, c.StartedAt, c.LeftAt = "+448000668187", "+442079460018", "204518", "2026-11", noon.Add(-time.Hour), noon
		return heard(c)
	})
	if _, err := a.store.ImportCustomers(t.Context(), []policy.Customer{{Number: "204518", Name: "Northwind"}}, "test"); err != nil {
		t.Fatal(err)
	}
	return a
}

// heard is a call after both callbacks.
func heard(c policy.Call) policy.Call {
	made := func(sid string) *policy.Recording {
		return &policy.Recording{SID: sid, URL: "https://api.example/" + sid, Seconds: 2, At: noon.Add(-time.Minute)}
	}
	return c.Learn(policy.Report{Message: made(first)}).Learn(policy.Report{Recording: made(second)})
}

func (a *rig) advance(change func(policy.Call) policy.Call) {
	a.Helper()
	if _, err := a.store.Advance(a.Context(), call, change); err != nil {
		a.Fatal(err)
	}
}

func (a *rig) time() time.Time {
	if a.clock != nil {
		return a.clock()
	}
	return a.now
}

func (a *rig) open() {
	a.Helper()
	var err error
	if a.store, err = bolt.OpenStore(a.file, 1<<20, store.Options{Now: func() time.Time { return a.now }}); err != nil {
		a.Fatal(err)
	}
	a.configure()
}

// configure creates the archive, as the start of the server does.
func (a *rig) configure() {
	a.Helper()
	client, err := twilio.NewAccount(twilio.AccountConfig{AccountSID: account, AuthToken: token, Transport: wired{a}})
	if err != nil {
		a.Fatal(err)
	}
	var s recordings.Settings
	if a.o != nil {
		a.o(&s)
	}
	var log recordings.Log = a.store
	if a.log != nil {
		log = a.log(log)
	}
	a.archive = recordings.New(s, a.bucket, log, failing{client, a}, recordings.Options{
		By: "here", Now: a.time, Random: func() float64 { return 0.5 }, Told: func(what, result string) { a.told[what+" "+result]++ },
	})
}

// killed is kill -9: what the file held at this moment, with the store open, is all that the next process finds.
func (a *rig) killed() {
	a.Helper()
	text, err := os.ReadFile(a.file)
	if err != nil {
		a.Fatal(err)
	}
	if err := a.store.Close(); err != nil {
		a.Fatal(err)
	}
	a.file = filepath.Join(a.TempDir(), "next.db")
	if err := os.WriteFile(a.file, text, 0o600); err != nil {
		a.Fatal(err)
	}
	a.open()
}

// pass does what is due, and checks what was done.
func (a *rig) pass(what string, want recordings.Done) {
	a.Helper()
	got, err := a.archive.Pass(a.Context())
	if err != nil || got != want {
		a.Errorf("%s: %+v, %v; want %+v", what, got, err, want)
	}
}

func (a *rig) call() policy.Call {
	a.Helper()
	c, err := a.store.Call(a.Context(), call)
	if err != nil {
		a.Fatal(err)
	}
	return c
}

func (a *rig) recording(sid string) policy.Recording {
	a.Helper()
	r, known := a.call().Recording(sid)
	if !known {
		a.Fatalf("the call has no recording %s", sid)
	}
	return r
}

// asked returns how many requests the provider got about a recording.
func (a *rig) asked(method, sid string) (n int) {
	a.at.Change(func(s *fake.State) {
		for _, r := range s.Requests {
			if strings.HasPrefix(r, method) && strings.Contains(r, sid) {
				n++
			}
		}
	})
	return n
}

// has reports whether the bucket has a recording's file.
func (a *rig) has(sid string) bool {
	a.Helper()
	file, _, err := a.bucket.Open(a.Context(), sid+".wav")
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	if err != nil {
		a.Fatal(err)
	}
	return file.Close() == nil
}

// played returns what a listener gets.
func (a *rig) played(sid string) string {
	a.Helper()
	o, err := a.archive.Open(a.Context(), call, sid)
	if err != nil {
		return err.Error()
	}
	defer o.Close()
	text, err := io.ReadAll(o)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// s3Store is a store that speaks S3, on this machine, with a bucket in it.
type s3Store struct {
	server *httptest.Server
	s3     recordings.S3
	refuse bool // everything, as a store that is down does
}

func newS3Store(t testing.TB) *s3Store {
	t.Helper()
	memory := s3mem.New()
	if err := memory.CreateBucket("calls"); err != nil {
		t.Fatal(err)
	}
	b := &s3Store{}
	speaks := gofakes3.New(memory).Server()
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b.refuse {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		speaks.ServeHTTP(w, r)
	}))
	t.Cleanup(b.server.Close)
	b.s3 = recordings.S3{
		Endpoint: strings.TrimPrefix(b.server.URL, "http://"), Plain: true, Bucket: "calls", Prefix: "a/b", Region: "eu-west-1", AccessKey: "key", SecretKey: "secret",
	}
	return b
}

func (b *s3Store) bucket(t testing.TB) recordings.Bucket {
	t.Helper()
	p, err := recordings.NewS3Bucket(b.s3)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// everyBucket runs a test on a folder and on a bucket.
func everyBucket(t *testing.T, test func(t *testing.T, bucket recordings.Bucket)) {
	t.Run("folder", func(t *testing.T) { test(t, recordings.NewFolder(filepath.Join(t.TempDir(), "data", "recordings"))) })
	t.Run("bucket", func(t *testing.T) { test(t, newS3Store(t).bucket(t)) })
}

func deleting(s *recordings.Settings) { s.DeleteAtProvider = true }

// failing is the provider's client, which fails as the test wants it to.
type failing struct {
	*twilio.Account
	*rig
}

func (f failing) RecordingMedia(ctx context.Context, sid string) (*twilio.Media, error) {
	if f.fails != nil {
		if err := f.fails(sid); err != nil {
			return nil, err
		}
	}
	return f.Account.RecordingMedia(ctx, sid)
}

// wired is the connection to the provider.
type wired struct{ *rig }

func (w wired) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := fake.Straight(w.at).RoundTrip(r)
	if err == nil && w.wire != nil {
		answer = w.wire(r, answer)
	}
	return answer, err
}

// interfere makes the provider fail about one recording.
func (a *rig) interfere(method, sid string, answer func(w http.ResponseWriter)) {
	a.at.Change(func(s *fake.State) {
		s.Interfere = func(w http.ResponseWriter, r *http.Request) bool {
			if answer == nil || r.Method != method || !strings.Contains(r.URL.Path, sid) {
				return false
			}
			answer(w)
			return true
		}
	})
}

func refuse(status, code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { fake.Refuse(w, status, code, http.StatusText(status)) }
}

// brokenLog fails after so many writes, as a process that is killed does.
type brokenLog struct {
	recordings.Log
	left atomic.Int64
}

var errKilled = errors.New("killed")

func (l *brokenLog) gone() error {
	if l.left.Add(-1) < 0 {
		return errKilled
	}
	return nil
}

func (l *brokenLog) Advance(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error) {
	if err := l.gone(); err != nil {
		return policy.Call{}, err
	}
	return l.Log.Advance(ctx, sid, change)
}

func (l *brokenLog) Removed(ctx context.Context, r policy.Removal) error {
	if err := l.gone(); err != nil {
		return err
	}
	return l.Log.Removed(ctx, r)
}
