package fake

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/officernd/supportline/twilio"
)

var errNoProgress = errors.New("the caller was asked 10000 times at one moment and never let time pass")

// pass lets up to d pass and asks the caller meanwhile. It returns the first act that has an effect at this moment, or Listen when the time
// is up, and the rest of d.
func (c *call) pass(m Moment, d time.Duration) (Act, time.Duration) {
	for range 10000 {
		if c.runActions(); c.redirected != "" {
			return Act{do: isRedirected}, d
		}
		if decided := c.decisions(); c.room.interrupts(m) || decided && m.Kind == Ringing {
			return Listen(), d
		}
		if c.ctx.Err() != nil {
			return HangUp(), d
		}
		m.At, m.Left = c.Clock.Now(), d
		act := c.People.Caller(m)
		switch {
		case act.do == listens, act.do == waits && act.span >= d:
			if d -= c.sleep(d); d == 0 && c.redirected == "" {
				return Listen(), 0
			}
		case act.do == waits:
			d -= c.sleep(act.span)
		case m.takes(act):
			return act, d
		}
	}
	c.err = errNoProgress
	return HangUp(), d
}

// takes reports whether an act has an effect at this moment.
func (m Moment) takes(act Act) bool {
	switch act.do {
	case hangsUp:
		return true
	case presses:
		return m.Keys && act.keys != "" && strings.Trim(act.keys, "0123456789*#") == ""
	case says:
		return m.Speech
	case partnerHangsUp:
		return m.Kind == Talking
	}
	return false
}

func (c *call) perform(v twilio.Verb) next {
	switch v.(type) {
	case twilio.Gather, twilio.Redirect:
	default:
		c.typed = "" // any other verb drops the keys
	}
	switch v := v.(type) {
	case twilio.Say, twilio.Play, twilio.Pause:
		m := Moment{Kind: Holding}
		if _, says := v.(twilio.Say); says {
			m.Kind = Speaking
		}
		if _, pause := v.(twilio.Pause); !pause {
			c.answer()
		}
		if act := c.prompt(v, m); act.do == hangsUp {
			return c.hangUp()
		}
	case twilio.Gather:
		c.answer()
		return c.gather(v)
	case twilio.Record:
		c.answer()
		return c.recordCaller(v)
	case twilio.Dial:
		return c.dial(v)
	case twilio.Redirect:
		return next{url: v.URL}
	case twilio.Reject:
		if c.answered.IsZero() {
			c.caller.status = "busy"
			if v.Reason != "busy" {
				c.caller.status = "no-answer"
			}
		}
		return end
	case twilio.Hangup:
		return end
	}
	return next{}
}

func (c *call) prompt(v twilio.Verb, m Moment) Act {
	text, length := heard(v)
	if text != "" {
		c.note(TheCaller, Hears, text)
	}
	act, _ := c.pass(m, length)
	return act
}

// heard returns a prompt's text in the transcript, and its length.
func heard(v twilio.Verb) (string, time.Duration) {
	switch v := v.(type) {
	case twilio.Say:
		return v.Text, Spoken(v.Text)
	case twilio.Play:
		return Plays + v.URL + ")", playTime * time.Duration(max(1, v.Loop))
	case twilio.Pause:
		return "", time.Second * time.Duration(max(1, v.Seconds))
	}
	return "", 0
}

// gather follows a Gather: input interrupts the prompts, keys are collected until the number of digits, the finishing key or the timeout, and
// without input the document goes on with the next verb, or with the action if the Gather wants an empty result.
func (c *call) gather(g twilio.Gather) next {
	c.byMethod(c.caller.base, g.Action, g.Method)
	m := Moment{
		Kind: Prompted, Keys: g.Input == "" || strings.Contains(g.Input, "dtmf"), Speech: strings.Contains(g.Input, "speech"),
	}
	act := Listen()
	if c.typed != "" && m.Keys {
		act = Press(c.typed)
	}
	c.typed = ""
	for i := 0; i < len(g.Prompts) && act.do == listens; i++ {
		act = c.prompt(g.Prompts[i], m)
	}
	m.Kind = Asked
	timeout := orDefault(g.Timeout, 5)
	if act.do == listens {
		act, _ = c.pass(m, timeout)
	}
	in := input{gather: g}
	for {
		switch act.do {
		case hangsUp:
			return c.hangUp()
		case isRedirected:
			return next{}
		case says:
			c.note(TheCaller, "says", act.text)
			c.advance(act.span + time.Second) // a second of silence ends the speech
			return c.action(g.Action, map[string]string{"SpeechResult": act.text, "Confidence": "0.9"})
		case presses:
			c.note(TheCaller, "presses", act.keys)
			c.advance(keyTime * time.Duration(len(act.keys)))
			if c.typed = in.press(act.keys); in.done {
				return c.action(g.Action, in.params())
			}
			c.typed = ""
		case listens:
			if in.digits == "" && !g.EmptyResult {
				return next{}
			}
			return c.action(g.Action, in.params())
		}
		act, _ = c.pass(m, timeout)
	}
}

type input struct {
	gather twilio.Gather
	digits string
	finish string
	done   bool
}

// press adds keys until the input is complete and returns the rest. The finishing key ends an input only after a digit; alone it is dropped.
func (in *input) press(keys string) (rest string) {
	finish := "#"
	if in.gather.FinishOnKey != nil {
		finish = *in.gather.FinishOnKey
	}
	for i, k := range keys {
		switch {
		case !strings.ContainsRune(finish, k):
			in.digits += string(k)
		case in.digits != "":
			in.finish, in.done = string(k), true
		}
		in.done = in.done || (in.digits != "" && len(in.digits) == in.gather.NumDigits)
		if in.done {
			return keys[i+1:]
		}
	}
	return ""
}

func (in *input) params() map[string]string {
	p := map[string]string{"msg": "Gather End"}
	if in.digits != "" {
		p["Digits"] = in.digits
	}
	if in.finish != "" {
		p["FinishedOnKey"] = in.finish
	}
	return p
}

// action returns the document that follows a verb with a result. Without an action the provider requests the present document again.
func (c *call) action(url string, params map[string]string) next {
	return next{url: cmp.Or(url, c.caller.base), params: params}
}

func orDefault(seconds, otherwise int) time.Duration {
	if seconds <= 0 {
		seconds = otherwise
	}
	return time.Duration(seconds) * time.Second
}
