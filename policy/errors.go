package policy

import "errors"

// What a store can answer. Everything else is internal.
var (
	ErrNoCall     = errors.New("no such call")
	ErrNoCustomer = errors.New("no such customer")
)
