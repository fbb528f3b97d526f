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
	x.call.State.Team, x.call.State.Rest, x.call.State.Rung = team.Name, policy.RingRest{}, nil
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

// ring rings the present step of a team, or the next one that leads to somebody. After the last round there is none, and the hunt is over.
func (x *exchange) ring(team policy.Team, say ...Phrase) Reply {
	state := &x.call.State
	for ; state.Round < team.Rounds && len(team.Steps) > 0; x.advance(team) {
		left := x.reach(team)
		step := stepOf(*x.Settings, x.call)
		if len(step.To) == 0 {
			continue
		}
		x.note("ring.step", "rings "+x.named(step.To...), append([]string{
			"team", team.Name, "round", count(state.Round + 1), "step", count(state.Ring + 1), "for", step.For.String(),
		}, left...)...)
		state.RungAt = x.now
		return x.nextRinging().start(x, step, say...)
	}
	return x.exhausted()
}

// advance moves the hunt to the next step of a team.
func (x *exchange) advance(team policy.Team) {
	state := &x.call.State
	state.Rest, state.Rung = policy.RingRest{}, nil
	state.Ring++
	if state.Ring >= len(team.Steps) {
		state.Ring = 0
		state.Round++
	}
}

// reach asks whom the present step leads to at this moment, if it names people or rotas and was not rung yet, and keeps it for as long as the step
// lasts. It returns what the trace shall know of that besides whom it rings.
func (x *exchange) reach(team policy.Team) (facts []string) {
	state := &x.call.State
	if state.Ring >= len(team.Steps) || len(state.Rung) > 0 || team.Steps[state.Ring].IsBare() {
		return nil
	}
	targets := team.Steps[state.Ring].To
	var beyond int
	state.Rung, beyond = reachable(x.Reach(targets, x.now))
	why := x.unreached(targets)
	facts = []string{"to", joined(targets)}
	switch {
	case len(state.Rung) == 0:
		x.gap(team, targets, why)
	case why != "":
		facts = append(facts, "nobody", why)
	}
	if beyond > 0 {
		facts = append(facts, "left out", count(beyond)+" beyond "+count(maxRung))
	}
	return facts
}

// gap notes that the present step leads to nobody.
func (x *exchange) gap(team policy.Team, targets []policy.Target, why string) {
	state := &x.call.State
	x.note("rota.gap", "nobody can be rung: goes on at once", "team", team.Name, "round", count(state.Round+1), "step", count(state.Ring+1),
		"to", joined(targets), "why", why)
	known := func(g policy.RingGap) bool { return g.Team == team.Name && slices.Equal(g.To, targets) }
	if !slices.ContainsFunc(state.Gaps, known) {
		state.Gaps = append(slices.Clip(state.Gaps), policy.RingGap{At: x.now, Team: team.Name, To: targets, Why: why})
	}
}

// unreached returns why some of the targets lead to nobody at this moment, and "" where each leads to somebody.
func (x *exchange) unreached(targets []policy.Target) string {
	var why []string
	for _, t := range targets {
		if nobody := x.WhyNobody(t, x.now); nobody != "" {
			why = append(why, nobody)
		}
	}
	return strings.Join(why, ", ")
}

func joined(targets []policy.Target) string {
	texts := make([]string, len(targets))
	for i, t := range targets {
		texts[i] = string(t)
	}
	return strings.Join(texts, ", ")
}

// maxRung is how many addresses a Dial takes.
const maxRung = 10

// reachable returns those who can be rung at once, each address once, and how many are left out since there are more than maxRung.
func reachable(all []policy.Reached) (rung []policy.Rung, beyond int) {
	for _, r := range all {
		known := func(o policy.Rung) bool { return o.To.SameParty(r.Phone) }
		switch {
		case r.Phone == "" || slices.ContainsFunc(rung, known):
		case len(rung) == maxRung:
			beyond++
		default:
			rung = append(rung, policy.Rung{Person: r.Person.ID, To: r.Phone})
		}
	}
	return rung, beyond
}

// named returns addresses as the trace has them: with the name of whoever is rung there.
func (x *exchange) named(phones ...policy.Phone) string {
	if len(phones) == 1 {
		return x.nameAt(phones[0])
	}
	var text strings.Builder
	text.Grow(len(phones) * len("+15550100001, "))
	for i, to := range phones {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(x.nameAt(to))
	}
	return text.String()
}

// nameAt returns an address with the name of the specialist who is rung there, if it is somebody's.
func (x *exchange) nameAt(to policy.Phone) string {
	if len(x.People) > 0 {
		if p, ok := x.Person(x.RungAt(x.call, to)); ok {
			return p.Name + " (" + to.Full() + ")"
		}
	}
	return to.Full()
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
	x.advance(team)
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
