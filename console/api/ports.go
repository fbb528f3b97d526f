package api

import (
	"context"
	"iter"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// Deps are the dependencies of the API. All fields must be set.
type Deps struct {
	Policy      policy.Settings
	Permissions users.Permissions
	Lines       Lines
	Calls       Calls
	Accounts    Accounts
	Cases       Cases
	FollowUps   FollowUps
	Offers      Offers
	Audit       Audit
	Exports     *Exports
	Secret      []byte // the key of Sign
	// Bearer returns the user and the token of a request, by its Authorization header and the address it comes from. The error is one of
	// users.ErrTokenMissing, ErrTokenUnknown, ErrTokenExpired, ErrTokenSuspended, ErrUserDisabled, ErrManyWrongTokens and ErrManyRequests, or
	// internal. One that says how long to wait has a method RetryAfter.
	Bearer func(ctx context.Context, header, address string, now time.Time) (users.User, users.Token, error)
	// Ready returns why the store cannot be read or written.
	Ready func(ctx context.Context) error
	// Address returns the address from which a request comes.
	Address echo.IPExtractor
	Version string // of the program
	Now     func() time.Time
	Logger  *zap.Logger
}

// Lines are the company's lines.
type Lines interface {
	// InForce returns the settings by which calls are answered now.
	InForce() policy.Settings
}

// Calls is the log of calls. Errors are policy's (ErrNoCall, and those of policy.Call.WithAct), or internal.
type Calls interface {
	// Calls returns the selected calls without their histories, newest first, those with the same start by SID from the last.
	Calls(ctx context.Context, filter policy.Filter) iter.Seq2[policy.Call, error]
	// Search returns one page of selected calls without their histories, newest first. Its work is bounded.
	Search(ctx context.Context, filter policy.Filter, page policy.Page) (policy.Found[policy.Call], error)
	// Call returns one call with its history.
	Call(ctx context.Context, sid policy.CallSID) (policy.Call, error)
	// Figures returns what each specialist did in a time, and since when all calls are in it: the zero time, or that to which an older log was read in.
	Figures(ctx context.Context, since, until time.Time) (all []policy.PersonFigures, complete time.Time, err error)
	// AccountSummaries returns the summaries of an account's calls in a month, oldest first.
	AccountSummaries(ctx context.Context, customer policy.CustomerNumber, month policy.Month) ([]policy.CallSummary, error)
	// TicketCounter returns a function that reports whether a call adds a phone ticket to its month. It is for one goroutine.
	TicketCounter(ctx context.Context) func(policy.Call) (bool, error)
	// Act changes a call as a person wants, and notes it in the audit. seen is how many acts the person knows of; -1 means any number.
	Act(ctx context.Context, sid policy.CallSID, act policy.Act, seen int, zones func(policy.Phone) *time.Location) (policy.Call, error)
}

// Accounts are the directory, with the usage of its accounts. Errors are policy.ErrNoCustomer, or internal.
type Accounts interface {
	Customer(ctx context.Context, number policy.CustomerNumber) (policy.Customer, error)
	// SearchCustomers returns at most limit customers that a text finds, by number, those after one ("" is before the first). next is where to go
	// on, "" at the end; fewer than limit may be found although there are more.
	SearchCustomers(ctx context.Context, text policy.Text, limit int, after policy.CustomerNumber) (found []policy.Customer, next policy.CustomerNumber, err error)
	// Usage returns what an account used in a month.
	Usage(ctx context.Context, number policy.CustomerNumber, month policy.Month) (policy.Usage, error)
	// UsageAfter returns the usage of at most limit customers, those after one; next is as in SearchCustomers.
	UsageAfter(ctx context.Context, month policy.Month, limit int, after policy.CustomerNumber) (found []policy.Usage, next policy.CustomerNumber, err error)
}

// Cases are the review list. Errors are policy's (ErrNoCase, ErrNoCustomer, ErrCaseOpen, ErrNoNote, ErrNoEmail, and those of Case.Moved), or
// internal.
type Cases interface {
	Case(ctx context.Context, id policy.CaseID) (policy.Case, error)
	// Cases returns all cases, in the order in which they were opened.
	Cases(ctx context.Context) iter.Seq2[policy.Case, error]
	// OpenCase opens a case by hand, with the months it rests on as they are at that time.
	OpenCase(ctx context.Context, number policy.CustomerNumber, by, note string, at time.Time) (policy.Case, error)
	// MoveCase takes a case one step on; move.From, if it is set, is where the person saw it. It returns the e-mails that were put into the outbox:
	// none if no mail server is configured.
	MoveCase(ctx context.Context, id policy.CaseID, move policy.Move) (policy.Case, []policy.Notice, error)
}

// Audit notes what people did, and finds it again.
type Audit interface {
	Note(ctx context.Context, e users.AuditEntry) error
	// SearchAudit returns one page of the entries, newest first.
	SearchAudit(ctx context.Context, filter users.AuditFilter, page policy.Page) (policy.Found[users.AuditEntry], error)
}
