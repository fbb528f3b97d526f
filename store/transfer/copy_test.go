package transfer_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/transfer"
)

// The buckets that copying treats in a way of their own.
var (
	calls, inSteps, audit = bucket("calls"), bucket("steps"), bucket("audit")
	meta, leases          = bucket("meta"), bucket("leases")
)

func bucket(name string) store.Bucket {
	for _, b := range store.Buckets() {
		if b.String() == name {
			return b
		}
	}
	panic("no bucket " + name)
}

// some returns an engine with entries in several buckets, and a secret.
func some(secret string) *memory {
	m := newMemory()
	for i := range 40 {
		m.entries[calls][fmt.Sprintf("call %02d", i)] = fmt.Sprint("value ", i)
		m.entries[inSteps][fmt.Sprintf("step %02d", i)] = ""
		m.entries[audit][fmt.Sprintf("entry %02d", i)] = "x"
	}
	m.entries[meta]["schema"], m.entries[meta]["secret"] = "7", secret
	return m
}

// whole reports what of a source a target lacks, or has besides.
func whole(t *testing.T, name string, from, to *memory) {
	t.Helper()
	if diff := cmp.Diff(from.entries, to.entries); diff != "" {
		t.Errorf("%s (-source +target):\n%s", name, diff)
	}
}

// small makes a step of every few entries.
var small = transfer.Options{Step: 50}

func TestACopyHasWhatItsSourceHas(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		from, to := newMemory(), newMemory()
		for _, b := range store.Buckets() {
			if b == leases {
				continue
			}
			of := rapid.MapOfN(rapid.StringN(1, 20, -1), rapid.String(), 0, 8).Draw(r, b.String())
			from.entries[b] = of
		}
		o := transfer.Options{Step: rapid.IntRange(1, 200).Draw(r, "step")}
		to.updates = rapid.IntRange(0, 30).Draw(r, "updates")
		for range 1000 {
			sums, err := transfer.Copy(t.Context(), from, to, o)
			if errors.Is(err, errKilled) {
				to.updates = rapid.IntRange(2, 30).Draw(r, "updates of the next run") // the first one looks where to go on
				continue
			}
			if err != nil {
				r.Fatal(err)
			}
			if diff := cmp.Diff(from.entries, to.entries); diff != "" {
				r.Fatalf("-source +target:\n%s", diff)
			}
			found, err := transfer.Sums(t.Context(), to, nil)
			if diff := cmp.Diff(sums, found); err != nil || diff != "" {
				r.Fatalf("the sums of the target: %v, -copied +found:\n%s", err, diff)
			}
			return
		}
		r.Fatal("it does not come to an end")
	})
}

func TestLeasesAreNotCopied(t *testing.T) {
	from, to := some("s"), newMemory()
	from.entries[leases]["night"] = "of a process there"
	if _, err := transfer.Copy(t.Context(), from, to, small); err != nil || len(to.entries[leases]) > 0 {
		t.Errorf("%v, %v", err, to.entries[leases])
	}
}

func TestACopyGoesOnWhereItWasKilled(t *testing.T) {
	from, to := some("s"), newMemory()
	to.updates = 12
	if _, err := transfer.Copy(t.Context(), from, to, small); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	before := to.puts
	if to.entries[meta]["schema"] != "" || to.entries[meta]["copying"] == "" || before < 20 {
		t.Fatalf("half of a copy looks like a store: %v, after %d entries", to.entries[meta], before)
	}
	to.updates, to.puts = -1, 0
	if _, err := transfer.Copy(t.Context(), from, to, small); err != nil {
		t.Fatal(err)
	}
	whole(t, "the second run", from, to)
	if written := 40*3 + 2; before-12+to.puts > written+40 { // and a note of the progress with each step
		t.Errorf("%d entries were written by the second run after %d by the first", to.puts, before)
	}
}

