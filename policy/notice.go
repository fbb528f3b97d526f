package policy

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
)

// The errors about notices.
var (
	ErrNoNotice = errors.New("no such notice")
	// ErrSent refuses to retry a notice that was delivered.
	ErrSent = errors.New("the notice was sent")
	// ErrWithdrawn refuses to retry a notice that is no longer to be sent.
	ErrWithdrawn = errors.New("the notice was withdrawn, since somebody took or finished what it is about")
)

// Notice is a message to people. It is stored in the same commit as what caused it, and then delivered, with repeated attempts.
type Notice struct {
	Key      string         `json:"key"` // names the event and its receiver, so that nothing is told twice: "call-limit/CA..."
	Kind     NoticeKind     `json:"kind"`
	At       time.Time      `json:"at"`
	Customer CustomerNumber `json:"customer,omitempty"`
	// Facts are the values that the templates of the words can use: account, specialist, month, tickets, ...
	Facts map[string]string `json:"facts,omitempty"`

	Channel  Channel   `json:"channel"`      // how it goes out; a notice on two channels is two notices
	To       string    `json:"to,omitempty"` // e-mail address, or leg; for a webhook the configured one
	Attempts int       `json:"attempts,omitempty"`
	NextAt   time.Time `json:"next_at,omitzero"` // when it is tried next; zero: at once
	SentAt   time.Time `json:"sent_at,omitzero"`
	FailedAt time.Time `json:"failed_at,omitzero"` // given up, until a person retries it
	Error    string    `json:"error,omitempty"`    // of the last attempt that failed
	// ClaimedBy is the process that delivers it at this moment, up to NextAt: then another one tries.
	ClaimedBy string `json:"claimed_by,omitempty"`
	// TriedAt is when a process first began to deliver it; zero: none did. What was placed or shown since then without an answer that was kept is looked
	// for before it is placed again.
	TriedAt time.Time `json:"tried_at,omitzero"`

	// Alarm is the number of the alarm by which it goes out, "" for none; FollowUp that of the follow-up that it is about.
	Alarm    string `json:"alarm,omitempty"`
	FollowUp string `json:"followup,omitempty"`
	// Person is whom it goes to, where that is a specialist.
	Person PersonID `json:"person,omitempty"`
	// Offer is the number of the offer that it carries, "" for none.
	Offer string `json:"offer,omitempty"`
	// State is what a receiver that is kept up to date (a chat, a pager) shall show, and Shown what it showed last. Count is of how many events it
	// shall show that they happened, and ShownCount of how many it showed. Receipt is what the receiver named what it showed, such as the ts of a
	// chat's message.
	State      AlarmState        `json:"state,omitempty"`
	Shown      AlarmState        `json:"shown,omitempty"`
	Count      int               `json:"count,omitempty"`
	ShownCount int               `json:"shown_count,omitempty"`
	Receipt    map[string]string `json:"receipt,omitempty"`
	// Until is when the notice is no longer worth an attempt, because its alarm tells others by then; zero: the channel's own pauses decide.
	Until time.Time `json:"until,omitzero"`
	// WithdrawnAt is when it was no longer to be sent, since what it is about was taken or done.
	WithdrawnAt time.Time `json:"withdrawn_at,omitzero"`
}

// AlarmState is how far people are with an alarm.
type AlarmState string

// The states, in their order.
const (
	AlarmOpen  AlarmState = "open"
	AlarmTaken AlarmState = "taken"
	AlarmDone  AlarmState = "done"
)

// Waits reports whether the notice is to be sent: it is neither withdrawn nor given up, and was not sent yet, or its receiver shows less than it shall.
func (n Notice) Waits() bool {
	return (n.SentAt.IsZero() || n.behind()) && n.FailedAt.IsZero() && n.WithdrawnAt.IsZero()
}

// behind reports whether a receiver that is kept up to date shows another state, or fewer events, than it shall.
func (n Notice) behind() bool {
	return n.State != "" && (n.Shown != n.State || n.ShownCount != n.Count)
}

