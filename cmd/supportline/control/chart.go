package control

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// chartWidth is the length of the longest bar, in characters.
const chartWidth = 40

// A ChartRow is one line of a chart: a name, a figure, and what else is to be said of it.
type ChartRow struct {
	Name  string
	Value int
	Words string
}

// WriteChart draws a bar for each figure, all to one scale. A limit above 0 is marked, and part of the scale.
func WriteChart(w io.Writer, bars []ChartRow, limit int) error {
	most, name, figure := max(limit, 1), 0, 0
	for _, b := range bars {
		most = max(most, b.Value)
		name = max(name, utf8.RuneCountInString(b.Name))
		figure = max(figure, len(fmt.Sprint(b.Value)))
	}
	out := bufio.NewWriter(w)
	for _, b := range bars {
		line := fmt.Sprintf("%-*s  %s  %*d  %s", name, b.Name, drawn(b.Value, limit, most), figure, b.Value, b.Words)
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return out.Flush()
}

// drawn returns a bar, always chartWidth long. Any value above 0 has a mark, and the limit's mark shows through.
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
