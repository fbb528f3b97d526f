package notices

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/officernd/supportline/policy"
)

type mailer struct {
	from  string
	smtp  SMTP
	roots *x509.CertPool // nil: the system's
}

// deliver is one conversation with the mail server, over when ctx is.
func (m *mailer) deliver(ctx context.Context, n policy.Notice, w Words, now time.Time) *failure {
	if m.smtp.Server == "" {
		return refused("unconfigured", "the configuration names no mail server (notices.smtp)")
	}
	message, err := m.message(n, w, now)
	if err != nil {
		return refused("address", err.Error())
	}
	way := &way{tls: m.smtp.TLS, config: m.tlsConfig()}
	client, err := m.client(way)
	if err != nil {
		return refused("unconfigured", err.Error())
	}
	// The library bounds single steps. A server that answers each in its own time is bounded here, and a connection that it leaves open
	// after a failed greeting or login is closed here.
	defer way.close()
	defer context.AfterFunc(ctx, way.close)()
	if err := client.DialWithContext(ctx); err != nil {
		return m.cut(ctx, "smtp greeting", err)
	}
	err = client.Send(message)
	if !message.IsDelivered() {
		return m.unsent(ctx, err)
	}
	_ = client.Close() // the server has the message, whatever it says to the goodbye
	return nil
}

func (m *mailer) client(w *way) (*mail.Client, error) {
	host, port, err := net.SplitHostPort(m.smtp.Server)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	policies := map[TLS]mail.TLSPolicy{TLSStart: mail.TLSMandatory, TLSRequired: mail.NoTLS, TLSNone: mail.NoTLS}
	options := []mail.Option{
		mail.WithPort(number), mail.WithDialContextFunc(w.dial), mail.WithTLSPolicy(policies[m.smtp.TLS]), mail.WithTLSConfig(m.tlsConfig()),
		mail.WithoutNoop(),
	}
	if m.smtp.User != "" {
		options = append(options, mail.WithUsername(m.smtp.User), mail.WithPassword(m.smtp.Password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	return mail.NewClient(host, options...)
}

func (m *mailer) tlsConfig() *tls.Config {
	host, _, _ := net.SplitHostPort(m.smtp.Server)
	return &tls.Config{ServerName: host, RootCAs: m.roots, MinVersion: tls.VersionTLS12}
}

// message is an e-mail that says by its headers that no person wrote it and nobody waits for an answer by machine.
func (m *mailer) message(n policy.Notice, w Words, now time.Time) (*mail.Msg, error) {
	from, err := netmail.ParseAddress(m.from)
	if err != nil {
		return nil, fmt.Errorf("the sender (notices.from) is no e-mail address: %w", err)
	}
	domain := from.Address[strings.LastIndex(from.Address, "@")+1:]
	e := mail.NewMsg(mail.WithNoDefaultUserAgent())
	e.FromMailAddress(from)
	if err := e.To(n.To); err != nil {
		return nil, errors.New("the receiver is no e-mail address")
	}
	e.Subject(w.Subject)
	e.SetDateWithValue(now)
	e.SetMessageIDWithValue(messageID(n.Key, domain))
	e.SetGenHeader("Auto-Submitted", "auto-generated")
	e.SetGenHeader("X-Auto-Response-Suppress", "All")
	if n.Kind != policy.NoticeMove { // that one is a letter to one account holder
		e.SetGenHeader("List-Id", "<"+string(n.Kind)+".notices."+domain+">")
	}
	e.SetBodyString(mail.TypeTextPlain, w.Text)
	e.AddAlternativeString(mail.TypeTextHTML, w.HTML)
	return e, nil
}

// messageID is the same each time that a notice is sent, so that a doubled delivery can be told.
func messageID(key, domain string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16]) + "@" + domain
}

// unsent tells what the server said about the message itself from everything that may be otherwise tomorrow.
func (m *mailer) unsent(ctx context.Context, err error) *failure {
	var sent *mail.SendError
	if !errors.As(err, &sent) {
		return m.cut(ctx, "smtp", err)
	}
	step := map[mail.SendErrReason]string{
		mail.ErrSMTPMailFrom: "sender", mail.ErrSMTPRcptTo: "receiver", mail.ErrSMTPData: "message", mail.ErrSMTPDataClose: "message",
	}[sent.Reason]
	said, _, _ := strings.Cut(sent.Error(), ", affected ")
	_, said, _ = strings.Cut(said, ": ")
	if code, quoted, ok := strings.Cut(said, " "); ok {
		if words, err := strconv.Unquote(quoted); err == nil { // the library quotes the server's words
			said = code + " " + words
		}
	}
	class := fmt.Sprintf("smtp %d for the %s", sent.ErrorCode(), step)
	switch code := sent.ErrorCode(); {
	case step == "" || code < 400 || code > 599 || code == 421: // 421: the server is about to leave
		return m.cut(ctx, "smtp", errors.New(said))
	case code >= 500:
		return refused(class, "the mail server refused the "+step+": "+said)
	default:
		return later(class, "the mail server put the "+step+" off: "+said)
	}
}

// cut is a conversation that ended before its time. When it was us who ran out of patience, that is the reason.
func (m *mailer) cut(ctx context.Context, class string, err error) *failure {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	f := unreachable(class, err)
	if f.class != "timeout" {
		f.reason = oneLine("the mail server could not be used: " + f.reason)
	}
	return f
}
