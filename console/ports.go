package console

import (
	"context"
	"errors"
	"io"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
	"github.com/officernd/supportline/policy/users"
)

// Deps are what a console needs. All fields must be set but Logger and those that say what nil means.
type Deps struct {
	Settings Settings
	Policy   policy.Settings // as configured; what calls are answered by at this moment Lines knows
	Lines    Lines
	// DatesYAML returns the single dates of lines, to paste into the configuration.
	DatesYAML func([]policy.Line) []byte
	Calls     Calls
	Users     signin.Users
	Sessions  signin.Sessions
	Audit     api.Audit
	Tokens    Tokens
	Accounts  Accounts
	Cases     Cases
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
	// Spoken gives what was heard after an exchange of a call: by the specialist of a leg, or else by the caller. nil: nobody knows.
	Spoken func(call policy.Call, exchange policy.Exchange) (specialist bool, sentences []string)
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

// Calls is the log of calls.
type Calls interface {
	api.Calls
	// CountCalls counts the calls that began from each time up to the next one, by outcome; "" are calls in progress. There is one count less than
	// times.
	CountCalls(ctx context.Context, times []time.Time) ([]policy.OutcomeCount, error)
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
	api.Lines
	// Configured returns the settings without any edit.
	Configured() policy.Settings
	// ScheduleRevisions are those of a line before a version (0: all), newest first.
	ScheduleRevisions(ctx context.Context, line policy.Phone, before, limit int) ([]policy.ScheduleRevision, error)
	// ChangeDates makes one more revision, notes it in the audit, and puts it in force before it returns. seen is the newest version that the
	// person knows. Errors are policy.ErrScheduleChanged, those of policy.ScheduleRevision.Changed, or internal.
	ChangeDates(ctx context.Context, line policy.Phone, seen int, c policy.ScheduleChange) (policy.ScheduleRevision, error)
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

// Accounts are the directory, with the usage of its accounts. Errors are policy.ErrNoCustomer, or internal.
type Accounts interface {
	api.Accounts
	// PlanImport says what importing customers would do.
	PlanImport(ctx context.Context, customers []policy.Customer) (directory.Plan, error)
	// ImportPlanned does what a plan said, and notes it in the audit, or else nothing; directory.ErrChanged.
	ImportPlanned(ctx context.Context, customers []policy.Customer, by, seal string) (directory.Result, error)
	// MonthsOf returns the n months of an account that end with last, oldest first, with the state of its open case.
	MonthsOf(ctx context.Context, c policy.Customer, last policy.Month, n int) ([]policy.Usage, error)
}

// Cases are the review list. Errors are as in api.Cases.
type Cases interface {
	api.Cases
	// CasesOf are an account's, in the order in which they were opened, as are OpenCases: those of all accounts that are not closed.
	CasesOf(ctx context.Context, customer policy.CustomerNumber) ([]policy.Case, error)
	OpenCases(ctx context.Context) ([]policy.CaseHead, error)
	// ClosedCases are at most limit of them, newest first, behind a case, and whether there are more; "" is the first page.
	ClosedCases(ctx context.Context, before policy.CaseID, limit int) (found []policy.Case, more bool, err error)
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
	// OpenRecording opens one of a call. Errors: policy.ErrNoCall, policy.ErrNoRecording, and policy.ErrNotStored for one that was not fetched.
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

// Settings are the company's decisions about the console, checked.
type Settings struct {
	signin.Settings
	Permissions users.Permissions
	TestLines   []policy.Phone // that an admin may call from the console; in a demo, all may be
}

// The errors of the console's phone.
var (
	ErrNoPhoneCall = errors.New("no such call is made from the console")
	ErrPhonesBusy  = errors.New("too many calls are made from the console")
	ErrNotTestLine = errors.New("the line cannot be called from the console")
)

// Phones carry the calls that people make from the console, each playing the caller and every specialist of a call of their own. Errors are
// ErrNoPhoneCall where the person has no such call, ErrPhonesBusy and ErrNotTestLine, or internal.
type Phones interface {
	// Lines are those that may be called.
	Lines() []policy.Phone
	// Free says that callers choose their number, and count like others: in a demo. Elsewhere a call comes from policy.TestCaller.
	Free() bool
	// Dial begins a call, which goes on by itself, and gives its name. from is looked at only where Free.
	Dial(by string, line, from policy.Phone, attested bool) (id string, err error)
	// PhoneCalls are a person's calls, newest first: those that go on, and the last that are over.
	PhoneCalls(by string) []PhoneCall
	// PhoneCall is one of them as it stands.
	PhoneCall(by, id string) (PhoneCall, error)
	// Act does something in a call. It returns when that has had its effect, or ctx has ended.
	Act(ctx context.Context, by, id string, act PhoneAct) error
	// Moved returns when the call has another Version than that, or ctx has ended.
	Moved(ctx context.Context, by, id string, version int) error
}

// PhoneCall is a call that is made from the console.
type PhoneCall struct {
	ID          string
	Line, From  policy.Phone
	Attested    bool
	Version     int // goes up with each change
	State       PhoneState
	StartedAt   time.Time
	JoinedAt    time.Time // caller and specialist talk since then; zero: they don't
	EndedAt     time.Time
	Said        []PhoneLine
	Specialists []PhoneRung    // who were rung, in that order
	SID         policy.CallSID // in the log; "" until the call is over
	Trouble     string         // what went wrong with the line
}

// PhoneState is what a call is at.
type PhoneState string

// The states of a call.
const (
	PhoneSpeaks   PhoneState = "speaks"    // the line speaks
	PhoneAsks     PhoneState = "asks"      // it waits for keys or words
	PhoneRecords  PhoneState = "records"   // it records a message
	PhoneRings    PhoneState = "rings"     // specialists ring
	PhoneScreens  PhoneState = "screening" // one has picked up, and hears who calls
	PhoneHolds    PhoneState = "holds"     // the caller waits
	PhoneTalks    PhoneState = "talks"     // caller and specialist talk
	PhoneLeaves   PhoneState = "leaves"    // the call ends
	PhoneOver     PhoneState = "over"
	PhoneDialling PhoneState = "dialling"
)

// PhoneLine is one line of what happened in a call.
type PhoneLine struct {
	At     time.Time
	Who    PhoneParty
	Number policy.Phone // of a specialist
	Did    string       // "hears", "presses", "rings", ...
	Text   string
	Sound  bool // Text is a sound's name, and no sentence
}

// PhoneParty is one side of a call.
type PhoneParty string

// The sides.
const (
	PhoneCaller     PhoneParty = "caller"
	PhoneSpecialist PhoneParty = "specialist"
	PhoneProvider   PhoneParty = "provider"
)

// PhoneRung is a specialist who was rung.
type PhoneRung struct {
	Number policy.Phone
	State  string // "rings", "picks up", ...: what was done last
	Rings  bool   // and has not been answered for
	Told   []string
}

// PhoneAct is what one side of a call does. One field is set.
type PhoneAct struct {
	Keys       string     // the caller presses 0 to 9, * and #
	Words      string     // the caller says that
	HangsUp    PhoneParty // PhoneCaller or PhoneSpecialist
	Skip       bool       // lets what is heard, or the time for an answer, be over
	Specialist policy.Phone
	Answer     PhoneAnswer // of the Specialist
}

// PhoneAnswer is how a specialist who is rung answers.
type PhoneAnswer string

// The answers.
const (
	PhoneAccepts   PhoneAnswer = "accept" // picks up, hears who calls, presses 1
	PhonePasses    PhoneAnswer = "pass"   // picks up, hears who calls, presses 2
	PhoneVoicemail PhoneAnswer = "voicemail"
	PhoneBusy      PhoneAnswer = "busy"
	PhoneNobody    PhoneAnswer = "nobody"
)
