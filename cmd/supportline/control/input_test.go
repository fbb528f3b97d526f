package control

import (
	"context"
	"errors"
	"io"
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
