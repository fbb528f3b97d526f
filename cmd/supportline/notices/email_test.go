package notices_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

func mailing(s *server, o *outbox, c *clock) *notices.Sender {
	return notices.New(over(s.email()), o, notices.Options{Now: c.Now, After: never})
}

func TestMailGoesOutProtectedAndOnce(t *testing.T) {
	s, o := startServer(t, &server{}, nil), newOutbox(mail("tickets/100001/2026-11/80"))
	run(t, mailing(s, o, newClock()))
	n := o.await(t, "tickets/100001/2026-11/80", 1)
	if !n.SentAt.Equal(start) || n.Error != "" {
		t.Errorf("the outbox says %+v", n)
	}
	letters := s.got()
	if len(letters) != 1 {
		t.Fatalf("%d letters came", len(letters))
	}
	l := letters[0]
	type seen struct {
		From, To, User                           string
		TLS                                      bool
		Sender, Subject, Auto, List, Date, Agent string
	}
	want := seen{
		"support@example.com", "ops@example.com", "supportline", true,
		`"Support" <support@example.com>`, "Example Workspaces: 13 of 16 phone tickets in 2026-11", "auto-generated",
		"<tickets.notices.example.com>", "Mon, 23 Nov 2026 09:00:00 +0000", "",
	}
	got := seen{
		l.from, l.to, l.user, l.tls, l.header("From"), l.header("Subject"), l.header("Auto-Submitted"), l.header("List-Id"), l.header("Date"),
		l.header("User-Agent"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, part := range []string{"Content-Type: text/plain", "Content-Type: text/html", "multipart/alternative"} {
		if !strings.Contains(l.text, part) {
			t.Errorf("there is no %s in\n%s", part, l.text)
		}
	}
}

func TestALetterToTheAccountHolderIsNoList(t *testing.T) {
	for _, kind := range []policy.NoticeKind{policy.NoticeMove, policy.NoticeHolder} {
		n := mail(string(kind) + "/7/2")
		n.Kind, n.To, n.Facts = kind, "dana@customer.example", map[string]string{"account": "Example Workspaces", "state": "contacted"}
		s, o := startServer(t, &server{}, nil), newOutbox(n)
		run(t, mailing(s, o, newClock()))
		o.await(t, n.Key, 1)
		if l := s.got()[0]; l.header("List-Id") != "" || l.header("Auto-Submitted") != "auto-generated" || l.to != "dana@customer.example" {
			t.Errorf("it came as\n%s", l.text)
		}
	}
}

// What the server says to the message itself with 5xx is its last word; with 4xx it is "later".
func TestRefusals(t *testing.T) {
	for _, row := range []struct {
		name   string
		server func(answer func() error) *server
		code   int
		said   string
	}{
		{"the sender, for good", func(a func() error) *server { return &server{mailHook: a} }, 550, "the mail server refused the sender: 550 5.7.1 said 550"},
		{"the receiver, for good", func(a func() error) *server { return &server{rcptHook: a} }, 551, "the mail server refused the receiver: 551 5.7.1 said 551"},
		{"the message, for good", func(a func() error) *server {
			return &server{dataHook: func(*smtp.Conn) error { return a() }}
		}, 554, "the mail server refused the message: 554 5.7.1 said 554"},
		{"the sender, for now", func(a func() error) *server { return &server{mailHook: a} }, 451, "the mail server put the sender off: 451 4.7.1 said 451"},
		{"the receiver, for now", func(a func() error) *server { return &server{rcptHook: a} }, 450, "the mail server put the receiver off: 450 4.7.1 said 450"},
		{"the message, for now", func(a func() error) *server {
			return &server{dataHook: func(*smtp.Conn) error { return a() }}
		}, 452, "the mail server put the message off: 452 4.7.1 said 452"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var healed atomic.Bool
			s := startServer(t, row.server(func() error {
				if healed.Load() {
					return nil
				}
				return reply(row.code)
			}), nil)
			o, c := newOutbox(mail("a")), newClock()
			sender := mailing(s, o, c)
			run(t, sender)
			n := o.await(t, "a", 1)
			if diff := cmp.Diff(row.said, n.Error); diff != "" {
				t.Error(diff)
			}
			if forGood := row.code >= 500; forGood != !n.FailedAt.IsZero() || forGood != n.NextAt.IsZero() {
				t.Fatalf("after %d the outbox says %+v", row.code, n)
			}
			healed.Store(true)
			c.set(n.NextAt)
			sender.Wake()
			if row.code < 500 {
				if n = o.await(t, "a", 2); n.SentAt.IsZero() || len(s.got()) != 1 {
					t.Errorf("it did not come the second time: %+v", n)
				}
			}
		})
	}
}

func TestMailServersThatCannotBeUsed(t *testing.T) {
	closed := &server{address: "127.0.0.1:1"}
	for _, row := range []struct {
		name   string
		server *server
		change func(*notices.Email)
		said   string
	}{
		{"nobody listens", closed, nil, "connection refused"},
		{"STARTTLS is not offered", startServer(t, &server{}, func(b *smtp.Server) { b.TLSConfig = nil; b.AllowInsecureAuth = true }), nil, "does not support STARTTLS"},
		{"another certificate", startServer(t, &server{}, nil), func(m *notices.Email) { m.Server = strings.Replace(m.Server, "127.0.0.1", "localhost", 1) }, "certificate"},
		{"another password", startServer(t, &server{}, nil), func(m *notices.Email) { m.Password = "other" }, "Authentication failed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			email, o := row.server.email(), newOutbox(mail("a"))
			if row.change != nil {
				row.change(&email)
			}
			run(t, notices.New(over(email), o, notices.Options{Now: newClock().Now, After: never}))
			n := o.await(t, "a", 1)
			if !n.FailedAt.IsZero() || n.NextAt.Before(start.Add(54*time.Second)) || n.NextAt.After(start.Add(66*time.Second)) {
				t.Errorf("it is not tried again in a minute: %+v", n)
			}
			if !strings.Contains(n.Error, row.said) || strings.Contains(n.Error, "hush-hush") {
				t.Errorf("the reason is %q, without %q", n.Error, row.said)
			}
			if row.server.asked() > 0 {
				t.Error("a message was begun")
			}
		})
	}
}

