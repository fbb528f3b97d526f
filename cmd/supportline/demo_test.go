package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/server"
)

// The first run makes everything that it needs, and everything that it prints is there.
func TestDemoFromNothing(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "try it")
	out, words := newAwaited(), newAwaited()
	p := &program{In: strings.NewReader(""), Out: out, Err: words, Env: noEnv, Now: time.Now}
	ctx, stop := context.WithCancel(t.Context())
	status := make(chan int, 1)
	go func() { status <- p.run(ctx, []string{"demo", "--dir", folder}) }()
	out.await("hours --config")
	conf, err := p.load(filepath.Join(folder, "supportline.yaml"), config.Options{})
	if err != nil {
		t.Fatal(err, words)
	}
	if _, err := server.AskHealth(t.Context(), conf.Listen.Health(), "/readyz"); err != nil {
		t.Error(err)
	}
	for _, file := range []string{"supportline.yaml", "customers.csv", "supportline.db", "supportline.log"} {
		if !strings.Contains(out.String(), filepath.Join(folder, file)) {
			t.Errorf("%s is not named in\n%s", file, out)
		}
		if _, err := os.Stat(filepath.Join(folder, file)); err != nil {
			t.Error(err)
		}
	}
	for _, address := range []string{conf.Listen.Webhooks, conf.Listen.Console} {
		if !strings.HasPrefix(address, "127.0.0.1:") || !strings.Contains(out.String(), address) {
			t.Errorf("%s is not a loopback address that was printed", address)
		}
	}
	stop()
	if got := <-status; got != control.Done {
		t.Errorf("status %d: %s", got, words)
	}
}

// The prompt of a demo on a terminal: a call, then the commands that look at it.
func TestDemoPrompt(t *testing.T) {
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	h := mustAppAt(t, func() time.Time { return at })
	typed := []string{
		"dial +448000668187 from +442079460018", "*", "1", "a", "h", "calls", "explain CA0", "dial nonsense", "dial", "dance", "followups", "oncall", "hours", "quit", "never read",
	}
	file := filepath.Join(t.TempDir(), "supportline.yaml")
	if err := os.WriteFile(file, config.Demo(freeAddress(t), freeAddress(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, words := newAwaited(), newAwaited()
	p := &program{In: strings.NewReader(strings.Join(typed, "\n") + "\n"), Out: out, Err: words, Env: noEnv, Now: func() time.Time { return at }}
	(&prompt{program: p, app: h, file: file}).run(t.Context())
	for _, want := range []string{
		"caller hears  Putting you through to a specialist.", "204518    Northwind Flex Offices  critical          served", "Europe/London): open on Tuesday, 2026-11-24",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, want := range []string{"No follow-ups.", "The configuration has no rotas.", "no call CA0 is in the log", `"nonsense" is not a telephone number`, "write dial NUMBER"} {
		if !strings.Contains(words.String(), want) {
			t.Errorf("no %q in\n%s", want, words)
		}
	}
	if got := strings.Count(out.String(), promptHelp); got != 2 {
		t.Errorf("the help was shown %d times, want at the start and for what is not a command", got)
	}
}
