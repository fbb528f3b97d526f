package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/officernd/supportline/store"
)

// Entries is where an engine keeps its entries.
type Entries interface {
	// Engine opens an engine on the entries. It closes none that is open.
	Engine(t testing.TB) store.Engine
}

// RunEngine runs the suite of engines: what store.Engine promises to the store. entries makes a new place for entries, empty, for each test.
func RunEngine(t *testing.T, entries func(t testing.TB) Entries) {
	for _, test := range slices.Concat(engineTests, sharedTests) {
		t.Run(test.name, func(t *testing.T) { test.test(newEngine(t, entries(t), 1)) })
	}
	t.Run("random operations end as in the model", func(t *testing.T) { property(t, newEngine(t, entries(t), 1)) })
}

// RunShared runs the part of the suite that is about what happens at once, each test with three engines that are open on the same entries, as those of
// three processes are.
func RunShared(t *testing.T, entries func(t testing.TB) Entries) {
	for _, test := range sharedTests {
		t.Run(test.name, func(t *testing.T) { test.test(newEngine(t, entries(t), 3)) })
	}
}

type engineTest struct {
	name string
	test func(e *engine)
}

// engineTests need an engine.
var engineTests = []engineTest{
	{"an engine that is new reads as empty", emptyEngine},
	{"buckets are apart from each other", bucketsApart},
	{"keys are in the order of their bytes, both ways", keyOrder},
	{"a span ends at its bounds", spanBounds},
	{"a cursor seeks forward inside and outside of its span", cursorSeeks},
	{"a cursor that seeks again and again misses nothing", cursorLeaps},
	{"several spans are read side by side", spansSideBySide},
	{"two thousand spans are read at once", manySpans},
	{"a count stops where it is told to", countsOfSpans},
	{"many entries are fetched at once", fetchMany},
	{"a value may be empty, and nil is empty", emptyValues},
	{"large values are kept", largeValues},
	{"a key has its bound", longKeys},
	{"what was given may be used again", reusedSlices},
	{"a transaction reads what it wrote", ownWrites},
	{"a transaction reads again what it changed", readAgain},
	{"a transaction passes over what it removed", ownRemovals},
	{"a transaction that fails writes nothing", rolledBack},
	{"a context that has ended writes nothing", endedContext},
	{"the clock goes on", clock},
	{"a change holds if everything is as it expects", expectations},
	{"a change sees what the ones before it wrote", changesInOrder},
	{"of two changes that claim a key one holds", claims},
	{"a key stands twice in a change, or in two", keyTwice},
	{"a change may only look, or do nothing", idleChanges},
	{"a change writes what it expects", sameValue},
	{"numbers are above those that are there", numbersAbove},
	{"what was written is there after opening again", reopenedEngine},
	{"a closed engine says so", closedEngine},
}

// sharedTests may have several engines.
var sharedTests = []engineTest{
	{"a view is one snapshot", snapshots},
	{"transactions at once are as one after the other", serializable},
	{"of two transactions that read what the other writes, one sees the other", writeSkew},
	{"a transaction and a commit of one key do not lose each other", updateAgainstCommit},
	{"a commit that leaves an entry as it is protects it from transactions", protectedEntry},
	{"commits at once lose nothing", commitsAtOnce},
	{"commits of the same keys in any order wait for each other", crossedCommits},
	{"of many who claim a key at once one gets it", claimsAtOnce},
	{"a bound holds that is guarded by an entry", guardedBound},
	{"numbers rise, and no two callers get one", numbersRise},
	{"what one engine writes the others see", seenByOthers},
}

// engine is an engine in a test.
type engine struct {
	store.Engine
	*testing.T
	entries Entries
	open    bool
	peers   []*engine // all that are open on the same entries
}

// newEngine opens engines and prepares them. It returns the first one.
func newEngine(t *testing.T, entries Entries, engines int) *engine {
	peers := make([]*engine, engines)
	for i := range peers {
		peers[i] = &engine{T: t, entries: entries, peers: peers}
		t.Cleanup(peers[i].close)
		peers[i].reopen()
	}
	return peers[0]
}

// peer returns one of the engines.
func (e *engine) peer(i int) *engine { return e.peers[i%len(e.peers)] }

// close closes the engine, if it is open.
func (e *engine) close() {
	e.Helper()
	if !e.open {
		return
	}
	e.open = false
	if err := e.Close(); err != nil {
		e.Fatalf("Close: %v", err)
	}
}

// reopen opens the engine again.
func (e *engine) reopen() {
	e.Helper()
	e.close()
	e.Engine, e.open = e.entries.Engine(e.T), true
	if err := e.Prepare(e.Context(), false); err != nil {
		e.Fatalf("Prepare: %v", err)
	}
}

