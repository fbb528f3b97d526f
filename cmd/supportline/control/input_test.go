package control

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// asked is an input that tells when it is first read, and then never ends.
type asked struct {
	text  io.Reader
	empty chan struct{}
}

func (a *asked) Read(p []byte) (int, error) {
	n, err := a.text.Read(p)
	if errors.Is(err, io.EOF) {
		close(a.empty)
		select {}
	}
	return n, err
}

// With no server as well: Ctrl-C does not wait for somebody to type.
func TestInterruptedQuestion(t *testing.T) {
	in := &asked{text: strings.NewReader(""), empty: make(chan struct{})}
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		<-in.empty
		interrupt()
	}()
	s := &Session{Terminal: Terminal{Ask: true}, In: interruptible{ctx, in}, Err: io.Discard}
	if err := s.Confirm(false, "Erase?"); !errors.Is(err, context.Canceled) {
		t.Errorf("the question gave %v, want that it was interrupted", err)
	}
}

// After the file comes what the person types who is asked about it.
func TestAnswersComeAfterTheFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "customers.csv")
	if err := os.WriteFile(name, []byte("a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := Runner{In: strings.NewReader("yes\n")}
	in, err := r.input(named(name))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if text, err := io.ReadAll(in); err != nil || string(text) != "a file" {
		t.Errorf("the file is %q, %v", text, err)
	}
	s := &Session{Terminal: Terminal{Ask: true}, In: in, Err: io.Discard}
	if err := s.Confirm(false, "Import?"); err != nil {
		t.Errorf("yes is not heard: %v", err)
	}
}

// named is a command whose input is a file of this name.
type named string

func (n named) InputFile() string                 { return string(n) }
func (named) Run(context.Context, *Session) error { return nil }
