package notices

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// maxReason bounds how much of a server's answer is stored.
const maxReason = 300

// failure is the error of a delivery.
type failure struct {
	class   string // for the log and the counters: without an address, a secret, or what a server said
	reason  string // for the person who looks at the notice
	forGood bool   // the same notice would fail again
	down    bool   // the server could not be reached: the next notice of the channel would fail too
	// after is how long the server wants nothing of the channel; 0: it did not say.
	after time.Duration
}

// Error returns the reason.
func (f *failure) Error() string { return f.reason }

// ForGood reports whether an error of a channel is one that the same notice would meet again.
func ForGood(err error) bool {
	f, ok := errors.AsType[*failure](err)
	return ok && f.forGood
}

// Class returns an error of a channel in a word or two, for logs: without an address, a secret, or what a server said.
func Class(err error) string {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.class
	}
	return "error"
}

func refused(class, reason string) *failure {
	return &failure{class: class, reason: oneLine(reason), forGood: true}
}

func later(class, reason string) *failure { return &failure{class: class, reason: oneLine(reason)} }

// putOff returns the failure of a notice that a server wants later, as it wants all of the channel.
func putOff(class, reason string, after time.Duration) *failure {
	f := later(class, fmt.Sprintf("%s: not before %s have passed", reason, after))
	f.down, f.after = true, after
	return f
}

// notBefore returns the time of the next attempt after one at a time, no earlier than the server wants it: zero where there is none, or it would come
// too late.
func (f *failure) notBefore(at, until, next time.Time) time.Time {
	earliest := at.Add(f.after)
	switch {
	case next.IsZero() || !next.Before(earliest):
		return next
	case !until.IsZero() && earliest.After(until):
		return time.Time{}
	}
	return earliest
}

// unreachable returns the failure of a connection, or of the server as a whole.
func unreachable(class string, err error) *failure {
	f := &failure{class: class, reason: oneLine(plainly(err)), down: true}
	n, ok := errors.AsType[net.Error](err)
	if errors.Is(err, context.DeadlineExceeded) || ok && n.Timeout() {
		f.class, f.reason = "timeout", "the server did not answer in time"
	}
	return f
}

// plainly returns the text of an error without the address of a webhook, which may be secret.
func plainly(err error) string {
	if asked, ok := errors.AsType[*url.Error](err); ok {
		err = asked.Err
	}
	return err.Error()
}

func oneLine(s string) string {
	s = strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), "?")
	if r := []rune(s); len(r) > maxReason {
		s = string(r[:maxReason]) + "..."
	}
	return s
}
