package main

import (
	"runtime"
	"sync/atomic"
	"time"
)

// courtesy lets calls go first while a page or an export is made. What waits for the network often waits behind the page's thread, on the
// processor that it last ran on, although another one is free; and an operating system for servers lets a thread work for milliseconds before
// it looks. So whoever works for long asks in between.
type courtesy struct {
	began time.Time
	last  atomic.Int64 // when others were let through, in nanoseconds since began
}

// courtesyEvery is how long is worked at one stretch.
const courtesyEvery = 100 * time.Microsecond

func newCourtesy() *courtesy { return &courtesy{began: time.Now()} }

// yield may be called as often as one likes: it does something now and then only.
func (c *courtesy) yield() {
	now, last := int64(time.Since(c.began)), c.last.Load()
	if now-last < int64(courtesyEvery) || !c.last.CompareAndSwap(last, now) {
		return
	}
	runtime.Gosched()
	yieldThread()
}
