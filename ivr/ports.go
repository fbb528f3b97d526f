package ivr

import (
	"context"
	"time"

	"github.com/officernd/supportline/policy"
)

// Log is where calls are written down.
type Log interface {
	// Advance reads the call (a new one if there is none), applies change to it and commits the result durably before it returns
	// it. The three are one atomic step for this call. change is pure and may run more than once.
	Advance(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error)
	// WrongNumbers counts the customer numbers that nobody has which this caller entered since then, on any call.
	WrongNumbers(ctx context.Context, caller policy.Phone, since time.Time) (int, error)
}

// Directory knows the customers.
type Directory interface {
	// Customer finds an account by its number; policy.ErrNoCustomer where nobody has it.
	Customer(ctx context.Context, number policy.CustomerNumber) (policy.Customer, error)
	// CustomersCallingFrom finds the accounts that list this caller's number as theirs; none is no error.
	CustomersCallingFrom(ctx context.Context, caller policy.Phone) ([]policy.Customer, error)
}

// Observer is told what happens, to be counted. It must be quick, and safe to call from many goroutines.
type Observer interface {
	// Webhook was answered with an HTTP status. route is the pattern, never the path, so that it names no caller.
	Webhook(route string, status int, took time.Duration)
	// CallEnded is called once, when the outcome of a call becomes known.
	CallEnded(outcome policy.Outcome)
	// StoreFailed is called for each webhook that had to be answered without the log.
	StoreFailed(err error)
}

// Source gives the company's settings as they are in force at this moment. It is asked once for each webhook, so it must be quick, and safe
// to call from many goroutines. Nobody changes what it gave: other settings are other values.
type Source func() *policy.Settings
