package signin

import (
	"sync"
	"time"
)

// The bounds of guessing. The owner of a name mistypes a few times, and a whole office may share one address.
const (
	freeByName    = 3
	freeByAddress = 20
	firstPause    = time.Second
	longestPause  = 5 * time.Minute
	forgottenIn   = time.Hour // after the last wrong guess
	maxThrottled  = 10_000    // names and addresses; beyond it the oldest are forgotten
)

// throttle slows guessing down, by the name that is tried and by the address it comes from: after a few free guesses each wrong one doubles the
// pause. It is kept in memory only, so a restart forgets it.
type throttle struct {
	mu    sync.Mutex
	wrong map[string]misses
}

// misses are the wrong guesses at one name or from one address.
type misses struct {
	count int
	last  time.Time
	until time.Time // before which no further guess is taken
}

func newThrottle() *throttle { return &throttle{wrong: map[string]misses{}} }

// origin is where a guess comes from, and how many it has free.
type origin struct {
	key  string
	free int
}

func byName(name string) origin       { return origin{"name " + name, freeByName} }
func byAddress(address string) origin { return origin{"address " + address, freeByAddress} }

// pause returns how long the origins have to wait before the next guess; 0 means not at all. A guess without a name has the name "".
func (t *throttle) pause(now time.Time, origins ...origin) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, o := range origins {
		wait = max(wait, t.wrong[o.key].until.Sub(now))
	}
	return wait
}

func (t *throttle) missed(now time.Time, origins ...origin) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, o := range origins {
		t.count(o, now)
	}
}

// hit forgives a name, whose owner is there. The address stays counted: somebody who knows one password may be guessing others.
func (t *throttle) hit(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.wrong, byName(name).key)
}

func (t *throttle) count(o origin, now time.Time) {
	who, known := t.wrong[o.key]
	if now.Sub(who.last) > forgottenIn {
		who = misses{}
	}
	who.count++
	who.last = now
	if over := who.count - o.free; over > 0 {
		who.until = now.Add(min(longestPause, firstPause<<min(over-1, 20)))
	}
	if !known && len(t.wrong) >= maxThrottled {
		t.forget()
	}
	t.wrong[o.key] = who
}

// forget removes the entry whose last wrong guess is the longest ago.
func (t *throttle) forget() {
	oldest := ""
	for key, who := range t.wrong {
		if oldest == "" || who.last.Before(t.wrong[oldest].last) {
			oldest = key
		}
	}
	delete(t.wrong, oldest)
}
