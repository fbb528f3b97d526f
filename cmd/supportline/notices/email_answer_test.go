package notices_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/officernd/supportline/cmd/supportline/notices"
)

// answers are what a strict mail server says to a command, by its first word; "" is its greeting, "." the end of a message. One that is "hang up" ends
// the conversation. What is not there is answered as usual.
type answers map[string]string

// strict is a mail server that answers as it is told.
type strict struct {
	address string
	mu      sync.Mutex
	said    answers
	names   []string // those in EHLO and HELO
	taken   atomic.Int32
}

func startStrict(t testing.TB, said answers) *strict {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &strict{address: l.Addr().String(), said: said}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { s.talk(conn) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); open.Wait() })
	return s
}

func (s *strict) say(said answers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = said
}

func (s *strict) answer(to, usual string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if said, ok := s.said[to]; ok {
		return said
	}
	return usual
}

var usualAnswers = map[string]string{
	"": "220 mail.example.com", "EHLO": "250-mail.example.com\r\n250-8BITMIME\r\n250 AUTH PLAIN", "HELO": "250 mail.example.com", "AUTH": "235 2.7.0 welcome",
	"MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "DATA": "354 go on", ".": "250 2.0.0 taken", "RSET": "250 ok", "QUIT": "221 bye",
}

// talk holds one conversation.
func (s *strict) talk(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for verb := ""; ; {
		said := s.answer(verb, usualAnswers[verb])
		if verb == "." && strings.HasPrefix(said, "2") {
			s.taken.Add(1)
		}
		if said == "hang up" {
			return
		}
		if _, err := fmt.Fprintf(conn, "%s\r\n", said); err != nil {
			return
		}
		for inText := verb == "DATA" && strings.HasPrefix(said, "3"); inText && lines.Scan() && lines.Text() != "."; {
		}
		if verb == "DATA" && strings.HasPrefix(said, "3") {
			verb = "."
			continue
		}
		if !lines.Scan() {
			return
		}
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			return
		}
		if verb = strings.ToUpper(words[0]); verb == "EHLO" || verb == "HELO" {
			s.mu.Lock()
			s.names = append(s.names, words[1])
			s.mu.Unlock()
		}
	}
}

func (s *strict) email() notices.Email {
	return notices.Email{From: "support@example.com", Server: s.address, Hello: "support.example.com", User: "supportline", Password: "hush-hush", TLS: notices.TLSNone}
}

// TestWhatIsTemporaryIsTriedAgain: at every step of the conversation, with the server's own words; and what is said for good of the message is not.
// What speaks of our settings alone is tried again as well: a person mends them.
func TestWhatIsTemporaryIsTriedAgain(t *testing.T) {
	for _, row := range []struct {
		name    string
		said    answers
		reason  string
		forGood bool
	}{
		{"the server is busy", answers{"": "421 4.3.2 too many connections"}, "would not talk to us: 421 4.3.2 too many connections", false},
		{"no service for us", answers{"": "554 5.7.1 no service for your address"}, "would not talk to us: 554 5.7.1 no service for your address", false},
		{"busy at the greeting", answers{"EHLO": "421 4.3.0 later", "HELO": "421 4.3.0 later"}, "would not talk to us: 421 4.3.0 later", false},
		{
			"a name that is not taken",
			answers{"EHLO": "504 5.5.2 need a name with a domain", "HELO": "504 5.5.2 need a name with a domain"},
			"refused the name by which we greet it (support.example.com): 504 5.5.2 need a name with a domain: set notices.smtp.hello to a name that it takes", false,
		},
		{
			"a name that is not taken, said late",
			answers{"RCPT": "504 5.5.2 <support>: Helo command rejected: need fully-qualified hostname"},
			"504 5.5.2 <support>: Helo command rejected: need fully-qualified hostname", false,
		},
		{"a login for later", answers{"AUTH": "454 4.7.0 try again"}, "would not talk to us: 454 4.7.0 try again", false},
		{"a wrong login", answers{"AUTH": "535 5.7.8 bad password"}, "refused the login: 535 5.7.8 bad password: look at notices.smtp.user and password", false},
		{"a login in another way", answers{"AUTH": "534 5.7.9 too weak"}, "refused the login: 534 5.7.9 too weak: look at notices.smtp.user", false},
		{"a login without protection", answers{"AUTH": "538 5.7.11 encrypt first"}, "refused the login: 538 5.7.11 encrypt first: look at notices.smtp.user", false},
		{"a login before the login", answers{"AUTH": "530 5.7.0 STARTTLS first"}, "refused the login: 530 5.7.0 STARTTLS first: look at notices.smtp.user", false},
		{"a server that takes no mail", answers{"MAIL": "521 5.3.2 no mail here"}, "could not be used: 521 5.3.2 no mail here", false},
		{"a login is wanted", answers{"MAIL": "530 5.7.0 log in first"}, "530 5.7.0 log in first", false},
		{"a login that is refused late", answers{"RCPT": "535 5.7.8 log in again"}, "could not be used: 535 5.7.8 log in again", false},
		{"no room for the message now", answers{"MAIL": "452 4.3.1 no space"}, "put the sender off: 452 4.3.1 no space", false},
		{"the server leaves", answers{"MAIL": "421 4.3.2 going down"}, "could not be used: 421 4.3.2 going down", false},
		{"greylisting", answers{"RCPT": "450 4.7.1 <ops@example.com>: greylisted for 300 s"}, "put the receiver off: 450 4.7.1 <(the receiver)>: greylisted for 300 s", false},
		{"a full mailbox", answers{"RCPT": "552 5.2.2 over quota"}, "put the receiver off: 552 5.2.2 over quota", false},
		{"nobody of that name", answers{"RCPT": "550 5.1.1 <OPS@example.com>: no such user"}, "refused the receiver: 550 5.1.1 <(the receiver)>: no such user", true},
		{"a sender that is not taken", answers{"MAIL": "550 5.7.1 not your domain"}, "refused the sender: 550 5.7.1 not your domain", true},
		{"the message later", answers{"DATA": "451 4.3.0 later"}, "put the message off: 451 4.3.0 later", false},
		{"the message later, at its end", answers{".": "451 4.7.1 scanning"}, "put the message off: 451 4.7.1 scanning", false},
		{"the message is too large", answers{".": "552 5.3.4 too large"}, "refused the message: 552 5.3.4 too large", true},
		{"the message is spam", answers{".": "554 5.7.1 spam"}, "refused the message: 554 5.7.1 spam", true},
		{"it closes at once", answers{"": "hang up"}, "could not be used: it closed the connection", false},
		{"it closes at the greeting", answers{"EHLO": "hang up"}, "it closed the connection", false},
		{"it closes at the login", answers{"AUTH": "hang up"}, "it closed the connection", false},
		{"it closes in the middle", answers{"MAIL": "hang up"}, "the mail server could not be used", false},
		{"several lines", answers{"RCPT": "550-5.7.1 first\r\n550 5.7.1 second"}, "refused the receiver: 550 5.7.1 first 5.7.1 second", true},
		{"endless words", answers{"RCPT": "550 " + strings.Repeat("x", 400)}, "xxx...", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, o, c := startStrict(t, row.said), newOutbox(mail("a")), newClock()
			sender := notices.New(over(s.email()), o, notices.Options{Now: c.Now, After: never})
			run(t, sender)
			n := o.await(t, "a", 1)
			if !strings.Contains(n.Error, row.reason) || len(n.Error) > 350 || strings.Contains(n.Error, "hush") {
				t.Errorf("the reason is %q, want %q", n.Error, row.reason)
			}
			if row.forGood != !n.FailedAt.IsZero() || row.forGood != n.NextAt.IsZero() {
				t.Fatalf("given up %v, want %v", !n.FailedAt.IsZero(), row.forGood)
			}
			if row.forGood {
				return
			}
			s.say(nil)
			c.set(n.NextAt)
			sender.Wake()
			if n = o.await(t, "a", 2); n.SentAt.IsZero() || s.taken.Load() != 1 {
				t.Errorf("it did not come the second time: %+v", n)
			}
		})
	}
}

