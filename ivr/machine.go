// Package ivr carries one call from the first ring to its end.
//
// Its heart is a pure machine: Machine.Next takes the call as it is logged, what the provider just asked, and the time, and returns the call
// as it is now and a Reply, which is a value. The machine does no input or output, so it may run again, and tests walk through all of its
// states. Around it are
//
//   - the words (Words): what each phrase of a reply sounds like in the language of the line,
//   - the rendering of a reply to the provider's TwiML,
//   - the webhook routes (NewWebhooks): verify, read, look up, advance the log, and only after its commit render the answer,
//   - the stateless fallback: what a caller gets when the log cannot be written, or something has failed.
//
// A call goes through the files in this order: webhooks.go, voice.go, input.go, machine.go, arrive.go, identify.go, menu.go, hunt.go, screen.go,
// wrapup.go, render.go.
//
// Specialists are rung in one of two ways (ringing.go): dialled, by a Dial on the caller's call, or by outbound legs, which are calls that we
// place (outbound.go). What is to be done over the provider's REST API follows from a step of the call and is done after it, beside the webhooks
// (both in ringer.go). A ring attempt (outbound.go) does not depend on the call, so that whatever else has to reach people can place legs.
//
// The package knows no store: it declares the Log and the Directory that it needs.
package ivr

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// Bounds on asking again. Beyond them the call goes on without the answer.
const (
	maxMisses  = 3 // silences and wrong keys at the menu
	maxRepeats = 5 // of the menu, at the caller's wish
	maxScreens = 2 // times that a specialist is told who calls
)

// Machine decides what happens on a call. It holds no state of a call.
type Machine struct {
	Settings policy.Settings
	Outbound bool // specialists are rung by outbound legs; else they are dialled
}

// exchange is a webhook of a call while its answer is decided.
type exchange struct {
	*policy.Settings
	outbound bool // Machine.Outbound
	call     policy.Call
	in       Input
	now      time.Time
	line     policy.Line
}

// Next decides one webhook of a call. It returns the call as it is afterwards, and the reply. A webhook that was answered before gets its reply
// again and changes nothing. Next is pure and may run any number of times.
func (m Machine) Next(call policy.Call, in Input, now time.Time) (policy.Call, Reply) {
	if reply, ok := answered(call, in.key()); ok {
		return call, reply
	}
	x := m.start(call.Clip(), in, now)
	if x.waits() {
		return call, Reply{Then: ThenWait, Next: in.key()}
	}
	return x.finish(in.key(), in.heard(), x.decide())
}

func (m Machine) start(call policy.Call, in Input, now time.Time) *exchange {
	line, ok := m.Settings.Line(call.Line)
	if !ok && call.Line == "" {
		line, _ = m.Settings.Line(in.Line)
	}
	return &exchange{Settings: &m.Settings, outbound: m.Outbound, call: call, in: in, now: now, line: line}
}

// decide takes the webhook's step. A webhook of a step that the call is not at, because its state was lost, starts the call over.
func (x *exchange) decide() Reply {
	state := x.call.State
	if x.in.Step != stepArrive && (x.in.Step != state.Step || x.in.Exchange != state.Exchange) {
		x.note("call.resumed", "the step is not known, so the call starts over", "step", x.in.key())
		return x.arrive()
	}
	switch x.in.Step {
	case stepRang, stepWait:
		return x.rang()
	case stepRecorded:
		return x.recorded()
	}
	if x.in.Gone {
		return x.gone()
	}
	switch x.in.Step {
	case stepKnown:
		return x.known()
	case stepNumber:
		return x.number()
	case stepMistyped:
		return x.mistyped()
	case stepLocked:
		return x.typed()
	case stepRefused:
		return x.wayOut()
	case stepClosed:
		return x.urgent()
	case stepRestricted:
		return x.restricted()
	case stepTraining:
		return x.trained()
	case stepMenu:
		return x.menu()
	case stepTicket:
		return x.ticket()
	}
	return x.arrive()
}

// finish adds the exchange to the call, so that a retry gets the same reply.
func (x *exchange) finish(key, heard string, reply Reply) (policy.Call, Reply) {
	if len(reply.Say) == 0 {
		reply.Say = nil
	}
	filed, err := json.Marshal(reply)
	if err != nil { // a Reply holds strings and numbers only
		panic(err)
	}
	x.call.Exchanges = append(x.call.Exchanges, policy.Exchange{Key: key, At: x.now, Heard: heard, Reply: filed})
	return x.call, reply
}

// answered returns the reply that a webhook got before.
func answered(call policy.Call, key string) (Reply, bool) {
	for _, e := range slices.Backward(call.Exchanges) {
		if e.Key == key {
			return replyOf(e)
		}
	}
	return Reply{}, false
}

// replyOf returns the reply of an exchange, unless another version wrote it: then it is decided anew.
func replyOf(e policy.Exchange) (reply Reply, ok bool) {
	if err := json.Unmarshal(e.Reply, &reply); err != nil {
		return Reply{}, false
	}
	return reply, true
}

// ofLeg reports whether a specialist had the exchange, and not the caller.
func ofLeg(e policy.Exchange) bool {
	return strings.HasPrefix(e.Key, stepScreen+"/") || strings.HasPrefix(e.Key, stepAnswer+"/") || strings.HasPrefix(e.Key, stepLeft+"/")
}

// note adds a decision to the trace. facts are pairs of a name and a value.
func (x *exchange) note(rule, result string, facts ...string) {
	d := policy.Decision{At: x.now, Rule: rule, Result: result, Config: x.Version}
	for i := 0; i+1 < len(facts); i += 2 {
		d.Inputs = append(d.Inputs, policy.Fact{Name: facts[i], Value: facts[i+1]})
	}
	x.call.Trace = append(x.call.Trace, d)
}

// then moves the call to a step and returns the reply that leads there.
func (x *exchange) then(what Then, step string, say ...Phrase) Reply {
	state := &x.call.State
	if state.Step != step {
		state.Step, state.Misses, state.Repeats = step, 0, 0
	}
	state.Exchange++
	return Reply{Say: say, Then: what, Next: stepPath(step, state.Exchange)}
}

// leave ends the call with the last words to the caller.
func (x *exchange) leave(say ...Phrase) Reply {
	x.call.LeftAt = x.now
	return Reply{Say: say, Then: ThenHangup}
}

func (x *exchange) gone() Reply {
	if x.call.LeftAt.IsZero() {
		x.call.LeftAt = x.now
	}
	return Reply{Then: ThenNothing}
}

func (x *exchange) localTime() string {
	return x.now.In(x.line.Zone).Format("Mon 2006-01-02 15:04:05 MST")
}

func count(n int) string { return fmt.Sprint(n) }