func TestASourceThatChangedBetweenTwoRunsIsCopiedAnew(t *testing.T) {
	for name, change := range map[string]func(*memory){
		"changed": func(m *memory) { m.entries[calls]["call 00"] = "another" },
		"removed": func(m *memory) { delete(m.entries[calls], "call 01") },
		"added":   func(m *memory) { m.entries[calls]["a"] = "new" },
	} {
		from, to := some("s"), newMemory()
		to.updates = 12
		if _, err := transfer.Copy(t.Context(), from, to, small); !errors.Is(err, errKilled) {
			t.Fatal(name, err)
		}
		change(from)
		to.updates = -1
		if _, err := transfer.Copy(t.Context(), from, to, small); err != nil {
			t.Fatal(name, err)
		}
		whole(t, name, from, to)
	}
}

func TestATargetThatIsNotEmptyIsLeftAsItIs(t *testing.T) {
	half := newMemory()
	half.updates = 12
	if _, err := transfer.Copy(t.Context(), some("of another store"), half, small); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	half.updates = -1
	other := newMemory()
	other.entries[audit]["a"] = "b"
	for name, row := range map[string]struct {
		to   *memory
		want error
	}{
		"a store": {some("s"), transfer.ErrNotEmpty}, "one entry": {other, transfer.ErrNotEmpty}, "half of another copy": {half, store.ErrHalfCopied},
	} {
		before := row.to.puts
		if _, err := transfer.Copy(t.Context(), some("s"), row.to, small); !errors.Is(err, row.want) || row.to.puts != before {
			t.Errorf("%s: %v, %d entries written", name, err, row.to.puts-before)
		}
	}
}

// TestAReadingThatBreaksOff: what follows in it looks like the end of the source, and is not taken for it.
func TestAReadingThatBreaksOff(t *testing.T) {
	for reads := range 122 {
		from, to := some("s"), newMemory()
		from.reads = reads + 1
		if _, err := transfer.Copy(t.Context(), from, to, small); !errors.Is(err, errBrokeOff) || to.entries[meta]["schema"] != "" {
			t.Fatalf("after %d entries: %v, %v", reads, err, to.entries[meta])
		}
		from.reads = -1
		if _, err := transfer.Copy(t.Context(), from, to, small); err != nil {
			t.Fatal(err)
		}
		whole(t, "the second run", from, to)
	}
}

// TestAReadingThatRunsAgain sees another state of a source in use, of which alone the copy is.
func TestAReadingThatRunsAgain(t *testing.T) {
	from, to := some("s"), newMemory()
	changed := 0
	from.again = func() {
		changed++
		delete(from.entries[calls], "call 07")
		from.entries[inSteps][fmt.Sprint("step ", changed)] = "new"
	}
	if _, err := transfer.Copy(t.Context(), from, to, transfer.Options{Step: 50, Changing: true}); err != nil {
		t.Fatal(err)
	}
	whole(t, "a copy", from, to)
}

func TestACopyIsCompared(t *testing.T) {
	for _, b := range []store.Bucket{calls, meta} {
		from, to := some("s"), newMemory()
		to.lost = func(in store.Bucket, key []byte) bool { return in == b && (b == calls || string(key) == "secret") }
		if _, err := transfer.Copy(t.Context(), from, to, small); !errors.Is(err, transfer.ErrDiffers) || to.entries[meta]["schema"] != "" {
			t.Errorf("a target that loses what is put in %s: %v, %v", b, err, to.entries[meta])
		}
	}
}

