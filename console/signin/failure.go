package signin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"golang.org/x/oauth2"
)

// Why a sign-in at the identity provider led nowhere. The error that is returned names the cause as well; it holds nothing of a person.
var (
	ErrProvider         = errors.New("the identity provider does not answer") // it may in a minute; all others are for somebody to correct
	ErrProviderAddress  = errors.New("console.sso.issuer is not the provider's address")
	ErrProviderClient   = errors.New("the identity provider refused the console")
	ErrProviderRedirect = errors.New("the identity provider does not know the console's redirect address")
	ErrProviderCode     = errors.New("the identity provider refused its own code")
	ErrProviderAnswer   = errors.New("the identity provider's answer is not right")
	ErrProviderClock    = errors.New("the identity provider's clock and this machine's differ")
	ErrDenied           = errors.New("the identity provider does not let the person in")
	ErrNoRole           = errors.New("the identity provider names no group that has a role here")
	ErrNoGroups         = fmt.Errorf("%w: it names no group at all", ErrNoRole)
	ErrNoName           = errors.New("the identity provider gives neither a user name nor an e-mail address that can be a name here")
	ErrUnverified       = errors.New("the identity provider has not verified the person's e-mail address, and gives no user name")
	ErrOtherUser        = errors.New("the name belongs to another user of the console")
	ErrDisabled         = errors.New("the user is disabled")
	ErrStale            = errors.New("the sign-in was begun elsewhere, or too long ago")
)

// people are the errors about a person for whom the provider vouches. The audit has them; ErrDenied is not among them, because everybody can bring
// it back from the provider as often as they like.
var people = []error{ErrNoRole, ErrNoName, ErrUnverified, ErrOtherUser, ErrDisabled}

// answerBound is the most that is read of an answer of the provider. The groups of a person in a large company take some 100 kB.
const answerBound = 512 << 10

var (
	errLong      = fmt.Errorf("an answer is longer than %d kB", answerBound>>10)
	errElsewhere = errors.New("it sends us to another host, or around in a circle")
)

// newClient returns a client for the provider: nothing that it answers is read without end, and it cannot send us, with the console's secret, to
// another host.
func newClient() *http.Client {
	return &http.Client{
		Timeout: providerWithin, Transport: bounded{http.DefaultTransport},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if first := via[0].URL; len(via) > 3 || r.URL.Scheme != first.Scheme || r.URL.Host != first.Host {
				return errElsewhere
			}
			return nil
		},
	}
}

// bounded is a transport whose answers end with an error when they are too long.
type bounded struct{ http.RoundTripper }

// RoundTrip sends a request.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = &boundedBody{response.Body, answerBound}
	}
	return response, err
}

type boundedBody struct {
	io.ReadCloser
	left int
}

// Read reads, until the bound is passed.
func (b *boundedBody) Read(p []byte) (n int, err error) {
	n, err = b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errLong
	}
	return n, err
}

// keysOnly is a transport for the provider's keys. It reads an answer to its end, and what is no answer is an error of its own: the library would
// forget the error, and put a page into its words.
type keysOnly struct{ http.RoundTripper }

// RoundTrip sends a request.
func (k keysOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := k.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	if response.Body = io.NopCloser(bytes.NewReader(body)); response.StatusCode < http.StatusBadRequest {
		return response, nil
	}
	kind := ErrProviderAnswer
	if busy(response.StatusCode) {
		kind = ErrProvider
	}
	return nil, fmt.Errorf("%w: it answered %s to a request for its keys", kind, response.Status)
}

// unasked returns the error of a request to the provider that got no answer.
func unasked(err error) error {
	if errors.Is(err, ErrProviderAnswer) {
		return err
	}
	if errors.Is(err, errLong) || errors.Is(err, errElsewhere) {
		return fmt.Errorf("%w: %w", ErrProviderAnswer, err)
	}
	return fmt.Errorf("%w: %w", ErrProvider, err)
}

// busy reports whether a status means that the same request may be answered in a minute.
func busy(status int) bool {
	return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests
}

// exchangeFailed keeps only the provider's error code of an answer: the rest could hold a secret.
func exchangeFailed(err error) error {
	var refused *oauth2.RetrieveError
	switch {
	case !errors.As(err, &refused):
		if answered := errors.Unwrap(err) == nil; answered { // a page, say, or an answer without a token
			return fmt.Errorf("%w: %w", ErrProviderAnswer, err)
		}
		return unasked(err)
	case refused.ErrorCode != "":
		return codeFailed(refused.ErrorCode)
	case busy(refused.Response.StatusCode):
		return fmt.Errorf("%w: it answered %s to the code", ErrProvider, refused.Response.Status)
	case refused.Response.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%w: it answered %s to the code", ErrProviderClient, refused.Response.Status)
	}
	return fmt.Errorf("%w: it answered %s to the code", ErrProviderAnswer, refused.Response.Status)
}

// codeFailed returns the error that an error code of the provider means (RFC 6749, sections 4.1.2.1 and 5.2; OpenID Connect Core, section 3.1.2.6).
func codeFailed(code string) error {
	kind := ErrProviderAnswer
	switch code {
	case "temporarily_unavailable", "server_error":
		kind = ErrProvider
	case "invalid_client", "unauthorized_client":
		kind = ErrProviderClient
	case "redirect_uri_mismatch", "invalid_redirect_uri":
		kind = ErrProviderRedirect
	case "invalid_grant":
		kind = ErrProviderCode
	case "access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required":
		kind = ErrDenied
	}
	return fmt.Errorf("%w: it answered %q", kind, cut(code, shapeName))
}
