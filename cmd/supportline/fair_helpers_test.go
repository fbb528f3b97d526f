package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/alarms"
	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// company is a store with its settings that a test runs commands and jobs on, at the time that the test says.
type company struct {
	testing.TB
	conf  config.Config
	now   time.Time
	file  string
	store *store.Store
}

// newCompany has the sample customers. Its mail goes to ops@example.com by the server at mail, where one is given.
func newCompany(t testing.TB, now time.Time, mail string) *company {
	t.Helper()
	c := &company{TB: t, conf: mustConfig(t), now: now, file: filepath.Join(t.TempDir(), "0.db")}
	c.conf.Settings.FairUse.WarnAt = []int{80, 100}
	if mail != "" {
		c.conf.Notices = notices.Settings{Summary: true, Channels: []notices.Channel{
			notices.Email{From: "Support <support@example.com>", Ops: []string{"ops@example.com"}, Server: mail, TLS: notices.TLSNone},
		}}
	}
	c.open()
	t.Cleanup(func() { _ = c.store.Close() })
	customers, problems := directory.Read(bytes.NewReader(config.ExampleCustomers()), c.conf.Settings)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if _, err := c.store.ImportCustomers(t.Context(), customers, "test"); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *company) open() {
	c.Helper()
	var err error
	if c.store, err = bolt.OpenStore(c.file, 1<<20, store.Options{Now: func() time.Time { return c.now }}); err != nil {
		c.Fatal(err)
	}
}

// killed is kill -9: what the file held at this moment, with the store open, is all that the next process finds.
func (c *company) killed() {
	c.Helper()
	text, err := os.ReadFile(c.file)
	if err != nil {
		c.Fatal(err)
	}
	if err := c.store.Close(); err != nil {
		c.Fatal(err)
	}
	c.file = filepath.Join(c.TempDir(), "next.db")
	if err := os.WriteFile(c.file, text, 0o600); err != nil {
		c.Fatal(err)
	}
	c.open()
}

// run runs a data command as the person mila, and returns its output and exit status.
func (c *company) run(args ...string) (out, words string, status int) {
	c.Helper()
	line, err := parse(args, io.Discard, io.Discard)
	if err != nil {
		c.Fatal(err)
	}
	var o, w bytes.Buffer
	s := &control.Session{
		Terminal: control.Terminal{User: "mila"}, In: strings.NewReader(""), Out: &o, Err: &w, Now: func() time.Time { return c.now },
		Store: c.store, Settings: c.conf.Settings, Notices: c.conf.Notices,
	}
	status = control.Report(&w, line.command.(control.Command).Run(c.Context(), s))
	return o.String(), w.String(), status
}

// must is run for a command that does what it is told.
func (c *company) must(args ...string) string {
	c.Helper()
	out, words, status := c.run(args...)
	if status != control.Done {
		c.Fatalf("%s: status %d: %s", strings.Join(args, " "), status, words)
	}
	return out
}

func (c *company) jobs() *server.Jobs {
	c.store.TellBy(alarms.Teller{Channels: c.conf.Notices}.Tell)
	return &server.Jobs{Store: c.store, Settings: c.conf.Settings, Notices: c.conf.Notices, Log: zap.NewNop(), Wake: func() {}}
}

// took is a log with served calls of five minutes, one a day from the first of a month on.
func (c *company) took(customer policy.CustomerNumber, month policy.Month, calls int) {
	c.Helper()
	for day := range calls {
		at, err := time.Parse("2006-01", string(month))
		if err != nil {
			c.Fatal(err)
		}
		at = at.AddDate(0, 0, day).Add(10 * time.Hour)
		c.log(fairCall(at.YearDay()+1000*at.Year(), customer, at.Format(time.RFC3339), 300, ""))
	}
}

func (c *company) log(call policy.Call) {
	c.Helper()
	if _, err := c.store.Advance(c.Context(), call.SID, func(policy.Call) policy.Call { return call }); err != nil {
		c.Fatal(err)
	}
}

// due returns the keys of the notices that wait, without the receivers in them.
func (c *company) due() []string {
	c.Helper()
	waiting, err := c.store.DueNotices(c.Context(), policy.ChannelEmail, c.now, 1000)
	if err != nil {
		c.Fatal(err)
	}
	var keys []string
	for _, n := range waiting {
		event, _, _ := strings.Cut(n.Key, "/email/")
		keys = append(keys, event)
	}
	return keys
}

// deliver sends all that is due, and returns the letters that arrived.
func (c *company) deliver(box *mailbox) []letter {
	c.Helper()
	notices.New(c.conf.Notices, c.store, notices.Options{Now: func() time.Time { return c.now }}).Once(c.Context())
	if left := c.due(); len(left) > 0 {
		c.Errorf("after the delivery %v wait", left)
	}
	var letters []letter
	for range len(box.letters) {
		letters = append(letters, <-box.letters)
	}
	return letters
}

// letter is an e-mail as the server got it.
type letter struct{ to, text string }

// mailbox is a mail server on this machine.
type mailbox struct {
	address string
	letters chan letter
}

func newMailbox(t testing.TB) *mailbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	box := &mailbox{address: l.Addr().String(), letters: make(chan letter, 1000)}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{box: box}, nil }))
	over := make(chan struct{})
	go func() { defer close(over); _ = server.Serve(l) }() // ends when the test closes it
	t.Cleanup(func() { _ = server.Close(); <-over })
	return box
}

// delivery is one conversation with the mailbox.
type delivery struct {
	box *mailbox
	to  string
}

func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (d *delivery) Reset()                               {}
func (d *delivery) Logout() error                        { return nil }

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = to
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	d.box.letters <- letter{d.to, string(text)}
	return err
}

// monthsTo returns n months that end with last, oldest first.
func monthsTo(last policy.Month, n int) []policy.Month {
	months := make([]policy.Month, n)
	for i := range months {
		months[i] = last.Plus(i - n + 1)
	}
	return months
}
