package twilio

import (
	"context"
	"errors"

	accounts "github.com/twilio/twilio-go/rest/accounts/v1"
)

var errNoToken = errors.New("the provider's answer holds no token")

// CreateSecondaryToken creates the account's secondary auth token and returns it. The REST API accepts it like the primary one, but nothing is
// signed with it before it is promoted. The provider accepts the account's own token for this and for the two below, and no API key. The request
// is sent once: after an error other than an *Err with a status below 500 the token may exist, unknown to anybody.
func (a *Account) CreateSecondaryToken(ctx context.Context) (string, error) {
	op := a.operationOnce(ctx, "secondary token create")
	made, err := op.accounts().CreateSecondaryAuthToken(nil)
	if err == nil && value(made.SecondaryAuthToken) == "" {
		err = errNoToken
	}
	if err != nil {
		return "", op.wrap(err)
	}
	return *made.SecondaryAuthToken, nil
}

// DeleteSecondaryToken deletes the secondary auth token. If there is none, the error is an *Err with status 404.
func (a *Account) DeleteSecondaryToken(ctx context.Context) error {
	op := a.operation(ctx, "secondary token delete")
	if err := op.accounts().DeleteSecondaryAuthToken(nil); err != nil {
		return op.wrap(err)
	}
	return nil
}

// PromoteSecondaryToken makes the secondary auth token the primary one and returns it. The provider refuses the old one from then on, and signs
// nothing with it. If there is no secondary token, the error is an *Err with status 404. The request is sent once, as in CreateSecondaryToken.
func (a *Account) PromoteSecondaryToken(ctx context.Context) (string, error) {
	op := a.operationOnce(ctx, "secondary token promote")
	now, err := op.accounts().UpdateAuthTokenPromotion(nil)
	if err == nil && value(now.AuthToken) == "" {
		err = errNoToken
	}
	if err != nil {
		return "", op.wrap(err)
	}
	return *now.AuthToken, nil
}

// accounts returns the provider's library for the accounts themselves.
func (op *operation) accounts() *accounts.ApiService { return accounts.NewApiService(op.handler()) }
