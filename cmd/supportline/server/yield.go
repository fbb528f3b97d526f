package server

import (
	"runtime"
	"sync/atomic"
	"time"
)

// yielder lets calls go first while a page or an export is made. What waits for the network often waits behind the page's thread, on the
// processor that it last ran on, although another one is free; and an operating system for servers lets a thread work for milliseconds before
// it looks. So long work yields in between: while ten people browse 300,000 calls and one exports them, the slowest hundredth of the webhooks takes
// 1.2 times as long as alone, and 1.8 times without this (BenchmarkConsole on two processors).
type yielder struct {
	began time.Time
	last  atomic.Int64 // when it last yielded, in nanoseconds since began
}

// yieldEvery is the length of one stretch of work.
const yieldEvery = 100 * time.Microsecond

func newYielder() *yielder { return &yielder{began: time.Now()} }

// yield may be called at any rate: it yields at most once in yieldEvery.
func (c *yielder) yield() {
	now, last := int64(time.Since(c.began)), c.last.Load()
	if now-last < int64(yieldEvery) || !c.last.CompareAndSwap(last, now) {
		return
	}
	runtime.Gosched()
	yieldThread()
}
