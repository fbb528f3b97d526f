package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
)

// The exit statuses of the program.
const (
	Done        = 0
	RefusedExit = 1 // the answer is no
	FailedExit  = 2 // used wrongly, or could not run
)

// exit is an error whose exit status is decided. err is nil when everything has been said already.
type exit struct {
	status int
	err    error
}

func (e exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

// Refused returns the answer no, with its reason: exit status 1.
func Refused(format string, args ...any) error {
	return exit{status: RefusedExit, err: fmt.Errorf(format, args...)}
}

// Exit returns an error that ends the program with a status and without another word.
func Exit(status int) error { return exit{status: status} }

// refusals are the errors that mean no: what was asked for does not exist, or its state does not allow it.
var refusals = []error{
	policy.ErrNoCall, policy.ErrNoCustomer, policy.ErrNoCase, policy.ErrNoNotice, policy.ErrCallChanged, policy.ErrAlready,
	policy.ErrNothingToWaive, policy.ErrNothingToUndo, policy.ErrManyActs, policy.ErrNotOnFile, policy.ErrMoveNotAllowed, policy.ErrCaseOpen, policy.ErrSent, policy.ErrWithdrawn,
	users.ErrNoUser, users.ErrExists, users.ErrTokenExists, users.ErrManyTokens, policy.ErrNoEmail,
	policy.ErrNoRecording, policy.ErrNotStored, followup.ErrNone, followup.ErrTaken, followup.ErrDone, followup.ErrUnderWay, followup.ErrOnThePhone,
	remedy.ErrNone, remedy.ErrNoPage, remedy.ErrNoReceiver, remedy.ErrSentToday, remedy.ErrOffered,
	followup.ErrOutsideHours, followup.ErrUnreachable, followup.ErrNoPhone, oncall.ErrChanged,
}

// ExitStatus is the one table from an error to an exit status. An error that it does not know means that the command could not run.
func ExitStatus(err error) int {
	var e exit
	switch {
	case err == nil:
		return Done
	case errors.As(err, &e):
		return e.status
	case slices.ContainsFunc(refusals, func(why error) bool { return errors.Is(err, why) }):
		return RefusedExit
	}
	return FailedExit
}

// Report writes an error for a person to read, unless everything has been said, and returns the exit status.
func Report(w io.Writer, err error) int {
	var e exit
	switch {
	case err == nil, errors.As(err, &e) && e.err == nil:
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "supportline: interrupted")
	default:
		fmt.Fprintf(w, "supportline: %v\n", err)
	}
	return ExitStatus(err)
}
