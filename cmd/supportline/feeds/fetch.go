package feeds

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy/oncall"
)

const (
	// askWithin bounds one answer, its body included.
	askWithin = 30 * time.Second
	// maxRedirects bounds how often an address leads to another one. Calendars move once or twice.
	maxRedirects = 5
	// maxMark bounds the marks of an answer that are kept, in bytes: longer ones are not sent back.
	maxMark = 1000
)

// fetched is what a feed answered.
type fetched struct {
	unchanged  bool // since the last good answer
	body       []byte
	etag, date string
}

// said is an error in words of our own, which have no address in them.
type said string

func (s said) Error() string { return string(s) }

// passing is an error that may be over in a moment: it is asked again.
type passing struct{ error }

// Passes reports whether an error of Read may be over by itself: no answer, or that of a server in trouble.
func Passes(err error) bool {
	_, is := errors.AsType[passing](err)
	return is
}

// client returns the client that asks feeds, over a transport. It keeps no cookies: a feed that needs a session is none.
func client(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: transport, Timeout: askWithin, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		switch {
		case !secure(r.URL) || r.URL.Scheme != "https" && via[0].URL.Scheme == "https": // a calendar elsewhere has nothing to ask of this machine
			return said("it leads to an address without https")
		case len(via) > maxRedirects:
			return said(fmt.Sprintf("it leads on more than %d times", maxRedirects))
		}
		return nil
	}}
}

// secure reports whether what is read at an address is what its server sent: over TLS, or from this machine.
func secure(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && notices.Loopback(u.Hostname())
}

// The tries to get an answer that is not over in a moment, and the time between them.
const (
	maxTries = 3
	tryAgain = 15 * time.Second
)

// fetch asks a feed for what is newer than the last good answer, more than once where its server or the network has a bad moment. Its error says what is
// wrong without the address, which is a secret.
func fetch(ctx context.Context, c *http.Client, address string, last oncall.Answer) (fetched, error) {
	for try := 1; ; try++ {
		got, err := fetchOnce(ctx, c, address, last)
		var passes passing
		if !errors.As(err, &passes) {
			return got, err
		}
		if try == maxTries {
			return got, passes.error
		}
		wait := time.NewTimer(tryAgain)
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		wait.Stop()
		if ctx.Err() != nil {
			return got, ctx.Err()
		}
	}
}

func fetchOnce(ctx context.Context, c *http.Client, address string, last oncall.Answer) (fetched, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil || r.URL.Host == "" || !secure(r.URL) {
		return fetched{}, said("its address is no https address: write the one that the calendar gives out for other programs")
	}
	r.Header.Set("Accept", "text/calendar, */*;q=0.1")
	r.Header.Set("User-Agent", "supportline")
	asked := last.Body != nil && (last.ETag != "" || last.LastModified != "")
	if last.Body != nil && last.ETag != "" {
		r.Header.Set("If-None-Match", last.ETag)
	}
	if last.Body != nil && last.LastModified != "" {
		r.Header.Set("If-Modified-Since", last.LastModified)
	}
	answer, err := c.Do(r)
	if err != nil {
		return fetched{}, inWords(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusNotModified && asked {
		return fetched{unchanged: true}, nil
	}
	if answer.StatusCode != http.StatusOK {
		return fetched{}, refusal(answer.StatusCode)
	}
	if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); kind == "text/html" || kind == "application/xhtml+xml" {
		return fetched{}, said("it answered with a web page and no calendar: use the secret or private address of the calendar, which asks for no sign-in")
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, oncall.MaxCalendar+1)) // one more than is read is refused
	if err != nil {
		return fetched{}, passing{said("its answer broke off: " + inWords(err).Error())}
	}
	return fetched{body: body, etag: mark(answer.Header.Get("ETag")), date: mark(answer.Header.Get("Last-Modified"))}, nil
}

func mark(text string) string {
	if len(text) > maxMark {
		return ""
	}
	return text
}

// refusal returns what a status means for whoever configured the address.
func refusal(status int) error {
	text := strings.TrimSpace(fmt.Sprintf("it answered %d %s", status, http.StatusText(status)))
	switch status {
	case http.StatusNotFound, http.StatusGone:
		return said(text + ": the calendar was removed, or its address was changed")
	case http.StatusUnauthorized, http.StatusForbidden:
		return said(text + ": the calendar is not shared under this address any more")
	case http.StatusTooManyRequests:
		return passing{said(text)}
	}
	if status >= http.StatusInternalServerError {
		return passing{said(text)}
	}
	return said(text)
}

// inWords returns an error of the network in words of our own: those of the library quote addresses.
func inWords(err error) error {
	var ours said
	var name *net.DNSError
	var dialled *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &ours):
		return ours
	case isTimeout(err):
		return passing{said(fmt.Sprintf("it did not answer within %v", askWithin))}
	case errors.As(err, &name):
		return passing{said("the name of its server is not known")}
	case errors.As(err, &certificate):
		return said("the certificate of its server is not valid")
	case errors.As(err, &dialled) && dialled.Op == "dial":
		return passing{said("its server cannot be reached")}
	}
	return passing{said("its server cannot be asked, or ends the connection")}
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}
