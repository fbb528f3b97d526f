package store

import (
	"context"
	"fmt"
	"time"

	"github.com/officernd/supportline/policy"
)

// Act does to a call what a person wants (policy.Call.WithAct), and notes it in the audit, in one step. seen is how many acts the call had
// when the person saw it, so that the second of two people learns what the first one did; -1: whatever it had. zones gives the zone of a
// home line, which decides the month of a call that is given to an account.
//
// Errors: policy.ErrNoCall, policy.ErrNoCustomer for a call that shall be given to an account that is not there, and those of WithAct.
func (s *Store) Act(ctx context.Context, sid policy.CallSID, act policy.Act, seen int, zones func(policy.Phone) *time.Location) (policy.Call, error) {
	var after policy.Call
	err := s.submit(ctx, true, func(b *batch) error {
		before, err := b.call(sid)
		if err != nil {
			return err
		}
		if before.value == nil {
			return fmt.Errorf("%w: %s", policy.ErrNoCall, sid)
		}
		var account policy.Customer
		zone := time.UTC
		if act.Kind == policy.ActAttach && !act.Undo {
			if account, err = readCustomer(b.tx, act.Value); err != nil {
				return err
			}
			zone = zones(account.Line)
		}
		if after, err = before.call.Clip().WithAct(act, seen, account, zone); err != nil {
			return err
		}
		if err := b.change(before, after); err != nil {
			return err
		}
		return note(b.tx, actEntry(before.call, after, act))
	})
	if err != nil {
		return policy.Call{}, err
	}
	return after, nil
}

// actEntry is an act in the audit, with the account that it concerned.
func actEntry(before, after policy.Call, act policy.Act) policy.AuditEntry {
	e := policy.AuditEntry{At: act.At, By: act.By, Act: string(act.Kind), Customer: after.Customer, Subject: string(after.SID), Reason: act.Reason}
	if e.Customer == "" {
		e.Customer = before.Customer
	}
	if act.Undo {
		e.Act = "undo " + e.Act
	}
	return e
}
