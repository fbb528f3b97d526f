package policy

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Settings are the company's decisions, checked: what the configuration file says, as the call uses it. They are read-only once built
// and safe to share. Package config makes them; a Settings that it returned has at least one line, a route with a team for each
// intent (see Team), and no empty ring step.
type Settings struct {
	Version        string // of the configuration: the first 12 hex digits of a SHA-256 over the file and the words
	Company        string // named in greetings and letters; "": nobody is named
	Links          Links
	Lines          []Line
	Identification Identification
	Packages       []string // those that include phone support
	Menu           []MenuKey
	People         []Person // the specialists, in the order of the configuration
	Roster         Roster   // who is on call; nil: there are no rotas
	// Rotas are the people whom the turns of each rota name, each once; everybody for one that is read from a calendar.
	Rotas      map[string][]PersonID
	Teams      map[string]Team
	Routes     map[Intent]string // to the name of a team; a line may override
	NoAnswer   AfterHoursAction
	AfterHours AfterHours
	FairUse    FairUse
	// Announce has the specialist alone told at the call limit, in a conference with the caller: specialists are rung by outbound legs.
	Announce       bool
	CallsPerSecond int      // that the provider starts for the account over REST; more are queued
	Countries      []string // ISO 3166 codes of those whose numbers may be called back and sent texts
	// MadeUp lets the numbers be called that exist nowhere, as a demo does.
	MadeUp    bool
	Retention time.Duration
	Recording bool
	// Texts is that text messages can be sent, and Mail that letters can.
	Texts, Mail bool
	// WrapUp is how specialists are asked for a word on a call: ChannelSMS or ChannelSlack; "": they are not.
	WrapUp Channel
}

// Links are addresses of the company's own pages, each "" where it has none. They are said, sent or written where they help.
type Links struct {
	Policy         string // the fair-use policy
	CustomerNumber string // how a customer gets to know their number
	Training       string // where a training session is booked
	ScreenSharing  string // where a screen-sharing session is booked
	Ticket         string // a ticket's own page; {ticket} stands for its number
}

// Line is a number that customers dial.
type Line struct {
	Number   Phone
	Name     string
	Zone     *time.Location
	Hours    Hours
	Language string // BCP 47: en-US or en-GB, the languages that have words
	Voice    string // the provider's name for it: Polly.Joanna-Neural
	Routes   map[Intent]string
}

// Identification is how callers are matched to accounts.
type Identification struct {
	Digits              int // length of a customer number
	Tries               int
	Unidentified        Unidentified
	CallerID            CallerID
	WrongNumbersPerHour int // by one caller; beyond it no number is looked up any more
	// WrongNumbersInAll is the same by all callers together, for whoever calls from many numbers. It stops no caller whose number is on file.
	WrongNumbersInAll int
}

// UnidentifiedAction is the way on of a caller without a customer number (rule 12).
type UnidentifiedAction string

// The actions.
const (
	UnidentifiedConnect   UnidentifiedAction = "connect"
	UnidentifiedVoicemail UnidentifiedAction = "voicemail"
	UnidentifiedRefuse    UnidentifiedAction = "refuse"
)

// Unidentified are the actions for callers without a customer number, by intent.
type Unidentified = ByIntent[UnidentifiedAction]

// CallerID selects when a known caller number lets the caller confirm with one key instead of typing.
type CallerID string

// The two ways; "off" never lets the caller.
const (
	CallerIDAttested CallerID = "attested" // only with the carrier's full attestation
	CallerIDAny      CallerID = "any"
)

// MenuKey is one key of the menu.
type MenuKey struct {
	Key    string // one digit, not 9: that repeats the menu
	Intent Intent
}

// AfterHoursAction is the end of a call that no specialist takes. After hours it may also lead to the team of another line, which Line returns.
type AfterHoursAction string

// The actions. Connect exists after hours only: the line behaves as if it were open.
const (
	Voicemail AfterHoursAction = "voicemail"
	Message   AfterHoursAction = "message"
	Connect   AfterHoursAction = "connect"
)

// otherLine begins the action that leads to another line. The line's number follows.
const otherLine = "line "

// OtherLine returns the action by which callers of a closed line reach the team of another line, as long as that line is open.
func OtherLine(number Phone) AfterHoursAction { return AfterHoursAction(otherLine + number.Full()) }

// Line returns the line whose team takes the call while that line is open. ok is false for any other action.
func (a AfterHoursAction) Line() (number Phone, ok bool) {
	to, ok := strings.CutPrefix(string(a), otherLine)
	return Phone(to), ok
}

// AfterHours are the actions of a closed line, by intent.
type AfterHours = ByIntent[AfterHoursAction]

// ByIntent are actions by the reason to call.
type ByIntent[Action comparable] struct {
	Default  Action
	ByIntent map[Intent]Action
}

// For returns the action for a call with this intent.
func (b ByIntent[Action]) For(i Intent) Action {
	if a, ok := b.ByIntent[i]; ok {
		return a
	}
	return b.Default
}

// has reports whether a call with any intent gets the action.
func (b ByIntent[Action]) has(action Action) bool {
	return b.Default == action || slices.Contains(slices.Collect(maps.Values(b.ByIntent)), action)
}

// TakesMessages reports whether callers can leave a message anywhere.
func (s Settings) TakesMessages() bool {
	return s.NoAnswer == Voicemail || s.AfterHours.has(Voicemail) || s.Identification.Unidentified.has(UnidentifiedVoicemail)
}

