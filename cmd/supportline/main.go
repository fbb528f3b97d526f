// Command supportline answers a company's toll-free support numbers: it takes the provider's webhooks, carries each caller to a
// specialist, writes every step down before it answers, and shows what it wrote. One binary is the server, the phone to try it
// with, and every command that people and scripts use; "supportline --help" lists them.
//
// This package is the command line alone: the grammar (grammar.go), what people write (room flags), and a file per noun with its
// commands, each of which parses, calls a room and prints. What they call: control runs commands on the store, here or in the server that has it
// open; server is what "serve" runs; doctor checks an installation and sets the account up; demo makes up a world to try it in.
//
// The program is a value (program) that main fills in with the process's own input, output, environment and clock. A command either runs where
// it was started (localCommand) or on the store (control.Command).
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // so that a bare container knows its zones

	"github.com/officernd/supportline/cmd/supportline/server"
)

func main() {
	server.TuneRuntime()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	p := &program{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.LookupEnv, Now: time.Now}
	status := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}
