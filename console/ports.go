package console

import (
	"context"
	"iter"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
)

// Deps are what a console needs. All fields but Logger must be set.
type Deps struct {
	Settings Settings
	Policy   policy.Settings
	Calls    Calls
	// Directory, Cases, Outbox and Standings are what the pages on accounts and fair use show.
	Directory Directory
	Cases     Cases
	Outbox    Outbox
	Standings Standings
	// Addressed gives the notices by which one is told, with their receivers; none where there is no way to tell it.
	Addressed func(policy.Notice) []policy.Notice
	Users     Users
	Sessions  Sessions
	Audit     Audit
	// Now is the clock of everything that the console shows, writes and lets expire.
	Now    func() time.Time
	Logger *zap.Logger
}

// Calls is the log of calls. Errors are policy's (ErrNoCall, and those of policy.Call.WithAct), or internal.
type Calls interface {
	// Calls are selected calls without their stories, newest first, those with one start by SID from the last.
	Calls(ctx context.Context, filter policy.Filter) iter.Seq2[policy.Call, error]
	// Call is one call with its story.
	Call(ctx context.Context, sid policy.CallSID) (policy.Call, error)
	// AccountTallies are those of an account in a month, oldest first.
	AccountTallies(ctx context.Context, customer policy.CustomerNumber, month policy.Month) ([]policy.Tally, error)
	// Act does what a person wants, and notes it in the audit.
	Act(ctx context.Context, sid policy.CallSID, act policy.Act, seen int, zones func(policy.Phone) *time.Location) (policy.Call, error)
}

// Directory is the customers. Errors are policy.ErrNoCustomer and ErrDirectoryChanged, or internal.
type Directory interface {
	Customer(ctx context.Context, number policy.CustomerNumber) (policy.Customer, error)
	// SearchCustomers are the customers that a text finds, all for an empty one, by number: at most limit of them, those after a number alone,
	// and whether there are more. numbers says that the person may find a customer by a part of a telephone number.
	SearchCustomers(ctx context.Context, text string, numbers bool, after policy.CustomerNumber, limit int) (found []policy.Customer, more bool, err error)
	// PlanImport says what importing customers would do.
	PlanImport(ctx context.Context, customers []policy.Customer) (policy.ImportPlan, error)
	// ImportPlanned does what a plan said, and notes it in the audit, or else nothing.
	ImportPlanned(ctx context.Context, customers []policy.Customer, by, seal string) (policy.Imported, error)
}

// Cases are the accounts under review. Errors are policy's (ErrNoCase, ErrNoCustomer, ErrCaseOpen, and those of policy.Case.Moved), or internal.
type Cases interface {
	Case(ctx context.Context, id policy.CaseID) (policy.Case, error)
	// CasesOf are an account's, in the order in which they were opened, as are OpenCases: those of all accounts that are not closed.
	CasesOf(ctx context.Context, customer policy.CustomerNumber) ([]policy.Case, error)
	OpenCases(ctx context.Context) ([]policy.Case, error)
	// ClosedCases are at most limit of them, newest first, behind a case, and whether there are more; "" is the first page.
	ClosedCases(ctx context.Context, before policy.CaseID, limit int) (found []policy.Case, more bool, err error)
	OpenCase(ctx context.Context, customer policy.CustomerNumber, by, note string, months []policy.Usage, at time.Time) (policy.Case, error)
	// MoveCase takes a case one step on, notes it in the audit, and puts the notices into the outbox.
	MoveCase(ctx context.Context, id policy.CaseID, move policy.Move, notices []policy.Notice) (policy.Case, error)
}

// Outbox is what people were told, or could not be told.
type Outbox interface {
	// NoticesUnder are the notices whose keys begin in one of some ways, at most limit, newest first.
	NoticesUnder(ctx context.Context, starts []string, limit int) ([]policy.Notice, error)
}

// Standings are the figures of all accounts. They are derived from the log in the background, because that takes too long for a page.
type Standings interface {
	// Book is the figures of the n months that end with last. It may be as old as it says. ready is false while some of it is derived, and nothing
	// else is given then: ask again a second later.
	Book(ctx context.Context, last policy.Month, n int) (book policy.Book, ready bool, err error)
}

// Users are the people who may sign in. Errors are policy.ErrNoUser, ErrUserExists and ErrUserName, or internal.
type Users interface {
	User(ctx context.Context, name string) (policy.User, error)
	Users(ctx context.Context) iter.Seq2[policy.User, error]
	AddUser(ctx context.Context, user policy.User, by string) error
	// ChangeUser changes a user, and notes it in the audit.
	ChangeUser(ctx context.Context, name string, change policy.UserChange) (policy.User, error)
}

// Sessions keep who is signed in, each under the hash of its token.
type Sessions interface {
	// Session is what was kept, unless it is over at now.
	Session(ctx context.Context, key string, now time.Time) (data []byte, found bool, err error)
	PutSession(ctx context.Context, key string, data []byte, ends time.Time) error
	RemoveSession(ctx context.Context, key string) error
}

// Audit takes down what people did.
type Audit interface {
	Note(ctx context.Context, e policy.AuditEntry) error
}
