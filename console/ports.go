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
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/directory"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
)

// Deps are the dependencies of a console. All fields must be set but those that say what nil means.
type Deps struct {
	Settings Settings
	Policy   policy.Settings // as configured; Lines has what is in force
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
	// Ready returns why the store cannot be read or written. It is nil if it always can.
	Ready func(ctx context.Context) error
	// Secret is the key of the signs that stand for what not everybody may see (api.Sign). It may be nil for a random one: links with signs then end
	// with the program.
	Secret []byte
	// Version is that of the program.
	Version string
	Phones  Phones // nil for no phone
	Outbox  Outbox
	// FollowUps are what waits for a person, with the alarms that tell people of it.
	FollowUps FollowUps
	// Offers are the pages of the company that callers and account holders were sent.
	Offers Offers
	Rotas  Rotas
	// Usage is the usage of all accounts, derived in the background.
	Usage UsageReports
	// Health checks the parts of the program that can fail, within about a second.
	Health func(ctx context.Context) []Finding
	// Processes returns those that share the store, and those that went away lately. It may be nil.
	Processes func(ctx context.Context) ([]Process, error)
	// Spoken returns what was heard after an exchange of a call, by the specialist or by the caller. It may be nil.
	Spoken func(call policy.Call, exchange policy.Exchange) (specialist bool, sentences []string)
	// Recordings are those that were fetched. It is nil if none are.
	Recordings Recordings
	// Stopping is closed when the server stops, which ends streams. It may be nil.
	Stopping <-chan struct{}
	// Yield is called from time to time during long work, so that calls go first. It may be nil.
	Yield func()
	// Now is the clock of the console.
	Now    func() time.Time
	Logger *zap.Logger
}

// Calls is the log of calls.
type Calls interface {
	api.Calls
	// CountCalls counts the calls that began from each time up to the next one, by outcome; "" are calls in progress. There is one count less than
	// times.
	CountCalls(ctx context.Context, times []time.Time) ([]policy.OutcomeCount, error)
	// CountNobody counts the calls of a month that were served to nobody, by line.
	CountNobody(ctx context.Context, month policy.Month, zones func(policy.Phone) *time.Location) ([]policy.NobodyCount, error)
}

// UsageReports have the usage of all accounts. It is derived from the log in the background, because that takes too long for a page.
type UsageReports interface {
	// Report returns the totals of the n months that end with last, as of the time that it names. If ready is false, some of it is still being derived, and
	// nothing else is returned: ask again a second later.
	Report(ctx context.Context, last policy.Month, n int) (report policy.UsageReport, ready bool, err error)
	// Near returns the accounts near or over a limit in the present month, those with the most tickets first, and when that was derived: the zero time
	// for not yet.
	Near() ([]policy.Usage, time.Time)
}

// Lines are the company's lines, with the dates that people edited.
type Lines interface {
	api.Lines
	// Configured returns the settings without any edit.
	Configured() policy.Settings
	// ScheduleRevisions returns the revisions of a line before a version (0: all), newest first.
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
	// TokensOf returns a user's tokens by name.
	TokensOf(ctx context.Context, user string) ([]users.Token, error)
	// RevokeToken removes a token at once, and notes in the audit who did it.
	RevokeToken(ctx context.Context, user, name, by string, at time.Time) error
}

// Accounts are the directory, with the usage of its accounts. Errors are policy.ErrNoCustomer, or internal.
type Accounts interface {
	api.Accounts
	// PlanImport returns what importing customers would change.
	PlanImport(ctx context.Context, customers []policy.Customer) (directory.Plan, error)
	// ImportPlanned imports what a plan said and notes it in the audit, or does nothing. The error is directory.ErrChanged.
	ImportPlanned(ctx context.Context, customers []policy.Customer, by, seal string) (directory.Result, error)
	// MonthsOf returns the n months of an account that end with last, oldest first, with the state of its open case.
	MonthsOf(ctx context.Context, c policy.Customer, last policy.Month, n int) ([]policy.Usage, error)
}

// Cases are the review list. Errors are as in api.Cases.
type Cases interface {
	api.Cases
	// CasesOf returns an account's cases in the order in which they were opened. OpenCases returns those of all accounts that are not closed, likewise.
	CasesOf(ctx context.Context, customer policy.CustomerNumber) ([]policy.Case, error)
	OpenCases(ctx context.Context) ([]policy.CaseHead, error)
	// ClosedCases returns at most limit closed cases, newest first, those after a case ("" is before the first), and whether there are more.
	ClosedCases(ctx context.Context, before policy.CaseID, limit int) (found []policy.Case, more bool, err error)
}

// FollowUps are what waits for a person, and the alarms that tell people of it. Acts are noted in the audit. Errors are followup.ErrNone, alarm.ErrNone,
// policy.ErrNoNote, a followup.Conflict, or internal.
type FollowUps interface {
	api.FollowUps
	// FollowUpOf returns the follow-up of a call.
	FollowUpOf(ctx context.Context, call policy.CallSID) (followup.FollowUp, error)
	// CountFollowUps counts those that are not done, and those of them that are late, by severity.
	CountFollowUps(ctx context.Context, now time.Time) (map[followup.Severity]followup.Count, error)
	// AskCallBack notes that a caller is to be called back, by a phone that rings first; "" is that of whoever acts. Its own errors are followup.ErrUnderWay,
	// ErrOnThePhone, ErrOutsideHours, ErrUnreachable and ErrNoPhone.
	AskCallBack(ctx context.Context, id followup.ID, to policy.Target, act followup.Act) (followup.CallBack, error)
	// HeardVoicemail notes who played the message of a call first.
	HeardVoicemail(ctx context.Context, call policy.CallSID, by string, at time.Time) error
	Alarm(ctx context.Context, id alarm.ID) (alarm.Alarm, error)
	// OpenAlarms returns the alarms that are not done, in the order in which they began.
	OpenAlarms(ctx context.Context) ([]alarm.Alarm, error)
	// TakeAlarm takes an alarm and its follow-ups, and FinishAlarm finishes both.
	TakeAlarm(ctx context.Context, id alarm.ID, act followup.Act) (alarm.Alarm, error)
	FinishAlarm(ctx context.Context, id alarm.ID, act followup.Act) (alarm.Alarm, error)
}

