package control

import (
	"fmt"
	"io"
	"strings"
	"sync"
)

// barWidth is the length of a progress bar, in characters.
const barWidth = 40

// A Bar shows on a terminal how much of something is done. It is safe for concurrent use. Off a terminal, and where the size is not known, it shows nothing.
type Bar struct {
	mu    sync.Mutex
	out   io.Writer
	size  int64
	shown int // percent on the screen
	on    bool
}

// NewBar returns a bar for size units of work.
func NewBar(out io.Writer, size int64, terminal bool) *Bar {
	return &Bar{out: out, size: size, shown: -1, on: terminal && size > 0}
}

// At draws the bar when a percent was gained.
func (b *Bar) At(done int64) {
	if !b.on {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if percent := int(min(100, done*100/b.size)); percent != b.shown {
		b.shown = percent
		full := percent * barWidth / 100
		fmt.Fprintf(b.out, "\r[%s%s] %3d%%", strings.Repeat("#", full), strings.Repeat(" ", barWidth-full), percent)
	}
}

// Done takes the bar away.
func (b *Bar) Done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shown >= 0 {
		fmt.Fprintf(b.out, "\r%s\r", strings.Repeat(" ", barWidth+7))
	}
}

// Watched is a reader that shows how far it has been read.
type Watched struct {
	io.Reader
	*Bar
	read int64
}

// Watch returns a reader that shows how far a reader of size bytes has been read.
func Watch(r io.Reader, out io.Writer, size int64, terminal bool) *Watched {
	return &Watched{Reader: r, Bar: NewBar(out, size, terminal)}
}

// Read reads, and moves the bar.
func (w *Watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.read += int64(n)
	w.At(w.read)
	return n, err
}
