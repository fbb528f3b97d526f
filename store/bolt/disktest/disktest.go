//go:build linux

// Package disktest makes disks for tests: a disk that records what is written to it and fails on demand, what such a disk can hold after the power was
// cut, and small ones that fill up.
package disktest

import (
	"syscall"
	"testing"
)

// Op is an operation on a file, in the order in which a disk got them.
type Op struct {
	Kind Kind
	File string // its name in the folder, of Rename the new one; of SyncFolder that of a folder in it, "" of the folder itself
	At   int64  // of Write; of Truncate the new size
	Data []byte
	// Failed is that the program got an error. What was written and synced without success may be on the disk, or may never be.
	Failed bool
}

// Kind is the kind of an operation.
type Kind int

// The kinds of operations.
const (
	Write Kind = iota
	Truncate
	Sync
	SyncFolder
	Rename
)

// Fault is what goes wrong with some operations. All of its kind go well that it does not count.
type Fault struct {
	Kind     Kind
	From, To int64 // where a write that fails begins; To 0: anywhere
	After    int   // so many go well first
	Times    int   // so many fail then; 0: all
	// Keep is how many bytes of a write are written. Without Err that is what the program is told: a short write.
	Keep int
	Err  syscall.Errno
}

// matches reports whether an operation is counted.
func (f *Fault) matches(op Op) bool {
	return f.Kind == op.Kind && (f.To == 0 || f.From <= op.At && op.At < f.To)
}

// strikes counts an operation, and reports whether it fails.
func (f *Fault) strikes(op Op) bool {
	if !f.matches(op) {
		return false
	}
	if f.After > 0 {
		f.After--
		return false
	}
	if f.Times > 0 {
		if f.Times--; f.Times == 0 {
			f.Times = -1 // it is over
		}
		return true
	}
	return f.Times == 0
}

// NotRun prints what a test could not do on this machine, and why.
func NotRun(t testing.TB, what string, why error) {
	t.Helper()
	t.Logf("NOT RUN, %s: %v", what, why)
}
