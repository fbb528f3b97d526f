package twilio

import (
	"context"
	"errors"

	accounts "github.com/twilio/twilio-go/rest/accounts/v1"
)

// CreateSecondaryToken creates the account's secondary auth token and returns it. The REST API accepts it like the primary one, but nothing is
// signed with it before it is promoted. The provider accepts the account's own token for this and for the two below, and no API key. The request
// is sent once: after an error other than an *Err with a status below 500 the token may exist, unknown to anybody.
func (a *Account) CreateSecondaryToken(ctx context.Context) (string, error) {
	op := a.operation(ctx, "secondary token create")
	op.once = true
	made, err := op.accounts().CreateSecondaryAuthToken(nil)
	if err != nil {
		return "", op.wrap(err)
	}
	return op.token(made.SecondaryAuthToken)
}

// DeleteSecondaryToken deletes the secondary auth token. If there is none, the error is an *Err with status 404.
func (a *Account) DeleteSecondaryToken(ctx context.Context) error {
	op := a.operation(ctx, "secondary token delete")
	return op.wrap(op.accounts().DeleteSecondaryAuthToken(nil))
}

// PromoteSecondaryToken makes the secondary auth token the primary one and returns it. The provider refuses the old one from then on, and signs
// nothing with it. If there is no secondary token, the error is an *Err with status 404. The request is sent once, as in CreateSecondaryToken.
func (a *Account) PromoteSecondaryToken(ctx context.Context) (string, error) {
	op := a.operation(ctx, "secondary token promote")
	op.once = true
	now, err := op.accounts().UpdateAuthTokenPromotion(nil)
	if err != nil {
		return "", op.wrap(err)
	}
	return op.token(now.AuthToken)
}

func (op *operation) token(answered *string) (string, error) {
	if value(answered) == "" {
		return "", op.wrap(errors.New("the provider's answer holds no token"))
	}
	return *answered, nil
}

// accounts returns the provider's library for the accounts themselves.
func (op *operation) accounts() *accounts.ApiService { return accounts.NewApiService(op.handler()) }