// TestTheNameInEHLO is the one that is set. A server that refuses it in EHLO, takes HELO and so offers no STARTTLS is quoted with the refusal.
func TestTheNameInEHLO(t *testing.T) {
	s, o := startStrict(t, answers{"EHLO": "504 5.5.2 support: need a name with a domain"}), newOutbox(mail("a"))
	email := s.email()
	email.TLS, email.Hello = notices.TLSStart, "support"
	run(t, notices.New(over(email), o, notices.Options{Now: newClock().Now, After: never}))
	const want = "the mail server refused the name by which we greet it (support): 504 5.5.2 support: need a name with a domain: set notices.smtp.hello to a name that it takes"
	if n := o.await(t, "a", 1); n.Error != want || n.NextAt.IsZero() {
		t.Errorf("the outbox says %q, next at %v", n.Error, n.NextAt)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.names) == 0 || s.names[0] != "support" {
		t.Errorf("it was greeted by %q", s.names)
	}
}

// TestTLSThatFailsIsExplained, and tried again.
func TestTLSThatFailsIsExplained(t *testing.T) {
	starttls := "250-mail.example.com\r\n250 STARTTLS"
	cut := startStrict(t, answers{"EHLO": starttls, "STARTTLS": "hang up"})
	cutLater := startStrict(t, answers{"EHLO": starttls, "STARTTLS": "220 go on\r\n250 what?"})
	named := startServer(t, &server{}, func(b *smtp.Server) { b.TLSConfig = certificateFor(t, "mail.example.com", "mx.example.com") })
	for _, row := range []struct {
		name, address, said string
		tls                 notices.TLS
		roots               *x509.CertPool
	}{
		{"cut in the handshake", cut.address, "it closed the connection", notices.TLSStart, nil},
		{"no TLS after STARTTLS", cutLater.address, "the mail server could not be used", notices.TLSStart, nil},
		{"no TLS from the first byte", startStrict(t, nil).address, "it speaks no TLS from the first byte: write tls: starttls", notices.TLSRequired, nil},
		{"another name", named.address, "its certificate is for mail.example.com, mx.example.com, not for 127.0.0.1: write the name that it is for", notices.TLSStart, named.roots},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := newOutbox(mail("a"))
			email := notices.Email{From: "support@example.com", Server: row.address, Hello: "support.example.com", TLS: row.tls, Roots: row.roots}
			run(t, notices.New(over(email), o, notices.Options{Now: newClock().Now, After: never, Timeout: 5 * time.Second}))
			if n := o.await(t, "a", 1); !strings.Contains(n.Error, row.said) || n.NextAt.IsZero() {
				t.Errorf("the outbox says %q, next at %v", n.Error, n.NextAt)
			}
		})
	}
}

// TestProbeGoesUpToTheLogin, and sends nothing.
func TestProbeGoesUpToTheLogin(t *testing.T) {
	s := startStrict(t, nil)
	if err := s.email().Probe(t.Context()); err != nil || s.taken.Load() != 0 {
		t.Errorf("%v, %d taken", err, s.taken.Load())
	}
	s.say(answers{"AUTH": "535 5.7.8 bad password"})
	if err := s.email().Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "535 5.7.8 bad password") {
		t.Errorf("%v", err)
	}
}

// certificateFor returns a configuration with a certificate for these names alone.
func certificateFor(t testing.TB, names ...string) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), DNSNames: names}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}
