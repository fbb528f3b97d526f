package main

import (
	"fmt"
	"io"
	"strings"
)

// barWidth is the length of a progress bar, in characters.
const barWidth = 40

// watched is a reader that shows on a terminal how far it has been read.
type watched struct {
	io.Reader
	out   io.Writer
	size  int64
	read  int64
	shown int // percent on the screen
	on    bool
}

// watch shows the reading of size bytes. Off a terminal, and where the size is not known, it shows nothing.
func watch(r io.Reader, out io.Writer, size int64, terminal bool) *watched {
	return &watched{Reader: r, out: out, size: size, shown: -1, on: terminal && size > 0}
}

// Read reads, and draws the bar when a percent was gained.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.read += int64(n)
	if w.on {
		if percent := int(min(100, w.read*100/w.size)); percent != w.shown {
			w.shown = percent
			full := percent * barWidth / 100
			fmt.Fprintf(w.out, "\r[%s%s] %3d%%", strings.Repeat("#", full), strings.Repeat(" ", barWidth-full), percent)
		}
	}
	return n, err
}

// done takes the bar away.
func (w *watched) done() {
	if w.shown >= 0 {
		fmt.Fprintf(w.out, "\r%s\r", strings.Repeat(" ", barWidth+7))
	}
}
