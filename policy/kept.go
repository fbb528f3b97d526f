package policy

import "errors"

// ErrSent refuses to retry a notice that was delivered.
var ErrSent = errors.New("the notice was sent")

// Expired says what retention removed (rule 13).
type Expired struct {
	Calls   int `json:"calls"`
	Kept    int `json:"kept"`    // calls as old as those, of months that a case rests on
	Notices int `json:"notices"` // sent, or given up
	// Recordings of those calls: noted for removal, in the same step.
	Recordings int `json:"recordings"`
}