// Settled returns a notice of an alarm as it is when somebody took the alarm or it is done. What was not sent is withdrawn. A receiver that is
// kept up to date shows the state next, with who brought it about, unless it showed nothing yet and there is nothing to do any more.
func (n Notice) Settled(state AlarmState, by string, at time.Time) Notice {
	underWay := n.ClaimedBy != "" && n.NextAt.After(at)
	kept := n.State != "" && (n.Shown != "" || n.MayShow() || n.Waits() && (state == AlarmTaken || underWay))
	switch {
	case !n.WithdrawnAt.IsZero(), n.State == AlarmDone:
	case kept && n.State != state:
		n.Facts = maps.Clone(n.Facts)
		if by != "" && n.Facts != nil {
			with(n.Facts, string(state)+"_by", by)
		}
		n = n.shows(state, n.Count, at)
	case !kept && n.SentAt.IsZero():
		n.WithdrawnAt, n.NextAt, n.ClaimedBy = at, time.Time{}, ""
	}
	return n
}

// MayShow reports whether the receiver of a notice may show it although nobody knows: an attempt was begun, and its answer was lost, or the process that
// got it.
func (n Notice) MayShow() bool { return n.State != "" && n.Shown == "" && !n.TriedAt.IsZero() }

// Counted returns a notice of an alarm as it is when the alarm is of so many events: a receiver that is kept up to date shows how many.
func (n Notice) Counted(events int, at time.Time) Notice {
	if n.State == "" || n.State == AlarmDone || !n.WithdrawnAt.IsZero() || n.Count == events {
		return n
	}
	n.Facts = maps.Clone(n.Facts)
	with(n.Facts, "count", strconv.Itoa(events))
	return n.shows(n.State, events, at)
}

// shows returns the notice with what its receiver shall show, which is due unless it is being delivered at this moment.
func (n Notice) shows(state AlarmState, count int, at time.Time) Notice {
	n.State, n.Count, n.Attempts, n.FailedAt, n.Until = state, count, 0, time.Time{}, time.Time{}
	if n.ClaimedBy == "" || !n.NextAt.After(at) {
		n.NextAt, n.ClaimedBy = at, ""
	}
	return n
}

// Claimed returns the notice as it is while a process delivers it, and whether the process may: the notice waits, and is due at now.
func (n Notice) Claimed(by string, now, until time.Time) (Notice, bool) {
	if !n.Waits() || n.NextAt.After(now) {
		return n, false
	}
	if n.State == AlarmDone && n.Shown == "" && !n.MayShow() { // done before anything was attempted
		n.WithdrawnAt, n.ClaimedBy = now, ""
		return n, false
	}
	n.ClaimedBy, n.NextAt = by, until
	if n.TriedAt.IsZero() {
		n.TriedAt = now
	}
	return n, true
}

// Released returns the notice as it is when the process that claimed it did not attempt to deliver it after all.
func (n Notice) Released(by string, now time.Time) Notice {
	if n.Waits() && n.ClaimedBy == by {
		n.ClaimedBy, n.NextAt = "", now
	}
	return n
}

// TextsDontReach begins the error of a text that failed because of the number that it was for, whatever is texted to it.
const TextsDontReach = "texts don't reach this number: "

// WithFact returns the notice with one more fact; none for an empty value.
func (n Notice) WithFact(name, value string) Notice {
	if value != "" {
		n.Facts = maps.Clone(n.Facts)
		n.Facts[name] = value
	}
	return n
}

// NoticeKind is the kind of event that a notice is about.
type NoticeKind string

