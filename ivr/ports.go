package ivr

import (
	"context"
	"iter"
	"time"

	"github.com/officernd/supportline/policy"
)

// Log keeps calls.
type Log interface {
	// Advance reads the call, or begins a new one, applies change to it, and commits the result durably before it returns it. The three are
	// one atomic step for this call. change is pure and may run more than once.
	Advance(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error)
	// AdvanceCounting is Advance for a change that depends on the customer numbers that nobody has and that were entered before, on any call. They are
	// counted in the same atomic step, so that of many calls at one moment each sees the numbers of those before it.
	AdvanceCounting(
		ctx context.Context, sid policy.CallSID, count policy.WrongNumberCount, change func(policy.Call, policy.WrongNumbers) policy.Call,
	) (policy.Call, error)
	// MonthCalls returns the calls of the account that a call belongs to, in the call's month, oldest first, up to the one of which enough reports
	// true; none for a call of no account. Each attempt to read them asks for an enough of its own; nil is that all are wanted.
	MonthCalls(ctx context.Context, sid policy.CallSID, enough func() func(policy.CallSummary) bool) ([]policy.CallSummary, error)
	// AccountSummaries returns the calls of an account that belong to a month.
	AccountSummaries(ctx context.Context, customer policy.CustomerNumber, month policy.Month) ([]policy.CallSummary, error)
	// Calls returns the calls that a filter selects, which need not have their histories. An error ends the sequence.
	Calls(ctx context.Context, filter policy.Filter) iter.Seq2[policy.Call, error]
}

// Directory knows the customers.
type Directory interface {
	// Customer returns the account with a number. The error is policy.ErrNoCustomer if nobody has it.
	Customer(ctx context.Context, number policy.CustomerNumber) (policy.Customer, error)
	// CustomersCallingFrom returns the accounts that list this caller's number as theirs, which may be none.
	CustomersCallingFrom(ctx context.Context, caller policy.Phone) ([]policy.Customer, error)
}

// Observer counts what happens. Its methods must return quickly, and are called from many goroutines.
type Observer interface {
	// Webhook is called for each webhook that was answered. route is the pattern, not the path, so that it names no caller.
	Webhook(route string, status int, took time.Duration)
	// CallEnded is called once, when the outcome of a call becomes known.
	CallEnded(outcome policy.Outcome)
	// StoreFailed is called for each webhook that had to be answered without the log.
	StoreFailed(err error)
	// Panicked is called for each webhook whose handler panicked, and which was answered without the log.
	Panicked()
	// WrongNumber is called for each customer number that nobody has.
	WrongNumber()
	// NumbersRefused is called once for each call on which no more customer numbers are looked up, with what was exceeded.
	NumbersRefused(limit WrongNumberLimit)
	// Looped is called for each call of our own that came back to us and was refused.
	Looped()
}

// Source returns the company's settings as they are in force at this moment. It is called once for each webhook, from many goroutines, and must
// return quickly. What it returned is never changed afterwards.
type Source func() *policy.Settings