// bucket returns a bucket by its name.
func bucket(name string) store.Bucket {
	all := store.Buckets()
	return all[slices.IndexFunc(all, func(b store.Bucket) bool { return b.String() == name })]
}

// The buckets in which the suite writes.
var (
	inCalls = bucket("calls")
	inIndex = bucket("index")
	inMeta  = bucket("meta")
)

// view reads.
func (e *engine) view(read func(r store.Reader)) {
	e.Helper()
	if err := e.View(e.Context(), func(r store.Reader) error { read(r); return nil }); err != nil {
		e.Errorf("View: %v", err)
	}
}

// update writes.
func (e *engine) update(change func(w store.Writer)) {
	e.Helper()
	if err := e.Update(e.Context(), func(w store.Writer) error { change(w); return nil }); err != nil {
		e.Errorf("Update: %v", err)
	}
}

// put writes entries, each a key and a value in turn.
func (e *engine) put(b store.Bucket, entries ...string) {
	e.Helper()
	e.update(func(w store.Writer) {
		for pair := range slices.Chunk(entries, 2) {
			w.Put(b, []byte(pair[0]), []byte(pair[1]))
		}
	})
}

// commit commits changes and wants to hear which hold.
func (e *engine) commit(want []bool, changes ...store.Change) {
	e.Helper()
	held, err := e.Commit(e.Context(), changes)
	if err != nil {
		e.Errorf("Commit: %v", err)
	}
	same(e.T, "the changes that hold", want, held)
}

// get returns the value of a key, as text: absent if it is not there.
func (e *engine) get(b store.Bucket, key string) (value string) {
	e.Helper()
	e.view(func(r store.Reader) { value = text(r.Get(b, []byte(key))) })
	return value
}

// all returns the entries of a bucket.
func (e *engine) all(b store.Bucket) (entries []string) {
	e.Helper()
	e.view(func(r store.Reader) { entries = scan(r, store.Span{Bucket: b}) })
	return entries
}

const absent = "(absent)"

// text returns a value as text. nil is that there is none.
func text(value []byte) string {
	if value == nil {
		return absent
	}
	return string(value)
}

// scan returns the entries of a span.
func scan(r store.Reader, s store.Span) []string { return rest(r.Scan(s)[0]) }

// rest returns the entries from where a cursor is to its end.
func rest(c store.Cursor) (entries []string) {
	for {
		k, v := c.Next()
		if k == nil {
			return entries
		}
		entries = append(entries, shown(k, v))
	}
}

// shown returns an entry as text; empty at the end of a span.
func shown(key, value []byte) string {
	if key == nil {
		return ""
	}
	return fmt.Sprintf("%q=%s", key, text(value))
}

// span returns a span of the bucket index. An empty bound is none.
func span(from, to string, back bool) store.Span {
	return store.Span{Bucket: inIndex, From: bound(from), To: bound(to), Back: back}
}

func shownSpan(s store.Span) string {
	return fmt.Sprintf("%s from %+q to %+q, back %t, few %d", s.Bucket, s.From, s.To, s.Back, s.Few)
}

func bound(key string) []byte {
	if key == "" {
		return nil
	}
	return []byte(key)
}

// entry is an expectation: that a key has a value, or is absent.
func entry(b store.Bucket, key, value string) store.Entry {
	if value == absent {
		return store.Entry{Bucket: b, Key: []byte(key)}
	}
	return store.Entry{Bucket: b, Key: []byte(key), Value: []byte(value)}
}

// edit is an edit: a key gets a value, or goes.
func edit(b store.Bucket, key, value string) store.Edit {
	if value == absent {
		return store.Edit{Bucket: b, Key: []byte(key), Gone: true}
	}
	return store.Edit{Bucket: b, Key: []byte(key), Value: []byte(value)}
}

// swap is a change of one key from one value to another.
func swap(b store.Bucket, key, from, to string) store.Change {
	return store.Change{Expect: []store.Entry{entry(b, key, from)}, Edits: []store.Edit{edit(b, key, to)}}
}

// atOnce calls a function n times at once.
func atOnce(n int, do func(i int)) {
	done := make(chan struct{})
	for i := range n {
		go func() {
			defer func() { done <- struct{}{} }()
			do(i)
		}()
	}
	for range n {
		<-done
	}
}

// counter counts from several goroutines.
type counter struct {
	mu sync.Mutex
	n  int
}

// add counts one more, and returns how many there were before.
func (c *counter) add() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return c.n - 1
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}
