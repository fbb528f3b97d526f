package phone

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Lines reads typed lines, one at a time and only on demand: a line that was not asked for stays in the reader. It is for one goroutine at a time.
// A program that reads standard input in several places shares one Lines.
type Lines struct {
	in      *bufio.Scanner
	pending chan typed
	silent  bool // the input is not a terminal, so that what is read is not visible by itself
}

type typed struct {
	text string
	ok   bool
}

// NewLines returns the lines of r.
func NewLines(r io.Reader) *Lines { return &Lines{in: bufio.NewScanner(r), silent: !isTerminal(r)} }

func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Next returns the next line without spaces around it. ok is false at the end of the input and when ctx ends first. A line that arrives after ctx
// ended is returned by the next call.
func (l *Lines) Next(ctx context.Context) (text string, ok bool) {
	if l.pending == nil {
		l.pending = make(chan typed, 1)
		go func(to chan<- typed) {
			ok := l.in.Scan()
			to <- typed{strings.TrimSpace(l.in.Text()), ok}
		}(l.pending)
	}
	select {
	case <-ctx.Done():
		return "", false
	case t := <-l.pending:
		l.pending = nil
		return t.text, t.ok
	}
}
