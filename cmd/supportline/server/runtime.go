package server

import (
	"os"
	"runtime"
	"runtime/debug"
)

// TuneRuntime sets the runtime for a process that answers webhooks. GOMAXPROCS and GOGC in the environment stand as they are.
//
// It works on one thing more than there are processors. A commit waits for the disk twice, and to the runtime the goroutine that waits is at work
// until it finds out otherwise: on two processors half of the webhooks would stand still that long.
//
// The heap grows to two and a half times what is in use before the collector works, instead of twice: a server holds a few megabytes, and at the usual
// setting the collector takes more than a tenth of its processor time. GOMEMLIMIT bounds the memory of a server that holds much.
func TuneRuntime() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(150)
	}
}
