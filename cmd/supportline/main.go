// Command supportline answers a company's toll-free support numbers: it takes the provider's webhooks, carries each caller to a
// specialist, writes every step down before it answers, and shows what it wrote. One binary is the server, the phone to try it
// with, and every command that people and scripts use; "supportline --help" lists them.
//
// The program is a value (program) that main fills in with the process's own input, output, environment and clock. Commands that
// read or change the store are written once, over a session; where a server has the store open they travel to it over a socket
// beside the store's file.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
	_ "time/tzdata" // so that a bare container knows its zones
)

func main() {
	workBesideTheDisk()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	p := &program{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.LookupEnv, Now: time.Now}
	status := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

// workBesideTheDisk lets the runtime work on one thing more than there are processors. A commit waits for the disk twice, and to the
// runtime the goroutine that waits is at work until it finds out otherwise: on two processors half of the webhooks would stand still that
// long. GOMAXPROCS in the environment stands as it is.
func workBesideTheDisk() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}
