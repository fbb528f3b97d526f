package console

import (
	"context"
	"io"
	"iter"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// Deps are what a console needs. All fields must be set but Logger and those that say what nil means.
type Deps struct {
	Settings Settings
	Policy   policy.Settings // as configured; what calls are answered by at this moment Lines knows
	Lines    Lines
	Calls    Calls
	Users    signin.Users
	Sessions signin.Sessions
	Audit    Audit
	Tokens   Tokens
	Accounts Accounts
	Cases    Cases
	// Ready says why the store cannot be read or written; nil: it can.
	Ready func(ctx context.Context) error
	// Version is the program's.
	Version string
	Phones  Phones // nil: there is no phone
	Outbox  Outbox
	// Usage is that of all accounts, derived in the background.
	Usage UsageReports
	// Health looks at the parts of the program that can fail, within a second or so.
	Health func(ctx context.Context) []Finding
	// Spoken gives what was heard after a turn of a call: by the specialist of a leg, or else by the caller. nil: nobody knows.
	Spoken func(call policy.Call, turn policy.Turn) (specialist bool, sentences []string)
	// Recordings are those that were fetched; nil: none are.
	Recordings Recordings
	// Stopping is closed when the server stops: what would go on for ever ends then. nil: never.
	Stopping <-chan struct{}
	// Yield is called now and then while something is made that takes long, so that calls go first; nil: nothing is called.
	Yield func()
	// Now is the clock of everything that the console shows, writes and lets expire.
	Now    func() time.Time
	Logger *zap.Logger
}

// Calls is the log of calls. Errors are policy's (ErrNoCall, and those of policy.Call.WithAct), or internal.
type Calls interface {
	// Calls are selected calls without their stories, newest first, those with one start by SID from the last.
	Calls(ctx context.Context, filter policy.Filter) iter.Seq2[policy.Call, error]
	// Search is one page of selected calls without their stories, newest first. It costs bounded work.
	Search(ctx context.Context, filter policy.Filter, page policy.Page) (policy.Found[policy.Call], error)
	// CountCalls counts the calls that began from each time up to the next one, by outcome; "" are those that go on. There is one count less
	// than times.
	CountCalls(ctx context.Context, times []time.Time) ([]policy.OutcomeCount, error)
	// Call is one call with its story.
	Call(ctx context.Context, sid policy.CallSID) (policy.Call, error)
	// AccountSummaries are those of an account in a month, oldest first.
	AccountSummaries(ctx context.Context, customer policy.CustomerNumber, month policy.Month) ([]policy.CallSummary, error)
	// Act does what a person wants, and notes it in the audit.
	Act(ctx context.Context, sid policy.CallSID, act policy.Act, seen int, zones func(policy.Phone) *time.Location) (policy.Call, error)
}

// UsageReports are the usage of all accounts. They are derived from the log in the background, because that takes too long for a page.
type UsageReports interface {
	// Report returns the totals of the n months that end with last. It may be as old as it says. ready is false while some of it is derived, and nothing
	// else is given then: ask again a second later.
	Report(ctx context.Context, last policy.Month, n int) (report policy.UsageReport, ready bool, err error)
	// Near are the accounts near or over a limit in the present month, those with the most tickets first, and when that was derived; the zero
	// time: not yet.
	Near() ([]policy.Usage, time.Time)
}

// Lines are the company's lines, with what people edited of their dates.
type Lines interface {
	// InForce are the settings that calls are answered by at this moment, and Configured those without any edit.
	InForce() policy.Settings
	Configured() policy.Settings
	// Editions are those of a line before a version (0: all), newest first.
	Editions(ctx context.Context, line policy.Phone, before, limit int) ([]policy.Edition, error)
	// ChangeDates makes one more edition, notes it in the audit, and puts it in force before it returns. seen is the newest version that the
	// person knows. Errors are policy.ErrDatesChanged, those of policy.Edition.Changed, or internal.
	ChangeDates(ctx context.Context, line policy.Phone, seen int, c policy.DatesChange) (policy.Edition, error)
	// YAML are the dates in force, to paste into the configuration.
	YAML() []byte
}

// Audit notes what people did, and finds it again.
type Audit interface {
	signin.Audit
	// SearchAudit is one page of what was taken down, newest first.
	SearchAudit(ctx context.Context, filter policy.AuditFilter, page policy.Page) (policy.Found[policy.AuditEntry], error)
}

// Tokens let programs use the API. Errors are users.ErrNoToken, ErrTokenExists, ErrTokenName and ErrManyTokens, or internal.
type Tokens interface {
	signin.Tokens
	// AddToken adds a token, and notes in the audit who did it.
	AddToken(ctx context.Context, t users.Token, by string) error
	// TokensOf are a user's tokens by name.
	TokensOf(ctx context.Context, user string) ([]users.Token, error)
	// RevokeToken removes a token at once, and notes in the audit who did it.
	RevokeToken(ctx context.Context, user, name, by string, at time.Time) error
}

// Accounts are the directory and what fair use derives of its accounts from the log. Errors are policy.ErrNoCustomer, or internal.
type Accounts interface {
	Customer(ctx context.Context, number policy.CustomerNumber) (policy.Customer, error)
	// SearchCustomers are at most limit customers that a text finds, by number, those after one ("" is before the first). next is where to go on,
	// "" at the end; fewer than limit may be found although there are more.
	SearchCustomers(ctx context.Context, text policy.Text, limit int, after policy.CustomerNumber) (found []policy.Customer, next policy.CustomerNumber, err error)
	// PlanImport says what importing customers would do.
	PlanImport(ctx context.Context, customers []policy.Customer) (policy.ImportPlan, error)
	// ImportPlanned does what a plan said, and notes it in the audit, or else nothing; policy.ErrDirectoryChanged.
	ImportPlanned(ctx context.Context, customers []policy.Customer, by, seal string) (policy.Imported, error)
	// Usage is what an account used in a month.
	Usage(ctx context.Context, number policy.CustomerNumber, month policy.Month) (policy.Usage, error)
	// UsageAfter is the same of at most limit customers, those after one; next is as in SearchCustomers.
	UsageAfter(ctx context.Context, month policy.Month, limit int, after policy.CustomerNumber) (found []policy.Usage, next policy.CustomerNumber, err error)
}

// Cases are the review list. Errors are policy's (ErrNoCase, ErrNoCustomer, ErrCaseOpen, ErrNoNote, ErrNoEmail, and those of Case.Moved), or
// internal.
type Cases interface {
	Case(ctx context.Context, id policy.CaseID) (policy.Case, error)
	// Cases are all of them, in the order in which they were opened.
	Cases(ctx context.Context) iter.Seq2[policy.Case, error]
	// CasesOf are an account's, in the order in which they were opened, as are OpenCases: those of all accounts that are not closed.
	CasesOf(ctx context.Context, customer policy.CustomerNumber) ([]policy.Case, error)
	OpenCases(ctx context.Context) ([]policy.CaseHead, error)
	// ClosedCases are at most limit of them, newest first, behind a case, and whether there are more; "" is the first page.
	ClosedCases(ctx context.Context, before policy.CaseID, limit int) (found []policy.Case, more bool, err error)
	// OpenCase opens a case by hand, with the months it rests on as they are at that time.
	OpenCase(ctx context.Context, number policy.CustomerNumber, by, note string, at time.Time) (policy.Case, error)
	// MoveCase takes a case one step on; move.From, where it is set, is where the person saw it. It gives the e-mails that were put into the
	// outbox: none where no mail server is configured.
	MoveCase(ctx context.Context, id policy.CaseID, move policy.Move) (policy.Case, []policy.Notice, error)
}

// Outbox is where notices wait, and what was told stays for a while.
type Outbox interface {
	// NoticesUnder are the notices whose keys begin in one of some ways, at most limit, newest first.
	NoticesUnder(ctx context.Context, starts []string, limit int) ([]policy.Notice, error)
	// FailedNotices is how many were given up and wait for a person.
	FailedNotices(ctx context.Context) (int, error)
	// NoticesGivenUp are those, at most limit, the last first. RetryNotice lets one be tried again, and notes it in the audit; ErrNoNotice, ErrSent.
	NoticesGivenUp(ctx context.Context, limit int) ([]policy.Notice, error)
	RetryNotice(ctx context.Context, key, by string, at time.Time) error
}

// Finding is how one part of the program is.
type Finding struct {
	Part   string // "store", "provider", "notices", "versions"
	State  string // ok, warning or wrong
	Found  string // in a sentence
	Advice string // what to do, where something is to be done
}

// Recordings are voicemails and recorded talks.
type Recordings interface {
	// OpenRecording opens one of a call. Errors: policy.ErrNoCall, policy.ErrNoRecording, and policy.ErrNotKept for one that was not fetched.
	OpenRecording(ctx context.Context, call policy.CallSID, sid string) (Sound, error)
	// Reveal notes in the audit that a person was given one, before it is.
	Reveal(ctx context.Context, call policy.CallSID, by, detail string) error
}

// Sound is a recording that is open.
type Sound struct {
	io.ReadSeekCloser
	Type string // of media: audio/wav
	Made time.Time
}
