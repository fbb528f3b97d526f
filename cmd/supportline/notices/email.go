package notices

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/officernd/supportline/policy"
)

// emailKind is e-mail in the configuration: the mail server is a block, the sender and those who are told stand beside it.
var emailKind = Kind{
	Name: policy.ChannelEmail, Key: "smtp", Noun: "a mail server", Check: checkEmail,
	Shared: []Field{{Key: "from"}, {Key: "ops", List: true}},
	Fields: []Field{
		{Key: "server", Need: "smtp.example.com:587"},
		{Key: "hello"},
		{Key: "user"},
		{Key: "password", Secret: true},
		{Key: "tls", Default: string(TLSStart), OneOf: []string{string(TLSStart), string(TLSRequired), string(TLSNone)}},
	},
}

// namedEmailKind is a list of addresses under a name of its own, told by the mail server of notices.
var namedEmailKind = Kind{
	Name: policy.ChannelEmail, Key: "email", Noun: "addresses", Check: checkNamedEmail,
	Fields: []Field{{Key: "email", List: true, Need: "[support@example.com]"}},
}

// Email is the channel by e-mail.
type Email struct {
	Called   policy.Channel // its name where it is a named channel; "": email
	From     string         // an address with or without a name: "Support <support@example.com>"
	Ops      []string       // addresses without names, which learn of events that name nobody
	Server   string         // host:port
	Hello    string         // the name by which we greet the server (EHLO); "": localhost
	User     string         // "": no login
	Password string         `json:"-"`
	TLS      TLS
	Roots    *x509.CertPool `json:"-"` // the authorities that vouch for the server; nil: the system's
}

// TLS is how the connection to the mail server is protected.
type TLS string

// The protections.
const (
	TLSStart    TLS = "starttls" // begins in clear and is upgraded before anything is said; a server that does not offer it gets nothing
	TLSRequired TLS = "required" // from the first byte, as on port 465
	TLSNone     TLS = "none"
)

// String keeps the login out of logs.
func (m Email) String() string { return m.Server }

// GoString keeps it out of %#v as well.
func (m Email) GoString() string { return m.String() }

// Name returns the channel's name.
func (m Email) Name() policy.Channel { return cmp.Or(m.Called, policy.ChannelEmail) }

// Pauses returns those of about three days.
func (m Email) Pauses() []time.Duration { return threeDays }

// Address returns an e-mail for each address of ops, or one for the event's own.
func (m Email) Address(event policy.Notice) (mails []policy.Notice) {
	to := m.Ops
	if event.To != "" {
		to = []string{event.To}
	}
	for _, address := range to {
		sum := sha256.Sum256([]byte(address))
		mail := event
		mail.Key, mail.Channel, mail.To = fmt.Sprintf("%s/%s/%s", event.Key, m.Name(), hex.EncodeToString(sum[:4])), m.Name(), address
		mails = append(mails, mail)
	}
	return mails
}

// Send holds one conversation with the mail server.
func (m Email) Send(ctx context.Context, n policy.Notice, w Words, now time.Time) error {
	message, err := m.message(n, w, now)
	if err != nil {
		return refused("address", err.Error())
	}
	return m.talk(ctx, func(client *mail.Client) error {
		if err := client.Send(message); !message.IsDelivered() {
			return m.unsent(ctx, n.To, err)
		}
		return nil
	})
}

// Probe opens a conversation with the mail server up to the login, and sends nothing. Its error quotes the server.
func (m Email) Probe(ctx context.Context) error {
	return m.talk(ctx, func(*mail.Client) error { return nil })
}

// talk holds one conversation with the mail server.
func (m Email) talk(ctx context.Context, what func(*mail.Client) error) error {
	conn := &connection{tls: m.TLS, config: m.tlsConfig()}
	client, err := m.client(conn)
	if err != nil {
		return refused("unconfigured", err.Error())
	}
	// The library bounds single steps. A server that answers each in its own time is bounded here, and a connection that it leaves open
	// after a failed greeting or login is closed here.
	defer conn.close()
	defer context.AfterFunc(ctx, conn.close)()
	if err := client.DialWithContext(ctx); err != nil {
		return m.unopened(ctx, err, conn.refusal())
	}
	if err := what(client); err != nil {
		return err
	}
	_ = client.Close() // what was to be done is done, even if closing fails
	return nil
}

