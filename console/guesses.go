package console

import (
	"sync"
	"time"
)

// The bounds of guessing. A name's owner mistypes a few times; behind one address there may be a whole office.
const (
	freeByName    = 3
	freeByAddress = 20
	firstPause    = time.Second
	longestPause  = 5 * time.Minute
	forgottenIn   = time.Hour // after the last wrong guess
	maxGuessers   = 10_000    // beyond it the oldest are forgotten
)

// guesses slow down who tries passwords, by the name that is tried and by the address that tries: after some that are free, each wrong one
// doubles the pause. They are kept in memory alone, so a restart forgets them.
type guesses struct {
	mu    sync.Mutex
	wrong map[string]guesser
}

type guesser struct {
	count int
	last  time.Time
	until time.Time
}

func newGuesses() *guesses { return &guesses{wrong: map[string]guesser{}} }

func byName(name string) string       { return "name " + name }
func byAddress(address string) string { return "address " + address }

// pause is how long a name and an address have to wait before the next guess; 0: go on.
func (g *guesses) pause(name, address string, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(0, g.wrong[byName(name)].until.Sub(now), g.wrong[byAddress(address)].until.Sub(now))
}

// missed counts a wrong guess.
func (g *guesses) missed(name, address string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count(byName(name), freeByName, now)
	g.count(byAddress(address), freeByAddress, now)
}

// hit forgives a name, because its owner is there. The address stays counted: somebody who knows one password may be guessing others.
func (g *guesses) hit(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.wrong, byName(name))
}

func (g *guesses) count(key string, free int, now time.Time) {
	who := g.wrong[key]
	if now.Sub(who.last) > forgottenIn {
		who = guesser{}
	}
	who.count++
	who.last = now
	if over := who.count - free; over > 0 {
		who.until = now.Add(min(longestPause, firstPause<<min(over-1, 20)))
	}
	if _, known := g.wrong[key]; !known && len(g.wrong) >= maxGuessers {
		g.forget()
	}
	g.wrong[key] = who
}

// forget makes room by the one whose last wrong guess is the longest ago.
func (g *guesses) forget() {
	oldest := ""
	for key, who := range g.wrong {
		if oldest == "" || who.last.Before(g.wrong[oldest].last) {
			oldest = key
		}
	}
	delete(g.wrong, oldest)
}

// pauseFrom and missedFrom are pause and missed where there is no name.
func (g *guesses) pauseFrom(address string, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(0, g.wrong[byAddress(address)].until.Sub(now))
}

func (g *guesses) missedFrom(address string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count(byAddress(address), freeByAddress, now)
}
