// Package storetest is the contract of a store with its readers: one suite of tests that every store has to pass. The test of a store calls
// Run with a function that makes storage:
//
//	func TestContract(t *testing.T) { storetest.Run(t, newStorage, store.ErrClosed) }
//
// RunEngine is the contract of an engine with the store, and RunShared that of engines which many processes open at once.
//
// What one engine promises beyond that, such as how it names a broken file, is tested beside the engine.
package storetest

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/policy/users"
)

// Store has the methods of every store. *store.Store documents them.
type Store interface {
	Advance(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error)
	Call(ctx context.Context, sid policy.CallSID) (policy.Call, error)
	AdvanceAndNotify(ctx context.Context, sid policy.CallSID, change func(policy.Call) (policy.Call, []policy.Notice)) (policy.Call, error)
	Act(ctx context.Context, sid policy.CallSID, act policy.Act, seen int, zones func(policy.Phone) *time.Location) (policy.Call, error)
	Load(ctx context.Context, calls iter.Seq[policy.Call], progress func(done int)) error
	Calls(ctx context.Context, filter policy.Filter) iter.Seq2[policy.Call, error]
	Search(ctx context.Context, filter policy.Filter, page policy.Page) (policy.Found[policy.Call], error)
	CountCalls(ctx context.Context, times []time.Time) ([]policy.OutcomeCount, error)
	Figures(ctx context.Context, since, until time.Time) (all []policy.PersonFigures, complete time.Time, err error)
	CountNobody(ctx context.Context, month policy.Month, zones func(policy.Phone) *time.Location) ([]policy.NobodyCount, error)
	AccountSummaries(ctx context.Context, customer policy.CustomerNumber, month policy.Month) ([]policy.CallSummary, error)
	MonthCalls(ctx context.Context, sid policy.CallSID, enough func() func(policy.CallSummary) bool) ([]policy.CallSummary, error)
	MonthSummaries(ctx context.Context, month policy.Month) iter.Seq2[policy.CallSummary, error]
	TalkingSince(ctx context.Context, before time.Time) ([]policy.CallSID, error)
	AdvanceCounting(ctx context.Context, sid policy.CallSID, count policy.WrongNumberCount, change func(policy.Call, policy.WrongNumbers) policy.Call) (policy.Call, error)

	Customer(ctx context.Context, number policy.CustomerNumber) (policy.Customer, error)
	CustomersCallingFrom(ctx context.Context, caller policy.Phone) ([]policy.Customer, error)
	Customers(ctx context.Context) iter.Seq2[policy.Customer, error]
	SearchCustomers(ctx context.Context, text policy.Text, limit int, after policy.CustomerNumber) (found []policy.Customer, next policy.CustomerNumber, err error)
	ImportCustomers(ctx context.Context, customers []policy.Customer, by string) (directory.Result, error)
	PlanImport(ctx context.Context, customers []policy.Customer) (directory.Plan, error)
	ImportPlanned(ctx context.Context, customers []policy.Customer, by, seal string) (directory.Result, error)
	Export(ctx context.Context, number policy.CustomerNumber, by string) (policy.CustomerExport, error)
	Erase(ctx context.Context, number policy.CustomerNumber, by string, at time.Time) (policy.EraseResult, error)
	Audit(ctx context.Context) iter.Seq2[users.AuditEntry, error]
	SearchAudit(ctx context.Context, filter users.AuditFilter, page policy.Page) (policy.Found[users.AuditEntry], error)
	Expire(ctx context.Context, before time.Time) (policy.RetentionResult, error)

	Review(ctx context.Context, customer policy.CustomerNumber, month policy.Month, fair policy.FairUse, decide func(policy.ReviewInput) policy.Verdict) (policy.Verdict, error)
	OpenCase(ctx context.Context, customer policy.CustomerNumber, by, note string, months []policy.Usage, at time.Time) (policy.Case, error)
	MoveCase(ctx context.Context, id policy.CaseID, move policy.Move, notices []policy.Notice) (policy.Case, error)
	Case(ctx context.Context, id policy.CaseID) (policy.Case, error)
	Cases(ctx context.Context) iter.Seq2[policy.Case, error]
	CasesOf(ctx context.Context, customer policy.CustomerNumber) ([]policy.Case, error)
	OpenCases(ctx context.Context) ([]policy.CaseHead, error)
	ClosedCases(ctx context.Context, before policy.CaseID, limit int) (found []policy.Case, more bool, err error)

	PutNotices(ctx context.Context, notices []policy.Notice) error
	Notices(ctx context.Context) iter.Seq2[policy.Notice, error]
	NoticesUnder(ctx context.Context, starts []string, limit int) ([]policy.Notice, error)
	DueNotices(ctx context.Context, channel policy.Channel, now time.Time, limit int) ([]policy.Notice, error)
	NoticeChannels(ctx context.Context) ([]policy.Channel, error)
	ClaimNotice(ctx context.Context, key, by string, now, until time.Time) (claimed bool, err error)
	ReleaseNotice(ctx context.Context, key, by string, now time.Time) error
	NoticeSent(ctx context.Context, key string, at time.Time) error
	NoticeShown(ctx context.Context, shown policy.Notice, receipt map[string]string, at time.Time) error
	NoticeFailed(ctx context.Context, key string, at time.Time, cause error, nextAt time.Time) error
	NoticeLost(ctx context.Context, key string, at time.Time, cause error) error
	RetryNotice(ctx context.Context, key, by string, at time.Time) error
	FailedNotices(ctx context.Context) (int, error)
	NoticesGivenUp(ctx context.Context, limit int) ([]policy.Notice, error)

	DueRecordings(ctx context.Context, step policy.RecordingStep, now time.Time, limit int) ([]policy.DueRecording, error)
	Reveal(ctx context.Context, sid policy.CallSID, by, detail string) error
	Remove(ctx context.Context, removals []policy.Removal) error
	DueRemovals(ctx context.Context, now time.Time, limit int) ([]policy.Removal, error)
	Removed(ctx context.Context, r policy.Removal) error
	RemovalFailed(ctx context.Context, r policy.Removal, cause error, next time.Time) error

	Checkpoint(ctx context.Context) (time.Time, error)
	SetCheckpoint(ctx context.Context, at time.Time) error

	User(ctx context.Context, name string) (users.User, error)
	Users(ctx context.Context) iter.Seq2[users.User, error]
	AddUser(ctx context.Context, user users.User, by string) error
	ChangeUser(ctx context.Context, name string, change users.Change) (users.User, error)
	Note(ctx context.Context, e users.AuditEntry) error

	ScheduleRevisions(ctx context.Context) ([]policy.ScheduleRevision, error)
	LineRevisions(ctx context.Context, line policy.Phone, before, limit int) ([]policy.ScheduleRevision, error)
	ChangeDates(ctx context.Context, line policy.Phone, seen int, c policy.ScheduleChange) (policy.ScheduleRevision, error)

	OverrideRevisions(ctx context.Context, rota string, before, limit int) ([]oncall.Revision, error)
	ChangeOverrides(ctx context.Context, rota string, seen int, c oncall.Change) (oncall.Revision, error)
	TurnsInForce(ctx context.Context) ([]oncall.Turns, error)
	PutInForce(ctx context.Context, rotas []oncall.Rota) error
	FeedAnswer(ctx context.Context, rota string) (oncall.Answer, error)
	PutFeedAnswer(ctx context.Context, answer oncall.Answer) error

	AddToken(ctx context.Context, t users.Token, by string) error
	Token(ctx context.Context, hash string) (users.Token, error)
	TokensOf(ctx context.Context, user string) ([]users.Token, error)
	UseToken(ctx context.Context, user, name string, at time.Time) error
	RevokeToken(ctx context.Context, user, name, by string, at time.Time) error

	Session(ctx context.Context, key string, now time.Time) (data []byte, found bool, err error)
	StartSession(ctx context.Context, session users.Session, data []byte) error
	PutSession(ctx context.Context, session users.Session, data []byte) error
	SessionsOf(ctx context.Context, user string, now time.Time) ([]users.Session, error)
	RemoveSession(ctx context.Context, key string) error
	ExpireSessions(ctx context.Context, now time.Time) (int, error)
	Device(ctx context.Context, user, hash string) (users.Device, bool, error)
	PutDevice(ctx context.Context, d users.Device) error
	TakeTry(ctx context.Context, origins []users.Origin, now time.Time) (time.Duration, error)
	GiveBackTry(ctx context.Context, origins []users.Origin, taken time.Time) error

	Ping(ctx context.Context) error
	Probe(ctx context.Context) error
	FailWrites(err error)
	Close() error
}

