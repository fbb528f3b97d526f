package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

// within returns a context that ends after a time.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// behind opens an engine through a proxy, and one beside it, on a database that is prepared.
func behind(t *testing.T) (e, direct *postgres.Engine, p *postgrestest.Proxy, url string) {
	t.Helper()
	url = postgrestest.Database(t)
	direct = open(t, url, postgres.Options{})
	if err := direct.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	p = postgrestest.NewProxy(t, url)
	return open(t, p.URL, postgres.Options{}), direct, p, url
}

// TestLostAnswerIsFoundByItsMark: the connection is cut when the last statements are sent, so that they arrive about when their mark is looked for.
func TestLostAnswerIsFoundByItsMark(t *testing.T) {
	e, direct, p, _ := behind(t)
	commit(t, e, store.Change{Edits: []store.Edit{put("a", "1")}})
	for n := range 10 {
		answered := p.CutAfter("INSERT INTO supportline.marks")
		if n%2 == 0 {
			append1(t, e, fmt.Sprint(n))
		} else {
			value := strings.TrimPrefix(contents(t, direct, calls)[0], "a=")
			if !commit(t, e, store.Change{Expect: []store.Entry{is("a", value)}, Edits: []store.Edit{put("a", value+fmt.Sprint(n))}})[0] {
				t.Error("it is said to fail, and did not")
			}
		}
		<-answered
	}
	wants(t, direct, calls, "a=10123456789")
}

// TestMarksStayWhileTheyMayBeLookedFor: those of a moment ago are not removed with the old ones.
func TestMarksStayWhileTheyMayBeLookedFor(t *testing.T) {
	_, direct, _, _ := behind(t)
	commit(t, direct, store.Change{Edits: []store.Edit{put("a", "1")}})
	if n, err := direct.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("%d marks were removed, %v", n, err)
	}
}

