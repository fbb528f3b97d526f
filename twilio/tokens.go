package twilio

import (
	"slices"
	"sync/atomic"
)

// Tokens are the auth tokens of one account of which any may be in force, now or soon: the current one and, while it is being replaced,
// the next one. They can be changed while a Verifier and an Account use them. It is safe for concurrent use, and prints nothing of them.
type Tokens struct {
	all atomic.Pointer[[]string] // replaced as a whole; nil: none
}

// NewTokens are these tokens, without empty ones and repetitions.
func NewTokens(tokens ...string) *Tokens {
	t := &Tokens{}
	t.Set(tokens...)
	return t
}

// Set puts these tokens in the place of those before, without empty ones and repetitions. Whoever verifies or asks afterwards uses them.
func (t *Tokens) Set(tokens ...string) {
	var kept []string
	for _, token := range tokens {
		if token != "" && !slices.Contains(kept, token) {
			kept = append(kept, token)
		}
	}
	t.all.Store(&kept)
}

// list is what is set; nobody may change it.
func (t *Tokens) list() []string {
	if t == nil {
		return nil
	}
	if all := t.all.Load(); all != nil {
		return *all
	}
	return nil
}

// String keeps the tokens out of logs.
func (t *Tokens) String() string { return "auth tokens" }

// GoString keeps them out of %#v as well.
func (t *Tokens) GoString() string { return t.String() }
