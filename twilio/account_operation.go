package twilio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/sony/gobreaker/v2"
	"github.com/twilio/twilio-go/client"
)

// The bounds of an operation. The provider answers within a second or two, or says that it is busy.
const (
	attempts         = 4
	attemptTimeout   = 10 * time.Second // one attempt, the answer's body included
	operationTimeout = time.Minute
	firstDelay       = 500 * time.Millisecond
	maxDelay         = 15 * time.Second
	maxAnswer        = 16 << 20 // of a page of 1000 calls: about 2 MB
	breakerFailures  = 5        // failures in a row
	breakerTimeout   = 30 * time.Second
	rateLimitCode    = http.StatusTooManyRequests
)

// operation is one operation of the API, in as many attempts as it takes. It is the HTTP client of the provider's library, whose own has no
// context and no retry, leaks the bodies of errors, and cuts what looks like a fraction out of addresses.
type operation struct {
	account *Account
	ctx     context.Context // the library's interface has no parameter for it
	what    string          // for errors and counters: "numbers list"
	once    bool            // not idempotent: an attempt that may have worked is not repeated
	date    time.Time       // of the last answer, on the provider's clock
	stream  bool            // the caller reads the answer's body as it arrives
}

func (a *Account) operation(ctx context.Context, what string) *operation {
	return &operation{account: a, ctx: ctx, what: what}
}

// SendRequest implements the interface of the provider's library.
func (op *operation) SendRequest(method, rawURL string, data url.Values, _ map[string]any, _ ...byte) (*http.Response, error) {
	return op.send(func(ctx context.Context) (*http.Request, error) {
		var body io.Reader
		u, err := op.account.address(rawURL)
		if err != nil {
			return nil, err
		}
		if method == http.MethodPost {
			body = strings.NewReader(data.Encode())
		} else if len(data) > 0 {
			u.RawQuery = data.Encode()
		}
		r, err := http.NewRequestWithContext(ctx, method, u.String(), body)
		if err == nil && body != nil {
			r.Header.Set("Content-Type", formType)
		}
		return r, err
	})
}

// AccountSid returns the account of the paths.
func (op *operation) AccountSid() string { return op.account.config.AccountSID }

// SetTimeout does nothing: every attempt has a timeout.
func (op *operation) SetTimeout(time.Duration) {}

// SetOauth does nothing: it is not used.
func (op *operation) SetOauth(client.OAuth) {}

// OAuth is not used.
func (op *operation) OAuth() client.OAuth { return nil }

// address returns the URL with the provider's host replaced by the configured one.
func (a *Account) address(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, err
	}
	if a.base != nil {
		u.Scheme, u.Host, u.Path = a.base.Scheme, a.base.Host, strings.TrimSuffix(a.base.Path, "/")+u.Path
	}
	return u, nil
}

// send attempts the request until there is an answer, a refusal or no point in a retry. The answer's body is in memory, unless it is a stream.
func (op *operation) send(request func(context.Context) (*http.Request, error)) (*http.Response, error) {
	delays := &delays{ExponentialBackOff: backoff.NewExponentialBackOff()}
	delays.InitialInterval, delays.MaxInterval = firstDelay, maxDelay
	return backoff.Retry(op.ctx, func() (*http.Response, error) {
		began := time.Now()
		answer, err := op.account.breaker.Execute(func() (*http.Response, error) { return op.attempt(request) })
		op.observe(err, time.Since(began))
		if refused, ok := errors.AsType[*Err](err); ok {
			delays.atLeast = refused.after
		}
		if err != nil && !op.mayRetry(err) {
			return nil, backoff.Permanent(err)
		}
		return answer, err
	}, backoff.WithBackOff(delays), backoff.WithMaxTries(attempts), backoff.WithMaxElapsedTime(operationTimeout))
}

// delays are the times between attempts. A time that the provider asks for is kept.
type delays struct {
	*backoff.ExponentialBackOff
	atLeast time.Duration
}

