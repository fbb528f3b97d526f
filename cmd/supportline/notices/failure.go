package notices

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
)

// maxReason bounds what is kept of a server's words.
const maxReason = 300

// failure is why a delivery did not happen.
type failure struct {
	class   string // for the log: neither an address, nor a secret, nor a server's words
	reason  string // for the person who looks at the notice
	forGood bool   // the same notice would fail again
	down    bool   // nobody could be spoken to: the next notice of the channel would fail too
}

// Error is the reason.
func (f *failure) Error() string { return f.reason }

func refused(class, reason string) *failure {
	return &failure{class: class, reason: oneLine(reason), forGood: true}
}

func later(class, reason string) *failure { return &failure{class: class, reason: oneLine(reason)} }

// unreachable is a failure of the way to a server, or of the server as a whole.
func unreachable(class string, err error) *failure {
	f := &failure{class: class, reason: oneLine(plainly(err)), down: true}
	if timedOut(err) {
		f.class, f.reason = "timeout", "the server did not answer in time"
	}
	return f
}

// plainly leaves the address of a webhook out of an error: it may be a secret.
func plainly(err error) string {
	if asked := (*url.Error)(nil); errors.As(err, &asked) {
		err = asked.Err
	}
	return err.Error()
}

func timedOut(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

func oneLine(s string) string {
	s = strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), "?")
	if r := []rune(s); len(r) > maxReason {
		s = string(r[:maxReason]) + "..."
	}
	return s
}
