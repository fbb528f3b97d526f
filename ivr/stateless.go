package ivr

import (
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// stateless is the stateless fallback: a way to a person that needs neither the log nor the state of the call (rule 11), for when the log cannot
// be written, a handler has failed, or our answers fail. The URL holds all that must be known next. Critical calls come first, with one key.
type stateless struct {
	form
	settings *policy.Settings
	now      time.Time
}

// trouble rings the team for questions, after words that something is wrong. One key rings the critical team instead.
func (s stateless) trouble(line policy.Line) twilio.Response {
	gather := oneKey(s.base+"/plain/key", s.say(line, phrase("trouble")))
	gather.Timeout = 3
	return document(nil, append([]twilio.Verb{gather}, s.ring(line, policy.Question, 0)...)...)
}

func (s stateless) key(line policy.Line, keys string) twilio.Response {
	if keys == "1" {
		return s.connect(line, policy.Critical)
	}
	return s.connect(line, policy.Question)
}

func (s stateless) connect(line policy.Line, i policy.Intent) twilio.Response {
	return document(s.say(line, phrase("connecting")), s.ring(line, i, 0)...)
}

// next goes on after the n-th ring step, counted through all rounds. If somebody was reached in it who did not accept, that stopped the others, and
// nobody knows who it was: each is rung alone then, so that a voicemail takes only its own turn (rule 16).
func (s stateless) next(line policy.Line, i policy.Intent, n int, w twilio.Webhook) twilio.Response {
	switch {
	case gone(w.CallStatus):
		return document(nil)
	case talked(w):
		return document(s.say(line, phrase("goodbye-talk")), twilio.Hangup{})
	case w.DialCallStatus == "completed" && s.has(line, i, n) && len(s.step(line, i, n).To) > 1:
		return document(nil, s.ringOne(line, i, n, 0))
	case !s.has(line, i, s.reaching(line, i, n+1)):
		return document(nil, s.ring(line, i, n+1)...)
	}
	return document(s.say(line, phrase("still-trying")), s.ring(line, i, n+1)...)
}

// nextOne goes on after the k-th of the n-th ring step was rung alone.
func (s stateless) nextOne(line policy.Line, i policy.Intent, n, k int, w twilio.Webhook) twilio.Response {
	if gone(w.CallStatus) || talked(w) || k < 0 || !s.has(line, i, n) || k+1 >= len(s.step(line, i, n).To) {
		w.DialCallStatus = "" // the step is over, whoever was reached
		return s.next(line, i, n, w)
	}
	return document(nil, s.ringOne(line, i, n, k+1))
}

// has reports whether the intent's team has an n-th ring step, counted through all rounds.
func (s stateless) has(line policy.Line, i policy.Intent, n int) bool {
	team := s.settings.Team(line, i)
	return n >= 0 && n < team.Rounds*len(team.Steps)
}

// talked reports whether a Dial ended after a conversation. If the provider does not report it, it did not: a caller who is rung through twice
// has lost nothing, and one who is sent away has.
func talked(w twilio.Webhook) bool { return w.DialBridged != nil && *w.DialBridged }

// reaching returns the first step from the n-th on that leads to somebody at this moment.
func (s stateless) reaching(line policy.Line, i policy.Intent, n int) int {
	for s.has(line, i, n) && len(s.step(line, i, n).To) == 0 {
		n++
	}
	return n
}

// ring rings the n-th step of the intent's team, or the next one that leads to somebody, and says goodbye after the last.
func (s stateless) ring(line policy.Line, i policy.Intent, n int) []twilio.Verb {
	if n = s.reaching(line, i, n); !s.has(line, i, n) {
		return document(s.say(line, phrase("trouble-goodbye")), twilio.Hangup{}).Verbs
	}
	step := s.step(line, i, n)
	return []twilio.Verb{s.dialStep(line, step, step.To, rangPath(i, n))}
}

// ringOne rings the k-th of the n-th step alone.
func (s stateless) ringOne(line policy.Line, i policy.Intent, n, k int) twilio.Verb {
	step := s.step(line, i, n)
	return s.dialStep(line, step, step.To[k:k+1], stepPath(rangPath(i, n), k))
}

func (s stateless) dialStep(line policy.Line, step rungStep, to []policy.Phone, next string) twilio.Verb {
	ring := Ring{To: to, Seconds: int(step.For / time.Second)}
	return s.dialNumbers(line, ring, s.base+"/"+next, legHooks{screen: s.base + "/plain/screen"})
}

// step returns the n-th ring step, counted through all rounds, with whom it leads to at this moment.
func (s stateless) step(line policy.Line, i policy.Intent, n int) rungStep {
	steps := s.settings.Team(line, i).Steps
	step := steps[n%len(steps)]
	if step.IsBare() {
		return rungStep{step.Numbers(), step.For}
	}
	rung, _ := reachable(s.settings.Reach(step.To, s.now))
	return rungStep{numbersOf(rung), step.For}
}

func rangPath(i policy.Intent, n int) string { return stepPath("plain/rang/"+string(i), n) }

// screen asks a specialist, without knowing who calls. next is the URL that takes the key.
func (s stateless) screen(line policy.Line, next string) twilio.Response {
	return screening(next, s.say(line, phrase("screen-plain"), phrase("screen-keys")), keyTimeout)
}

func (s stateless) answer(keys string) twilio.Response {
	if keys == "1" {
		return document(nil)
	}
	return document(nil, twilio.Hangup{})
}

// instead answers a webhook that could not be decided, as near to where the call was as can be told without its state.
func (s stateless) instead(line policy.Line, step string, w twilio.Webhook) twilio.Response {
	switch {
	case gone(w.CallStatus):
		return document(nil)
	case s.loops(w):
		return document(nil, rejected)
	case step == stepMenu:
		if i, ok := s.settings.Intent(w.Digits); ok {
			return s.connect(line, i)
		}
	case (step == stepClosed || step == stepRestricted) && w.Digits == "1":
		return s.connect(line, policy.Critical)
	case step == stepRang && talked(w):
		return document(s.say(line, phrase("goodbye-talk")), twilio.Hangup{})
	case step == stepRecorded:
		return document(s.say(line, phrase("goodbye")), twilio.Hangup{})
	}
	return s.trouble(line)
}

// gone reports whether the caller has hung up, or was never there.
func gone(callStatus string) bool {
	switch callStatus {
	case "completed", "canceled", "busy", "no-answer", "failed":
		return true
	}
	return false
}

// statelessRoutes registers the stateless fallback. Its handlers do not use the log.
func (h *webhooks) statelessRoutes(on func(string, func(*hook) error)) {
	on("/plain", func(w *hook) error { return h.plain(w, "") })
	on("/plain/key", func(w *hook) error { return h.send(w, h.stateless(w).key(w.line, w.Digits)) })
	on("/plain/rang/:intent/:turn", func(w *hook) error {
		return h.send(w, h.stateless(w).next(w.line, policy.Intent(w.Param("intent")), w.number("turn"), w.Webhook))
	})
	on("/plain/rang/:intent/:turn/:one", func(w *hook) error {
		intent := policy.Intent(w.Param("intent"))
		return h.send(w, h.stateless(w).nextOne(w.line, intent, w.number("turn"), w.number("one"), w.Webhook))
	})
	on("/plain/screen", func(w *hook) error { return h.send(w, h.stateless(w).screen(w.line, h.form.base+"/plain/answer")) })
	on("/plain/answer", func(w *hook) error { return h.send(w, h.stateless(w).answer(w.Digits)) })
}