// Storage is where a store keeps its data. The function that makes it closes what is still open when the test ends, and then checks that the
// stored data is sound: that the indexes follow from the records.
type Storage interface {
	// Open opens a store on the storage. The one that was opened before is closed.
	Open(t testing.TB) Store
	// Copy returns the storage as a crash at this moment would leave it. No write is under way.
	Copy(t testing.TB) Storage
}

// Run runs the whole suite, each test on storage of its own. closed is the engine's error for a closed store.
func Run(t *testing.T, storage func(t testing.TB) Storage, closed error) {
	tests := []struct {
		name string
		test func(t *testing.T, s Storage)
	}{
		{"a call is read, changed and written in one step", atomic},
		{"a new call starts empty, with its SID", newCall},
		{"a change that is refused leaves the call as it was", refusedChanges},
		{"a retry writes nothing", retry},
		{"what was handed out is the receiver's own", ownCopies},
		{"large calls are kept", largeCall},
		{"reports in any order give the same record", reports},
		{"what was written is there after opening again", reopened},
		{"a crash between two steps leaves the steps before it", crashed},
		{"a commit that fails changes nothing", failedCommit},
		{"histories go on after opening again", historiesGoOn},
		{"a step is kept or lost whole while the disk fails now and then", diskFailsNowAndThen},
		{"a request whose context has ended is dropped", cancelled},
		{"a closed store says so", func(t *testing.T, s Storage) { closedStore(t, s, closed) }},
		{"closing keeps what was accepted", closeDrains},
		{"calls are listed newest first and filtered", listing},
		{"a listing goes on while calls are written", listingWhileWriting},
		{"a search finds what a filter selects, page by page both ways", search},
		{"a search sees calls as they are, in whatever order things happen", searchAnyOrder},
		{"a search for what is rare comes to the end, and says how far each page came", searchRare},
		{"a search after a crash, and after writes that failed", searchReopened},
		{"nothing leads to what was erased or expired", searchErased},
		{"a search whose context has ended says so", searchCancelled},
		{"calls are counted by time and outcome", counts},
		{"calls are summed up by who was rung and who took them", figures},
		{"follow-ups are summed up by who did them", deeds},
		{"what was served to nobody is counted by line and month", countNobody},
		{"an account that is erased is on file of no call", eraseOnFile},
		{"customers are found by number, name and phone", searchCustomers},
		{"the audit is searched, page by page both ways", searchAudit},
		{"the summaries of a month, of one account and of all", summaries},
		{"a month of many calls is one pass", longMonth},
		{"a call of no account has no month", monthOfNobody},
		{"calls that talk are found by their acceptance", talking},
		{"an act, its figures and its audit are one step", acts},
		{"a text that is no UTF-8 leaves its record readable", strangeTexts},
		{"of two people who act at once the second learns of the first", rivals},
		{"a step and what is told of it are one step", told},
		{"a notice is told once", once},
		{"a notice waits, fails, is retried, is sent", delivery},
		{countsAllocations, byChannel},
		{"a notice that is retried starts anew", retriedNotice},
		{"a notice is claimed by one process at a time", claimedNotice},
		{"a notice is due until its receiver shows what it shall", shownNotice},
		{"a review sees the months and no others", reviewInput},
		{"reviews at once open one case, and tell it", flagging},
		{"after closed cases the last one decides", lastClosedDecides},
		{"a case goes its way, each move whole", caseLife},
		{"cases are found by account, open or closed", boards},
		{"notices are found by whom they are about", noticesOfAccount},
		{"an import does what was shown, or nothing", plannedImport},
		{"retention removes what is old, but no evidence", expire},
		{"a call without an end that expires leaves nothing behind", expireEndless},
		{"many calls are loaded at once", loading},
		{"a recording waits for its next step", dueRecordings},
		{"what a call forgets of recordings is noted for removal", removals},
		{"a removal stays until everything is gone", removalSteps},
		{"who was shown a recording is noted", reveal},
		{"a call without a person is followed up, in the step of its end", opened},
		{"a caller is called back once at a time, and the follow-up knows what came of it", calledBack},
		{"a follow-up is done by itself when its caller is served meanwhile", servedMeanwhile},
		{"of many people who take one follow-up one has it", takenTogether},
		{"an alarm stops when none of its follow-ups is open", alarmOfSeveral},
		{"a follow-up stops all alarms that tell of it", severalAlarms},
		{"follow-ups are listed in the order in which they are to be called", queueOrder},
		{"each filter selects its follow-ups", queueFilters},
		{"a step of an alarm is stored once", alarmSteps},
		{"follow-ups and alarms go with their account and their call", followUpsErased},
		{"in any order no follow-up is lost or doubled", anyOrder},
		{"a page is offered once, and it is known what became of it", offers},
		{"an offer that is taken back leads nowhere", offersTakenBack},
		{"of many offers to one number at once one is made", offersAtOnce},
		{"offers go with their account, and at the end of their time", offersGone},
		{"a text counts for its number's day, whatever became of it", offersCounted},
		{"an offer by text goes with a call that is attached", offersOfAttached},
		{"erasing an account erases what was sent", offersErased},
		{"what a case rests on keeps its offers", offersOfACase},
		{"in any order a number gets one text a day, and each offer is as it is told", offersInAnyOrder},
		{"a caller asks by a key for the way to the number", offersByKey},
		{"a specialist notes by a key what a call was", actsByKey},
		{"whoever dies between two steps, nobody is forgotten or told twice", crashes},
		{"a checkpoint never goes back", checkpoint},
		{"a user is added, changed and noted in one step", userChanges},
		{"a token is found by its hash until it is revoked", tokens},
		{"a session lasts until its end, and no longer", sessions},
		{"the sessions of a user are listed, and bounded", sessionsOfUser},
		{"a device is kept for its user, and few are", devices},
		{"tries are counted until they are forgotten", tries},
		{"of many tries at once as many are taken as one after the other", triesAtOnce},
		{"the oldest tries make room for new ones", manyTries},
		{"the dates of a line are kept in versions", dates},
		{"of two who edit one line the second learns of the first", datesRivals},
		{"the overrides of a rota are kept in versions", overrides},
		{"of two who override one rota the second learns of the first", overrideRivals},
		{"the last answer of a calendar is kept, and those of calendars that are gone are not", feedAnswers},
		{"the turns that were in force last are kept", turnsInForce},
		{"a probe says whether the store can be written", probe},
		{"wrong numbers are counted by caller and time", wrongNumbers},
		{"a limit of wrong numbers holds for calls at one moment", wrongNumbersInParallel},
		{"customers are found by number and by caller", directoryWalk},
		{"an import is whole or not at all", wholeImport},
		{"erasing removes a customer and names nobody", erase},
		{"erasing and exporting reach cases and notices", eraseAll},
		{"a customer on the phone is not erased", eraseOnThePhone},
		{"an export is everything, and noted", export},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.name != countsAllocations {
				t.Parallel() // much of their time they wait for the disk
			}
			test.test(t, storage(t))
		})
	}
}