// The kinds of events.
const (
	NoticeCallLimit NoticeKind = "call-limit"     // a talk passed the call limit and goes on
	NoticeTickets   NoticeKind = "tickets"        // an account is near its monthly limit, or at it
	NoticeHolder    NoticeKind = "holder-tickets" // the same, to the account holder (rule 15)
	NoticeCase      NoticeKind = "case"           // sustained load opened a case
	NoticeMove      NoticeKind = "case-moved"     // to the account holder, on a person's word
	NoticeSummary   NoticeKind = "summary"        // the month that ended
	NoticeBackup    NoticeKind = "backup-late"    // backups fail

	NoticeCriticalRinging NoticeKind = "critical-ringing" // a critical caller waits, and people are rung
	NoticeMissed          NoticeKind = "missed"           // a caller who wanted a person got none, and left no message (rule 18)
	NoticeStoreTrouble    NoticeKind = "store-trouble"    // the store cannot be written or read
	NoticeProviderTrouble NoticeKind = "provider-trouble" // the provider's REST API fails
	NoticeRotaGap         NoticeKind = "rota-gap"         // a rota had nobody, or nobody who can be reached, when one was needed
	NoticeFeedFailed      NoticeKind = "feed-failed"      // a rota's calendar could not be read
	NoticeTest            NoticeKind = "test"             // a sample, to see whether a channel works

	NoticeWrapUp    NoticeKind = "wrap-up"    // to the specialist of a talk that ended, for a word on it
	NoticeTalkLimit NoticeKind = "talk-limit" // to the specialist whose talk passed the call limit
)

// Title returns what happened, in words.
func (k NoticeKind) Title() string {
	if title, ok := noticeTitles[k]; ok {
		return title
	}
	return string(k)
}

var noticeTitles = map[NoticeKind]string{
	NoticeCallLimit: "A talk passed the call limit", NoticeTickets: "An account is near its limit, or at it", NoticeCase: "Sustained load opened a case",
	NoticeBackup: "Backups fail", NoticeCriticalRinging: "A critical call rings", NoticeCriticalMissed: "A critical call was missed",
	NoticeMissed: "A call was missed", NoticeVoicemail: "A message was left", NoticeStoreTrouble: "The store has trouble",
	NoticeProviderTrouble: "The provider has trouble", NoticeRotaGap: "Nobody is on call", NoticeFeedFailed: "A rota's calendar cannot be read",
	NoticeWrapUp: "A specialist is asked what a call was", NoticeTalkLimit: "A specialist is told that the talk passed the call limit",
	"offer-screen-sharing": "A screen-sharing session is offered", "offer-training": "A training session is offered",
	"offer-customer-number": "The way to the customer number is sent",
}

// Channel is the name of a way of delivering notices.
type Channel string

// The channels that the program has.
const (
	ChannelEmail        Channel = "email"
	ChannelWebhook      Channel = "webhook"
	ChannelSMS          Channel = "sms"       // To is a number
	ChannelCall         Channel = "call"      // a phone call; To is a number or a SIP address
	ChannelAnnouncement Channel = "whisper"   // announced to a specialist in a conference; To is the SID of the leg
	ChannelSlack        Channel = "slack"     // in alarms: direct messages of Slack; a notice has the name of the channel
	ChannelPagerDuty    Channel = "pagerduty" // a kind of channel alone; a notice has the name of the channel
	ChannelOps          Channel = "ops"       // in alarms: the addresses of notices.ops, by e-mail; no notice has it
)

func caseNotice(c Case, at time.Time) Notice {
	last := c.Months[len(c.Months)-1]
	return Notice{
		Key: fmt.Sprintf("case/%s/%s", c.Customer, last.Month), Kind: NoticeCase, At: at, Customer: c.Customer,
		Facts: with(last.facts(), "over_months", strings.Join(overMonths(c.Months), ", "), "note", c.Moves[0].Note),
	}
}

// NoticesAbout returns the prefixes of the keys of all notices about an account: its warnings, its cases, and its calls that passed the call
// limit, left a message, were missed, or were critical and rang.
func NoticesAbout(customer CustomerNumber, cases []Case, calls []CallSID) []string {
	starts := []string{fmt.Sprintf("%s/%s/", NoticeTickets, customer), fmt.Sprintf("%s/%s/", NoticeHolder, customer), fmt.Sprintf("case/%s/", customer)}
	for _, c := range cases {
		starts = append(starts, fmt.Sprintf("case-moved/%s/", c.ID))
	}
	for _, sid := range calls {
		starts = append(append(starts, fmt.Sprintf("%s/%s/", NoticeCallLimit, sid)), NoticesAfter(sid)...)
	}
	return starts
}