// Team is a group of specialists and the order in which they are rung.
type Team struct {
	Name   string
	Steps  []RingStep
	Rounds int // how often all the steps are gone through, 1 or more
}

// RingStep rings several people at once.
type RingStep struct {
	To  []Target // 1 to 10; whom they lead to is asked when the step is rung
	For time.Duration
}

// IsBare reports whether the step names numbers and SIP addresses only, so that whom it rings does not depend on the time.
func (r RingStep) IsBare() bool {
	return !slices.ContainsFunc(r.To, func(t Target) bool { return !t.isBare() })
}

// Numbers returns the numbers and SIP addresses that the step names itself, without those of people and rotas.
func (r RingStep) Numbers() []Phone {
	numbers := make([]Phone, 0, len(r.To))
	for _, t := range r.To {
		if to, bare := t.Phone(); bare {
			numbers = append(numbers, to)
		}
	}
	return numbers
}

// FairUse holds the figures of the fair-use promise.
type FairUse struct {
	CallLimit             time.Duration // a call that talks longer is over-long
	TicketsPerMonth       int
	OverLongCallsPerMonth int
	SustainedMonths       int // an account over in so many
	SustainedWithin       int // of so many months is sustained
	TrainingCallsPerMonth int
	Currency              string
	PerTicket             float64
	PerMinute             float64
	PerMinuteOverTickets  float64  // of the talk of tickets over the monthly limit
	TellCaller            bool     // the caller of a ticket over the limit is told (rule 15)
	TellHolder            bool     // the account holder is told at 80 % and 100 % of the month's tickets (rule 15)
	WarnAt                []int    // percent of the tickets of a month at which people are told
	LetThrough            []Intent // reasons that a restricted account is connected with; see AllowsWhenRestricted
}

// Line returns the line of a dialled number.
func (s Settings) Line(number Phone) (Line, bool) {
	for _, l := range s.Lines {
		if l.Number == number {
			return l, true
		}
	}
	return Line{}, false
}

// Dialled returns the number of the line that an address is, however that is spelled, and any other address as it came.
func (s Settings) Dialled(to Phone) Phone {
	if _, ok := s.Line(to); ok {
		return to
	}
	if line, ok := s.Line(Phone(to.Caller())); ok {
		return line.Number
	}
	return to
}

// LineZone returns the zone of a line, and UTC for a number that is no line any more.
func (s Settings) LineZone(number Phone) *time.Location {
	if line, ok := s.Line(number); ok {
		return line.Zone
	}
	return time.UTC
}

// DayBegan returns when the day of a time began, in the zone of a line.
func (s Settings) DayBegan(line Phone, at time.Time) time.Time {
	y, m, d := at.In(s.LineZone(line)).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, s.LineZone(line))
}

// Team returns the team that takes calls of an intent on a line: the line's own route, else the general one. An intent that has no
// route goes where questions go.
func (s Settings) Team(l Line, i Intent) Team {
	for _, want := range []Intent{i, Question} {
		if name, ok := l.Routes[want]; ok {
			return s.Teams[name]
		}
		if name, ok := s.Routes[want]; ok {
			return s.Teams[name]
		}
	}
	return Team{}
}

// Intent returns the intent of a menu key.
func (s Settings) Intent(key string) (Intent, bool) {
	for _, m := range s.Menu {
		if m.Key == key {
			return m.Intent, true
		}
	}
	return "", false
}

// overLong reports whether the talk passed the call limit and nobody deemed it necessary (rules 5 and 6): at the limit is within, one second
// more is over.
func (c Call) overLong(fair FairUse) bool { return c.Summary().overLong(fair) }

// AllowsWhenRestricted reports whether calls with this intent are connected although the account is restricted. Critical ones always are (rule 10).
func (f FairUse) AllowsWhenRestricted(i Intent) bool {
	return i == Critical || slices.Contains(f.LetThrough, i)
}

// AfterHoursAt returns what a line that is closed at t does with a call of this intent, and the line whose team takes such calls: with Connect it
// may be another one, which is open. An action that leads to a line that is closed too counts as if it were not configured.
func (s Settings) AfterHoursAt(l Line, i Intent, t time.Time) (AfterHoursAction, Line) {
	action := s.AfterHours.For(i)
	number, isLine := action.Line()
	if !isLine {
		return action, l
	}
	if other, ok := s.Line(number); ok && other.At(t).Open {
		return Connect, other
	}
	return s.AfterHours.Default, l
}

// CallerOutcome is the outcome for a caller with one reason to call, on a line at a moment.
type CallerOutcome struct {
	Intent Intent
	Action AfterHoursAction // Connect: the team is rung
	Team   Team             // who takes such calls, rung or not
	Line   Line             // whose team it is: another line's where the one that was called is closed
}

// CallerOutcomes returns the outcomes for an identified caller with a package that includes phone support, on a line at t, one for each key of the
// menu in its order.
func (s Settings) CallerOutcomes(l Line, t time.Time) []CallerOutcome {
	var all []CallerOutcome
	open := l.At(t).Open
	for _, m := range s.Menu {
		action, taker := Connect, l
		if !open {
			action, taker = s.AfterHoursAt(l, m.Intent, t)
		}
		all = append(all, CallerOutcome{Intent: m.Intent, Action: action, Team: s.Team(taker, m.Intent), Line: taker})
	}
	return all
}
