package users

import (
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// Origin is one of the places under which a try to sign in is counted: whom it is at, where it comes from, or both.
type Origin struct {
	kind originKind
	what string
}

type originKind string

// The kinds of origins.
const (
	nameAndAddress originKind = "name and address"
	anAddress      originKind = "address"
	aName          originKind = "name"
	aDevice        originKind = "device"
	tokenAddress   originKind = "token from address"
)

// ByNameAndAddress returns the origin of tries at one name from one address. It pauses first, so that a stranger elsewhere does not keep the
// owner of the name out.
func ByNameAndAddress(name, address string) Origin {
	return Origin{nameAndAddress, name + "\n" + address}
}

// ByAddress returns the origin of tries at any name from one address.
func ByAddress(address string) Origin { return Origin{anAddress, address} }

// ByName returns the origin of tries at one name from anywhere. Only who has many addresses reaches its bound.
func ByName(name string) Origin { return Origin{aName, name} }

// ByDevice returns the origin of tries at one name from a browser that signed in under it before. It is the only one of such a browser, so
// that nothing that others do pauses it.
func ByDevice(name, device string) Origin { return Origin{aDevice, name + "\n" + device} }

// ByTokenAddress returns the origin of wrong tokens from one address. It is apart from that of passwords: a program's old token must not keep
// people from signing in.
func ByTokenAddress(address string) Origin { return Origin{tokenAddress, address} }

// Key returns the name under which the tries of an origin are stored: a hash, because what was typed as a name may be a password.
func (o Origin) Key() string {
	sum := sha256.Sum256([]byte(string(o.kind) + "\n" + o.what))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// The bounds of guessing.
const (
	firstPause   = time.Second
	longestPause = 5 * time.Minute
	// TriesForgotten is how long after its last wrong try an origin is forgotten.
	TriesForgotten = time.Hour
	// MaxOrigins is how many origins are kept. Beyond it those whose last try is the longest ago are forgotten: a guesser pays with as many
	// tries elsewhere for each origin that is forgotten so.
	MaxOrigins = 10_000
)

// triesRule holds the bounds of one kind of origins.
type triesRule struct {
	free int           // wrong tries without a pause
	leak time.Duration // after each of which one try is forgotten; 0: all are, at TriesForgotten
	own  bool          // one person's: a right password forgives all tries
}

// The owner of a name mistypes a few times, and a whole office may share one address. One address has 12 tries an hour at a name in the long
// run, one each longestPause. A name forgets 30 an hour, so that one patient stranger, or two, never pauses it for everybody.
var triesRules = map[originKind]triesRule{
	nameAndAddress: {free: 3, own: true},
	aDevice:        {free: 3, own: true},
	anAddress:      {free: 20, leak: 6 * time.Minute},
	tokenAddress:   {free: 20, leak: 6 * time.Minute},
	aName:          {free: 100, leak: 2 * time.Minute},
}

// Tries are the tries of one origin that were not right, or are under way.
type Tries struct {
	Count int       `json:"count"`
	Last  time.Time `json:"last"`
	Until time.Time `json:"until,omitzero"` // before which no further try is taken
	// Leaked is up to when tries were forgotten one by one. The rest of the time counts with the next, so that tries in between do not keep all
	// others from being forgotten. Zero stands for Last.
	Leaked time.Time `json:"leaked,omitzero"`
}

// Pause returns how long the origin has to wait at now before its next try; 0 means not at all.
func (t Tries) Pause(now time.Time) time.Duration {
	if t.ahead(now) {
		return 0
	}
	return max(0, t.Until.Sub(now))
}

// ahead reports whether the last try was taken by a clock that was wrong, and has been set back since: nobody is kept out until it is as late again.
func (t Tries) ahead(now time.Time) bool { return t.Last.Sub(now) > longestPause }

// Taken returns the tries with one more, taken at now. After a few free ones each doubles the pause that follows.
func (t Tries) Taken(o Origin, now time.Time) Tries {
	rule := triesRules[o.kind]
	next := t.left(rule, now)
	next.Count++
	next.Last = now
	if over := next.Count - rule.free; over > 0 {
		next.Until = now.Add(min(longestPause, firstPause<<min(over-1, 20)))
	}
	return next
}

// left returns the tries that are not forgotten at now, without the pause after them.
func (t Tries) left(rule triesRule, now time.Time) Tries {
	since := now.Sub(t.Last)
	switch {
	case since > TriesForgotten, t.ahead(now):
		return Tries{}
	case rule.leak == 0:
		return Tries{Count: t.Count}
	}
	from := t.Leaked
	if from.IsZero() {
		from = t.Last
	}
	forgotten := int(max(0, now.Sub(from)) / rule.leak)
	if forgotten >= t.Count {
		return Tries{}
	}
	return Tries{Count: t.Count - forgotten, Leaked: from.Add(time.Duration(forgotten) * rule.leak)}
}

// GivenBack returns the tries without the one that was taken at a time, because it was right. Those of one person are all forgiven. Those of
// an address or a name stay: somebody who knows one password may be guessing others.
func (t Tries) GivenBack(o Origin, taken time.Time) Tries {
	if triesRules[o.kind].own || t.Count <= 1 {
		return Tries{}
	}
	if t.Last.Equal(taken) { // no other try was taken since, so that the pause is this one's
		t.Until = time.Time{}
	}
	t.Count--
	return t
}
