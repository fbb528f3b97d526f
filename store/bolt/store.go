package bolt

import (
	"context"

	"github.com/officernd/supportline/store"
)

// OpenStore opens the store that a file holds, or begins an empty one. size is the first size of the file in bytes, 0 for that of a server. The clock
// of the engine is that of the store.
func OpenStore(path string, size int, o store.Options) (*store.Store, error) {
	e, err := Open(path, Options{Now: o.Now, ReadOnly: o.ReadOnly, Size: size})
	if err != nil {
		return nil, err
	}
	return store.Open(context.Background(), e, o)
}