// append1 appends to the value of a.
func append1(t *testing.T, e *postgres.Engine, what string) {
	t.Helper()
	err := e.Update(t.Context(), func(w store.Writer) error {
		w.Put(calls, []byte("a"), append(slices.Clone(w.Get(calls, []byte("a"))), what...))
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestAnswerThatIsLostBehindTheCommitIsFound: the server has committed, and the connection ends before it says so.
func TestAnswerThatIsLostBehindTheCommitIsFound(t *testing.T) {
	e := prepared(t)
	commit(t, e, store.Change{Edits: []store.Edit{put("a", "1")}})
	lost := func(times int) {
		e.Wire(func(statements []string, send func() error) error {
			err := send()
			if err == nil && times > 0 && slices.ContainsFunc(statements, func(s string) bool { return strings.HasPrefix(s, "INSERT INTO supportline.marks") }) {
				times--
				return io.ErrUnexpectedEOF
			}
			return err
		})
	}
	lost(1)
	commit(t, e, store.Change{Expect: []store.Entry{is("a", "1")}, Edits: []store.Edit{put("a", "2")}})
	lost(1)
	append1(t, e, "+")
	lost(3) // also of the looks at the mark
	append1(t, e, "+")
	e.Wire(nil)
	wants(t, e, calls, "a=2++")
	if s := e.Stats(); s.Settled != 3 || s.Unknown != 0 {
		t.Errorf("%d settled, %d unknown", s.Settled, s.Unknown)
	}
}

// TestCommitThatArrivesLateIsRefused: the connection is lost, and its statements reach the server when the commit has been given up and done again.
func TestCommitThatArrivesLateIsRefused(t *testing.T) {
	e, direct, p, url := behind(t)
	commit(t, e, store.Change{Edits: []store.Edit{put("n", "1")}})
	deliver := p.CutBefore("INSERT INTO supportline.marks")
	done := make(chan error)
	go func() {
		held, err := e.Commit(within(t, 20*time.Second), []store.Change{{Expect: []store.Entry{isAbsent("a")}, Edits: []store.Edit{put("a", "1")}}})
		if err == nil && !held[0] {
			err = errors.New("refused, and nothing was there")
		}
		done <- err
	}()
	eventually(t, "the commit is given up", func() bool { return isGivenUp(t, url) })
	deliver()
	if err := <-done; err != nil {
		t.Error(err)
	}
	wants(t, direct, calls, "a=1", "n=1")
}

func TestOutcomeIsUnknownOnlyWhereTheDatabaseStaysAway(t *testing.T) {
	e, direct, p, _ := behind(t)
	commit(t, e, store.Change{Edits: []store.Edit{put("n", "1")}})
	e.Wire(func(statements []string, send func() error) error {
		if err := send(); err != nil || !slices.Contains(statements, "COMMIT") {
			return err
		}
		p.Refuse(true)
		p.Cut()
		return io.ErrUnexpectedEOF
	})
	_, err := e.Commit(within(t, time.Second), []store.Change{{Edits: []store.Edit{put("a", "1")}}})
	if !errors.Is(err, store.ErrUnknown) {
		t.Errorf("got %v", err)
	}
	if n := e.Stats().Unknown; n != 1 {
		t.Errorf("%d unknown", n)
	}
	wants(t, direct, calls, "a=1", "n=1")
}

// isGivenUp reports whether a commit has been looked for by its mark, and will not be there.
func isGivenUp(t *testing.T, url string) bool {
	return strings.TrimSpace(postgrestest.SQL(t, url, "SELECT count(*) FROM supportline.marks WHERE refused")) == "1"
}

// serialization is an error by which the server asks to begin again.
func serialization() error {
	return &pgconn.PgError{Severity: "ERROR", Code: "40001", Message: "made up"}
}

func TestWhatFailedRunsAgainFromItsBeginning(t *testing.T) {
	e := prepared(t)
	commit(t, e, store.Change{Edits: []store.Edit{put("a", "1")}})
	inject := func(part string, times int) {
		e.Wire(func(statements []string, send func() error) error {
			if times > 0 && slices.ContainsFunc(statements, func(s string) bool { return strings.Contains(s, part) }) {
				times--
				return serialization()
			}
			return send()
		})
	}
	runs := 0
	inject("count(*)", 2)
	err := e.View(t.Context(), func(r store.Reader) error {
		runs++
		r.Get(calls, []byte("a"))
		if n := r.Count(store.Span{Bucket: calls}, -1); n != 1 && runs == 3 {
			t.Errorf("counted %d", n)
		}
		return errors.New("of the function, after a reading that failed")
	})
	if runs != 3 || err == nil || !strings.HasPrefix(err.Error(), "of the function") {
		t.Errorf("%d runs, %v", runs, err)
	}
	runs = 0
	inject("marks", 2)
	err = e.Update(t.Context(), func(w store.Writer) error {
		runs++
		w.Put(calls, []byte("a"), append(w.Get(calls, []byte("a")), 'x'))
		return nil
	})
	if runs != 3 || err != nil {
		t.Errorf("%d runs, %v", runs, err)
	}
	inject("marks", 2)
	commit(t, e, store.Change{Expect: []store.Entry{is("a", "1x")}, Edits: []store.Edit{put("b", "1")}})
	e.Wire(nil)
	wants(t, e, calls, "a=1x", "b=1")
	if n := e.Stats().Retries; n != 6 {
		t.Errorf("%d retries", n)
	}
}

// TestGroupsOfTwoProcessesLockInOneOrder: they share 20 keys of 3 tables, and name them in any order.
func TestGroupsOfTwoProcessesLockInOneOrder(t *testing.T) {
	for _, test := range []struct {
		name      string
		gone      int // one of so many edits removes a key, so that others find it where they saw none; 0: none
		deadlocks bool
	}{{"all keys are there", 0, false}, {"keys come and go", 4, true}} {
		t.Run(test.name, func(t *testing.T) {
			url := postgrestest.Database(t)
			engines := []*postgres.Engine{open(t, url, postgres.Options{}), open(t, url, postgres.Options{})}
			if err := engines[0].Prepare(t.Context(), false); err != nil {
				t.Fatal(err)
			}
			commit(t, engines[0], store.Change{Edits: crossed(0, 20, 0)})
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					for n := range 20 {
						var changes []store.Change
						for c := range 3 {
							changes = append(changes, store.Change{Edits: crossed(i*7+n*13+c*5, 5, test.gone)})
						}
						var err error
						if i%4 == 0 {
							err = engines[i/4].Update(t.Context(), func(w store.Writer) error { apply(w, changes); return nil })
						} else {
							_, err = engines[i%2].Commit(t.Context(), changes)
						}
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			deadlocks := postgrestest.SQL(t, postgrestest.As(t, "postgres", url), "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
			if strings.TrimSpace(deadlocks) != "0" && !test.deadlocks {
				t.Errorf("%s deadlocks", deadlocks)
			}
		})
	}
}

// crossed returns edits of some of 20 keys, in an order that depends on a number.
func crossed(seed, many, gone int) (edits []store.Edit) {
	for k := range many {
		at := (seed + k*11) % 20
		edits = append(edits, store.Edit{
			Bucket: store.Buckets()[at%3], Key: fmt.Appendf(nil, "%02d", at), Value: []byte{byte(seed)}, Gone: gone > 0 && (seed+k)%gone == 0,
		})
	}
	return edits
}

func apply(w store.Writer, changes []store.Change) {
	for _, c := range changes {
		for _, x := range c.Edits {
			if x.Gone {
				w.Delete(x.Bucket, x.Key)
			} else {
				w.Put(x.Bucket, x.Key, x.Value)
			}
		}
	}
}

func TestCallThatBeginsAtTwoProcessesHasOneRecord(t *testing.T) {
	url := postgrestest.Database(t)
	engines := []*postgres.Engine{open(t, url, postgres.Options{}), open(t, url, postgres.Options{})}
	if err := engines[0].Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	for n := range 30 {
		key := fmt.Sprintf("CA%02d", n)
		var winners atomic.Int64
		var all sync.WaitGroup
		for i, e := range engines {
			all.Go(func() {
				change := store.Change{Expect: []store.Entry{isAbsent(key)}, Edits: []store.Edit{put(key, fmt.Sprint(i))}}
				if held, err := e.Commit(t.Context(), []store.Change{change}); err != nil {
					t.Error(err)
				} else if held[0] {
					winners.Add(1)
				}
			})
		}
		if all.Wait(); winners.Load() != 1 {
			t.Fatalf("%d won", winners.Load())
		}
	}
}

// TestAbsentGuardIsSharedByThoseWhoRelyOnIt: a commit that relies on it is under way; another one that does so too passes, one that writes it does not.
func TestAbsentGuardIsSharedByThoseWhoRelyOnIt(t *testing.T) {
	e, direct, p, url := behind(t)
	guards := store.Buckets()[slices.IndexFunc(store.Buckets(), func(b store.Bucket) bool { return b.String() == "guards" })]
	guard := store.Entry{Bucket: guards, Key: []byte("wrong")}
	commit(t, e, store.Change{Edits: []store.Edit{put("n", "1")}})
	deliver := p.CutBefore("INSERT INTO supportline.marks")
	done := make(chan error)
	go func() {
		_, err := e.Commit(within(t, 20*time.Second), []store.Change{{Expect: []store.Entry{guard}, Edits: []store.Edit{put("a", "1")}}})
		done <- err
	}()
	eventually(t, "the commit is given up", func() bool { return isGivenUp(t, url) })
	if _, err := direct.Commit(within(t, 2*time.Second), []store.Change{{Expect: []store.Entry{guard}, Edits: []store.Edit{put("b", "1")}}}); err != nil {
		t.Error(err)
	}
	rewrite := store.Edit{Bucket: guards, Key: guard.Key, Value: []byte("now")}
	if _, err := direct.Commit(within(t, 500*time.Millisecond), []store.Change{{Edits: []store.Edit{rewrite}}}); !errors.Is(err, store.ErrAway) {
		t.Errorf("the guard was written while a commit relies on its absence: %v", err)
	}
	err := direct.Update(within(t, 500*time.Millisecond), func(w store.Writer) error { w.Put(guards, rewrite.Key, rewrite.Value); return nil })
	if !errors.Is(err, store.ErrAway) {
		t.Errorf("the guard was written while a commit relies on its absence: %v", err)
	}
	deliver()
	if err := <-done; err != nil {
		t.Error(err)
	}
	held := commit(t, direct, store.Change{Edits: []store.Edit{rewrite}}, store.Change{Expect: []store.Entry{guard}, Edits: []store.Edit{put("c", "1")}})
	if diff := cmp.Diff([]bool{true, false}, held); diff != "" {
		t.Error(diff)
	}
	wants(t, direct, calls, "a=1", "b=1", "n=1")
}

func TestSlowStatementIsEndedByTheServer(t *testing.T) {
	url := postgrestest.Database(t)
	e := open(t, url, postgres.Options{Statement: 200 * time.Millisecond, Lock: 100 * time.Millisecond})
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	commit(t, e, store.Change{Edits: []store.Edit{put("a", "1")}})
	postgrestest.SQL(t, url, "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3); RETURN NEW; END'",
		"CREATE TRIGGER slow BEFORE INSERT ON supportline.calls FOR EACH ROW EXECUTE FUNCTION slow()")
	idle := e.Stats().Idle
	began := time.Now()
	_, err := e.Commit(within(t, 10*time.Second), []store.Change{{Edits: []store.Edit{put("b", "1")}}})
	if pg := (*pgconn.PgError)(nil); !errors.Is(err, store.ErrAway) || !errors.As(err, &pg) || pg.Code != "57014" {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	eventually(t, "the connection is kept", func() bool { return e.Stats().Idle >= idle })
	wants(t, e, calls, "a=1")
}

func TestServerThatBecameReadOnlyIsLeft(t *testing.T) {
	s := postgrestest.NewServer(t)
	url := s.Database(t)
	e := open(t, url, postgres.Options{})
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	commit(t, e, store.Change{Edits: []store.Edit{put("a", "1")}})
	pids := func() []string {
		return strings.Fields(postgrestest.SQL(t, postgrestest.As(t, "postgres", url), "SELECT pid FROM pg_stat_activity WHERE application_name = 'supportline'"))
	}
	before := pids()
	s.ReadOnly(t, true)
	for name, err := range map[string]error{
		"commit": func() error {
			_, err := e.Commit(t.Context(), []store.Change{{Edits: []store.Edit{put("b", "1")}}})
			return err
		}(),
		"update": e.Update(t.Context(), func(w store.Writer) error { w.Put(calls, []byte("b"), nil); return nil }),
	} {
		if !errors.Is(err, store.ErrReadOnly) || !strings.Contains(e.Explain(err).Error(), "name the primary") {
			t.Errorf("%s: %v", name, e.Explain(err))
		}
	}
	wants(t, e, calls, "a=1")
	for _, pid := range pids() {
		if slices.Contains(before, pid) {
			t.Errorf("the connection %s is still used", pid)
		}
	}
	s.ReadOnly(t, false)
	commit(t, e, store.Change{Edits: []store.Edit{put("b", "1")}})
	wants(t, e, calls, "a=1", "b=1")
}

func TestSilentPeerIsNoticedWithinTheDeadline(t *testing.T) {
	e, direct, p, _ := behind(t)
	commit(t, e, store.Change{Edits: []store.Edit{put("a", "1")}})
	p.Silence(true)
	began := time.Now()
	if _, err := e.Commit(within(t, time.Second), []store.Change{{Edits: []store.Edit{put("b", "1")}}}); !errors.Is(err, store.ErrAway) {
		t.Errorf("got %v", err)
	}
	if err := e.View(within(t, time.Second), func(r store.Reader) error { r.Get(calls, []byte("a")); return nil }); !errors.Is(err, store.ErrAway) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	eventually(t, "the outage is known", func() bool { return e.Stats().Away > 1500*time.Millisecond })
	began = time.Now()
	if err := e.View(within(t, 20*time.Second), func(r store.Reader) error { r.Get(calls, []byte("a")); return nil }); !errors.Is(err, store.ErrAway) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v, and the outage is known", took)
	}
	p.Silence(false)
	commit(t, e, store.Change{Edits: []store.Edit{put("c", "1")}})
	wants(t, direct, calls, "a=1", "c=1")
}

func TestChangedTableIsReadAnew(t *testing.T) {
	url := postgrestest.Database(t)
	e := open(t, url, postgres.Options{})
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	commit(t, e, store.Change{Edits: []store.Edit{put("a", "1")}})
	wants(t, e, calls, "a=1")
	postgrestest.SQL(t, url, "ALTER TABLE supportline.calls ALTER COLUMN v TYPE text USING convert_from(v, 'UTF8')")
	wants(t, e, calls, "a=1")
}

func TestOutageOfAMomentIsNotSeen(t *testing.T) {
	e, _, p, _ := behind(t)
	commit(t, e, store.Change{Edits: []store.Edit{put("a", "1")}})
	p.Cut()
	wants(t, e, calls, "a=1")
	p.Cut()
	commit(t, e, store.Change{Edits: []store.Edit{put("b", "1")}})
	p.Refuse(true)
	p.Cut()
	done := make(chan []string)
	go func() { done <- contents(t, e, calls) }()
	eventually(t, "the outage is noticed", func() bool { return e.Stats().Away > 0 })
	p.Refuse(false)
	if diff := cmp.Diff([]string{"a=1", "b=1"}, <-done); diff != "" {
		t.Error(diff)
	}
}

// TestConnectionsOpenInStepsAfterAnOutage: 100 wait when the database is back.
// TestConnectionsThatTheServerEndsAreOpenedAnew: an administrator ends them, or restarts the server, and no caller sees that.
func TestConnectionsThatTheServerEndsAreOpenedAnew(t *testing.T) {
	url := postgrestest.Database(t)
	e := opened(t, url)
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	end := func() {
		t.Helper()
		ended := postgrestest.SQL(t, url, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		if strings.TrimSpace(ended) == "0" {
			t.Error("no connection was open")
		}
	}
	commit(t, e, store.Change{Edits: []store.Edit{put("a", "1")}})
	end()
	commit(t, e, store.Change{Edits: []store.Edit{put("b", "2")}})
	end()
	wants(t, e, calls, "a=1", "b=2")
	end()
	if err := e.Update(t.Context(), func(w store.Writer) error { w.Delete(calls, []byte("a")); return nil }); err != nil {
		t.Error(err)
	}
	wants(t, e, calls, "b=2")
}

func TestConnectionsOpenInStepsAfterAnOutage(t *testing.T) {
	_, direct, p, _ := behind(t)
	e := open(t, p.URL+"&pool_max_conns=12", postgres.Options{})
	commit(t, direct, store.Change{Edits: []store.Edit{put("a", "1")}})
	p.Refuse(true)
	p.Cut()
	var all sync.WaitGroup
	var failed atomic.Int64
	for range 100 {
		all.Go(func() {
			for again := true; again; {
				err := e.View(within(t, 5*time.Second), func(r store.Reader) error { r.Get(calls, []byte("a")); return nil })
				if again = err != nil; again {
					failed.Add(1)
				}
				if again && !errors.Is(err, store.ErrAway) {
					t.Errorf("got %v", err)
					return
				}
			}
		})
	}
	eventually(t, "some fail at once", func() bool { return failed.Load() > 0 })
	p.Refuse(false)
	all.Wait()
	if _, most := p.Connections(); most > 12 {
		t.Errorf("%d connections", most)
	}
}

func TestLongAndEmptyKeysAreRefusedBeforeAnythingIsSent(t *testing.T) {
	e := prepared(t)
	before := e.Stats().Trips
	long := strings.Repeat("k", 3000)
	if _, err := e.Commit(t.Context(), []store.Change{{Edits: []store.Edit{put("a", "1"), put(long, "1")}}}); !errors.Is(err, store.ErrLongKey) {
		t.Errorf("got %v", err)
	}
	err := e.Update(t.Context(), func(w store.Writer) error {
		w.Put(calls, []byte("a"), nil)
		w.Put(calls, []byte(long), nil)
		return nil
	})
	if !errors.Is(err, store.ErrLongKey) {
		t.Errorf("got %v", err)
	}
	if _, err := e.Commit(t.Context(), []store.Change{{Edits: []store.Edit{put("", "1")}}}); err == nil {
		t.Error("an empty key was written")
	}
	if after := e.Stats().Trips; after != before {
		t.Errorf("%d round trips", after-before)
	}
	wants(t, e, calls)
}

// TestServerThatIsKilledLosesNothingAcknowledged kills the server under load.
func TestServerThatIsKilledLosesNothingAcknowledged(t *testing.T) {
	s := postgrestest.NewServer(t)
	url := s.Database(t)
	e := open(t, url, postgres.Options{})
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	ended, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for n := 0; ended.Err() == nil; n++ {
				key := fmt.Sprintf("%02d/%06d", i, n)
				held, err := e.Commit(within(t, 3*time.Second), []store.Change{{Expect: []store.Entry{isAbsent(key)}, Edits: []store.Edit{put(key, "")}}})
				switch {
				case err == nil && held[0]:
					mu.Lock()
					acknowledged[key] = true
					mu.Unlock()
				case err == nil:
					t.Errorf("%s was there before", key)
				case !errors.Is(err, store.ErrAway) && !errors.Is(err, store.ErrUnknown):
					t.Error(err)
				}
			}
		})
	}
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(acknowledged) }
	for n := range 2 {
		eventually(t, "some are acknowledged", func() bool { return count() > 500*(n+1) })
		s.Kill(t)
		s.Start(t)
	}
	before := count()
	eventually(t, "it goes on", func() bool { return count() > before+100 })
	stop()
	all.Wait()
	there := map[string]bool{}
	for _, entry := range contents(t, e, calls) {
		there[strings.TrimSuffix(entry, "=")] = true
	}
	lost := 0
	for key := range acknowledged {
		if !there[key] {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged are lost", lost, len(acknowledged))
	}
}

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !so(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in 20 s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}
