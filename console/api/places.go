package api

import "sync"

// Places bounds how much of a kind goes on at once: for one person, so that nobody shuts the others out, and in all.
type Places struct {
	each, all int

	mu    sync.Mutex
	taken map[string]int
	total int
}

// NewPlaces returns places, all of them free: each for one person, all of them for everybody.
func NewPlaces(each, all int) *Places {
	return &Places{each: each, all: all, taken: map[string]int{}}
}

// Take takes a place for a person, which leave gives back; leave is nil if there is none. theirs is how many places the person had before. It is
// counted and taken in one step.
func (p *Places) Take(by string) (leave func(), theirs int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	theirs = p.taken[by]
	if theirs >= p.each || p.total >= p.all {
		return nil, theirs
	}
	p.taken[by]++
	p.total++
	return sync.OnceFunc(func() { p.giveBack(by) }), theirs
}

func (p *Places) giveBack(by string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total--
	if p.taken[by]--; p.taken[by] == 0 {
		delete(p.taken, by)
	}
}
