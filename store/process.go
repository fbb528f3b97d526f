package store

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"
)

// Process is a program that works with the store, as it describes itself, and as it was last seen.
type Process struct {
	ID      string `json:"id"` // of this run of the program alone
	Host    string `json:"host"`
	Number  int    `json:"number"` // by which its host knows it
	Version string `json:"version"`
	Config  string `json:"config"` // hash of its configuration
	// Tokens are fingerprints of the provider's auth tokens that it accepts.
	Tokens  []string  `json:"tokens,omitempty"`
	Started time.Time `json:"started"`
	// Ahead is how much later its clock is than that of the engine.
	Ahead time.Duration `json:"ahead"`
	// Seen is when it was last seen, and Until is up to when it holds its leases, by the engine's clock.
	Seen  time.Time `json:"seen"`
	Until time.Time `json:"until"`
	// Gone is that it was not seen for a minute, although it never said that it stops.
	Gone bool `json:"-"`
	// Work names the work that it has leases on, in the order of their names.
	Work []string `json:"-"`
}

const (
	// goneAfter is how long a process is silent until it counts as gone. It lost its leases before.
	goneAfter = time.Minute
	// forgottenAfter is how long one that is gone is shown.
	forgottenAfter = 24 * time.Hour
)

// lives reports whether a process holds its leases at a time.
func (p Process) lives(now time.Time) bool { return now.Before(p.Until) }

// silentFor returns for how long a process has been silent: the time that it promised to be back in does not count.
func (p Process) silentFor(now time.Time) time.Duration {
	promised := p.Until.Sub(p.Seen) - leaseTerm
	return now.Sub(p.Seen) - max(0, promised)
}

var (
	processPrefix = []byte("process/")
	leasePrefix   = []byte("lease/")
)

func processKey(id string) []byte { return append(bytes.Clone(processPrefix), id...) }

func workKey(work string) []byte { return append(bytes.Clone(leasePrefix), work...) }

// Processes returns the processes that work with the engine, and those that went away within a day without saying so: in the order in which they
// started.
func Processes(ctx context.Context, e Engine) (all []Process, err error) {
	err = e.View(ctx, func(r Reader) (err error) {
		all, err = readProcesses(r)
		return err
	})
	return all, err
}

// Processes returns the processes that work with the store, as the function of that name does.
func (s *Store) Processes(ctx context.Context) ([]Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return Processes(ctx, s.engine)
}

// A SoleEngine is an Engine that one process at a time has open.
type SoleEngine interface {
	Engine
	Sole()
}

// Shared reports whether other processes may work with the store at the same time.
func (s *Store) Shared() bool {
	_, sole := s.engine.(SoleEngine)
	return !sole
}

func readProcesses(r Reader) (all []Process, err error) {
	entries := r.Scan(under(processPrefix).of(leasesBucket), under(leasePrefix).of(leasesBucket))
	now := r.Now()
	for k, v := entries[0].Next(); k != nil; k, v = entries[0].Next() {
		p, err := decode[Process]("process", string(k[len(processPrefix):]), v)
		if err != nil {
			return nil, err
		}
		p.Gone = p.silentFor(now) > goneAfter
		all = append(all, p)
	}
	for k, v := entries[1].Next(); k != nil; k, v = entries[1].Next() {
		work := string(k[len(leasePrefix):])
		l, err := decode[Lease]("lease", work, v)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(all, func(p Process) bool { return p.ID == l.Holder && p.lives(now) }); i >= 0 {
			all[i].Work = append(all[i].Work, work)
		}
	}
	slices.SortFunc(all, func(a, b Process) int {
		if order := a.Started.Compare(b.Started); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all, nil
}

// forgetProcesses removes the processes that are gone for long.
func forgetProcesses(ctx context.Context, e Engine) error {
	all, err := Processes(ctx, e)
	if err != nil {
		return err
	}
	for _, p := range all {
		if !p.Gone {
			continue
		}
		err := e.Update(ctx, func(w Writer) error {
			seen, err := findProcess(w, p.ID)
			if err == nil && seen != nil && seen.silentFor(w.Now()) > forgottenAfter {
				w.Delete(leasesBucket, processKey(p.ID))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// findProcess returns what a process wrote of itself last, nil if there is nothing.
func findProcess(r Reader, id string) (*Process, error) {
	value := r.Get(leasesBucket, processKey(id))
	if value == nil {
		return nil, nil
	}
	p, err := decode[Process]("process", id, value)
	return &p, err
}