// TestACopyInThePlaceOfAStore is no store from its beginning up to its end, and goes on where it was killed.
func TestACopyInThePlaceOfAStore(t *testing.T) {
	o := small
	o.Replace, o.Note = true, "kept elsewhere"
	for updates := 1; ; updates++ {
		from, to := some("s"), some("of another store")
		to.entries[leases]["night"], to.entries[calls]["more"] = "of a process", "x"
		to.updates = updates
		_, err := transfer.Copy(t.Context(), from, to, o)
		note, half, halfErr := transfer.HalfCopied(t.Context(), to)
		if err == nil {
			whole(t, "in one run", from, to)
			if half || halfErr != nil {
				t.Errorf("finished, and half copied: %v", halfErr)
			}
			return
		}
		if !errors.Is(err, errKilled) || !half || note != o.Note || halfErr != nil {
			t.Fatalf("after %d updates: %v, half copied: %v, %q, %v", updates, err, half, note, halfErr)
		}
		to.updates = -1
		again := small // whoever goes on need not know that it replaces
		if _, err := transfer.Copy(t.Context(), from, to, again); err != nil {
			t.Fatal(err)
		}
		whole(t, "in two runs", from, to)
	}
}

// TestABucketIsEmptiedHoweverManyEntriesItHas, in steps that others wait for no longer than for any.
func TestABucketIsEmptiedHoweverManyEntriesItHas(t *testing.T) {
	const inAStep = 20_000
	for _, many := range []int{0, 1, inAStep, 2*inAStep + 1} {
		m := newMemory()
		for i := range many {
			m.entries[audit][fmt.Sprintf("entry %06d", i)] = "x"
		}
		m.entries[calls]["call"] = "another bucket's"
		if err := transfer.Empty(t.Context(), m, audit); err != nil || len(m.entries[audit]) > 0 || len(m.entries[calls]) != 1 {
			t.Errorf("of %d entries %d are left, and of others %d: %v", many, len(m.entries[audit]), len(m.entries[calls]), err)
		}
	}
}

// TestAChecksumIsOfWhereEachKeyEnds: entries that are alike when written one after the other are not the same. The sums themselves stay, since those of
// backups were made by the versions before.
func TestAChecksumIsOfWhereEachKeyEnds(t *testing.T) {
	seen := map[string]string{}
	for name, of := range map[string]map[string]string{
		"one":     {"ab": "c"},
		"another": {"a": "bc"},
		"two":     {"a": "", "b": "c"},
		"none":    {},
	} {
		m := newMemory()
		m.entries[calls] = of
		sums, err := transfer.Sums(t.Context(), m, nil)
		if err != nil {
			t.Fatal(err)
		}
		if before, there := seen[sums[0].SHA256]; there || sums[0].Bucket != "calls" || sums[0].Entries != int64(len(of)) {
			t.Errorf("%s: %+v, as of %s", name, sums[0], before)
		}
		seen[sums[0].SHA256] = name
	}
	if seen["624d82214be4eb112cc1a4fcc91f7f15756109708eb855e23a9b9b34deb8a541"] != "one" {
		t.Errorf("the sum of one entry is another one than in the backups of versions before: %v", seen)
	}
}

func TestACopyIsLabelled(t *testing.T) {
	from, to, last := some("s"), newMemory(), newMemory()
	labelled := small
	labelled.Label = func(sums []transfer.BucketSum) ([]byte, error) { return fmt.Append(nil, sums[0].Entries), nil }
	if _, err := transfer.Copy(t.Context(), from, to, labelled); err != nil {
		t.Fatal(err)
	}
	if label, err := transfer.Label(t.Context(), to); err != nil || string(label) != "40" {
		t.Errorf("%q, %v", label, err)
	}
	if _, err := transfer.Copy(t.Context(), to, last, small); err != nil {
		t.Fatal(err)
	}
	whole(t, "a copy of a copy is not labelled", from, last)
}

func TestProgressOfACopy(t *testing.T) {
	var seen [][2]int64
	o := small
	o.Progress = func(done, all int64) { seen = append(seen, [2]int64{done, all}) }
	if _, err := transfer.Copy(t.Context(), some("s"), newMemory(), o); err != nil {
		t.Fatal(err)
	}
	if last := seen[len(seen)-1]; last != [2]int64{120, 120} || len(seen) < 20 || seen[0][0] > 10 {
		t.Errorf("%d steps, the last %v", len(seen), last)
	}
}
