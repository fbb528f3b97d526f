package notices_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// clock is the time of a test, which the test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: start} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// never is an After that never fires: tests wake their senders.
func never(time.Duration) <-chan time.Time { return nil }

func at(t time.Duration) <-chan time.Time {
	c := make(chan time.Time, 1)
	c <- start.Add(t)
	return c
}

// outbox is an Outbox in memory. While it is broken, it refuses to write.
type outbox struct {
	mu      sync.Mutex
	all     []policy.Notice
	broken  bool
	refused int // writes while broken
	changed chan struct{}
}

func newOutbox(all ...policy.Notice) *outbox {
	return &outbox{all: slices.Clone(all), changed: make(chan struct{}, 1000)}
}

func (o *outbox) DueNotices(_ context.Context, channel policy.Channel, now time.Time, limit int) (due []policy.Notice, _ error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range o.all {
		if n.Channel == channel && n.Waits() && !n.NextAt.After(now) && len(due) < limit {
			due = append(due, n)
		}
	}
	return due, nil
}

func (o *outbox) NoticeChannels(context.Context) (all []policy.Channel, _ error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range o.all {
		if n.Waits() && !slices.Contains(all, n.Channel) {
			all = append(all, n.Channel)
		}
	}
	return all, nil
}

// ClaimNotice claims even while results cannot be written: that is what a claim is for.
func (o *outbox) ClaimNotice(_ context.Context, key, by string, now, until time.Time) (claimed bool, _ error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.all {
		if o.all[i].Key == key {
			o.all[i], claimed = o.all[i].Claimed(by, now, until)
		}
	}
	return claimed, nil
}

func (o *outbox) ReleaseNotice(_ context.Context, key, by string, now time.Time) error {
	return o.change(key, func(n *policy.Notice) { *n = n.Released(by, now) })
}

func (o *outbox) NoticeSent(_ context.Context, key string, at time.Time) error {
	return o.change(key, func(n *policy.Notice) { n.Attempts, n.SentAt, n.Error, n.ClaimedBy = n.Attempts+1, at, "", "" })
}

func (o *outbox) NoticeShown(_ context.Context, shown policy.Notice, receipt map[string]string, at time.Time) error {
	return o.change(shown.Key, func(n *policy.Notice) {
		n.Attempts, n.SentAt, n.Error, n.ClaimedBy, n.NextAt = n.Attempts+1, at, "", "", at
		n.Shown, n.ShownCount = shown.State, shown.Count
		if receipt != nil {
			n.Receipt = receipt
		}
	})
}

func (o *outbox) NoticeFailed(_ context.Context, key string, at time.Time, cause error, next time.Time) error {
	return o.change(key, func(n *policy.Notice) {
		n.Attempts, n.Error, n.NextAt, n.ClaimedBy = n.Attempts+1, cause.Error(), next, ""
		if next.IsZero() {
			n.FailedAt = at
		}
	})
}

func (o *outbox) change(key string, change func(*policy.Notice)) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer func() { o.changed <- struct{}{} }()
	if o.broken {
		o.refused++
		return errors.New("the disk is full")
	}
	i := slices.IndexFunc(o.all, func(n policy.Notice) bool { return n.Key == key })
	if i < 0 {
		return policy.ErrNoNotice
	}
	change(&o.all[i])
	return nil
}

func (o *outbox) setBroken(broken bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.broken = broken
}

func (o *outbox) get(key string) policy.Notice {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.IndexFunc(o.all, func(n policy.Notice) bool { return n.Key == key })
	return o.all[i]
}

// await waits until a notice has had so many attempts, and returns it.
func (o *outbox) await(t testing.TB, key string, tries int) policy.Notice {
	t.Helper()
	o.until(t, func() bool { return o.get(key).Attempts >= tries })
	return o.get(key)
}

func (o *outbox) until(t testing.TB, done func() bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for !done() {
		select {
		case <-o.changed:
		case <-late:
			t.Fatalf("the outbox never came so far: %+v", o.all)
		}
	}
}

