package fake

import (
	"strings"
	"sync"
	"time"
)

// Clock is the provider's clock. Sleep need not take as long as it says.
type Clock interface {
	Now() time.Time
	Sleep(time.Duration)
}

// Virtual is a clock that only Sleep and Set advance. It is safe for concurrent use.
type Virtual struct {
	mu  sync.Mutex
	now time.Time
}

// NewVirtual returns a clock that shows t.
func NewVirtual(t time.Time) *Virtual { return &Virtual{now: t} }

// Now returns the time that the clock shows.
func (v *Virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

// Sleep advances the clock by d at once. It does nothing if d is negative.
func (v *Virtual) Sleep(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = v.now.Add(max(0, d))
}

// Set makes the clock show t.
func (v *Virtual) Set(t time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = t
}

// NoWait is a clock that shows the time of a function and never waits, for a person at a terminal, who reads faster than a voice speaks.
type NoWait func() time.Time

// Now returns the function's time.
func (h NoWait) Now() time.Time { return h() }

// Sleep returns at once.
func (h NoWait) Sleep(time.Duration) {}

const (
	wordsPerMinute = 170
	keyTime        = 250 * time.Millisecond // to press one key
	playTime       = time.Second            // an audio file, whose length is not known
)

// Spoken returns how long a text takes at 170 words a minute.
func Spoken(text string) time.Duration {
	return time.Duration(len(strings.Fields(text))) * time.Minute / wordsPerMinute
}
