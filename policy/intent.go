package policy

// Intent is the reason to call.
type Intent string

// The five reasons to call that the policy recommends.
const (
	Critical      Intent = "critical"       // SEV 1, or the platform down although the Status Page says that all is operational
	Restricted    Intent = "restricted"     // SEV 2: use is restricted, not prevented
	TicketStatus  Intent = "ticket-status"  // where a submitted ticket stands
	RaiseSeverity Intent = "raise-severity" // a submitted ticket has become more severe
	Question      Intent = "question"       // how a feature or a process works
)

// Intents returns all intents, in the order of the policy.
func Intents() []Intent { return []Intent{Critical, Restricted, TicketStatus, RaiseSeverity, Question} }

// AsksTicket reports whether a caller with this reason has a ticket already and is asked for its number.
func (i Intent) AsksTicket() bool { return i == TicketStatus || i == RaiseSeverity }

// Outcome is how a call ended. The zero value means that the call goes on, or that its end was never reported.
type Outcome string

// Every way a call can end.
const (
	Served              Outcome = "served"               // a specialist accepted
	LeftVoicemail       Outcome = "voicemail"            // a message was left, on an open or a closed line
	LineClosed          Outcome = "closed"               // a closed line, no message left
	Unanswered          Outcome = "unanswered"           // nobody accepted, the caller did not leave while it rang, no message left
	Abandoned           Outcome = "abandoned"            // the caller hung up before that
	NotEntitled         Outcome = "not-entitled"         // the package does not include phone support
	RestrictedAccount   Outcome = "restricted-account"   // the company restricted the account's calls
	UnidentifiedRefused Outcome = "unidentified-refused" // no customer number, and the company refuses such callers
	Informed            Outcome = "informed"             // the machine told what was asked, and no person was wanted
	Refused             Outcome = "refused"              // our own call coming back to us (rule 17)
	Failed              Outcome = "failed"               // the provider could not carry the call, or the number is not configured
	NotReached          Outcome = "not-reached"          // a call-back (rule 19) that its caller did not take: nobody who called was left unserved
)

// Outcomes returns all outcomes.
func Outcomes() []Outcome {
	return []Outcome{
		Served, LeftVoicemail, LineClosed, Unanswered, Abandoned, NotEntitled, RestrictedAccount, UnidentifiedRefused, Informed, Refused, Failed,
		NotReached,
	}
}

// OutcomeCount is the number of calls by outcome; "" counts those without one.
type OutcomeCount map[Outcome]int

// All returns the number of all calls.
func (n OutcomeCount) All() (all int) {
	for _, calls := range n {
		all += calls
	}
	return all
}
