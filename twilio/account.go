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

// AccountConfig is which account is asked, where and as whom.
type AccountConfig struct {
	AccountSID string
	AuthToken  string // used where there is no API key
	// NextAuthToken may have been promoted: where the provider refuses AuthToken it is tried, and used from then on if the provider takes it.
	// It may be empty, and is not used with an API key.
	NextAuthToken string
	APIKey        string // with APISecret; both empty: AccountSID and AuthToken
	APISecret     string
	URL           string // "" or https://api.twilio.com: the provider; any other host answers for all of its hosts, under the same paths
	Edge          string // of the provider's hosts: "dublin"; "": its default. The environment is not looked at
	Region        string // "ie1"; "" with an Edge: us1

	Transport http.RoundTripper // nil: Go's own
	// Observe is told of every attempt: what was asked ("numbers list"), and how it ended: "ok", "refused" (4xx), "limited" (429),
	// "failed" (5xx, no answer) or "held back" (by the breaker).
	Observe func(what, how string, took time.Duration)
}

// The provider's address, and what an edge or a region may be made of.
const (
	providerURL = "https://api.twilio.com"
	hostLetters = "abcdefghijklmnopqrstuvwxyz0123456789-"
)

// Account is the company's account at the provider, over its REST API. It is safe for concurrent use. Nothing that a caller waits for
// may use it: a method can take a minute. All methods end with their context, and fail with an *Err where the provider refused.
type Account struct {
	config  AccountConfig
	base    *url.URL // nil: the provider's own hosts
	http    *http.Client
	breaker *gobreaker.CircuitBreaker[*http.Response]
	useNext atomic.Bool // the provider took NextAuthToken last, so that it is tried first
}

// NewAccount checks the configuration. It asks nothing yet.
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
	a := &Account{config: c, http: &http.Client{Transport: c.Transport, CheckRedirect: sameHostOnly}, breaker: newBreaker()}
	if c.URL != "" && strings.TrimSuffix(c.URL, "/") != providerURL {
		base, err := url.Parse(c.URL)
		if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") {
			return nil, fmt.Errorf("twilio: the REST address %q must be like %s", c.URL, providerURL)
		}
		a.base = base
	}
	return a, nil
}

// credentials are who asks, and the kind in words.
func (c AccountConfig) credentials() (user, secret, kind string) {
	if c.APIKey != "" {
		return c.APIKey, c.APISecret, "an API key"
	}
	return c.AccountSID, c.AuthToken, "the account's auth token"
}

// Credentials says in words what kind is used, and nothing else of them.
func (a *Account) Credentials() string {
	_, _, kind := a.config.credentials()
	return kind
}

// AccountInfo is what the provider says of the account.
type AccountInfo struct {
	SID, Name string
	Status    string    // active suspended closed
	Type      string    // Full Trial
	OwnerSID  string    // of a subaccount: the main account; else SID
	Date      time.Time // the provider's clock when it answered
}

// Info is the account itself.
func (a *Account) Info(ctx context.Context) (AccountInfo, error) {
	q := a.ask(ctx, "account")
	found, err := q.api().FetchAccount(a.config.AccountSID)
	if err != nil {
		return AccountInfo{}, q.wrong(err)
	}
	return AccountInfo{
		SID: value(found.Sid), Name: value(found.FriendlyName), Status: value(found.Status), Type: value(found.Type),
		OwnerSID: value(found.OwnerAccountSid), Date: q.date,
	}, nil
}

// api is the provider's own library with our way of asking beneath.
func (q *question) api() *api.ApiService { return api.NewApiService(q.handler()) }

// handler knows the provider's hosts. It is made here, since the library's own looks into the environment.
func (q *question) handler() *client.RequestHandler {
	return &client.RequestHandler{Client: q, Edge: q.account.config.Edge, Region: q.account.config.Region}
}

func value[T any](p *T) T {
	var none T
	if p == nil {
		return none
	}
	return *p
}
