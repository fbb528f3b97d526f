package store

import "errors"

// What can be wrong with a store. Open wraps them in a sentence that names the file and says what to do.
var (
	ErrLocked    = errors.New("another process has the file open") // it has a socket beside the file for that
	ErrNotOurs   = errors.New("the file is not a supportline database")
	ErrDamaged   = errors.New("the file is damaged")
	ErrTruncated = errors.New("the file is shorter than its content")
	ErrNewer     = errors.New("the file was written by a newer version")
	ErrReadOnly  = errors.New("the store was opened for reading only")
	ErrClosed    = errors.New("the store is closed")
)
