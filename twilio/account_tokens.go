package twilio

import (
	"context"
	"errors"

	accounts "github.com/twilio/twilio-go/rest/accounts/v1"
)

var errNoToken = errors.New("the provider's answer holds no token")

// CreateSecondaryToken makes the account's second auth token. It admits to the REST API as the primary one does, and signs nothing before
// it is promoted. The provider takes the account's own token for this and for the two below, and no API key. It is sent once: after an error
// other than an *Err with a status below 500 the token may be there, and nobody knows it.
func (a *Account) CreateSecondaryToken(ctx context.Context) (string, error) {
	q := a.askOnce(ctx, "secondary token create")
	made, err := q.accounts().CreateSecondaryAuthToken(nil)
	if err == nil && value(made.SecondaryAuthToken) == "" {
		err = errNoToken
	}
	if err != nil {
		return "", q.wrong(err)
	}
	return *made.SecondaryAuthToken, nil
}

// DeleteSecondaryToken removes the second auth token. Where there is none, the error is an *Err with status 404.
func (a *Account) DeleteSecondaryToken(ctx context.Context) error {
	q := a.ask(ctx, "secondary token delete")
	if err := q.accounts().DeleteSecondaryAuthToken(nil); err != nil {
		return q.wrong(err)
	}
	return nil
}

// PromoteSecondaryToken makes the second auth token the primary one, and gives it. The one before is refused from then on, and signs no more.
// Where there is no second one, the error is an *Err with status 404. It is sent once, as CreateSecondaryToken is.
func (a *Account) PromoteSecondaryToken(ctx context.Context) (string, error) {
	q := a.askOnce(ctx, "secondary token promote")
	now, err := q.accounts().UpdateAuthTokenPromotion(nil)
	if err == nil && value(now.AuthToken) == "" {
		err = errNoToken
	}
	if err != nil {
		return "", q.wrong(err)
	}
	return *now.AuthToken, nil
}

// accounts is the provider's library for the accounts themselves.
func (q *question) accounts() *accounts.ApiService { return accounts.NewApiService(q.handler()) }
