package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// filled returns the path of a closed file with one call in it.
func filled(t *testing.T) string {
	t.Helper()
	f := newFile(t)
	s := f.open(t, store.Options{})
	if _, err := s.Advance(t.Context(), "CA1", func(c policy.Call) policy.Call { c.Customer, c.Month = "204518", "2026-11"; return c }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return f.path
}

// foreign changes a bbolt file, and returns its path.
func foreign(t *testing.T, path string, fill func(*bbolt.Tx) error) string {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(fill); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// setVersions makes a file that of a version, and says which one is the oldest whose programs may run on it.
func setVersions(schema, oldest string) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		return errors.Join(setSchema(schema)(tx), tx.Bucket([]byte("meta")).Put([]byte("oldest"), []byte(oldest)))
	}
}

func setSchema(version string) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("schema"), []byte(version)) }
}

// badFiles has files whose content is not ours, or is not for this version. Those that the engine refuses are tested there.
var badFiles = []struct {
	name string
	path func(t *testing.T) string
	want error
	says string
}{
	{"another program's bbolt file", func(t *testing.T) string {
		return foreign(t, filepath.Join(t.TempDir(), "other.db"), func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket([]byte("wiki"))
			return err
		})
	}, store.ErrNotOurs, "give another path"},
	{"another program's file with a bucket like ours", func(t *testing.T) string {
		return foreign(t, filepath.Join(t.TempDir(), "other.db"), func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket([]byte("meta"))
			return err
		})
	}, store.ErrNotOurs, "give another path"},
	{"from a newer version", func(t *testing.T) string { return foreign(t, filled(t), setVersions("99", "98")) }, store.ErrNewer, "run the version that wrote it"},
	{"with a rotation that an older version left", func(t *testing.T) string {
		return foreign(t, filled(t), func(tx *bbolt.Tx) error {
			return errors.Join(setSchema("3")(tx), tx.Bucket([]byte("meta")).Put([]byte("rotation"), []byte(`{"stage":"created"}`)))
		})
	}, store.ErrRotation, "start that version again"},
}

func TestAFileThatCannotBeOpenedIsNamedAndLeftAsItIs(t *testing.T) {
	for _, test := range badFiles {
		t.Run(test.name, func(t *testing.T) {
			for _, readOnly := range []bool{false, true} {
				path := test.path(t)
				before, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				refused(t, path, store.Options{ReadOnly: readOnly}, test.want, test.says)
				after, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(before, after) {
					t.Error("the file was written to")
				}
			}
		})
	}
}

// refused opens a path, and checks that the error is of a kind, names the path and says what to do.
func refused(t *testing.T, path string, o store.Options, want error, says string) {
	t.Helper()
	s, err := bolt.OpenStore(path, 1<<20, o)
	if err == nil {
		_ = s.Close()
		t.Fatal("it was opened")
	}
	if want != nil && !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), says) {
		t.Errorf("the message %q does not name the file and say %q", err, says)
	}
}

func TestAnOlderFileGetsItsIndexAnew(t *testing.T) {
	path := foreign(t, withACase(t), func(tx *bbolt.Tx) error {
		if err := tx.DeleteBucket([]byte("index")); err != nil {
			return err
		}
		return setSchema("0")(tx)
	})
	refused(t, path, store.Options{ReadOnly: true}, store.ErrReadOnly, "opened for writing once")
	s := file{path}.open(t, store.Options{})
	calls := 0
	for _, err := range s.Calls(t.Context(), policy.Filter{Customer: "204518"}) {
		if calls++; err != nil {
			t.Error(err)
		}
	}
	if calls != 1 {
		t.Errorf("the account has %d calls, want the one that was there", calls)
	}
	if summaries, err := s.AccountSummaries(t.Context(), "204518", "2026-11"); err != nil || len(summaries) != 1 || !summaries[0].Accepted {
		t.Errorf("the month's summaries: %+v, %v; want that of the call that was there", summaries, err)
	}
	if talking, err := s.TalkingSince(t.Context(), time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC)); err != nil || len(talking) != 1 {
		t.Errorf("calls that talk: %v, %v; want the one that was there", talking, err)
	}
	if due, err := s.DueNotices(t.Context(), policy.ChannelWebhook, time.Now(), 10); err != nil || len(due) != 1 {
		t.Errorf("due notices: %+v, %v; want the one that was there", due, err)
	}
	if due, err := s.DueRecordings(t.Context(), policy.StepFetch, time.Now(), 10); err != nil || len(due) != 1 {
		t.Errorf("due recordings: %+v, %v; want the one that was there", due, err)
	}
	if due, err := s.DueRemovals(t.Context(), time.Now(), 10); err != nil || len(due) != 1 {
		t.Errorf("due removals: %+v, %v; want the one that was there", due, err)
	}
	if c, err := s.Customer(t.Context(), "204518"); err != nil || !c.Restricted {
		t.Errorf("the account: %+v, %v; want it restricted by its case", c, err)
	}
}

