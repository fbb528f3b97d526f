package postgres

import (
	"hash/fnv"
	"slices"

	"github.com/officernd/supportline/store"
)

// A key that is not there cannot be locked, and guards mostly are not there: nothing has happened yet that rewrites them. So that many commits can rely
// on the absence of one guard at the same time, each key of the bucket has a row of another table, its stripe, which it shares with some other keys. A
// commit that relies on the absence locks the stripe together with others, and one that writes the guard locks it alone. In other buckets every commit
// adds keys, and would wait for its stripe. There an absent key is claimed by an insert, for one commit at a time.

// stripes is how many rows there are. It is that of the migration.
const stripes = 256

// guards is the bucket that has stripes.
var guards = func() store.Bucket {
	i := slices.IndexFunc(store.Buckets(), func(b store.Bucket) bool { return b.String() == "guards" })
	return store.Buckets()[i]
}()

func stripe(key []byte) int32 {
	h := fnv.New32a()
	_, _ = h.Write(key) // never fails
	return int32(h.Sum32() % stripes)
}

// stripeLocks returns the statement that locks the stripes of keys; none if there are no keys. locked, which may be nil, is called with each.
func stripeLocks(sql string, keys [][]byte, locked func(n int32)) []statement {
	if len(keys) == 0 {
		return nil
	}
	var numbers []int32
	for _, k := range keys {
		numbers = append(numbers, stripe(k))
	}
	slices.Sort(numbers)
	return []statement{{sql, []any{slices.Compact(numbers)}, func(v [][]byte) {
		if locked != nil {
			locked(int32(v[0][3]))
		}
	}}}
}
