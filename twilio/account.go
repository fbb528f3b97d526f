package twilio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// AccountConfig selects an account, its address and the credentials.
type AccountConfig struct {
	AccountSID string
	AuthToken  string // used where there is no API key
	// NextAuthToken is tried when the provider refuses AuthToken, which it does once NextAuthToken is promoted, and used from then on if the
	// provider accepts it. It may be empty, and is not used with an API key.
	NextAuthToken string
	APIKey        string // with APISecret; both empty: AccountSID and AuthToken
	APISecret     string
	URL           string // "" or https://api.twilio.com: the provider; any other host stands for all of its hosts, under the same paths
	Edge          string // of the provider's hosts: "dublin"; "": its default. The environment is ignored
	Region        string // "ie1"; "" with an Edge: us1

	Transport http.RoundTripper // nil: Go's own
	// Observe is called after every attempt with the operation ("numbers list") and its end: "ok", "refused" (4xx), "limited" (429),
	// "failed" (5xx, no answer) or "held back" (by the breaker).
	Observe func(what, how string, took time.Duration)
}

// The provider's address, and the letters of an edge or a region.
const (
	providerURL = "https://api.twilio.com"
	hostLetters = "abcdefghijklmnopqrstuvwxyz0123456789-"
)

// Account is the company's account at the provider, over its REST API. It is safe for concurrent use. A method can take a minute, so nothing
// that a caller waits for may use it. All methods end with their context, and return an *Err if the provider refused.
type Account struct {
	config  AccountConfig
	base    *url.URL // nil: the provider's own hosts
	http    *http.Client
	breaker *gobreaker.CircuitBreaker[*http.Response]
	useNext atomic.Bool // the provider accepted NextAuthToken last, so it is tried first
}

// NewAccount checks the configuration and returns the account. It sends no request.
func NewAccount(c AccountConfig) (*Account, error) {
	if c.AccountSID == "" {
		return nil, errors.New("twilio: no account SID: it is on the first page of the console and begins with AC")
	}
	if (c.APIKey == "") != (c.APISecret == "") {
		return nil, errors.New("twilio: an API key needs its secret, and the secret its key: give both or neither")
	}
	user, secret, _ := c.credentials()
	if secret == "" {
		return nil, errors.New("twilio: neither an API key nor an auth token to ask with")
	}
	for _, s := range []string{user, secret} {
		if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }) {
			return nil, errors.New("twilio: the credentials hold a space, a colon or a letter that can't be sent: copy them again")
		}
	}
	if strings.Trim(c.Edge+c.Region, hostLetters) != "" {
		return nil, fmt.Errorf("twilio: edge %q and region %q must be words like dublin and ie1", c.Edge, c.Region)
	}
	a := &Account{config: c, http: &http.Client{Transport: c.Transport, CheckRedirect: limitRedirects}, breaker: newBreaker()}
	if c.URL != "" && strings.TrimSuffix(c.URL, "/") != providerURL {
		base, err := url.Parse(c.URL)
		if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") {
			return nil, fmt.Errorf("twilio: the REST address %q must be like %s", c.URL, providerURL)
		}
		a.base = base
	}
	return a, nil
}

// credentials returns user and secret of the requests, and their kind in words.
func (c AccountConfig) credentials() (user, secret, kind string) {
	if c.APIKey != "" {
		return c.APIKey, c.APISecret, "an API key"
	}
	return c.AccountSID, c.AuthToken, "the account's auth token"
}

// Credentials returns the kind of the credentials in words.
func (a *Account) Credentials() string {
	_, _, kind := a.config.credentials()
	return kind
}

// AccountInfo is the provider's record of the account.
type AccountInfo struct {
	SID, Name string
	Status    string    // active suspended closed
	Type      string    // Full Trial
	OwnerSID  string    // of a subaccount: the main account; else SID
	Date      time.Time // the provider's clock when it answered
}

// Info returns the account itself.
func (a *Account) Info(ctx context.Context) (AccountInfo, error) {
	op := a.operation(ctx, "account")
	found, err := op.api().FetchAccount(a.config.AccountSID)
	if err != nil {
		return AccountInfo{}, op.wrap(err)
	}
	return AccountInfo{
		SID: value(found.Sid), Name: value(found.FriendlyName), Status: value(found.Status), Type: value(found.Type),
		OwnerSID: value(found.OwnerAccountSid), Date: op.date,
	}, nil
}

// api returns the provider's library, which sends its requests through op.
func (op *operation) api() *api.ApiService { return api.NewApiService(op.handler()) }

// handler returns the library's resolver of the provider's hosts. The library's constructor would read edge and region from the environment.
func (op *operation) handler() *client.RequestHandler {
	return &client.RequestHandler{Client: op, Edge: op.account.config.Edge, Region: op.account.config.Region}
}

// value returns what p points to, or the zero value if p is nil.
func value[T any](p *T) T {
	var none T
	if p == nil {
		return none
	}
	return *p
}