func TestTLSFromTheFirstByteAndNone(t *testing.T) {
	whole := startServer(t, &server{}, func(b *smtp.Server) { b.Addr = "tls" })
	clear := startServer(t, &server{}, func(b *smtp.Server) { b.AllowInsecureAuth = true })
	for _, row := range []struct {
		name   string
		server *server
		tls    notices.TLS
	}{{"required", whole, notices.TLSRequired}, {"none, on this machine", clear, notices.TLSNone}} {
		t.Run(row.name, func(t *testing.T) {
			email, o := row.server.email(), newOutbox(mail("a"))
			email.TLS = row.tls
			run(t, notices.New(over(email), o, notices.Options{Now: newClock().Now, After: never}))
			if n := o.await(t, "a", 1); n.SentAt.IsZero() {
				t.Fatalf("it did not go out: %s", n.Error)
			}
			if l := row.server.got()[0]; l.tls != (row.tls == notices.TLSRequired) || l.user != "supportline" {
				t.Errorf("it came with TLS %v by %q", l.tls, l.user)
			}
		})
	}
}

// A server that hangs up in the middle of the message has not taken it.
func TestDisconnectHalfWayThroughTheMessage(t *testing.T) {
	var times atomic.Int32
	s := startServer(t, &server{dataHook: func(c *smtp.Conn) error {
		if times.Add(1) == 1 {
			return c.Conn().Close()
		}
		return nil
	}}, nil)
	o, c := newOutbox(mail("a")), newClock()
	sender := mailing(s, o, c)
	run(t, sender)
	n := o.await(t, "a", 1)
	if !n.FailedAt.IsZero() || !strings.HasPrefix(n.Error, "the mail server could not be used") {
		t.Fatalf("the outbox says %+v", n)
	}
	c.set(n.NextAt)
	sender.Wake()
	if n = o.await(t, "a", 2); n.SentAt.IsZero() || len(s.got()) != 1 {
		t.Errorf("%d came, and the outbox says %+v", len(s.got()), n)
	}
}

// A slow server is given up for now, and delays only its own channel.
func TestSlowServerIsBounded(t *testing.T) {
	release := make(chan struct{})
	s := startServer(t, &server{dataHook: func(*smtp.Conn) error { <-release; return nil }}, nil)
	defer close(release)
	h := startHook(t)
	o := newOutbox(mail("slow"), post("quick"))
	run(t, notices.New(over(s.email(), h.channel), o, notices.Options{Now: newClock().Now, After: never, Timeout: 500 * time.Millisecond}))
	o.await(t, "quick", 1)
	if n := o.await(t, "slow", 1); n.Error != "the server did not answer in time" || n.NextAt.IsZero() {
		t.Errorf("the outbox says %+v", n)
	}
}
