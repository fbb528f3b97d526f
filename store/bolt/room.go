package bolt

import "context"

// A commit that needs a new block waits for the file system's journal. So the file is filled with zeros before bbolt needs the space: once
// when it is prepared, then in small steps ahead of what is used. Only space behind the end of the file is filled.
const (
	roomStep  = 1 << 20
	roomAhead = 2 << 20 // more than a batch writes
)

var zeros = make([]byte, roomStep)

// allocate fills the file to its first size.
func (e *Engine) allocate(ctx context.Context) error {
	if err := e.acquire(ctx); err != nil {
		return err
	}
	defer e.release()
	info, err := e.file.Stat()
	if err != nil {
		return err
	}
	e.ready = info.Size()
	if err := e.fill(int64(e.options.Size)); err != nil {
		return err
	}
	return e.file.Sync()
}

// growAhead keeps free space behind the bytes that are used. Where the disk has none left the commit goes on: it may need less, and reports
// its own error.
func (e *Engine) growAhead(used int64) {
	if e.ready-used < roomAhead && !e.options.Building {
		_ = e.fill(used + roomAhead + roomStep)
	}
}

func (e *Engine) fill(size int64) error {
	info, err := e.file.Stat() // bbolt may have grown it meanwhile
	if err != nil {
		return err
	}
	e.ready = max(e.ready, info.Size())
	for e.ready < size {
		n, err := e.file.WriteAt(zeros[:min(roomStep, size-e.ready)], e.ready)
		e.ready += int64(n)
		if err != nil {
			return err
		}
	}
	return nil
}
