package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/officernd/supportline/policy"
)

// DatesYAML returns the single dates of lines as the file writes them, for the place of their closed and special lists:
//
//	lines:
//	  - number: "+448000668187" # United Kingdom
//	    closed:
//	      - { date: 2026-12-24, reason: "Christmas Eve" }
//	    special: []
func DatesYAML(lines []policy.Line) []byte {
	var b strings.Builder
	b.WriteString("lines:\n")
	for _, l := range lines {
		fmt.Fprintf(&b, "  - number: %s # %s\n", quotedYAML(l.Number.Full()), strings.Join(strings.Fields(l.Name), " "))
		closed := make([]string, len(l.Hours.Closed))
		for i, c := range l.Hours.Closed {
			closed[i] = "date: " + c.Date.String()
			if c.Reason != "" {
				closed[i] += ", reason: " + quotedYAML(c.Reason)
			}
		}
		special := make([]string, len(l.Hours.Special))
		for i, s := range l.Hours.Special {
			special[i] = "date: " + s.Date.String() + ", hours: " + quotedYAML(spansYAML(s.Spans))
		}
		listYAML(&b, "closed", closed)
		listYAML(&b, "special", special)
	}
	return []byte(b.String())
}

func listYAML(b *strings.Builder, key string, items []string) {
	if len(items) == 0 {
		fmt.Fprintf(b, "    %s: []\n", key)
		return
	}
	fmt.Fprintf(b, "    %s:\n", key)
	for _, item := range items {
		fmt.Fprintf(b, "      - { %s }\n", item)
	}
}

// spansYAML returns hours as policy.ParseSpans reads them.
func spansYAML(spans []policy.Span) string {
	if len(spans) == 0 {
		return "closed"
	}
	texts := make([]string, len(spans))
	for i, s := range spans {
		texts[i] = s.String()
	}
	return strings.Join(texts, ", ")
}

// quotedYAML returns a text in quotes. YAML reads the escapes of a Go string alike; ${ would be a reference to the environment.
func quotedYAML(text string) string { return strconv.Quote(strings.ReplaceAll(text, "${", "$${")) }
