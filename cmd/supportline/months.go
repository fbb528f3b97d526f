package main

import (
	"fmt"

	"github.com/officernd/supportline/policy"
)

// thisMonth is the current month of the company: the latest that has begun on any of its lines.
func (s *session) thisMonth() policy.Month { return s.Settings.Month(s.Now()) }

// month reads the value of a flag: the current month where it is empty. A month that has not begun is refused, because nothing can be
// known of it.
func (s *session) month(flag, text string) (policy.Month, error) {
	now := s.thisMonth()
	if text == "" {
		return now, nil
	}
	month, err := policy.ParseMonth(text)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", flag, err)
	case month > now:
		return "", fmt.Errorf("%s: %s has not begun: write %s or an earlier month", flag, month, now)
	}
	return month, nil
}

// monthsTo are n months, oldest first; the last one is last.
func monthsTo(last policy.Month, n int) []policy.Month {
	months := make([]policy.Month, n)
	for i := range months {
		months[i] = last.Plus(i - n + 1)
	}
	return months
}