func mail(key string) policy.Notice {
	return policy.Notice{
		Key: key, Kind: policy.NoticeTickets, At: start, Customer: "100001", Channel: policy.ChannelEmail, To: "ops@example.com",
		Facts: map[string]string{"account": "Example Workspaces", "month": "2026-11", "tickets": "13", "ticket_limit": "16", "percent": "80"},
	}
}

func post(key string) policy.Notice {
	n := mail(key)
	n.Channel, n.To = policy.ChannelWebhook, ""
	return n
}

// run starts a sender, and returns a function that stops it and waits for its end.
func run(t testing.TB, s *notices.Sender) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() { defer close(over); s.Run(ctx) }()
	stop = func() {
		cancel()
		select {
		case <-over:
		case <-time.After(20 * time.Second):
			t.Error("the sender does not end")
		}
	}
	t.Cleanup(stop)
	return stop
}

// letter is a message that a mail server accepted.
type letter struct {
	from, to, user, text string
	tls                  bool
}

// server is a mail server. Its hooks return its answers, and may be nil.
type server struct {
	mailHook, rcptHook func() error
	dataHook           func(*smtp.Conn) error // before the message is read

	address string
	roots   *x509.CertPool
	mu      sync.Mutex
	letters []letter
	mails   int // MAIL commands
}

func (s *server) email() notices.Email {
	return notices.Email{
		From: "Support <support@example.com>", Server: s.address, User: "supportline", Password: "hush-hush", TLS: notices.TLSStart, Roots: s.roots,
	}
}

// over returns settings with these channels.
func over(channels ...notices.Channel) notices.Settings { return notices.Settings{Channels: channels} }

func (s *server) got() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.letters)
}

func (s *server) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mails
}

// startServer starts a mail server with STARTTLS on this machine, under a certificate of its own. change may change it before.
func startServer(t testing.TB, s *server, change func(*smtp.Server)) *server {
	t.Helper()
	certificate, roots := certificate(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address, s.roots = listener.Addr().String(), roots
	backend := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &conversation{server: s, conn: c}, nil }))
	backend.Domain, backend.TLSConfig = "mail.example.com", &tls.Config{Certificates: []tls.Certificate{certificate}}
	backend.ErrorLog = silent{}
	if change != nil {
		change(backend)
	}
	if backend.TLSConfig != nil && backend.Addr == "tls" {
		listener = tls.NewListener(listener, backend.TLSConfig)
	}
	over := make(chan struct{})
	go func() { defer close(over); _ = backend.Serve(listener) }()
	t.Cleanup(func() { _ = backend.Close(); <-over })
	return s
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

type conversation struct {
	server *server
	conn   *smtp.Conn
	letter letter
}

func (c *conversation) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *conversation) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "supportline" || password != "hush-hush" {
			return smtp.ErrAuthFailed
		}
		c.letter.user = user
		return nil
	}), nil
}

func (c *conversation) Mail(from string, _ *smtp.MailOptions) error {
	c.server.mu.Lock()
	c.server.mails++
	c.server.mu.Unlock()
	c.letter.from = from
	return hook(c.server.mailHook)
}

func (c *conversation) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.letter.to = to
	return hook(c.server.rcptHook)
}

func hook(f func() error) error {
	if f == nil {
		return nil
	}
	return f()
}

func (c *conversation) Data(r io.Reader) error {
	if c.server.dataHook != nil {
		if err := c.server.dataHook(c.conn); err != nil {
			return err
		}
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	_, c.letter.tls = c.conn.TLSConnectionState()
	c.letter.text = strings.ReplaceAll(string(text), "\r\n", "\n")
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.letters = append(c.server.letters, c.letter)
	return nil
}

func (c *conversation) Reset()        {}
func (c *conversation) Logout() error { return nil }

func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(signed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func reply(code int) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 7, 1}, Message: fmt.Sprintf("said %d", code)}
}

// header returns the value of a header of a letter.
func (l letter) header(name string) string {
	head, _, _ := strings.Cut(l.text, "\n\n")
	for line := range strings.Lines(head) {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