// countsAllocations names the test that counts what the process allocates, for which nothing else may run.
const countsAllocations = "a channel does not read the backlog of another"

// day is when the calls of the suite happen.
var day = time.Date(2026, time.November, 23, 14, 0, 0, 0, time.UTC)

const (
	ukLine   = policy.Phone("+448000668187")
	usLine   = policy.Phone("+18883071053")
	caller   = policy.Phone("+442079460018")
	customer = policy.CustomerNumber("204518")
	sid      = policy.CallSID("CA00000000000000000000000000000001")
)

// began returns the first step of a call.
func began(at time.Time) func(policy.Call) policy.Call {
	return func(c policy.Call) policy.Call {
		c.Line, c.From, c.StartedAt, c.Answered = ukLine, caller, at, true
		return c
	}
}

// exchange returns one more step of a call: a decision, a reply, and the place in the call.
func exchange(key string) func(policy.Call) policy.Call {
	return func(c policy.Call) policy.Call {
		c.Exchanges = append(c.Exchanges, policy.Exchange{Key: key, At: day, Heard: "204518", Reply: []byte(`{"say":"welcome"}`)})
		c.Trace = append(c.Trace, policy.Decision{At: day, Rule: "customer.found", Result: "yes"})
		c.State.Exchange++
		return c
	}
}

// as returns a change to another call.
func as(call policy.Call) func(policy.Call) policy.Call {
	return func(policy.Call) policy.Call { return call }
}

// must makes a step that has to work.
func must(t testing.TB, s Store, id policy.CallSID, change func(policy.Call) policy.Call) policy.Call {
	t.Helper()
	c, err := s.Advance(t.Context(), id, change)
	if err != nil {
		t.Fatalf("Advance %s: %v", id, err)
	}
	return c
}

// kept returns a call that has to be there.
func kept(t testing.TB, s Store, id policy.CallSID) policy.Call {
	t.Helper()
	c, err := s.Call(t.Context(), id)
	if err != nil {
		t.Fatalf("Call %s: %v", id, err)
	}
	return c
}

// collect reads a sequence to its end.
func collect[T any](t rapid.TB, all iter.Seq2[T, error]) []T {
	t.Helper()
	var list []T
	for v, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

// same compares stored values: nil and an empty list are equal, and times are compared as moments.
func same(t rapid.TB, what string, want, got any) {
	t.Helper()
	if reflect.DeepEqual(want, got) {
		return // as nearly always, and a tenth of the work
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantError(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}
