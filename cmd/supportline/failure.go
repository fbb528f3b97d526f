package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// The exit statuses: done; the answer is no; used wrongly, or could not run.
const (
	statusDone  = 0
	statusNo    = 1
	statusWrong = 2
)

// failure is an error whose exit status is decided. err is nil when everything has been said already.
type failure struct {
	status int
	err    error
}

func (f failure) Error() string {
	if f.err == nil {
		return fmt.Sprintf("exit status %d", f.status)
	}
	return f.err.Error()
}

func (f failure) Unwrap() error { return f.err }

// no is the answer no, with its reason: exit status 1.
func no(format string, args ...any) error {
	return failure{status: statusNo, err: fmt.Errorf(format, args...)}
}

// said ends the program with a status and without another word.
func said(status int) error { return failure{status: status} }

// refusals are the errors that mean no: what was asked for is not there, or its state does not allow it.
var refusals = []error{
	policy.ErrNoCall, policy.ErrNoCustomer, policy.ErrNoCase, policy.ErrNoNotice, policy.ErrCallChanged, policy.ErrAlready,
	policy.ErrNothingToWaive, policy.ErrNothingToUndo, policy.ErrMoveNotAllowed, policy.ErrCaseOpen, policy.ErrSent,
	users.ErrNoUser, users.ErrExists, users.ErrTokenExists, users.ErrManyTokens, policy.ErrNoEmail,
	policy.ErrNoRecording, policy.ErrNotKept,
}

// statusOf is the one table from an error to an exit status. What it does not know could not run.
func statusOf(err error) int {
	var f failure
	switch {
	case err == nil:
		return statusDone
	case errors.As(err, &f):
		return f.status
	case slices.ContainsFunc(refusals, func(why error) bool { return errors.Is(err, why) }):
		return statusNo
	}
	return statusWrong
}

// report writes what went wrong for a person to read, and gives the exit status.
func report(w io.Writer, err error) int {
	var f failure
	switch {
	case err == nil, errors.As(err, &f) && f.err == nil:
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "supportline: interrupted")
	default:
		fmt.Fprintf(w, "supportline: %v\n", err)
	}
	return statusOf(err)
}
