package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// chartWidth is the length of the longest bar, in characters.
const chartWidth = 40

// chartBar is one line of a chart: a name, a figure, and what else is to be said of it.
type chartBar struct {
	name  string
	value int
	words string
}

// writeChart draws a bar for each figure, all to one scale. A limit above 0 is marked, and part of the scale.
func writeChart(w io.Writer, bars []chartBar, limit int) error {
	most, name, figure := max(limit, 1), 0, 0
	for _, b := range bars {
		most = max(most, b.value)
		name = max(name, utf8.RuneCountInString(b.name))
		figure = max(figure, len(fmt.Sprint(b.value)))
	}
	out := bufio.NewWriter(w)
	for _, b := range bars {
		line := fmt.Sprintf("%-*s  %s  %*d  %s", name, b.name, drawn(b.value, limit, most), figure, b.value, b.words)
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return out.Flush()
}

// drawn is a bar, always chartWidth long. What is there at all has a mark, and the limit's mark shows through.
func drawn(value, limit, most int) string {
	full := value * chartWidth / most
	if value > 0 {
		full = max(full, 1)
	}
	cells := []rune(strings.Repeat("#", full) + strings.Repeat(" ", chartWidth-full))
	if limit > 0 {
		cells[max(limit*chartWidth/most, 1)-1] = '|'
	}
	return string(cells)
}
