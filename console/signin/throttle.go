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

func byName(name string) string       { return "name " + name }
func byAddress(address string) string { return "address " + address }

// pause returns how long a name and an address have to wait before the next guess; 0 means not at all. A guess without a name has the name "".
func (t *throttle) pause(name, address string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(0, t.wrong[byName(name)].until.Sub(now), t.wrong[byAddress(address)].until.Sub(now))
}

// missed counts a wrong guess at a name.
func (t *throttle) missed(name, address string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count(byName(name), freeByName, now)
	t.count(byAddress(address), freeByAddress, now)
}

// hit forgives a name, whose owner is there. The address stays counted: somebody who knows one password may be guessing others.
func (t *throttle) hit(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.wrong, byName(name))
}

func (t *throttle) count(key string, free int, now time.Time) {
	who := t.wrong[key]
	if now.Sub(who.last) > forgottenIn {
		who = misses{}
	}
	who.count++
	who.last = now
	if over := who.count - free; over > 0 {
		who.until = now.Add(min(longestPause, firstPause<<min(over-1, 20)))
	}
	if _, known := t.wrong[key]; !known && len(t.wrong) >= maxThrottled {
		t.forget()
	}
	t.wrong[key] = who
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

// pauseFrom and missedFrom are pause and missed for guesses that name nobody.
func (t *throttle) pauseFrom(address string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(0, t.wrong[byAddress(address)].until.Sub(now))
}

func (t *throttle) missedFrom(address string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count(byAddress(address), freeByAddress, now)
}
