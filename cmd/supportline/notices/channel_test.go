package notices_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

// pager is a channel that exists only in this test. It shows all that a new channel takes.
type pager struct {
	number string
	people []string
	paged  func(policy.Notice, notices.Words) error
}

func (p pager) Name() policy.Channel    { return "pager" }
func (p pager) Pauses() []time.Duration { return []time.Duration{time.Second} }

func (p pager) Address(event policy.Notice) (all []policy.Notice) {
	for _, to := range p.people {
		event.Channel, event.To = p.Name(), to
		all = append(all, event)
		event.Key += "+"
	}
	return all
}

func (p pager) Send(_ context.Context, n policy.Notice, w notices.Words, _ time.Time) error {
	return p.paged(n, w)
}

func pagerKind(paged func(policy.Notice, notices.Words) error) notices.Kind {
	return notices.Kind{
		Name: "pager", Key: "pager", Noun: "a pager",
		Fields: []notices.Field{{Key: "number", Need: "4711"}, {Key: "tone", Default: "soft", OneOf: []string{"soft", "loud"}}},
		Shared: []notices.Field{{Key: "people", List: true}},
		Check: func(f *notices.Form) notices.Channel {
			number := f.Block.Fields["number"]
			if !number.Silent() && !strings.HasPrefix(number.Text, "47") {
				f.Wrong(number, "is no number of a pager", "write 4711")
			}
			p := pager{number: number.Text + " " + f.Block.Fields["tone"].Text, paged: paged}
			for _, v := range f.Notices.Fields["people"].Items {
				p.people = append(p.people, v.Text)
			}
			return p
		},
	}
}

func withPager(kind notices.Kind, block string) (notices.Settings, []config.Problem) {
	text := append(config.Example(), "\nnotices: { people: [ann, bo], pager: "+block+" }\n"...)
	env := func(name string) (value string, ok bool) {
		value, ok = map[string]string{"TWILIO_ACCOUNT_SID": "AC" + strings.Repeat("0", 32), "TWILIO_AUTH_TOKEN": "12345"}[name]
		return value, ok
	}
	c, problems := config.Parse("pager.yaml", text, env, config.Options{Channels: append(notices.Kinds(), kind)})
	return c.Notices, problems
}

// TestChannelThatRegistersItself: it is configured, checked, addressed and delivered on, tried again at its own pace, beside one that is dead.
func TestChannelThatRegistersItself(t *testing.T) {
	var said []string
	kind := pagerKind(func(n policy.Notice, w notices.Words) error {
		if said = append(said, n.To+": "+w.Subject); len(said) == 1 {
			return errors.New("engaged")
		}
		return nil
	})
	settings, problems := withPager(kind, "{ number: 4799 }")
	if len(problems) > 0 || len(settings.Channels) != 1 || settings.Channels[0].(pager).number != "4799 soft" {
		t.Fatalf("%v, %+v", problems, settings)
	}
	event := mail("event")
	event.Channel, event.To = "", ""
	o, c := newOutbox(append(settings.Addressed(event), mail("dead"))...), newClock()
	settings.Channels = append(settings.Channels, (&server{address: "127.0.0.1:1"}).email())
	sender := notices.New(settings, o, notices.Options{Now: c.Now, After: never})
	run(t, sender)
	first := o.await(t, "event", 1)
	if wait := first.NextAt.Sub(start); first.Error != "engaged" || wait < 900*time.Millisecond || wait > 1100*time.Millisecond {
		t.Errorf("after an attempt that failed: %+v", first)
	}
	o.await(t, "event+", 1)
	c.set(first.NextAt)
	sender.Wake()
	o.await(t, "event", 2)
	want := []string{"ann", "bo", "ann"}
	for i := range want {
		want[i] += ": Example Workspaces: 13 of 16 phone tickets in 2026-11"
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, key := range []string{"event", "event+"} {
		if n := o.get(key); n.SentAt.IsZero() {
			t.Errorf("%s was not sent: %+v", key, n)
		}
	}
}

func TestChannelThatRegistersItselfIsChecked(t *testing.T) {
	for block, want := range map[string]string{
		"{ number: 1 }":              "number is no number of a pager; write 4711",
		"{ number: 47, tone: lood }": `tone is "lood"; write loud`,
		"{ tone: loud }":             "the key number is missing; write number: 4711",
		"{ number: 47, name: x }":    `the key "name" is not known here; write number`,
	} {
		_, problems := withPager(pagerKind(nil), block)
		if len(problems) != 1 || !strings.Contains(problems[0].String(), want) {
			t.Errorf("%s: %v, want %s", block, problems, want)
		}
	}
}

// A named channel that was removed is given an hour, in which a process that has it may be started.
func TestNamedChannelThatIsConfiguredNoMore(t *testing.T) {
	gone := post("alarm/7/ops-slack")
	gone.Channel, gone.At = "ops-slack", start
	o, c := newOutbox(gone), newClock()
	sender := notices.New(notices.Settings{}, o, notices.Options{Now: c.Now})
	c.set(start.Add(59 * time.Minute))
	sender.Once(t.Context())
	if n := o.get(gone.Key); !n.FailedAt.IsZero() {
		t.Errorf("given up at once: %+v", n)
	}
	c.set(start.Add(time.Hour))
	sender.Once(t.Context())
	if n := o.get(gone.Key); n.FailedAt.IsZero() || n.Error != "the configuration has no channel ops-slack" {
		t.Errorf("%+v", n)
	}
}

// TestChannelThatIsConfiguredNoMore: what waits for it is given up with the reason, so that a person sees it.
func TestChannelThatIsConfiguredNoMore(t *testing.T) {
	o := newOutbox(mail("m"), post("p"))
	notices.New(notices.Settings{}, o, notices.Options{Now: newClock().Now}).Once(t.Context())
	for key, want := range map[string]string{
		"m": "the configuration names no mail server (notices.smtp)", "p": "the configuration names no webhook (notices.webhook)",
	} {
		if n := o.get(key); n.FailedAt.IsZero() || n.Error != want {
			t.Errorf("%s: %+v", key, n)
		}
	}
}
