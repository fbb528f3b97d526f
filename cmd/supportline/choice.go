package main

import (
	"fmt"
	"strings"

	"github.com/officernd/supportline/policy"
)

// intent, outcome and caseState are flags that take one of the policy's values; number is one that takes a telephone number.
type (
	intent  policy.Intent
	outcome policy.Outcome
	number  policy.Phone

	caseState policy.CaseState
)

// UnmarshalText takes one of the five reasons to call; anything else is an error that lists them.
func (i *intent) UnmarshalText(text []byte) error { return choose(i, string(text), policy.Intents()) }

// UnmarshalText takes one of the ways a call can end, or in-progress; anything else is an error that lists them.
func (o *outcome) UnmarshalText(text []byte) error { return choose(o, string(text), outcomes()) }

// outcomes returns the outcomes by which calls can be selected.
func outcomes() []policy.Outcome { return append(policy.Outcomes(), policy.InProgress) }

// UnmarshalText takes one of the states of a case; anything else is an error that lists them.
func (c *caseState) UnmarshalText(text []byte) error {
	return choose(c, string(text), policy.CaseStates())
}

// UnmarshalText takes a number in E.164, with spaces, hyphens, dots and brackets allowed between the digits.
func (n *number) UnmarshalText(text []byte) error {
	tidy := strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "").Replace(string(text))
	if !policy.Phone(tidy).IsNumber() || len(tidy) < 4 || len(tidy) > 16 {
		return fmt.Errorf("%q is not a telephone number: write it with its country, for example +448000668187", text)
	}
	*n = number(tidy)
	return nil
}

// choose sets a flag to one of the values.
func choose[F, V ~string](flag *F, text string, values []V) error {
	for _, v := range values {
		if text == string(v) {
			*flag = F(v)
			return nil
		}
	}
	return fmt.Errorf("%q is not known: write one of %s", text, list(values))
}

// list returns the values as one text, for an error.
// list joins values in words.
func list[V ~string](values []V) string { return strings.Join(names(values), ", ") }

func names[V ~string](values []V) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}