// NoticesAfter returns the prefixes of the keys of the notices that a call nobody took leads to, without those of its alarms.
func NoticesAfter(sid CallSID) (starts []string) {
	for _, kind := range []NoticeKind{NoticeVoicemail, NoticeCriticalMissed, NoticeCriticalRinging, NoticeMissed} {
		starts = append(starts, fmt.Sprintf("%s/%s/", kind, sid))
	}
	return starts
}

// SummaryNotice returns the notice that sums a month up over all accounts, with those that were over a limit, under sustained load, or on the
// training list.
func SummaryNotice(month Month, accounts []Usage, fair FairUse, at time.Time) Notice {
	var sum Usage
	var over, sustained, training []string
	for _, u := range accounts {
		sum.Calls += u.Calls
		sum.Tickets += u.Tickets
		sum.TalkSeconds += u.TalkSeconds
		sum.OverLong += u.OverLong
		sum.Waived += u.Waived
		sum.Training += u.Training
		if u.Over {
			over = append(over, u.named())
		}
		if u.Sustained {
			sustained = append(sustained, u.named())
		}
		if u.NeedsTraining(fair) {
			training = append(training, fmt.Sprintf("%s: %d", u.named(), u.Training))
		}
	}
	return Notice{
		Key: "summary/" + string(month), Kind: NoticeSummary, At: at,
		Facts: given(
			"month", string(month), "accounts", strconv.Itoa(len(accounts)), "calls", strconv.Itoa(sum.Calls),
			"tickets", strconv.Itoa(sum.Tickets), "talk_seconds", strconv.Itoa(sum.TalkSeconds), "over_long", strconv.Itoa(sum.OverLong),
			"waived", strconv.Itoa(sum.Waived), "training", strconv.Itoa(sum.Training),
			"over", strconv.Itoa(len(over)), "sustained", strconv.Itoa(len(sustained)),
			"over_accounts", strings.Join(over, "\n"), "sustained_accounts", strings.Join(sustained, "\n"),
			"training_accounts", strings.Join(training, "\n"),
		),
	}
}

// BackupNotice returns the notice that no backup could be made since the newest one, zero if there is none, and why: one in each week of it.
func BackupNotice(newest, now time.Time, cause string) Notice {
	since, weeks := "never", 0
	if !newest.IsZero() {
		since, weeks = newest.UTC().Format(time.DateOnly), int(now.Sub(newest)/(7*24*time.Hour))
	} else {
		weeks = int(now.Unix() / (7 * 24 * 3600))
	}
	return Notice{
		Key: fmt.Sprintf("%s/%s/%d", NoticeBackup, since, weeks), Kind: NoticeBackup, At: now,
		Facts: given("newest", timeText(newest), "hours", hoursSince(newest, now), "cause", cause),
	}
}

// hoursSince returns the whole hours since a time, "" for the zero time.
func hoursSince(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.Itoa(int(now.Sub(t) / time.Hour))
}

func (u Usage) named() string { return fmt.Sprintf("%s (%s)", u.Account, u.Customer) }

func (u Usage) facts() map[string]string {
	return given(
		"month", string(u.Month), "customer", string(u.Customer), "account", u.Account, "line", u.Line,
		"tickets", strconv.Itoa(u.Tickets), "ticket_limit", strconv.Itoa(u.TicketLimit), "calls", strconv.Itoa(u.Calls),
		"talk_seconds", strconv.Itoa(u.TalkSeconds), "over_long", strconv.Itoa(u.OverLong), "over_by", strings.Join(u.OverBy(), "; "),
	)
}

func sustainedNote(months []Usage, fair FairUse) string {
	over := overMonths(months)
	return fmt.Sprintf("over in %d of %d months, and %d are sustained load: %s", len(over), fair.SustainedWithin, fair.SustainedMonths, strings.Join(over, ", "))
}

func overMonths(months []Usage) []string {
	var over []string
	for _, u := range months {
		if u.Over {
			over = append(over, string(u.Month))
		}
	}
	return over
}

// given returns facts from alternating names and values, without those whose value is empty.
func given(pairs ...string) map[string]string { return with(map[string]string{}, pairs...) }

func with(all map[string]string, pairs ...string) map[string]string {
	for _, f := range facts(pairs...) {
		all[f.Name] = f.Value
	}
	return all
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
