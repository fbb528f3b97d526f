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

// How often and how long something is asked. The provider answers within a second or two, or says that it is busy.
const (
	attempts      = 4
	answerWithin  = 10 * time.Second // one attempt, the answer's body included
	givenUpAfter  = time.Minute
	firstPause    = 500 * time.Millisecond
	longestPause  = 15 * time.Second
	maxAnswer     = 16 << 20 // of a page of 1000 calls: about 2 MB
	breakAfter    = 5        // failures in a row
	breakFor      = 30 * time.Second
	rateLimitCode = http.StatusTooManyRequests
)

// question is one thing that is asked, in as many attempts as it takes. It is the client that the provider's library sends with: the
// library's own has no context, no second attempt, leaks the bodies of errors, and cuts what looks like a fraction out of addresses.
type question struct {
	account *Account
	ctx     context.Context // the library's interface has no place for it
	what    string          // for errors and counters: "numbers list"
	once    bool            // asking twice is not like asking once
	date    time.Time       // of the last answer, by the provider's clock
	stream  bool            // the answer's body is read by whoever asked, as it comes
}

func (a *Account) ask(ctx context.Context, what string) *question {
	return &question{account: a, ctx: ctx, what: what}
}

func (a *Account) askOnce(ctx context.Context, what string) *question {
	return &question{account: a, ctx: ctx, what: what, once: true}
}

// SendRequest is what the provider's library asks through.
func (q *question) SendRequest(method, rawURL string, data url.Values, _ map[string]any, _ ...byte) (*http.Response, error) {
	return q.send(func(ctx context.Context) (*http.Request, error) {
		var body io.Reader
		u, err := q.account.address(rawURL)
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

// AccountSid is the account that paths name.
func (q *question) AccountSid() string { return q.account.config.AccountSID }

// SetTimeout does nothing: every attempt has a bound.
func (q *question) SetTimeout(time.Duration) {}

// SetOauth does nothing: it is not used.
func (q *question) SetOauth(client.OAuth) {}

// OAuth is not used.
func (q *question) OAuth() client.OAuth { return nil }

// address puts the configured host in the place of the provider's.
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

// send asks until there is an answer, a refusal, or no point in asking on. The answer's body is in memory, unless it is a stream.
func (q *question) send(request func(context.Context) (*http.Request, error)) (*http.Response, error) {
	pauses := &pauses{ExponentialBackOff: backoff.NewExponentialBackOff()}
	pauses.InitialInterval, pauses.MaxInterval = firstPause, longestPause
	return backoff.Retry(q.ctx, func() (*http.Response, error) {
		began := time.Now()
		answer, err := q.account.breaker.Execute(func() (*http.Response, error) { return q.attempt(request) })
		q.observe(err, time.Since(began))
		var refused *Err
		if errors.As(err, &refused) {
			pauses.atLeast = refused.after
		}
		if err != nil && !q.mayAskAgain(err) {
			return nil, backoff.Permanent(err)
		}
		return answer, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxTries(attempts), backoff.WithMaxElapsedTime(givenUpAfter))
}

// pauses are the times between attempts. Where the provider names one, it is kept.
type pauses struct {
	*backoff.ExponentialBackOff
	atLeast time.Duration
}

// NextBackOff is the next pause.
func (p *pauses) NextBackOff() time.Duration {
	return max(p.ExponentialBackOff.NextBackOff(), p.atLeast)
}

// attempt asks once.
func (q *question) attempt(request func(context.Context) (*http.Request, error)) (*http.Response, error) {
	if q.stream {
		return q.open(request)
	}
	ctx, cancel := context.WithTimeout(q.ctx, answerWithin)
	defer cancel()
	r, err := request(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := q.account.do(r, "application/json")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if at, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		q.date = at
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
	if r, err = again(r); err != nil {
		return nil, err
	}
	r.SetBasicAuth(user, other)
	answer, err = a.http.Do(r)
	if err == nil && answer.StatusCode != http.StatusUnauthorized {
		a.useNext.Store(other == a.config.NextAuthToken)
	}
	return answer, err
}

// again is the same request, to be sent once more.
func again(r *http.Request) (*http.Request, error) {
	next := r.Clone(r.Context())
	if r.GetBody == nil {
		return next, nil
	}
	var err error
	next.Body, err = r.GetBody()
	return next, err
}

// mayAskAgain says whether what went wrong may go right. What is not asked once only reads or sets, so that sending it twice is like sending it
// once. What came too fast the provider has not looked at.
func (q *question) mayAskAgain(err error) bool {
	var refused *Err
	switch {
	case q.ctx.Err() != nil, errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return false
	case errors.As(err, &refused):
		return refused.Status == rateLimitCode || (!q.once && refused.Status >= http.StatusInternalServerError)
	}
	return !q.once
}

func (q *question) observe(err error, took time.Duration) {
	if q.account.config.Observe == nil {
		return
	}
	how := "failed"
	var refused *Err
	switch {
	case err == nil:
		how = "ok"
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		how = "held back"
	case errors.As(err, &refused) && refused.Status == rateLimitCode:
		how = "limited"
	case errors.As(err, &refused) && refused.Status < http.StatusInternalServerError:
		how = "refused"
	}
	q.account.config.Observe(q.what, how, took)
}

// newBreaker holds questions back for a while when the provider answers none. A refusal is an answer.
func newBreaker() *gobreaker.CircuitBreaker[*http.Response] {
	return gobreaker.NewCircuitBreaker[*http.Response](gobreaker.Settings{
		Timeout:     breakFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakAfter },
		IsSuccessful: func(err error) bool {
			var refused *Err
			return err == nil || (errors.As(err, &refused) && refused.Status < http.StatusInternalServerError)
		},
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
	})
}

// sameHostOnly follows a redirect within the host with the credentials, and to another one without them, as Go does; it only bounds how many.
func sameHostOnly(_ *http.Request, via []*http.Request) error {
	if len(via) >= 3 {
		return errors.New("more than three redirects")
	}
	return nil
}

// retryAfter is the pause that an answer names, in seconds; 0 where it names none.
func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, givenUpAfter)
}
