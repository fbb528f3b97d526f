package console

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"
)

const (
	// maxUploads bounds how many files wait for their import at once; a person has one at most. The one that waits longest makes room.
	maxUploads = 4
	// uploadFor is how long a file waits.
	uploadFor = 15 * time.Minute
)

// uploads are the customers files that were looked at and are not imported yet. They stay on the server, in memory, so that what is imported is
// what was looked at.
type uploads struct {
	mu    sync.Mutex
	files []upload // oldest first
}

type upload struct {
	id, by, name string
	text         []byte
	at           time.Time
}

// put keeps a file and gives the name under which it is found again. The person's earlier one goes.
func (u *uploads) put(by, name string, text []byte, now time.Time) (id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sweep(now)
	u.files = slices.DeleteFunc(u.files, func(f upload) bool { return f.by == by })
	if len(u.files) == maxUploads {
		u.files = slices.Delete(u.files, 0, 1)
	}
	id = rand.Text()
	u.files = append(u.files, upload{id, by, name, text, now})
	return id
}

// get is a person's own file, unless its time is over.
func (u *uploads) get(id, by string, now time.Time) (upload, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sweep(now)
	i := slices.IndexFunc(u.files, func(f upload) bool { return f.id == id && f.by == by })
	if i < 0 {
		return upload{}, false
	}
	return u.files[i], true
}

func (u *uploads) drop(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.files = slices.DeleteFunc(u.files, func(f upload) bool { return f.id == id })
}

func (u *uploads) sweep(now time.Time) {
	u.files = slices.DeleteFunc(u.files, func(f upload) bool { return now.Sub(f.at) > uploadFor })
}
