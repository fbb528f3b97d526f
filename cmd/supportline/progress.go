package main

import (
	"fmt"
	"io"
	"strings"
)

// barWidth is the length of a progress bar, in characters.
const barWidth = 40

// bar shows on a terminal how much of something is done. Off a terminal, and where the size is not known, it shows nothing.
type bar struct {
	out   io.Writer
	size  int64
	shown int // percent on the screen
	on    bool
}

func newBar(out io.Writer, size int64, terminal bool) *bar {
	return &bar{out: out, size: size, shown: -1, on: terminal && size > 0}
}

// at draws the bar when a percent was gained.
func (b *bar) at(done int64) {
	if !b.on {
		return
	}
	if percent := int(min(100, done*100/b.size)); percent != b.shown {
		b.shown = percent
		full := percent * barWidth / 100
		fmt.Fprintf(b.out, "\r[%s%s] %3d%%", strings.Repeat("#", full), strings.Repeat(" ", barWidth-full), percent)
	}
}

// done takes the bar away.
func (b *bar) done() {
	if b.shown >= 0 {
		fmt.Fprintf(b.out, "\r%s\r", strings.Repeat(" ", barWidth+7))
	}
}

// watched is a reader that shows how far it has been read.
type watched struct {
	io.Reader
	*bar
	read int64
}

// watch shows the reading of size bytes.
func watch(r io.Reader, out io.Writer, size int64, terminal bool) *watched {
	return &watched{Reader: r, bar: newBar(out, size, terminal)}
}

// Read reads, and moves the bar.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.read += int64(n)
	w.at(w.read)
	return n, err
}
