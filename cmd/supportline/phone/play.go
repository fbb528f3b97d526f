package phone

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

// Difference is the place where a server did not do what a script says.
type Difference struct {
	File     string
	Line     int
	Expected string
	Found    string
}

// Error returns "file:line: expected ..., but ...".
func (d *Difference) Error() string {
	return fmt.Sprintf("%s:%d: expected %s, but %s", d.File, d.Line, d.Expected, d.Found)
}

// clockMove sets the clock at the start of a script, and passes time later on.
type clockMove struct{ local, zone string }

// player plays one script. While a call is carried, the provider asks it what the caller does (see caller.go).
type player struct {
	script      Script
	pos         int // the statement that comes next
	open        Opener
	setup       Setup
	server      Server
	clock       *fake.Virtual
	provider    *fake.Provider
	specialists map[string]fake.Specialist
	events      []fake.Event

	ctx     context.Context     // of the whole script
	dialled policy.CallSID      // the last call to a line
	record  fake.Record         // the last call that the log has
	heard   []string            // by the caller, since the caller last did something
	matched int                 // the number of those in heard that statements have named
	told    map[string][]string // what each specialist heard in this call
	rung    map[string]bool
	until   time.Time // a wait or a talk in progress lasts until then
	talking bool
	diff    *Difference
}

// Play plays a script against a server that open opens for it, on the script's own clock, and returns what happened. The error is a *Difference
// where the server did not do what the script says, and any other error where the script could not be played.
func Play(ctx context.Context, s Script, open Opener) ([]fake.Event, error) {
	p := &player{
		ctx: ctx, script: s, open: open, specialists: map[string]fake.Specialist{},
		provider: &fake.Provider{}, clock: fake.NewVirtual(time.Time{}),
	}
	p.provider.Clock, p.provider.People = p.clock, p
	p.setup.Now = p.clock.Now
	err := p.play(ctx)
	if p.server != nil {
		err = errors.Join(err, p.server.Close())
	}
	return p.events, err
}

func (p *player) play(ctx context.Context) error {
	for p.pos < len(p.script.statements) && p.diff == nil {
		st := p.script.statements[p.pos]
		p.pos++
		if err := p.statement(ctx, st); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if p.diff != nil {
		return p.diff
	}
	return nil
}

// statement plays a statement outside a call.
func (p *player) statement(ctx context.Context, st statement) error {
	switch do := st.do.(type) {
	case setting:
		do(&p.setup)
	case clockMove:
		return p.at(st, p.move(do))
	case scene:
		do(p)
	case fault:
		if err := p.opened(st); err != nil {
			return err
		}
		do(p)
	case dialing:
		if err := p.opened(st); err != nil {
			return err
		}
		return p.call(ctx, st, do)
	case wait:
		p.lasts(st, time.Duration(do))
	case logged, traced, followUp:
		return p.check(ctx, st)
	case texted, notTexted:
		p.checkTexts(st)
	case take, callBack:
		p.person(ctx, st)
	default:
		if ok, _, found := p.look(st.do); !ok {
			p.differ(st, "the call is over"+found)
		}
	}
	return nil
}

func (p *player) opened(st statement) (err error) {
	if p.server != nil {
		return nil
	}
	p.server, err = p.open(p.setup)
	if err != nil {
		p.server = nil
		return p.at(st, fmt.Errorf("the server can't be opened: %w", err))
	}
	account := p.server.Account()
	p.provider.AccountSID, p.provider.Token = account.SID, account.Token
	p.provider.Account, p.provider.Settle = p.server.Provider(), p.server.Settle
	p.provider.Transport = fake.Straight(p.server.Handler())
	return nil
}

// refuse makes the provider's REST API answer nothing, until it is called with false.
func (p *player) refuse(broken bool) {
	p.server.Provider().Change(func(s *fake.State) {
		s.Interfere = nil
		if broken {
			s.Interfere = func(w http.ResponseWriter, _ *http.Request) bool {
				fake.Refuse(w, http.StatusServiceUnavailable, 20503, "Service unavailable")
				return true
			}
		}
	})
}

func (p *player) at(st statement, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s:%d: %w", p.script.Name, st.line, err)
}

func (p *player) move(to clockMove) error {
	zone, err := time.LoadLocation(to.zone)
	if err != nil {
		return err
	}
	t, err := parseTime(to.local, zone)
	if err != nil {
		return err
	}
	if t.Before(p.clock.Now()) {
		return fmt.Errorf("the clock shows %s already; write a later time", p.clock.Now().In(zone).Format("2006-01-02T15:04:05"))
	}
	p.clock.Set(t)
	return nil
}

// call carries one call to its end, with the statements that belong to it.
func (p *player) call(ctx context.Context, st statement, d dialing) (err error) {
	p.heard, p.matched, p.told, p.rung = nil, 0, map[string][]string{}, map[string]bool{}
	p.until, p.talking = time.Time{}, false
	in := incoming(p.server.Account(), d.to, d.from, d.verstat)
	in.ForwardedFrom = d.forwarded
	p.record, err = p.provider.Call(ctx, in)
	p.until, p.dialled = time.Time{}, policy.CallSID(p.record.SID)
	if err != nil {
		return p.at(st, err)
	}
	p.untroubled(st, p.record)
	return nil
}

// untroubled notes as a difference that the provider had trouble with the server's answers.
func (p *player) untroubled(st statement, r fake.Record) {
	if p.diff == nil && len(r.Troubles) > 0 {
		p.diff = &Difference{p.script.Name, st.line, "a line that never fails its caller (rule 11)", strings.Join(r.Troubles, "; ")}
	}
}

// differ notes the first difference, at a statement.
func (p *player) differ(st statement, found string) {
	if p.diff == nil {
		p.diff = &Difference{p.script.Name, st.line, "`" + st.text + "`", found}
	}
}

// check compares the log with a statement about it.
func (p *player) check(ctx context.Context, st statement) error {
	sid := policy.CallSID(p.record.SID)
	var problem string
	var err error
	switch do := st.do.(type) {
	case logged:
		var row policy.Row
		if row, err = p.server.Row(ctx, sid); err == nil {
			if found := flat(row)[do.field]; found != do.want {
				problem = fmt.Sprintf("the log has %s %s", do.field, found)
			}
		}
	case followUp:
		problem = p.checkFollowUp(ctx, do)
	case traced:
		var history []policy.Decision
		if history, err = p.server.Explain(ctx, sid); err == nil {
			problem = checkTrace(history, do)
		}
	}
	switch {
	case errors.Is(err, policy.ErrNoCall):
		problem = "the log does not have the call"
	case err != nil:
		return p.at(st, fmt.Errorf("the log can't be read: %w", err))
	}
	if problem != "" {
		p.differ(st, problem)
	}
	return nil
}

// checkTrace returns what is wrong with a trace, "" if nothing is.
func checkTrace(trace []policy.Decision, want traced) string {
	var all, named []string
	held := want.not
	for _, d := range trace {
		all = append(all, d.Rule)
		if d.Rule != want.rule {
			continue
		}
		text := d.Result
		for _, f := range d.Inputs {
			text += ", " + f.Name + "=" + f.Value
		}
		if want.not {
			return "the trace has it: " + text
		}
		named = append(named, text)
		held = held || contains(text, want.text)
	}
	switch {
	case held:
		return ""
	case len(named) > 0:
		return "the trace has it with: " + strings.Join(named, " | ")
	}
	return "the trace has only: " + strings.Join(all, ", ")
}
