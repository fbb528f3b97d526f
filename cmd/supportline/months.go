package main

import (
	"fmt"

	"github.com/officernd/supportline/policy"
)

// thisMonth is the current month of the company.
func (s *session) thisMonth() policy.Month { return s.Settings.ThisMonth(s.Now()) }

// month reads the value of a flag: the current month where it is empty. A month that has not begun is refused.
func (s *session) month(flag, text string) (policy.Month, error) {
	month, err := s.Settings.BegunMonth(text, s.Now())
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	return month, nil
}