// Offers are the pages of the company that callers and account holders were sent. Errors are as in api.Offers.
type Offers interface {
	api.Offers
	// OffersTexted returns what was offered to a telephone number by text, the oldest first.
	OffersTexted(ctx context.Context, number policy.Phone) ([]remedy.Offer, error)
}

type (
	followUpAct func(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error)
	alarmAct    func(ctx context.Context, id alarm.ID, act followup.Act) (alarm.Alarm, error)
)

// Rotas are who is on call, with the overrides that people make.
type Rotas interface {
	// Roster returns who is on call, as it is in force.
	Roster() *oncall.Roster
	// Answers returns the last answer of each calendar that was asked.
	Answers() []oncall.Answer
	// Revisions returns the revisions of a rota's overrides before a version (0: all), newest first.
	Revisions(ctx context.Context, rota string, before, limit int) ([]oncall.Revision, error)
	// ChangeOverrides makes one more revision, notes it in the audit, and puts it in force before it returns. seen is the newest version that the person
	// knows. Errors are oncall.ErrChanged, those of oncall.Revision.Changed, or internal.
	ChangeOverrides(ctx context.Context, rota string, seen int, c oncall.Change) (oncall.Revision, error)
}

// Outbox is where notices wait, and stay for a while after they are sent.
type Outbox interface {
	// NoticesUnder returns at most limit notices whose keys have one of the prefixes, newest first.
	NoticesUnder(ctx context.Context, starts []string, limit int) ([]policy.Notice, error)
	// FailedNotices returns the number of notices that failed and wait for a person.
	FailedNotices(ctx context.Context) (int, error)
	// NoticesGivenUp returns at most limit of those, the latest first. RetryNotice sends one again and notes it in the audit. Errors are policy.ErrNoNotice
	// and policy.ErrSent.
	NoticesGivenUp(ctx context.Context, limit int) ([]policy.Notice, error)
	RetryNotice(ctx context.Context, key, by string, at time.Time) error
}

// Finding is the state of one part of the program.
type Finding struct {
	Part   string // "store", "provider", "notices", "versions"
	State  string // ok, warning or wrong
	Found  string // in a sentence
	Advice string // what to do, or ""
}

// Process is a program that works with the store.
type Process struct {
	Name            string // of its machine, and its number there
	This            bool   // it made the page
	Version, Config string
	Started, Seen   time.Time
	Ahead           time.Duration // of the store's clock
	Gone            bool          // it went away without stopping
	Work            []string      // that it does for all of them
}

// Recordings are voicemails and recorded talks.
type Recordings interface {
	// OpenRecording opens a recording of a call. Errors are policy.ErrNoCall, policy.ErrNoRecording, and policy.ErrNotStored for one that was not fetched.
	OpenRecording(ctx context.Context, call policy.CallSID, sid string) (Sound, error)
	// Reveal notes in the audit that a person gets a recording, before it is sent.
	Reveal(ctx context.Context, call policy.CallSID, by, detail string) error
}

// Sound is an open recording.
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
	Outside     string         // the path of a demo's page with what people are told; "": there is none
}

// The errors of the console's phone.
var (
	ErrNoPhoneCall = errors.New("no such call is made from the console")
	ErrPhonesBusy  = errors.New("too many calls are made from the console")
	ErrNotTestLine = errors.New("the line cannot be called from the console")
)

// Phones carry the calls that people make from the console, each playing the caller and every specialist of a call of their own. Errors are
// ErrNoPhoneCall if the person has no such call, ErrPhonesBusy and ErrNotTestLine, or internal.
type Phones interface {
	// Lines returns the lines that may be called.
	Lines() []policy.Phone
	// Free reports whether callers choose their number, and count like others, as in a demo. Otherwise a call comes from policy.TestCaller.
	Free() bool
	// Dial begins a call, which goes on by itself, and returns its ID. from is used only if Free.
	Dial(by string, line, from policy.Phone, attested bool) (id string, err error)
	// PhoneCalls returns a person's calls, newest first: those in progress, and the last that are over.
	PhoneCalls(by string) []PhoneCall
	// PhoneCall returns one of them as it is now.
	PhoneCall(by, id string) (PhoneCall, error)
	// Act does something in a call. It returns when that has had its effect, or ctx ends.
	Act(ctx context.Context, by, id string, act PhoneAct) error
	// Moved returns when the call has another Version than that, or ctx ends.
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
	JoinedAt    time.Time // since when caller and specialist talk; zero if they do not
	EndedAt     time.Time
	Said        []PhoneLine
	Specialists []PhoneRung    // who were rung, in that order
	SID         policy.CallSID // in the log; "" until the call is over
	Trouble     string         // how the line failed, or ""
}

// PhoneState names what a call is doing.
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
	State  string // what the specialist did last: "rings", "picks up", ...
	Rings  bool   // and has not been answered for
	Told   []string
}

// PhoneAct names what one side of a call does. One field is set.
type PhoneAct struct {
	Keys       string     // the caller presses 0 to 9, * and #
	Words      string     // the caller says that
	HangsUp    PhoneParty // PhoneCaller or PhoneSpecialist
	Skip       bool       // skips what is heard, or the time for an answer
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
