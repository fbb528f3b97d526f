package ivr

import (
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// hunt begins to ring the team that takes calls of this reason.
func (t *turn) hunt(say ...Phrase) Reply {
	team := t.Team(t.line, t.call.Intent)
	t.call.HuntingAt = t.now
	t.call.State.Team = team.Name
	t.note("route.team", team.Name, "intent", string(t.call.Intent), "line", t.line.Name)
	say = append(say, phrase("connecting"))
	if t.Recording {
		say = append(say, phrase("recorded"))
	}
	return t.ring(team, say...)
}

// ring rings the present step of a team, or gives up when there is none.
func (t *turn) ring(team policy.Team, say ...Phrase) Reply {
	state := t.call.State
	if state.Round >= team.Rounds || len(team.Steps) == 0 {
		return t.exhausted()
	}
	step := team.Steps[state.Ring]
	t.note("ring.step", "rings "+addresses(step.To), "team", team.Name,
		"round", count(state.Round+1), "step", count(state.Ring+1), "for", step.For.String())
	if t.Whisper && !state.Plain {
		return t.order(say...)
	}
	reply := t.then(ThenRing, stepRang, say...)
	reply.Ring = &Ring{To: step.To, Seconds: int(step.For / time.Second), Record: t.Recording}
	return reply
}

func addresses(to []policy.Phone) string {
	all := make([]string, len(to))
	for i, p := range to {
		all[i] = p.Full()
	}
	return strings.Join(all, ", ")
}

// rang takes the end of a ring step: a talk that is over, or nobody who accepted.
func (t *turn) rang() Reply {
	t.learnDial()
	if t.in.Gone {
		return t.gone()
	}
	t.missed()
	if _, served := t.call.Accepted(); served {
		return t.leave(phrase("goodbye-talk"))
	}
	return t.nextStep()
}

// nextStep rings those who come next.
func (t *turn) nextStep() Reply {
	team := t.Teams[t.call.State.Team]
	t.call.State.Ring++
	if t.call.State.Ring >= len(team.Steps) {
		t.call.State.Ring = 0
		t.call.State.Round++
	}
	return t.ring(team, phrase("still-trying"))
}

// learnDial merges what the provider says of the dial. A leg that was bridged has a specialist on it even when its accepting key
// never reached the log.
func (t *turn) learnDial() {
	if t.in.Dial == nil {
		return
	}
	t.call = t.call.Learn(*t.in.Dial)
	leg := t.call.Leg(t.in.Dial.Leg)
	if t.in.Bridged == nil || !*t.in.Bridged || !leg.AcceptedAt.IsZero() || leg.DialSeconds == nil {
		return
	}
	leg.AcceptedAt = leg.DialEndedAt.Add(-time.Duration(*leg.DialSeconds) * time.Second)
	t.note("leg.bridged", "the provider joined the two although no accepting key was logged", "leg", string(leg.SID))
	t.call = t.call.WithLeg(leg)
}

// exhausted is the end of the hunt: everybody was rung in every round.
func (t *turn) exhausted() Reply {
	t.call.Exhausted = true
	t.note("hunt.exhausted", "nobody accepted: "+string(t.NoAnswer), "team", t.call.State.Team)
	if t.NoAnswer == policy.Voicemail {
		return t.then(ThenRecord, stepRecorded, phrase("voicemail-unanswered"), phrase("voicemail"))
	}
	return t.leave(phrase("no-answer"))
}
