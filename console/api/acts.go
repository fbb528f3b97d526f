package api

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

func actOperations() []operation {
	return []operation{{http.MethodPost, "/calls/:sid/acts", users.DoActs, nil, (*request).act}}
}

// act does what a program sends to a call, and answers with the call as it is then.
func (r *request) act() error {
	var sent struct {
		Kind   policy.ActKind `json:"kind"`
		Value  string         `json:"value"`
		Reason string         `json:"reason"`
		Undo   bool           `json:"undo"`
		Seen   *int           `json:"seen"` // how many acts the program knows of; null: any number
	}
	if err := r.body(&sent); err != nil {
		return err
	}
	act := policy.Act{At: r.now, By: r.user.Name, Kind: sent.Kind, Value: strings.TrimSpace(sent.Value), Reason: strings.TrimSpace(sent.Reason), Undo: sent.Undo}
	if act.Undo && act.Value+act.Reason != "" {
		return fmt.Errorf("%w: an undo needs kind and undo alone", ErrWrongInput)
	}
	if act.Kind == policy.ActWaive {
		act.Limit = r.api.Policy.FairUse.CallLimit
	}
	seen := -1
	if sent.Seen != nil {
		if seen = *sent.Seen; seen < 0 {
			return fmt.Errorf("%w: seen is %d; write how many acts the call had, or leave it out", ErrWrongInput, seen)
		}
	}
	after, err := r.api.Calls.Act(r.ctx(), policy.CallSID(r.part("sid")), act, seen, r.api.Policy.LineZone)
	if err != nil {
		return err
	}
	return r.sendCall(after)
}
