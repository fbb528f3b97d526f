package console_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// phones carries one call, in the state that the test sets, and records what it is asked for.
type phones struct {
	lines  []policy.Phone
	free   bool
	call   console.PhoneCall
	full   error
	moves  chan struct{} // each is something new in the call
	dialed []string
	acts   []console.PhoneAct
}

func (p *phones) Lines() []policy.Phone { return p.lines }
func (p *phones) Free() bool            { return p.free }

func (p *phones) Dial(by string, line, from policy.Phone, attested bool) (string, error) {
	p.dialed = append(p.dialed, fmt.Sprintf("%s %s from %s %v", by, line.Full(), from.Full(), attested))
	return p.call.ID, p.full
}

func (p *phones) PhoneCalls(string) []console.PhoneCall { return []console.PhoneCall{p.call} }

func (p *phones) PhoneCall(_, id string) (console.PhoneCall, error) {
	if id != p.call.ID {
		return console.PhoneCall{}, console.ErrNoPhoneCall
	}
	return p.call, nil
}

func (p *phones) Act(_ context.Context, _, _ string, act console.PhoneAct) error {
	p.acts = append(p.acts, act)
	return nil
}

func (p *phones) Moved(ctx context.Context, _, _ string, _ int) error {
	select {
	case <-p.moves:
	case <-ctx.Done():
	}
	return nil
}

func mustPhone(t testing.TB, p *phones) *browsertest.Place {
	t.Helper()
	return browsertest.NewPlace(t, func(d *console.Deps) { d.Phones = p })
}

// Only people with the permission see the phone: with the usual permissions, admins.
func TestPhonePermission(t *testing.T) {
	p := mustPhone(t, &phones{lines: []policy.Phone{browsertest.UKLine}, call: console.PhoneCall{ID: "a1", Line: browsertest.UKLine, StartedAt: browsertest.Monday}})
	for _, row := range []struct {
		role   users.Role
		status int
	}{{users.Viewer, http.StatusForbidden}, {users.Operator, http.StatusForbidden}, {users.Admin, http.StatusOK}} {
		c := p.As(t, row.role)
		for _, path := range []string{"/phone", "/phone/a1"} {
			if got := c.Get(path).Status; got != row.status {
				t.Errorf("%s: %s has status %d, want %d", row.role, path, got, row.status)
			}
		}
		if got := c.Post("/phone/a1", "keys", "1").Status; got != row.status {
			t.Errorf("%s: a key has status %d, want %d", row.role, got, row.status)
		}
	}
}

// Whoever is signed out sees no more of a call.
func TestPhoneStreamsEndWithTheirSession(t *testing.T) {
	moves := make(chan struct{})
	call := console.PhoneCall{ID: "a1", Line: browsertest.UKLine, StartedAt: browsertest.Monday, State: console.PhoneSpeaks}
	p := mustPhone(t, &phones{lines: []policy.Phone{browsertest.UKLine}, call: call, moves: moves})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Server.URL+"/phone/a1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := p.As(t, users.Admin).HTTP.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	moves <- struct{}{} // it goes on while the person is signed in
	p.As(t, users.Admin).Post("/signout/everywhere").Want(t, http.StatusOK)
	select {
	case moves <- struct{}{}:
	case <-ctx.Done():
		t.Fatal("the stream is over before its session")
	}
	if _, err := io.ReadAll(answer.Body); err != nil {
		t.Errorf("the stream goes on without its session: %v", err)
	}
}

// Where nothing carries calls there is no phone, in the navigation neither.
func TestNoPhone(t *testing.T) {
	c := browsertest.NewPlace(t).As(t, users.Admin)
	c.Get("/phone").Want(t, http.StatusNotFound)
	c.Get("/calls").Without(t, `href="/phone"`)
}

// What was chosen is dialled, and the audit notes who called.
func TestDial(t *testing.T) {
	all := &phones{lines: []policy.Phone{browsertest.UKLine}, free: true, call: console.PhoneCall{ID: "a1", Line: browsertest.UKLine, StartedAt: browsertest.Monday, State: console.PhoneSpeaks}}
	p := mustPhone(t, all)
	c := p.As(t, users.Admin)
	c.Post("/phone", "line", browsertest.UKLine.Full(), "from", browsertest.Caller.Full(), "attested", "1").Want(t, http.StatusOK, "United Kingdom", "The line speaks.")
	c.Post("/phone", "line", browsertest.UKLine.Full(), "from", "").Want(t, http.StatusOK)
	c.Post("/phone", "line", browsertest.UKLine.Full(), "from", "0044").Want(t, http.StatusUnprocessableEntity, "with a &#43; and the code of its country", `value="0044"`)
	if diff := cmp.Diff([]string{"admin " + browsertest.UKLine.Full() + " from " + browsertest.Caller.Full() + " true", "admin " + browsertest.UKLine.Full() + " from anonymous false"}, all.dialed); diff != "" {
		t.Error(diff)
	}
	all.full = fmt.Errorf("%w: 2 of them are yours", console.ErrPhonesBusy)
	c.Post("/phone", "line", browsertest.UKLine.Full()).Want(t, http.StatusConflict, "Too many calls are made from the console: 2 of them are yours.")
	called := "phone-call " + browsertest.UKLine.Full() + " by admin: a call from the console"
	if diff := cmp.Diff([]string{called, called}, p.Audit(t)[1:]); diff != "" {
		t.Error(diff)
	}
}

