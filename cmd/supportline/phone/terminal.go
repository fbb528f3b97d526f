package phone

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

// Terminal is a telephone for a person at a terminal, who is the caller and every specialist. It prints what is heard without the time that it takes
// to speak.
type Terminal struct {
	Account   Account
	Transport http.RoundTripper // fake.Via(address) for a running server
	Lines     *Lines            // what is typed; at its end the caller hangs up
	Out       io.Writer
	Now       func() time.Time // the clock of the server; nil: time.Now
	Provider  *fake.Account    // that the server uses over the REST API; nil: it uses another, which does not know these calls
	Settle    func()           // returns when the server has nothing under way beside its webhooks; nil: nothing to wait for
	Hold      time.Duration    // how long a sound really takes; 0: no time
	// Logged reports whether a call is in the server's log. An error is that nobody can tell. nil: nothing is told about the log.
	Logged func(context.Context, policy.CallSID) (bool, error)
	Name   func(address string) string // of whoever is rung there; nil: people go by their addresses
	Seed   string                      // determines the SIDs of the calls; must be new for each process that shares a log
	Colour bool

	ctx     context.Context
	leaving bool   // the caller is to hang up
	keyed   bool   // keys were pressed in answer to the present prompt
	sound   string // being heard, whose repetitions are not shown
}

const terminalHelp = `Type digits, * or # to press keys, "say ..." to speak, Enter to stay silent, h to hang up.
When a specialist rings: a accept (or Enter), p pass on, n no answer, v voicemail, b busy. In the talk: Enter or h hangs up, s: the specialist does.
`

// Call dials a number and returns when the call is over. A from that is not a number is sent unchanged. Attested calls have the carrier's full
// attestation. The error is what went wrong in the server or on the way to it.
func (t *Terminal) Call(ctx context.Context, to, from string, attested bool) error {
	now := t.Now
	if now == nil {
		now = time.Now
	}
	t.ctx, t.leaving = ctx, false
	fmt.Fprint(t.Out, terminalHelp)
	p := &fake.Provider{
		AccountSID: t.Account.SID, Token: t.Account.Token, Transport: t.Transport,
		Clock: fake.NoWait(now), People: t, Seed: t.Seed, Account: t.Provider, Settle: t.Settle,
	}
	verstat := ""
	if attested {
		verstat = fullAttestation
	}
	record, err := p.Call(ctx, incoming(t.Account, to, from, verstat))
	if err != nil {
		return err
	}
	fmt.Fprintln(t.Out, t.ending(record))
	if len(record.Troubles) > 0 {
		return fmt.Errorf("the line failed: %s%s", strings.Join(record.Troubles, "; "), advice(record.Troubles))
	}
	return nil
}

// ending returns how the call ended, and where it is found.
func (t *Terminal) ending(r fake.Record) string {
	took := fmt.Sprintf("The call took %s (%s).", time.Duration(r.Seconds)*time.Second, r.Status)
	if r.Status == "busy" || r.Status == "no-answer" { // of the caller's own call: the answer to the first webhook was Reject
		took = fmt.Sprintf("The line refused the call (%s).", r.Status)
	}
	if t.Logged == nil {
		return took
	}
	switch logged, err := t.Logged(t.ctx, policy.CallSID(r.SID)); {
	case err != nil:
		return fmt.Sprintf("%s Whether it is in the log, as %s, could not be found out: %v", took, r.SID, err)
	case !logged:
		return took + " It is not in the log."
	}
	return fmt.Sprintf("%s In the log it is %s", took, r.SID)
}

// advice returns what to do where the server refused the webhooks of the telephone.
func advice(troubles []string) string {
	if slices.ContainsFunc(troubles, func(s string) bool { return strings.HasSuffix(s, "answered 403") }) {
		return "\nThe server runs with another auth_token, account_sid or public_url than this configuration: restart it with this one"
	}
	return ""
}

// incoming returns a call to a number that is set up as the manual says.
func incoming(a Account, to, from, verstat string) fake.Incoming {
	return fake.Incoming{From: from, To: to, Verstat: verstat, Number: fake.Number{
		Voice: a.PublicURL + "/voice", Fallback: a.PublicURL + "/fallback", Status: a.PublicURL + "/status",
	}}
}