func (m Email) client(c *connection) (*mail.Client, error) {
	host, port, err := net.SplitHostPort(m.Server)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	policies := map[TLS]mail.TLSPolicy{TLSStart: mail.TLSMandatory, TLSRequired: mail.NoTLS, TLSNone: mail.NoTLS}
	options := []mail.Option{
		mail.WithPort(number), mail.WithDialContextFunc(c.dial), mail.WithTLSPolicy(policies[m.TLS]), mail.WithTLSConfig(m.tlsConfig()),
		mail.WithoutNoop(),
	}
	if m.Hello != "" {
		options = append(options, mail.WithHELO(m.Hello))
	}
	if m.User != "" {
		options = append(options, mail.WithUsername(m.User), mail.WithPassword(m.Password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	return mail.NewClient(host, options...)
}

func (m Email) tlsConfig() *tls.Config {
	host, _, _ := net.SplitHostPort(m.Server)
	return &tls.Config{ServerName: host, RootCAs: m.Roots, MinVersion: tls.VersionTLS12}
}

// message returns an e-mail whose headers say that no person wrote it and that no machine shall answer.
func (m Email) message(n policy.Notice, w Words, now time.Time) (*mail.Msg, error) {
	from, err := netmail.ParseAddress(m.From)
	if err != nil {
		return nil, fmt.Errorf("the sender (notices.from) is not an e-mail address: %w", err)
	}
	domain := from.Address[strings.LastIndex(from.Address, "@")+1:]
	e := mail.NewMsg(mail.WithNoDefaultUserAgent())
	e.FromMailAddress(from)
	if err := e.To(n.To); err != nil {
		return nil, errors.New("the receiver is not an e-mail address")
	}
	e.Subject(w.Subject)
	e.SetDateWithValue(now)
	e.SetMessageIDWithValue(messageID(n.Key, domain))
	e.SetGenHeader("Auto-Submitted", "auto-generated")
	e.SetGenHeader("X-Auto-Response-Suppress", "All")
	if !n.Kind.Letter() {
		e.SetGenHeader("List-Id", "<"+string(n.Kind)+".notices."+domain+">")
	}
	e.SetBodyString(mail.TypeTextPlain, w.Text)
	e.AddAlternativeString(mail.TypeTextHTML, w.HTML)
	return e, nil
}

// messageID returns the same ID each time that a notice is sent, so that a delivery that is repeated can be recognized.
func messageID(key, domain string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16]) + "@" + domain
}

func checkEmail(f *Form) Channel {
	from, ops, smtp := f.Notices.Fields["from"], f.Notices.Fields["ops"], f.Block.Fields
	m := Email{From: checkSender(f, from), Ops: checkOps(f, ops)}
	switch {
	case f.Block.Absent() && len(ops.Items) > 0:
		f.Add(ops.Place, "ops has addresses, and notices has no mail server", "add smtp: { server: smtp.example.com:587 }")
	case f.Block.Absent():
	case from.Silent() && from.Absent():
		f.Add(f.Notices.Place, "notices has a mail server and no sender", "add from: support@example.com")
	}
	m.User, m.Password, m.TLS = smtp["user"].Text, smtp["password"].Text, TLS(smtp["tls"].Text)
	m.Server, m.Hello = checkServer(f, smtp["server"]), checkHello(f, smtp["hello"])
	checkLogin(f, m)
	return m
}

// checkNamedEmail returns the mail server of notices with receivers and a name of their own.
func checkNamedEmail(f *Form) Channel {
	m, to := f.Mail, f.Block.Fields["email"]
	m.Called, m.Ops = f.Name, checkOps(f, to)
	switch {
	case to.Silent():
	case len(to.Items) == 0:
		f.Wrong(to, "names nobody", "write email: [support@example.com]")
	case !f.MailGiven:
		f.Wrong(to, "needs a mail server, and there is none", "add notices: { from: support@example.com, smtp: { server: smtp.example.com:587 } }")
	}
	return m
}

// checkSender returns an address, with a name where the file has one.
func checkSender(f *Form, v Value) string {
	if v.Silent() {
		return ""
	}
	if a, err := netmail.ParseAddress(v.Text); err != nil || !hasDomain(a.Address) {
		f.Wrong(v, "is "+v.quoted()+", which is not an e-mail address", "write support@example.com, or Support <support@example.com>")
	}
	return v.Text
}

func checkOps(f *Form, ops Value) (to []string) {
	for _, v := range ops.Items {
		if v.Silent() {
			continue
		}
		switch a, err := netmail.ParseAddress(v.Text); {
		case err != nil || a.Address != v.Text || !hasDomain(v.Text):
			f.Wrong(v, "holds "+v.quoted()+", which is not an e-mail address", "write an address alone, such as ops@example.com")
		case slices.ContainsFunc(to, func(before string) bool { return strings.EqualFold(before, v.Text) }):
			f.Wrong(v, "names "+v.quoted()+" twice", "keep one of the two")
		default:
			to = append(to, v.Text)
		}
	}
	return to
}

// hasDomain reports whether an address ends in what can be a domain.
func hasDomain(address string) bool {
	_, domain, found := strings.Cut(address, "@")
	return found && !strings.ContainsAny(domain, "@[] ") && strings.Trim(domain, ".") == domain && domain != ""
}

func checkServer(f *Form, v Value) string {
	host, port, err := net.SplitHostPort(v.Text)
	if !v.Silent() && (err != nil || host == "" || !validPort(port) || strings.ContainsAny(host, " /@")) {
		f.Wrong(v, "is "+v.quoted()+", which is not the address of a mail server", "write host:port, such as smtp.example.com:587")
		return ""
	}
	return v.Text
}

// hostName matches a name with a domain, and addressLiteral an address in brackets: what RFC 5321 allows in EHLO.
var (
	hostName       = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$`)
	addressLiteral = regexp.MustCompile(`^\[(?:IPv6:)?([0-9A-Fa-f.:]+)\]$`)
)

// checkHello returns the name by which we greet the server: the file's, or the host of the public URL.
func checkHello(f *Form, v Value) string {
	if v.Silent() || v.Text == "" {
		return asGreeting(f.Host)
	}
	literal := addressLiteral.FindStringSubmatch(v.Text)
	if literal != nil {
		ip, err := netip.ParseAddr(literal[1])
		if err == nil && ip.Is6() == strings.HasPrefix(v.Text, "[IPv6:") {
			return v.Text
		}
	}
	if !hostName.MatchString(v.Text) || len(v.Text) > 253 {
		f.Wrong(v, "is "+v.quoted()+", which is no name by which a mail server is greeted",
			"write a host name with its domain, such as support.example.com, or an address in brackets: [192.0.2.1], [IPv6:2001:db8::1]")
		return ""
	}
	return v.Text
}

// asGreeting returns a host as EHLO has it: an address stands in brackets.
func asGreeting(host string) string {
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return host
	case ip.Is6():
		return "[IPv6:" + host + "]"
	}
	return "[" + host + "]"
}

// checkLogin wants both parts of a login, or none, and never in clear over a network.
func checkLogin(f *Form, m Email) {
	user, password := f.Block.Fields["user"], f.Block.Fields["password"]
	if (m.User == "") != (m.Password == "") && !f.Offline && !user.reported() && !password.reported() {
		at := f.Block.Place
		if user.Given && user.Text != "" {
			at = user.Place
		} else if password.Given {
			at = password.Place
		}
		f.Add(at, "smtp has only one of user and password", "write both, or neither")
	}
	host, _, _ := net.SplitHostPort(m.Server)
	if m.TLS == TLSNone && m.User != "" && m.Server != "" && !Loopback(host) {
		f.Wrong(f.Block.Fields["tls"], "is none, which would send the password in clear", "write starttls or required, or leave out user and password")
	}
}