// TestPhoneActs holds what a form does in a call, and what is refused.
func TestPhoneActs(t *testing.T) {
	for _, row := range []struct {
		name   string
		form   []string
		status int
		want   []console.PhoneAct
	}{
		{"keys", []string{"keys", "20 45#"}, http.StatusOK, []console.PhoneAct{{Keys: "2045#"}}},
		{"no keys", []string{"keys", "12a"}, http.StatusUnprocessableEntity, nil},
		{"words", []string{"words", " two oh "}, http.StatusOK, []console.PhoneAct{{Words: "two oh"}}},
		{"a speech", []string{"words", fmt.Sprintf("%0301d", 0)}, http.StatusUnprocessableEntity, nil},
		{"hang up", []string{"do", "hang-up"}, http.StatusOK, []console.PhoneAct{{HangsUp: console.PhoneCaller}}},
		{"the specialist hangs up", []string{"do", "specialist-hangs-up"}, http.StatusOK, []console.PhoneAct{{HangsUp: console.PhoneSpecialist}}},
		{"skip", []string{"do", "skip"}, http.StatusOK, []console.PhoneAct{{Skip: true}}},
		{"an answer", []string{"specialist", "0", "answer", "busy"}, http.StatusOK, []console.PhoneAct{{Specialist: browsertest.Specialist, Answer: console.PhoneBusy}}},
		{"nobody's answer", []string{"specialist", "1", "answer", "busy"}, http.StatusUnprocessableEntity, nil},
		{"no answer", []string{"specialist", "0", "answer", "sing"}, http.StatusUnprocessableEntity, nil},
		{"nothing", nil, http.StatusUnprocessableEntity, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			all := &phones{lines: []policy.Phone{browsertest.UKLine}, call: console.PhoneCall{
				ID: "a1", Line: browsertest.UKLine, StartedAt: browsertest.Monday, State: console.PhoneRings,
				Specialists: []console.PhoneRung{{Number: browsertest.Specialist, State: "rings", Rings: true}},
			}}
			c := mustPhone(t, all).As(t, users.Admin)
			c.Post("/phone/a1", row.form...).Want(t, row.status)
			if diff := cmp.Diff(row.want, all.acts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A call shows what everybody hears and can do; telephone numbers are masked, and what is said is text.
func TestPhoneCallPage(t *testing.T) {
	all := &phones{lines: []policy.Phone{browsertest.UKLine}, call: console.PhoneCall{
		ID: "a1", Line: browsertest.UKLine, From: "client:test-admin", StartedAt: browsertest.Monday, State: console.PhoneRings,
		Said: []console.PhoneLine{
			{At: browsertest.Monday, Who: console.PhoneCaller, Did: "says", Text: "<b>hello</b> from " + browsertest.Caller.Full()},
			{At: browsertest.Monday, Who: console.PhoneSpecialist, Number: browsertest.Specialist, Did: "rings"},
		},
		Specialists: []console.PhoneRung{{Number: browsertest.Specialist, State: "rings", Rings: true}},
	}}
	c := mustPhone(t, all).As(t, users.Admin)
	page := c.Get("/phone/a1")
	page.Want(t, http.StatusOK, "&lt;b&gt;hello&lt;/b&gt; from", "15*******01", "Pick up and accept", `data-events="/phone/a1/events"`, "<noscript><meta")
	page.Without(t, browsertest.Specialist.Full(), browsertest.Caller.Full())
	c.Get("/phone/a1?still=1").Without(t, "<noscript><meta")
	c.Get("/phone/a2").Want(t, http.StatusNotFound, "No such call")
	all.call.State, all.call.EndedAt, all.call.SID, all.call.Trouble = console.PhoneOver, browsertest.Monday, "CA1", "11200 /voice: answered 404"
	page = c.Get("/phone/a1")
	page.Want(t, http.StatusOK, "The call is over.", "/calls/CA1", "Dial again", "The line failed: 11200 /voice: answered 404")
	page.Without(t, "data-events", "Hang up", "Pick up and accept", "<noscript>")
}
