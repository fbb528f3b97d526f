package fake

import (
	"strings"
	"sync"
	"time"
)

// Clock is the provider's time. Sleep lets time pass; how much really passes is the clock's own affair.
type Clock interface {
	Now() time.Time
	Sleep(time.Duration)
}

// Virtual is a clock on which time passes only when somebody sleeps. It is safe for use by the house while the provider sleeps.
type Virtual struct {
	mu  sync.Mutex
	now time.Time
}

// NewVirtual starts a clock at t.
func NewVirtual(t time.Time) *Virtual { return &Virtual{now: t} }

// Now is the time on the clock.
func (v *Virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

// Sleep moves the clock by d at once; a negative d does nothing.
func (v *Virtual) Sleep(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = v.now.Add(max(0, d))
}

// Set moves the clock to t at once, however far that is.
func (v *Virtual) Set(t time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = t
}

// NoWait is a clock that shows the time that it is given and skips every wait, for a person at a terminal who reads faster than a voice
// speaks.
type NoWait func() time.Time

// Now is the time as given.
func (h NoWait) Now() time.Time { return h() }

// Sleep returns at once.
func (h NoWait) Sleep(time.Duration) {}

const (
	wordsPerMinute = 170
	keyTime        = 250 * time.Millisecond // to press one key
	playTime       = time.Second            // an audio file, whose length is not known
)

// Spoken is how long a text takes at 170 words a minute.
func Spoken(text string) time.Duration {
	return time.Duration(len(strings.Fields(text))) * time.Minute / wordsPerMinute
}
