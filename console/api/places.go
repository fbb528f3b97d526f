package api

import "sync"

// Places counts how much of a kind goes on at once: for one person, so that nobody shuts the others out, and in all. The zero value is ready for use.
type Places struct {
	mu    sync.Mutex
	taken map[string]int
	total int
}

// Take takes a place for a person if the person has less than each and all people have less than all. leave gives it back; it is nil if there is no
// place. theirs is how many the person had before. Counting and taking are one step.
func (p *Places) Take(by string, each, all int) (leave func(), theirs int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	theirs = p.taken[by]
	if theirs >= each || p.total >= all {
		return nil, theirs
	}
	if p.taken == nil {
		p.taken = map[string]int{}
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
