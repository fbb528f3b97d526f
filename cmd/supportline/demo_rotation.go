package main

import (
	"context"

	"github.com/officernd/supportline/twilio/fake"
)

// remindOfTokens gives the account the tokens that it had when the demo ended in the middle of a rotation: the provider would still have them.
func (h *house) remindOfTokens(ctx context.Context, at *fake.Account) error {
	record, err := h.store.Rotation(ctx)
	if err != nil {
		return err
	}
	r, err := readRotation(record)
	if err != nil {
		return err
	}
	before, after, opened := r.open(h.conf.Twilio.AuthToken, h.conf.Twilio.NextAuthToken)
	if !opened {
		return nil
	}
	at.Change(func(s *fake.State) {
		s.Token, s.Secondary = before, after
		if r.Stage == rotationPromoted {
			s.Token, s.Secondary = after, ""
		}
	})
	return nil
}
