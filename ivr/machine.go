package ivr

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/officernd/supportline/policy"
)

// Bounds on what one caller can be asked again. Beyond them the call goes on without the answer.
const (
	maxMisses  = 3 // silences and wrong keys at the menu
	maxRepeats = 5 // of the menu on the caller's wish
	maxScreens = 2 // times that a specialist is told who calls
)

// Machine decides what happens on a call. It holds the company's settings and nothing else.
type Machine struct{ Settings policy.Settings }

// turn is one step of a call being decided.
type turn struct {
	*policy.Settings
	call policy.Call
	in   Input
	now  time.Time
	line policy.Line
}

// Next decides one webhook of a call: it gives the call as it is afterwards, and the reply. A webhook that was answered before gets its
// reply again and changes nothing. Next is pure and may run any number of times.
func (m Machine) Next(call policy.Call, in Input, now time.Time) (policy.Call, Reply) {
	if reply, ok := answered(call, in.key()); ok {
		return call, reply
	}
	t := m.start(call.Clip(), in, now)
	if t.waits() {
		return call, t.waitOn()
	}
	return t.finish(in.key(), in.heard(), t.decide())
}

func (m Machine) start(call policy.Call, in Input, now time.Time) *turn {
	line, ok := m.Settings.Line(call.Line)
	if !ok && call.Line == "" {
		line, _ = m.Settings.Line(in.Line)
	}
	return &turn{Settings: &m.Settings, call: call, in: in, now: now, line: line}
}

// decide finds the step. A webhook of a step that the call is not at (its state was lost) starts the call over rather than end it.
func (t *turn) decide() Reply {
	state := t.call.State
	if t.in.Step != stepArrive && (t.in.Step != state.Step || t.in.Turn != state.Exchange) {
		t.note("call.resumed", "the step is not known, so the call starts over", "step", t.in.key())
		return t.arrive()
	}
	switch t.in.Step {
	case stepRang:
		return t.rang()
	case stepRecorded:
		return t.recorded()
	}
	if t.in.Gone {
		return t.gone()
	}
	switch t.in.Step {
	case stepWait:
		return t.waited()
	case stepKnown:
		return t.known()
	case stepNumber:
		return t.number()
	case stepMenu:
		return t.menu()
	case stepTicket:
		return t.ticket()
	}
	return t.arrive()
}

// finish files the reply under its turn, so that a retry gets it again.
func (t *turn) finish(key, heard string, reply Reply) (policy.Call, Reply) {
	if len(reply.Say) == 0 {
		reply.Say = nil
	}
	filed, err := json.Marshal(reply)
	if err != nil { // a Reply holds strings and numbers only
		panic(err)
	}
	t.call.Exchanges = append(t.call.Exchanges, policy.Exchange{Key: key, At: t.now, Heard: heard, Reply: filed})
	return t.call, reply
}

// answered gives the reply that a webhook got before.
func answered(call policy.Call, key string) (Reply, bool) {
	filed, ok := call.Exchange(key)
	if !ok {
		return Reply{}, false
	}
	var reply Reply
	if err := json.Unmarshal(filed.Reply, &reply); err != nil {
		return Reply{}, false // written by another version: decide anew
	}
	return reply, true
}

// note adds a decision to the trace. facts are names and values in turn.
func (t *turn) note(rule, result string, facts ...string) {
	d := policy.Decision{At: t.now, Rule: rule, Result: result, Config: t.Version}
	for i := 0; i+1 < len(facts); i += 2 {
		d.Inputs = append(d.Inputs, policy.Fact{Name: facts[i], Value: facts[i+1]})
	}
	t.call.Trace = append(t.call.Trace, d)
}

// then goes to the next step and gives the reply that leads there.
func (t *turn) then(what Then, step string, say ...Phrase) Reply {
	state := &t.call.State
	if state.Step != step {
		state.Step, state.Misses, state.Repeats = step, 0, 0
	}
	state.Exchange++
	return Reply{Say: say, Then: what, Next: turnKey(step, state.Exchange)}
}

// leave says goodbye.
func (t *turn) leave(say ...Phrase) Reply {
	t.call.LeftAt = t.now
	return Reply{Say: say, Then: ThenHangup}
}

// gone ends a call whose caller has hung up: nothing more is said.
func (t *turn) gone() Reply {
	if t.call.LeftAt.IsZero() {
		t.call.LeftAt = t.now
	}
	return Reply{Then: ThenNothing}
}

// localTime shows a moment on the line's own clock.
func (t *turn) localTime() string {
	return t.now.In(t.line.Zone).Format("Mon 2006-01-02 15:04:05 MST")
}

func count(n int) string { return fmt.Sprint(n) }
