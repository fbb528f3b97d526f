package notices

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"
)

// The codes of a mail server that speak of the conversation, and not of what is to be sent, though they are permanent ones: an unknown command, a
// name in EHLO that is not taken, a login that is wanted or refused. A person mends them, and until then the notice is tried again at its pauses.
var ofConversation = map[int]bool{500: true, 501: true, 502: true, 503: true, 504: true, 521: true, 530: true, 534: true, 535: true, 538: true}

// ofLogin are the codes that refuse a login: a wrong password, another way to log in, one that needs more protection.
var ofLogin = map[int]bool{530: true, 534: true, 535: true, 538: true}

// unopened returns why no conversation came about, in the server's own words. Nothing of it is for good: the notice itself was not looked at.
// refusal is the first answer in clear that refused something, which the library may have passed over.
func (m Email) unopened(ctx context.Context, err error, refusal string) error {
	const class = "smtp greeting"
	f := m.cut(ctx, class, err)
	if f.class != class {
		return f
	}
	answer, answered := errors.AsType[*textproto.Error](err)
	words := refusal
	if answered {
		words = fmt.Sprintf("%03d %s", answer.Code, answer.Msg)
	}
	switch greeted := strings.Contains(err.Error(), "EHLO/HELO"); {
	case answered && ofLogin[answer.Code]:
		f.reason = "the mail server refused the login: " + words + ": look at notices.smtp.user and password"
	case answered && greeted && answer.Code >= 500, !answered && refusal != "":
		f.reason = fmt.Sprintf("the mail server refused the name by which we greet it (%s): %s: set notices.smtp.hello to a name that it takes", m.Hello, words)
	case answered:
		f.reason = "the mail server would not talk to us: " + words
	}
	f.reason = oneLine(f.reason)
	return f
}

// unsent distinguishes what the server said about the message itself from everything that may be different tomorrow.
func (m Email) unsent(ctx context.Context, to string, err error) error {
	sent, ok := errors.AsType[*mail.SendError](err)
	if !ok {
		return m.cut(ctx, "smtp", err)
	}
	step := map[mail.SendErrReason]string{
		mail.ErrSMTPMailFrom: "sender", mail.ErrSMTPRcptTo: "receiver", mail.ErrSMTPData: "message", mail.ErrSMTPDataClose: "message",
	}[sent.Reason]
	said := withoutAddress(saidBy(sent), to)
	class := fmt.Sprintf("smtp %d for the %s", sent.ErrorCode(), step)
	switch code := sent.ErrorCode(); {
	case step == "" || code < 400 || code > 599 || code == 421 || ofConversation[code]: // 421: the server is about to leave
		return m.cut(ctx, "smtp", errors.New(said))
	case code == 552 && sent.Reason == mail.ErrSMTPRcptTo: // a full mailbox (RFC 5321, 4.5.3.1.10)
		return later(class, "the mail server put the "+step+" off: "+said)
	case code >= 500:
		return refused(class, "the mail server refused the "+step+": "+said)
	default:
		return later(class, "the mail server put the "+step+" off: "+said)
	}
}

// saidBy returns the server's words, without those that the library puts around them.
func saidBy(sent *mail.SendError) string {
	said, _, _ := strings.Cut(sent.Error(), ", affected ")
	_, said, _ = strings.Cut(said, ": ")
	code, rest, _ := strings.Cut(said, " ")
	if quoted, err := strconv.QuotedPrefix(rest); err == nil { // and behind it what became of the reset
		if words, err := strconv.Unquote(quoted); err == nil {
			return code + " " + words
		}
	}
	return said
}

// withoutAddress returns what a server said without the receiver's address, which the outbox has in a field of its own.
func withoutAddress(said, to string) string {
	if to == "" {
		return said
	}
	return regexp.MustCompile(`(?i)`+regexp.QuoteMeta(to)).ReplaceAllString(said, "(the receiver)")
}

// cut returns the failure of a conversation that ended early. Where our own time was up, that is the reason.
func (m Email) cut(ctx context.Context, class string, err error) *failure {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	f := unreachable(class, err)
	if f.class != "timeout" {
		f.reason = oneLine("the mail server could not be used: " + m.inWords(err, f.reason))
	}
	return f
}

// inWords returns why a connection ended, for whoever looks after the mail server's settings.
func (m Email) inWords(err error, reason string) string {
	var other x509.HostnameError
	var record tls.RecordHeaderError
	host, _, _ := net.SplitHostPort(m.Server)
	switch {
	case errors.As(err, &other):
		names := strings.Join(other.Certificate.DNSNames, ", ")
		for _, ip := range other.Certificate.IPAddresses {
			names = strings.TrimPrefix(names+", "+ip.String(), ", ")
		}
		return fmt.Sprintf("its certificate is for %s, not for %s: write the name that it is for in notices.smtp.server", names, host)
	case errors.As(err, &record):
		return "it speaks no TLS from the first byte: write tls: starttls, or the port for TLS, 465"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it closed the connection"
	case strings.Contains(reason, "does not support STARTTLS"):
		return "it does not support STARTTLS: write tls: required for a port with TLS from the first byte, such as 465"
	}
	return reason
}
