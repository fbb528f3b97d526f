package ivr

import (
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// hunt begins to ring the team that takes calls with this reason.
func (x *exchange) hunt(say ...Phrase) Reply {
	line := x.takingLine()
	team := x.Team(line, x.call.Intent)
	x.call.HuntingAt = x.now
	x.call.State.Team, x.call.State.Rest = team.Name, policy.RingRest{}
	x.note("route.team", team.Name, "intent", string(x.call.Intent), "line", line.Name)
	say = append(say, x.fairUse()...)
	switch {
	case line.Number != x.line.Number:
		say = append(say, phrase("closed-other-line", "line", lineName(line)))
	case !slices.ContainsFunc(say, func(p Phrase) bool { return p.ID == "menu-default" }): // which says the same
		say = append(say, phrase("connecting"))
	}
	if x.Recording {
		say = append(say, phrase("recorded"))
	}
	return x.ring(team, say...)
}

// takingLine returns the line whose team takes the call: another one, which is open, where the company sends calls of a closed line there.
func (x *exchange) takingLine() policy.Line {
	if !x.call.Closed {
		return x.line
	}
	_, line := x.afterHours(x.call.Intent)
	return line
}

// lineName returns the name of a line as callers hear it. A line without one has its number for a name.
func lineName(l policy.Line) string {
	if policy.Phone(l.Name).IsNumber() {
		return "other"
	}
	return l.Name
}

// fairUse returns what a caller is told of a ticket over the limit before it costs (rule 15): never a critical one, nor one who raises a ticket.
func (x *exchange) fairUse() []Phrase {
	if !x.FairUse.TellCaller || x.in.Month == nil || x.call.Intent == policy.Critical || x.call.Intent == policy.RaiseSeverity {
		return nil
	}
	ticket, adds, _ := x.accepting(x.in.Month)
	if !adds || ticket <= x.FairUse.TicketsPerMonth {
		return nil
	}
	x.note("fair-use.told", "the caller is told that the call adds a ticket over the limit", "ticket", count(ticket), "limit", count(x.FairUse.TicketsPerMonth))
	return []Phrase{phrase("told-over", "count", count(ticket), "limit", count(x.FairUse.TicketsPerMonth))}
}

// accepting returns which phone ticket of the account's month the call is of if a specialist accepts it, whether it adds that ticket, and whether the
// account is over then. A call of no account, or whose month is not known, is of none.
func (x *exchange) accepting(month []policy.CallSummary) (ticket int, adds, over bool) {
	if x.call.Customer == "" || month == nil {
		return 0, false, false
	}
	others := func(s policy.CallSummary) bool { return s.Customer != x.call.Customer } // a person attached the call to another account
	return x.FairUse.Accepting(x.call, slices.DeleteFunc(slices.Clone(month), others))
}

// ring rings the present step of a team. After the last round there is none, and the hunt is over.
func (x *exchange) ring(team policy.Team, say ...Phrase) Reply {
	state := x.call.State
	if state.Round >= team.Rounds || len(team.Steps) == 0 {
		return x.exhausted()
	}
	step := stepOf(*x.Settings, x.call)
	x.note("ring.step", "rings "+strings.Join(policy.FullNumbers(step.To), ", "), "team", team.Name,
		"round", count(state.Round+1), "step", count(state.Ring+1), "for", step.For.String())
	x.call.State.RungAt = x.now
	return x.nextRinging().start(x, step, say...)
}

func (x *exchange) rang() Reply {
	x.learnDial()
	if x.in.Gone {
		return x.gone()
	}
	last := x.lastRinging()
	switch last.state(x) {
	case ringAccepted:
		return x.join()
	case ringTalked:
		return x.leave(phrase("goodbye-talk"))
	case ringRefused:
		return x.dialInstead()
	}
	if reply, rings := x.ringAgain(last); rings {
		return reply
	}
	return x.nextStep()
}

func (x *exchange) nextStep() Reply {
	team := x.Teams[x.call.State.Team]
	x.call.State.Rest = policy.RingRest{}
	x.call.State.Ring++
	if x.call.State.Ring >= len(team.Steps) {
		x.call.State.Ring = 0
		x.call.State.Round++
	}
	return x.ring(team, phrase("still-trying"))
}

// learnDial merges the provider's report of a Dial that is over. A leg that was bridged has a specialist on it even if the accepting key never
// reached the log.
func (x *exchange) learnDial() {
	if x.in.Dial == nil {
		return
	}
	x.call = x.call.Learn(*x.in.Dial)
	leg := x.call.Leg(x.in.Dial.Leg)
	if x.in.Bridged == nil || !*x.in.Bridged || !leg.AcceptedAt.IsZero() || leg.DialSeconds == nil {
		return
	}
	leg.AcceptedAt = leg.DialEndedAt.Add(-time.Duration(*leg.DialSeconds) * time.Second)
	x.note("leg.bridged", "the provider joined the two although no accepting key was logged", "leg", string(leg.SID))
	x.call = x.call.WithLeg(leg)
}

// exhausted ends the hunt: every step was rung in every round.
func (x *exchange) exhausted() Reply {
	x.call.Exhausted = true
	x.note("hunt.exhausted", "nobody accepted: "+string(x.NoAnswer), "team", x.call.State.Team)
	if x.NoAnswer == policy.Voicemail {
		return x.then(ThenRecord, stepRecorded, phrase("voicemail-unanswered"), x.voicemail())
	}
	return x.leave(phrase("no-answer"))
}

// voicemail asks for a message, and for the customer number where nobody gave it.
func (x *exchange) voicemail() Phrase {
	if x.call.Customer != "" {
		return phrase("voicemail-identified")
	}
	return phrase("voicemail")
}

// recorded takes the end of a voicemail, which may be empty.
func (x *exchange) recorded() Reply {
	left := x.in.Message != nil && x.in.Message.Seconds > 0
	if left {
		x.call = x.call.Learn(policy.Report{Message: x.in.Message})
		x.note("voicemail.left", "a message was left", "seconds", count(x.in.Message.Seconds))
	} else {
		x.note("voicemail.empty", "no message was left")
	}
	switch {
	case x.in.Gone:
		return x.gone()
	case left:
		return x.leave(phrase("voicemail-saved"))
	}
	return x.leave(phrase("voicemail-empty"))
}