// withACase returns the path of a closed file with a call that goes on and has a recording, another recording to remove, a restricted account
// and a notice that waits.
func withACase(t *testing.T) string {
	t.Helper()
	path := filled(t)
	s := file{path}.open(t, store.Options{})
	at := time.Date(2026, time.November, 23, 14, 0, 0, 0, time.UTC)
	_, err := s.AdvanceAndNotify(t.Context(), "CA1", func(c policy.Call) (policy.Call, []policy.Notice) {
		c = c.WithLeg(policy.Leg{SID: "CA2", AcceptedAt: at}).Learn(policy.Report{Recording: &policy.Recording{SID: "RE1", Seconds: 5}})
		return c, []policy.Notice{{Key: "call-limit/CA1", Channel: policy.ChannelWebhook}}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), []policy.Removal{{SID: "RE2", Why: policy.RemovalErased}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{{Number: "204518", Name: "Northwind"}}, "anna"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.OpenCase(t.Context(), "204518", "anna", "by hand", nil, at); err != nil {
		t.Fatal(err)
	}
	for _, to := range []policy.CaseState{policy.CaseContacted, policy.CaseDiscussed, policy.CaseWatching, policy.CaseRestricted} {
		if _, err := s.MoveCase(t.Context(), "1", policy.Move{At: at, By: "anna", To: to, Via: policy.ViaPhone, Note: "told them"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadingOnlyChangesNothing(t *testing.T) {
	path := filled(t)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	s := file{path}.open(t, store.Options{ReadOnly: true})
	if _, err := s.Call(t.Context(), "CA1"); err != nil {
		t.Error(err)
	}
	if _, err := s.Erase(t.Context(), "204518", "anna", time.Now()); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("Erase: got %v, want %v", err, store.ErrReadOnly)
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !after.ModTime().Equal(before.ModTime()) {
		t.Error("the file was written to")
	}
}

// TestAnOlderFileGetsWhatItLacks upgrades a file of a version that did not index recordings to fetch and notices that were given up: they are
// found after it, and the calls as before.
func TestAnOlderFileGetsWhatItLacks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "supportline.db")
	s, err := bolt.OpenStore(path, 1<<20, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, time.November, 24, 10, 0, 0, 0, time.UTC)
	call := policy.Call{SID: "CA1", Line: "+448000668187", StartedAt: day, Answered: true, EndedAt: day.Add(time.Minute)}
	call.Message = &policy.Recording{SID: "RE" + strings.Repeat("0", 32), URL: "https://api.example.com/RE1", Seconds: 9, At: day}
	_, err = s.Advance(t.Context(), call.SID, func(policy.Call) policy.Call { return call })
	notice := policy.Notice{Key: "n", Kind: policy.NoticeTickets, At: day, Channel: policy.ChannelEmail}
	err = errors.Join(err, s.PutNotices(t.Context(), []policy.Notice{notice}), s.NoticeFailed(t.Context(), "n", day, errors.New("no"), time.Time{}), s.Close())
	if err != nil {
		t.Fatal(err)
	}
	foreign(t, path, func(tx *bbolt.Tx) error {
		index := tx.Bucket([]byte("index"))
		cursor := index.Cursor()
		for k, _ := cursor.First(); k != nil; k, _ = cursor.Next() {
			if k[0] == 'r' || k[0] == 'g' {
				if err := index.Delete(bytes.Clone(k)); err != nil {
					return err
				}
			}
		}
		return setSchema("2")(tx)
	})
	if s, err = bolt.OpenStore(path, 0, store.Options{}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	due, err := s.DueRecordings(t.Context(), policy.StepFetch, day.Add(time.Hour), 10)
	failed, failedErr := s.FailedNotices(t.Context())
	if len(due) != 1 || failed != 1 || errors.Join(err, failedErr) != nil {
		t.Errorf("%d recordings due, %d notices given up: %v", len(due), failed, errors.Join(err, failedErr))
	}
	if _, err := s.Call(t.Context(), "CA1"); err != nil {
		t.Error(err)
	}
}

// TestAnUpgradeFindsNoticesByChannel: the version before this one found waiting notices by their time alone. They are found by channel after the
// upgrade, however many steps it takes, also when one was interrupted, and the calls are not indexed anew for that.
func TestAnUpgradeFindsNoticesByChannel(t *testing.T) {
	day := time.Date(2026, time.November, 24, 10, 0, 0, 0, time.UTC)
	for name, version := range map[string]string{"from the version before": "3", "that was ended half-way": "4"} {
		t.Run(name, func(t *testing.T) {
			path := withACase(t)
			s := file{path}.open(t, store.Options{})
			mail := policy.Notice{Key: "m", Kind: policy.NoticeTickets, At: day, Channel: policy.ChannelEmail, NextAt: day}
			waiting := []policy.Notice{mail}
			for i := range 20_001 { // more than one step
				mail.Key, mail.NextAt = fmt.Sprintf("later/%05d", i), day.Add(time.Hour)
				waiting = append(waiting, mail)
			}
			if err := errors.Join(s.PutNotices(t.Context(), waiting), s.Close()); err != nil {
				t.Fatal(err)
			}
			want := entries(t, path)
			foreign(t, path, func(tx *bbolt.Tx) error {
				index := tx.Bucket([]byte("index"))
				var due [][]byte
				for k, _ := index.Cursor().Seek([]byte("n")); k != nil && k[0] == 'n'; k, _ = index.Cursor().Seek(append(due[len(due)-1], 0)) {
					due = append(due, bytes.Clone(k))
				}
				if version == "4" {
					due = due[:1]
				}
				for _, k := range due {
					before := append([]byte("d"), k[2+int(k[1]):]...)
					if err := errors.Join(index.Delete(k), index.Put(before, nil)); err != nil {
						return err
					}
				}
				return setSchema(version)(tx)
			})
			refused(t, path, store.Options{ReadOnly: true}, store.ErrReadOnly, "opened for writing once")
			s = file{path}.open(t, store.Options{OnUpgrade: func(int) { t.Error("calls were indexed anew") }})
			for channel, key := range map[policy.Channel]string{policy.ChannelEmail: "m", policy.ChannelWebhook: "call-limit/CA1"} {
				if due, err := s.DueNotices(t.Context(), channel, day, 10); err != nil || len(due) != 1 || due[0].Key != key {
					t.Errorf("due by %s: %+v, %v; want %s", channel, due, err, key)
				}
			}
			closedWith(t, s, path, want)
		})
	}
}

// closedWith closes a store and holds the entries of its indexes against those that this version writes.
func closedWith(t *testing.T, s *store.Store, path string, want []string) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, path); !slices.Equal(want, got) {
		t.Errorf("the indexes have %d entries that differ from the %d that this version writes", len(got), len(want))
	}
}

// TestAnUpgradeFindsWhatWasServedToNobody: the version before this one had no facet for it. The calls of its file are found and counted after the
// upgrade, also when one was interrupted, those that are not indexed yet included.
func TestAnUpgradeFindsWhatWasServedToNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "supportline.db")
	day := time.Date(2026, time.November, 24, 10, 0, 0, 0, time.UTC)
	s := file{path}.open(t, store.Options{})
	for n := range 70 { // some more than are indexed together
		id, customer := policy.CallSID(fmt.Sprintf("CA%03d", n)), policy.CustomerNumber("")
		if n%3 == 0 {
			customer = "204518"
		}
		for _, end := range []time.Time{{}, day.Add(time.Minute)} { // a call that is known with its end alone is indexed at once
			_, err := s.Advance(t.Context(), id, func(policy.Call) policy.Call {
				c := policy.Call{SID: id, Line: "+448000668187", StartedAt: day, Answered: true, Customer: customer, EndedAt: end}
				return c.WithLeg(policy.Leg{SID: "CA-leg", To: "+15550100003", AcceptedAt: day})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want := entries(t, path)
	foreign(t, path, func(tx *bbolt.Tx) error {
		search := tx.Bucket([]byte("search"))
		var facets [][]byte
		for k, _ := search.Cursor().Seek([]byte("Mn")); bytes.HasPrefix(k, []byte("Mn")); k, _ = search.Cursor().Seek(append(facets[len(facets)-1], 0)) {
			facets = append(facets, bytes.Clone(k))
		}
		if len(facets) == 0 {
			t.Error("this version writes no facet")
		}
		for _, k := range facets {
			if err := search.Delete(k); err != nil {
				return err
			}
		}
		return setSchema("4")(tx)
	})
	refused(t, path, store.Options{ReadOnly: true}, store.ErrReadOnly, "opened for writing once")
	s = file{path}.open(t, store.Options{})
	count, err := s.CountNobody(t.Context(), "2026-11", func(policy.Phone) *time.Location { return time.UTC })
	if err != nil || len(count) != 1 || count[0].Calls != 46 {
		t.Errorf("served to nobody: %+v, %v; want 46 calls", count, err)
	}
	closedWith(t, s, path, want)
}

// TestAnUpgradeBringsSpellingsOfACallerTogether: up to schema 4 wrong numbers were counted by the address as it came. After the upgrade all spellings of
// one caller count together, and nothing of a caller stays where an erasure would not find it.
func TestAnUpgradeBringsSpellingsOfACallerTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "supportline.db")
	day := time.Date(2026, time.November, 24, 10, 0, 0, 0, time.UTC)
	s := file{path}.open(t, store.Options{})
	for n, from := range []policy.Phone{"+442079460018", "442079460018", "sip:+442079460018@example.com", "+266696687", "anonymous"} {
		id := policy.CallSID(fmt.Sprintf("CA%03d", n))
		_, err := s.Advance(t.Context(), id, func(policy.Call) policy.Call {
			return policy.Call{SID: id, Line: "+448000668187", From: from, StartedAt: day, Answered: true, WrongNumbers: []time.Time{day, day}}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want := entries(t, path)
	foreign(t, path, func(tx *bbolt.Tx) error {
		index := tx.Bucket([]byte("index"))
		spelled := map[string]string{"CA001": "442079460018", "CA002": "sip:+442079460018@example.com", "CA003": "+266696687"}
		var keys [][]byte
		for k, _ := index.Cursor().Seek([]byte("w")); k != nil && k[0] == 'w'; k, _ = index.Cursor().Seek(append(keys[len(keys)-1], 0)) {
			keys = append(keys, bytes.Clone(k))
		}
		for _, k := range keys {
			rest := k[2+int(k[1]):]
			from := spelled[string(rest[12:17])]
			if from == "" {
				continue
			}
			before := append(append([]byte{'w', byte(len(from))}, from...), rest...)
			if err := errors.Join(index.Delete(k), index.Put(before, nil)); err != nil {
				return err
			}
		}
		return errors.Join(withoutTimes(tx), setSchema("4")(tx))
	})
	s = file{path}.open(t, store.Options{})
	for from, count := range map[policy.Phone]int{"+442079460018": 6, "tel:+442079460018": 6, "": 4, "withheld": 4} {
		if got := wrongNumbers(t, s, from, day); got.ByCaller != count || got.InAll != 10 {
			t.Errorf("%d wrong numbers of %q, %d of all; want %d and 10", got.ByCaller, from.Full(), got.InAll, count)
		}
	}
	closedWith(t, s, path, want)
}

// A file keeps one secret of its own, and nothing that is computed with it can be computed from what is in another file.
func TestSecretOfAFile(t *testing.T) {
	of := func(f file, o store.Options) []byte {
		s := f.open(t, o)
		defer func() { _ = s.Close() }()
		return s.Secret()
	}
	f := newFile(t)
	first := of(f, store.Options{})
	if again := of(f, store.Options{}); len(first) != 32 || !bytes.Equal(first, again) {
		t.Errorf("the secret was %x, and is %x after opening again", first, again)
	}
	if read := of(f, store.Options{ReadOnly: true}); !bytes.Equal(first, read) {
		t.Errorf("the secret is %x for who only reads", read)
	}
	if other := of(newFile(t), store.Options{}); bytes.Equal(first, other) {
		t.Error("another file has the same secret")
	}
}

// wrongNumbers returns how many wrong numbers were entered at since or later.
func wrongNumbers(t *testing.T, s *store.Store, from policy.Phone, since time.Time) (n policy.WrongNumbers) {
	t.Helper()
	count := policy.WrongNumberCount{Caller: from, Since: since, AtMost: policy.WrongNumbers{ByCaller: 100, InAll: 100}}
	_, err := s.AdvanceCounting(t.Context(), "CA-none", count, func(c policy.Call, wrong policy.WrongNumbers) policy.Call {
		n = wrong
		return c
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// withoutTimes removes the entries of the wrong numbers by time, which versions up to schema 5 did not have.
func withoutTimes(tx *bbolt.Tx) error {
	index := tx.Bucket([]byte("index"))
	for k, _ := index.Cursor().Seek([]byte("v")); k != nil && k[0] == 'v'; k, _ = index.Cursor().Seek([]byte("v")) {
		if err := index.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// TestAnUpgradeCountsWrongNumbersOfAllCallers: up to schema 5 wrong numbers were found by their caller alone. After the upgrade those of an hour
// before it count for the limit of all callers, and leave with their calls.
func TestAnUpgradeCountsWrongNumbersOfAllCallers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "supportline.db")
	day := time.Date(2026, time.November, 24, 10, 0, 0, 0, time.UTC)
	s := file{path}.open(t, store.Options{})
	for n, from := range []policy.Phone{"+442079460018", "anonymous", "+12125550142"} {
		id := policy.CallSID(fmt.Sprintf("CA%03d", n))
		_, err := s.Advance(t.Context(), id, func(policy.Call) policy.Call {
			return policy.Call{SID: id, Line: "+448000668187", From: from, StartedAt: day, Answered: true, WrongNumbers: []time.Time{day, day.Add(time.Minute)}}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want := entries(t, path)
	for _, version := range []string{"5", "4", "3", "2"} {
		foreign(t, path, func(tx *bbolt.Tx) error { return errors.Join(withoutTimes(tx), setSchema(version)(tx)) })
		refused(t, path, store.Options{ReadOnly: true}, store.ErrReadOnly, "opened for writing once")
		s = file{path}.open(t, store.Options{})
		if got := wrongNumbers(t, s, "anonymous", day.Add(time.Second)); got != (policy.WrongNumbers{ByCaller: 1, InAll: 3}) {
			t.Errorf("from version %s: %+v wrong numbers; want 1 of the caller and 3 in all", version, got)
		}
		if version != "2" { // its search is made anew, with entries for calls without an end
			closedWith(t, s, path, want)
		}
	}
}

// TestAnUpgradeFindsCallersInAnySpelling: up to schema 5 calls were found by a number that came in E.164 alone, and withheld ones not at all. After
// the upgrade those of the file are found as today's are, also when it was interrupted.
func TestAnUpgradeFindsCallersInAnySpelling(t *testing.T) {
	path := filepath.Join(t.TempDir(), "supportline.db")
	day := time.Date(2026, time.November, 24, 10, 0, 0, 0, time.UTC)
	froms := []policy.Phone{"+442079460018", "442079460018", "sip:+442079460018@example.com", "+266696687", "anonymous", "", "+12125550142"}
	s := file{path}.open(t, store.Options{})
	for n := range 70 { // some more than are indexed together
		id, from := policy.CallSID(fmt.Sprintf("CA%03d", n)), froms[n%len(froms)]
		for _, end := range []time.Time{{}, day.Add(time.Minute)} {
			_, err := s.Advance(t.Context(), id, func(policy.Call) policy.Call {
				c := policy.Call{SID: id, Line: "+448000668187", From: from, StartedAt: day, Answered: true, EndedAt: end, LeftAt: end}
				if n == 13 { // of an account that was erased: it has no number any longer, and withheld none
					c.From, c.Erased = "", true
				}
				return c
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want := entries(t, path)
	interrupted := func(tx *bbolt.Tx) error {
		first, _ := tx.Bucket([]byte("calls")).Cursor().First()
		return tx.Bucket([]byte("meta")).Put([]byte("callers-next"), bytes.Clone(first))
	}
	for _, begun := range []func(*bbolt.Tx) error{setSchema("5"), setSchema("4"), interrupted} {
		foreign(t, path, func(tx *bbolt.Tx) error {
			search := tx.Bucket([]byte("search"))
			var facets [][]byte
			for k, _ := search.Cursor().First(); k != nil; k, _ = search.Cursor().Seek(append(bytes.Clone(k), 0)) {
				sid, _ := strconv.Atoi(string(k[len(k)-3:]))
				if bytes.HasPrefix(k, []byte("Mh")) || k[0] == 'f' && !froms[sid%len(froms)].IsNumber() {
					facets = append(facets, bytes.Clone(k))
				}
			}
			for _, k := range facets {
				if err := search.Delete(k); err != nil {
					return err
				}
			}
			return begun(tx)
		})
		s = file{path}.open(t, store.Options{})
		for text, count := range map[string]int{"withheld": 30, "+442079460018": 30, "0142": 9} {
			found, err := s.Search(t.Context(), policy.Filter{Text: text, Numbers: true}, policy.Page{Length: 100})
			if err != nil || len(found.List) != count {
				t.Errorf("%q finds %d calls, %v; want %d", text, len(found.List), err, count)
			}
		}
		closedWith(t, s, path, want)
	}
}
