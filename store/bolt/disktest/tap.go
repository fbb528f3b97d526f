//go:build linux

package disktest

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"sync"
	"unsafe"
)

// Tap records the pages that bbolt writes for an engine without a file system's help, for machines that have no FUSE. It does not see syncs: it takes them
// to be where bbolt makes them, before and after each write of a meta page.
type Tap struct {
	// Base is what the file held before.
	Base []byte

	mu  sync.Mutex
	ops []Op
}

// NewTap records what is written for an engine from now on, which has its *bbolt.DB in a field db and its file at path.
func NewTap(engine any, path string) (*Tap, error) {
	db := reflect.ValueOf(engine).Elem().FieldByName("db")
	if !db.IsValid() || db.Kind() != reflect.Pointer || db.Elem().Kind() != reflect.Struct {
		return nil, errors.New("the engine has no field db any longer")
	}
	writeAt := db.Elem().FieldByName("ops").FieldByName("writeAt")
	write, ok := reflect.NewAt(writeAt.Type(), unsafe.Pointer(writeAt.UnsafeAddr())).Interface().(*func([]byte, int64) (int, error))
	if !ok {
		return nil, errors.New("bbolt does not write through ops.writeAt any longer")
	}
	base, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t, through := &Tap{Base: base}, *write
	*write = func(data []byte, at int64) (int, error) {
		t.note(Op{Kind: Write, At: at, Data: bytes.Clone(data)})
		return through(data, at)
	}
	return t, nil
}

func (t *Tap) note(op Op) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if sync := (Op{Kind: Sync}); op.At < 2*block {
		t.ops = append(t.ops, sync, op, sync)
	} else {
		t.ops = append(t.ops, op)
	}
}

// Count returns how many operations there were.
func (t *Tap) Count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.ops)
}

// Ops returns all operations.
func (t *Tap) Ops() []Op {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ops
}