// Caller asks the person what the caller does.
func (t *Terminal) Caller(m fake.Moment) fake.Act {
	switch {
	case t.leaving:
		return fake.HangUp()
	case m.Kind == fake.Talking:
		return t.ask("talking> ", t.talk)
	case m.Kind == fake.Recording:
		return t.ask("recording> ", t.message)
	case m.Kind == fake.Asked:
		return t.asked()
	case m.Kind == fake.Speaking, m.Kind == fake.Prompted:
		t.keyed = false
	case m.Kind == fake.Holding:
		t.hold()
	}
	return fake.Listen()
}

// asked asks for an answer. The line that goes on waiting after keys wants more of them, or the pause that ends them.
func (t *Terminal) asked() fake.Act {
	prompt := "you> "
	if t.keyed {
		prompt = "you (more keys, or Enter: no more)> "
	}
	return t.ask(prompt, func(line string) (fake.Act, bool) {
		t.keyed = keys(line)
		return t.answer(line)
	})
}

// hold lets the time of a sound pass.
func (t *Terminal) hold() {
	select {
	case <-time.After(t.Hold):
	case <-t.ctx.Done():
	}
}

func (t *Terminal) ask(prompt string, read func(string) (fake.Act, bool)) fake.Act {
	for {
		line, ok := t.read(prompt)
		if !ok {
			t.leaving = true
			return fake.HangUp()
		}
		if act, ok := read(line); ok {
			return act
		}
		fmt.Fprint(t.Out, terminalHelp)
	}
}

// read prompts for a line. Where typing is not visible by itself it prints the line, so that input from a file looks the same.
func (t *Terminal) read(prompt string) (line string, ok bool) {
	fmt.Fprint(t.Out, prompt)
	line, ok = t.Lines.Next(t.ctx)
	if !ok || t.Lines.silent {
		fmt.Fprintln(t.Out, line)
	}
	return line, ok
}

func (t *Terminal) talk(line string) (fake.Act, bool) {
	switch line {
	case "", "h":
		return fake.HangUp(), true
	case "s":
		return fake.PartnerHangsUp(), true
	}
	return fake.Act{}, false
}

// message takes any line as words that are spoken into the recording. Keys end it.
func (t *Terminal) message(line string) (fake.Act, bool) {
	act, ok := t.answer(line)
	if !ok {
		return fake.Say(line), true
	}
	return act, true
}

func (t *Terminal) answer(line string) (fake.Act, bool) {
	text, speaks := strings.CutPrefix(line, "say ")
	switch {
	case line == "":
		return fake.Listen(), true
	case line == "h":
		return fake.HangUp(), true
	case speaks:
		return fake.Say(strings.Trim(text, `" `)), true
	case keys(line):
		return fake.Press(line), true
	}
	return fake.Act{}, false
}

// Specialist asks the person how the specialist who is rung answers.
func (t *Terminal) Specialist(to string) fake.Specialist {
	for !t.leaving {
		line, ok := t.read(t.name(to) + " (a/p/n/v/b)> ")
		if t.leaving = !ok || line == "h"; t.leaving {
			break
		}
		if answer, ok := answers[letters[strings.ToLower(line)]]; ok {
			return answer
		}
		fmt.Fprint(t.Out, terminalHelp)
	}
	return answers[console.PhoneNobody]
}

// name returns who is at an address.
func (t *Terminal) name(address string) string {
	if t.Name == nil {
		return address
	}
	return t.Name(address)
}

// letters are the answers of specialists as they are typed.
var letters = map[string]console.PhoneAnswer{
	"": console.PhoneAccepts, "a": console.PhoneAccepts, "p": console.PhonePasses, "n": console.PhoneNobody,
	"v": console.PhoneVoicemail, "b": console.PhoneBusy,
}

const (
	bold  = "\x1b[1m"
	faint = "\x1b[2m"
	plain = "\x1b[0m"
)

// Note prints an event, what is heard in bold and the rest in grey.
func (t *Terminal) Note(e fake.Event) {
	if e.Did == fake.Hears && strings.HasPrefix(e.Text, fake.Plays) {
		if t.sound == e.Text {
			return
		}
		t.sound = e.Text
	} else {
		t.sound = ""
	}
	text := e.Text
	if text != "" {
		text = "  " + text
	}
	on, off := faint, plain
	if e.Did == fake.Hears {
		on = bold
	}
	if !t.Colour {
		on, off = "", ""
	}
	fmt.Fprintf(t.Out, "%s  %s%s %s%s%s\n", e.At.Format("15:04:05"), on, t.name(e.Who), e.Did, text, off)
}

func keys(s string) bool { return s != "" && strings.Trim(s, "0123456789*#") == "" }
