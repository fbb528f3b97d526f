package bolt

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/store"
)

// The file is mapped, so that the system's failure to read a page of it, and a file that somebody cut, arrive as faults of memory. Who reads has
// debug.SetPanicOnFault set, which makes them panics; those, and bbolt's own over pages that make no sense, become errors here.

// begin begins a transaction. Where the first pages, which lead to all others, cannot be read, bbolt stays locked: all later ones fail.
func (e *Engine) begin(writable bool) (tx *bbolt.Tx, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = e.Explain(e.panicked(p))
			e.lost.Store(&err)
		}
	}()
	e.opening.RLock()
	defer e.opening.RUnlock()
	if lost := e.lost.Load(); lost != nil { // meanwhile
		return nil, *lost
	}
	tx, err = e.db.Begin(writable)
	return tx, closed(err)
}

// uncut returns store.ErrTruncated if the file is shorter than its content: what a commit writes behind the end would fill it with zeros up to there,
// and hide that.
func (e *Engine) uncut(tx *bbolt.Tx) error {
	info, err := e.file.Stat()
	if err == nil && info.Size() < tx.Size() {
		return fmt.Errorf("%w: it has %d of %d bytes", store.ErrTruncated, info.Size(), tx.Size())
	}
	return err
}

// faultOf returns the error of a panic that the file caused. It panics again with any other one.
func (e *Engine) faultOf(p any) error {
	if at, ok := p.(interface{ Addr() uintptr }); ok { // of a fault; that of a nil pointer has no address
		return fmt.Errorf("%w: %s", store.ErrDamaged, e.place(at.Addr()))
	}
	if !ofBolt() {
		panic(p)
	}
	return fmt.Errorf("%w: %v", store.ErrDamaged, p)
}

// handles returns what settle replaces; nothing while it does so.
func (e *Engine) handles() (*bbolt.DB, *os.File) {
	if !e.opening.TryRLock() {
		return nil, nil
	}
	defer e.opening.RUnlock()
	return e.db, e.file
}

// place describes an address in the map.
func (e *Engine) place(at uintptr) string {
	if db, file := e.handles(); db != nil && file != nil {
		if info, err := file.Stat(); err == nil {
			if begin := mapped(db); begin != 0 && at >= begin && at-begin < max(mapSize, uintptr(info.Size())) {
				return fmt.Sprintf("it cannot be read at byte %d, of %d bytes", at-begin, info.Size())
			}
		}
	}
	return "a page that it leads to is not there"
}

// mapped returns the address of the map, 0 if there is none.
func mapped(db *bbolt.DB) (at uintptr) {
	defer func() { _ = recover() }() // bbolt's of a closed file
	return db.Info().Data
}

// panicked returns the error of any panic.
func (e *Engine) panicked(p any) (err error) {
	defer func() {
		if again := recover(); again != nil {
			err = fmt.Errorf("a change panicked: %v\n%s", again, debug.Stack())
		}
	}()
	return e.faultOf(p)
}

// ofBolt reports whether the panic that is under way began in bbolt.
func ofBolt() bool {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	for panicking := false; ; {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			return strings.HasPrefix(frame.Function, "go.etcd.io/bbolt")
		}
		if !more {
			return false
		}
	}
}
