package store

import (
	"context"
	"time"

	"github.com/officernd/supportline/policy"
)

// ClaimNotice stores that a process delivers a notice up to a time, and returns false if the notice is not due at now: another process does so, or it was
// sent or given up. Errors: policy.ErrNoNotice.
func (s *Store) ClaimNotice(ctx context.Context, key, by string, now, until time.Time) (claimed bool, err error) {
	err = s.changeNotice(ctx, key, func(_ Writer, n *policy.Notice) error {
		*n, claimed = n.Claimed(by, now, until)
		return nil
	})
	return claimed && err == nil, err
}

// ReleaseNotice makes a notice due at a time that the process claimed and did not attempt to deliver. Errors: policy.ErrNoNotice.
func (s *Store) ReleaseNotice(ctx context.Context, key, by string, now time.Time) error {
	return s.changeNotice(ctx, key, func(_ Writer, n *policy.Notice) error {
		*n = n.Released(by, now)
		return nil
	})
}
