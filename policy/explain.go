package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// lostAfter is how long after its last known moment a call without an end is taken for one whose end was never reported. No call
// lasts longer at the provider, by its own limit of 4 hours.
const lostAfter = 4 * time.Hour

// Explain returns the whole history of a call in the order of time: the decisions of its trace, what the caller entered, what each
// specialist's leg went through, what people did to it afterwards, and the verdicts that follow: whether it counted as a ticket (rule 3) at the
// acceptance; the talk time with the figure it rests on (rule 5) and whether it was over-long (rule 6) at the end of the talk; and how the call
// ended. Equal times keep this order, and what has no time stands last. counted is whether fair use counts the call, now the time of asking.
// Specialists have their names, and where they have none their addresses in full: the history is for those who may see them. What nobody reported is not told.
func (s Settings) Explain(c Call, counted bool, now time.Time) []Decision {
	var events []event
	for _, exchange := range c.Exchanges {
		if exchange.Heard != "" {
			events = append(events, told(exchange.At, "heard", strconv.Quote(exchange.Heard), "turn", exchange.Key))
		}
	}
	for _, d := range c.Trace {
		events = append(events, event{d.At, d})
	}
	for _, leg := range c.Legs {
		name, said := cmp.Or(s.LegName(leg), leg.To.Full()), screened
		switch {
		case c.isCallerLeg(leg.SID):
			name = "the caller"
		case c.CallBackOf != "":
			said = askedBack
		}
		events = append(events, leg.history(name, said)...)
	}
	if leg, accepted := c.Accepted(); accepted {
		events = append(events, event{secondsEnd(leg.AcceptedAt), c.ticketVerdict(leg.AcceptedAt, counted)})
	}
	if c.Message != nil {
		result := fmt.Sprintf("a message of %d s was left", c.Message.Seconds)
		events = append(events, told(firstSet(c.Message.At, c.End()), "voicemail", result, "recording", c.Message.SID))
	}
	events = append(events, c.recordingEvents()...)
	for _, d := range append(c.talkVerdicts(s.FairUse), c.endVerdict(now)) {
		events = append(events, verdict(d))
	}
	for _, a := range c.Acts {
		events = append(events, told(a.At, "act."+string(a.Kind), a.Words()))
	}
	slices.SortStableFunc(events, event.compare)
	return mapped(events, func(e event) Decision { return e.Decision })
}

// event is a decision or another thing that happened, with its place in the order of time.
type event struct {
	place time.Time // zero for what has no time
	Decision
}

// compare orders events by their places. Those without one come last.
func (e event) compare(other event) int {
	if e.place.IsZero() != other.place.IsZero() {
		return one(e.place.IsZero()) - one(other.place.IsZero())
	}
	return e.place.Compare(other.place)
}

// verdict returns an event at the end of its second, so that it follows what it was drawn from, whoever reported that.
func verdict(d Decision) event {
	if d.At.IsZero() {
		return event{Decision: d}
	}
	return event{secondsEnd(d.At.Truncate(time.Second)), d}
}

// told returns an event; its inputs are alternating names and values.
func told(at time.Time, rule, result string, inputs ...string) event {
	return event{at, Decision{At: at, Rule: rule, Result: result, Inputs: facts(inputs...)}}
}

// legWords are the words of what somebody on a leg was told and did.
type legWords struct{ told, accepted, passed string }

var (
	screened  = legWords{"was told who calls, and asked to accept", "accepted the call", "passed the call on"}
	askedBack = legWords{"was told whom to call back", "had the caller rung", "left the call-back open"} // the specialist of a call-back
)

// history returns what happened to one specialist who was rung, who is called so. The provider's times are whole seconds and ours are not, so a time of the
// provider's stands at the end of its second, but never after what followed it on the same leg.
func (l Leg) history(name string, said legWords) []event {
	var events []event
	tell := func(at time.Time, rule, result string, inputs ...string) {
		if !at.IsZero() {
			events = append(events, told(at, rule, name+" "+result, append(inputs, "leg", string(l.SID))...))
		}
	}
	tell(l.RangAt, "leg.rang", "was rung")
	tell(l.AnsweredAt, "leg.answered", "picked up")
	tell(l.ScreenedAt, "leg.screened", said.told)
	tell(l.AcceptedAt, "leg.accepted", said.accepted)
	tell(l.PassedAt, "leg.passed", said.passed)
	ended := firstSet(l.EndedAt, l.DialEndedAt)
	switch {
	case !l.AcceptedAt.IsZero() && l.NotBridged && l.Attempt > 0:
		tell(ended, "leg.not-bridged", "left before the caller came", "status", l.Status)
	case !l.AcceptedAt.IsZero() && l.NotBridged:
		tell(ended, "leg.not-bridged", "was never joined with the caller, the provider says", "status", l.Status)
	case !l.AcceptedAt.IsZero() || !l.PassedAt.IsZero():
	case !l.AnsweredAt.IsZero() || !l.ScreenedAt.IsZero():
		tell(ended, "leg.not-accepted", "neither accepted nor passed on: a voicemail, or nobody at the phone", "status", l.Status)
	default:
		tell(ended, "leg.not-answered", "did not answer", "status", l.Status)
	}
	for i := len(events) - 1; i >= 0; i-- {
		events[i].place = secondsEnd(events[i].At)
		if i+1 < len(events) && events[i+1].place.Before(events[i].place) {
			events[i].place = events[i+1].place
		}
	}
	return events
}

