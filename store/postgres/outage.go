package postgres

import (
	"sync"
	"time"
)

// outage is the time in which the database does not answer.
type outage struct {
	mu          sync.Mutex
	first, last time.Time // when it was missed; zero while it answers
}

// forgotten is how long ago a database was missed of which it is not known whether it is back: nobody has asked it since.
const forgotten = 5 * time.Second

func (o *outage) missed(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.first.IsZero() || now.Sub(o.last) > forgotten {
		o.first = now
	}
	o.last = now
}

func (o *outage) over() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.first = time.Time{}
}

// lasts returns how long the outage lasts; 0 if there is none.
func (o *outage) lasts(now time.Time) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.first.IsZero() {
		return 0
	}
	return now.Sub(o.first)
}