// NextBackOff returns the next delay.
func (p *delays) NextBackOff() time.Duration {
	return max(p.ExponentialBackOff.NextBackOff(), p.atLeast)
}

// attempt sends the request once.
func (op *operation) attempt(request func(context.Context) (*http.Request, error)) (*http.Response, error) {
	if op.stream {
		return op.open(request)
	}
	ctx, cancel := context.WithTimeout(op.ctx, attemptTimeout)
	defer cancel()
	r, err := request(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := op.account.do(r, "application/json")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if at, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		op.date = at
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the answer broke off: %w", err)
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	case answer.StatusCode >= http.StatusMultipleChoices:
		return nil, refusal(answer, body)
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// do sends a request, and sends it once more with the account's other token if the provider refuses the first. A refused request did nothing.
func (a *Account) do(r *http.Request, accept string) (*http.Response, error) {
	r.Header.Set("Accept", accept)
	user, secret, _ := a.config.credentials()
	other := a.config.NextAuthToken
	if a.config.APIKey != "" || other == "" {
		other = secret
	}
	if a.useNext.Load() {
		secret, other = other, secret
	}
	r.SetBasicAuth(user, secret)
	answer, err := a.http.Do(r)
	if err != nil || answer.StatusCode != http.StatusUnauthorized || other == secret {
		return answer, err
	}
	_ = answer.Body.Close() // the next answer counts
	r = r.Clone(r.Context())
	if r.GetBody != nil {
		if r.Body, err = r.GetBody(); err != nil {
			return nil, err
		}
	}
	r.SetBasicAuth(user, other)
	answer, err = a.http.Do(r)
	if err == nil && answer.StatusCode != http.StatusUnauthorized {
		a.useNext.Store(other == a.config.NextAuthToken)
	}
	return answer, err
}

// mayRetry reports whether another attempt may work. An operation without once reads or sets, so that sending it twice does no more than
// sending it once. The provider does not process a request that exceeds its rate limit.
func (op *operation) mayRetry(err error) bool {
	refused, _ := errors.AsType[*Err](err)
	switch {
	case op.ctx.Err() != nil, heldBack(err):
		return false
	case refused != nil:
		return refused.Status == rateLimitCode || (!op.once && refused.Status >= http.StatusInternalServerError)
	}
	return !op.once
}

// observe reports an attempt to the account's observer.
func (op *operation) observe(err error, took time.Duration) {
	if op.account.config.Observe == nil {
		return
	}
	how := "failed"
	refused, _ := errors.AsType[*Err](err)
	switch {
	case err == nil:
		how = "ok"
	case heldBack(err):
		how = "held back"
	case refused == nil:
	case refused.Status == rateLimitCode:
		how = "limited"
	case refused.Status < http.StatusInternalServerError:
		how = "refused"
	}
	op.account.config.Observe(op.what, how, took)
}

// newBreaker returns a circuit breaker that opens when the provider answers nothing. A refusal is an answer.
func newBreaker() *gobreaker.CircuitBreaker[*http.Response] {
	return gobreaker.NewCircuitBreaker[*http.Response](gobreaker.Settings{
		Timeout:     breakerTimeout,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
		IsSuccessful: func(err error) bool {
			refused, ok := errors.AsType[*Err](err)
			return err == nil || (ok && refused.Status < http.StatusInternalServerError)
		},
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
	})
}

// heldBack reports whether the breaker refused an attempt.
func heldBack(err error) bool {
	return errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests)
}

// limitRedirects bounds the redirects. Go itself drops the credentials on the way to another host.
func limitRedirects(_ *http.Request, via []*http.Request) error {
	if len(via) >= 3 {
		return errors.New("more than three redirects")
	}
	return nil
}

// retryAfter returns the delay that an answer asks for, or 0.
func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, operationTimeout)
}