// secondsEnd returns the end of the second of a time in whole seconds, and any other time as it is.
func secondsEnd(t time.Time) time.Time {
	if t.Nanosecond() == 0 {
		return t.Add(time.Second - 1)
	}
	return t
}

// talkVerdicts returns the talk time with the figure it rests on, and whether it was too long.
func (c Call) talkVerdicts(fair FairUse) []Decision {
	seconds, source, ok := c.Talk()
	if !ok {
		return nil
	}
	leg, _ := c.Accepted()
	at := firstSet(leg.EndedAt, leg.DialEndedAt, c.EndedAt, c.LeftAt)
	talk := Decision{At: at, Rule: source, Result: fmt.Sprintf("talked for %d s", seconds)}
	switch source {
	case talkFromLeg:
		talk.Inputs = facts("leg seconds", strconv.Itoa(*leg.Seconds), "screening seconds", strconv.Itoa(leg.screeningSeconds()))
	case talkFromDial:
		talk.Inputs = facts("dial seconds", strconv.Itoa(*leg.DialSeconds), "screening seconds", strconv.Itoa(leg.screeningSeconds()))
	case talkFromClock:
		talk.Inputs = facts("accepted", clock(leg.AcceptedAt), "ended", clock(at))
	}
	limit := int(fair.CallLimit / time.Second)
	length := Decision{At: at, Rule: "fair-use.length", Result: "not over-long", Inputs: facts("talk seconds", strconv.Itoa(seconds), "limit", strconv.Itoa(limit))}
	switch {
	case c.overLong(fair):
		length.Result = "over-long"
	case c.Waived:
		length.Result = "waived as necessary, so not over-long"
		if waiver, ok := c.LastAct(ActWaive); ok && waiver.At.After(at) { // it follows from the act
			length.At = waiver.At
		}
	}
	return []Decision{talk, length}
}

// ticketVerdict returns whether an accepted call adds a phone ticket, and by which part of rule 3.
func (c Call) ticketVerdict(at time.Time, counted bool) Decision {
	_, why := c.Summary().verdict(counted)
	inputs := facts("customer", string(c.Customer), "ticket", string(c.Ticket), "month", string(c.Month))
	return Decision{At: at, Rule: "fair-use.ticket", Result: why, Inputs: inputs}
}

func (c Call) endVerdict(now time.Time) Decision {
	inputs := []string{"provider's status", c.Status}
	if total, ok := c.total(); ok {
		inputs = append(inputs, "total seconds", strconv.Itoa(total))
	}
	d := Decision{At: c.End(), Rule: "end", Inputs: facts(inputs...)}
	switch {
	case !c.End().IsZero():
		d.Result = string(c.Outcome())
	case c.Lost(now):
		d.Result = "no end was reported"
	default:
		d.Result = "the call goes on"
	}
	return d
}

// Lost reports whether the call has no end although it must be over by now: its end was never reported.
func (c Call) Lost(now time.Time) bool {
	return c.End().IsZero() && now.Sub(c.lastMoment()) > lostAfter
}

func (c Call) lastMoment() time.Time {
	last := c.StartedAt
	for _, exchange := range c.Exchanges {
		last = latest(last, exchange.At)
	}
	return last
}

// facts returns alternating names and values as facts, without those that have no value.
func facts(pairs ...string) []Fact {
	var facts []Fact
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			facts = append(facts, Fact{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return facts
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Step is a decision of a call's trace as people and programs are shown it. An unknown time is null.
type Step struct {
	At     *time.Time `json:"at"`
	Rule   string     `json:"rule"`
	Result string     `json:"result"`
	Inputs []Fact     `json:"inputs"`
	Config string     `json:"config,omitempty"`
}

// Steps returns the steps of a trace.
func Steps(trace []Decision) []Step {
	return mapped(trace, func(d Decision) Step {
		s := Step{Rule: d.Rule, Result: d.Result, Inputs: append([]Fact{}, d.Inputs...), Config: d.Config}
		if !d.At.IsZero() {
			at := d.At.UTC()
			s.At = &at
		}
		return s
	})
}

// Masked returns the step with telephone numbers masked.
func (s Step) Masked() Step {
	s.Result, s.Inputs = MaskedText(s.Result), maskedFacts(s.Rule, s.Inputs)
	return s
}

// Masked returns the decision with telephone numbers masked.
func (d Decision) Masked() Decision {
	d.Result, d.Inputs = MaskedText(d.Result), maskedFacts(d.Rule, d.Inputs)
	return d
}

// maskedFacts returns the inputs of a rule with telephone numbers masked. The numbers of customers and tickets stay, as in a row: of what a caller
// entered, that is what was found.
func maskedFacts(rule string, facts []Fact) []Fact {
	return mapped(facts, func(f Fact) Fact {
		switch {
		case f.Name == "customer", f.Name == "account", f.Name == "ticket", f.Name == "number" && rule == "customer.found":
			return f
		}
		return Fact{f.Name, MaskedText(f.Value)}
	})
}
