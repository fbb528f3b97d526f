package bolt_test

import (
	"path/filepath"
	"testing"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/storetest"
)

func TestEngine(t *testing.T) {
	storetest.RunEngine(t, func(t testing.TB) storetest.Entries {
		return entries(filepath.Join(t.TempDir(), "supportline.db"))
	})
}

// entries is the path of a file.
type entries string

func (path entries) Engine(t testing.TB) store.Engine {
	t.Helper()
	e, err := bolt.Open(string(path), bolt.Options{Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
