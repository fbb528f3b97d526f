package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/store"
)

// What other processes write is seen by asking.
const (
	// othersEvery is how often the outbox is read, and what people edited is put in force: half of what they may wait.
	othersEvery = 2 * time.Second
	// lookEvery is how often the processes are compared with one another.
	lookEvery = 15 * time.Second
	// clocksApart is how much the clocks of processes may differ.
	clocksApart = time.Minute
)

// thisProcess returns what the others are told of this run of the program.
func thisProcess(conf config.Config) store.Process {
	host, err := os.Hostname()
	if err != nil {
		host = "(unknown)"
	}
	return store.Process{ID: rand.Text(), Host: host, Number: os.Getpid(), Version: Version(), Config: conf.Settings.Version, Started: time.Now().UTC(), Tokens: fingerprints(conf)}
}

// fingerprints returns those of the tokens of which a request may be signed with any.
func fingerprints(conf config.Config) (all []string) {
	for _, token := range AcceptedTokens(conf) {
		all = append(all, control.Fingerprint(token))
	}
	return all
}

// leases returns the part of this process in the work that one process at a time does.
func (a *App) leases() *store.Leases {
	failing := new(atomic.Bool)
	return a.Store.Leases(a.process, store.LeaseOptions{
		Changed: func(l store.Lease, held bool) {
			a.Counters.holds(l.Work, held)
			if a.Store.Shared() {
				a.Log.Info(map[bool]string{true: "work is taken", false: "work is given up"}[held], zap.String("work", l.Work))
			}
		},
		Failed: func(err error) {
			if !failing.Swap(true) {
				a.Log.Error("leases could not be renewed; it is tried on", zap.Error(err))
			}
		},
		Renewed: func() {
			if failing.Swap(false) {
				a.Log.Info("leases are renewed again")
			}
		},
	})
}

// followOthers learns what other processes did: it puts in force what was edited elsewhere, and compares the processes. It returns when ctx ends, or
// at once where there can be no others.
func (a *App) followOthers(ctx context.Context) {
	if !a.Store.Shared() {
		return
	}
	last, failing := time.Time{}, false
	every(ctx, othersEvery, func() {
		err := errors.Join(a.lines.Reload(ctx), a.rotas.Reload(ctx))
		if now := time.Now(); err == nil && now.Sub(last) >= lookEvery {
			last = now
			err = a.lookAround(ctx)
		}
		if err != nil && !failing && ctx.Err() == nil {
			a.Log.Error("what other processes did cannot be read; it is tried on", zap.Error(err))
		}
		failing = err != nil
	})
}

// lookAround compares the processes, and takes over what the one that compares the log has told of it.
func (a *App) lookAround(ctx context.Context) error {
	all, err := a.Store.Processes(ctx)
	if err != nil {
		return err
	}
	seen := around{all, differences(all)}
	before := a.around.Swap(&seen)
	a.Counters.around(all, a.process.ID)
	if before == nil || !slices.Equal(before.differ, seen.differ) {
		for _, d := range seen.differ {
			a.Log.Warn("processes differ", zap.String("how", d))
		}
	}
	at, err := a.Store.Checkpoint(ctx)
	if err == nil && !at.IsZero() {
		a.Counters.reconciled(at.Add(listLag), nil)
	}
	return err
}

// around are the processes as they were last seen.
type around struct {
	all    []store.Process
	differ []string // in sentences
}

// goneProcesses returns the IDs of the processes that died within a day.
func (a *App) goneProcesses(ctx context.Context) (ids []string, err error) {
	all, err := a.Store.Processes(ctx)
	for _, p := range all {
		if p.Gone {
			ids = append(ids, p.ID)
		}
	}
	return ids, err
}

// differences returns in sentences how the processes that live are not alike.
func differences(all []store.Process) (found []string) {
	live := slices.DeleteFunc(slices.Clone(all), func(p store.Process) bool { return p.Gone })
	for _, trait := range []struct {
		name string
		of   func(store.Process) string
	}{
		{"configurations", func(p store.Process) string { return p.Config }},
		{"versions", func(p store.Process) string { return p.Version }},
	} {
		if kinds := groups(live, trait.of); len(kinds) > 1 {
			found = append(found, fmt.Sprintf("The processes have %d %s: %s.", len(kinds), trait.name, strings.Join(kinds, "; ")))
		}
	}
	for _, p := range live {
		if p.Ahead.Abs() > clocksApart {
			found = append(found, fmt.Sprintf("The clock of %s is %s.", nameOf(p), apart(p.Ahead)))
		}
	}
	if len(live) > 1 {
		byClock := func(a, b store.Process) int { return int((a.Ahead - b.Ahead) / time.Millisecond) }
		first, last := slices.MinFunc(live, byClock), slices.MaxFunc(live, byClock)
		if d := last.Ahead - first.Ahead; d > clocksApart && first.Ahead.Abs() <= clocksApart && last.Ahead.Abs() <= clocksApart {
			found = append(found, fmt.Sprintf("The clock of %s is %d seconds ahead of that of %s.", nameOf(last), int(d.Seconds()), nameOf(first)))
		}
	}
	return found
}

// groups returns the values of a trait, each with the processes that have it.
func groups(live []store.Process, of func(store.Process) string) (kinds []string) {
	names := map[string][]string{}
	for _, p := range live {
		names[of(p)] = append(names[of(p)], nameOf(p))
	}
	for value, have := range names {
		kinds = append(kinds, value+" at "+strings.Join(have, ", "))
	}
	slices.Sort(kinds)
	return kinds
}

// nameOf returns what people call a process.
func nameOf(p store.Process) string { return fmt.Sprintf("%s/%d", p.Host, p.Number) }

func apart(ahead time.Duration) string {
	way := "ahead of"
	if ahead < 0 {
		way = "behind"
	}
	return fmt.Sprintf("%d seconds %s the database's", int(ahead.Abs().Seconds()), way)
}

// processesFinding returns whether the processes are alike, and whether one died.
func processesFinding(all []store.Process) console.Finding {
	f := console.Finding{Part: "processes", State: "ok"}
	gone := 0
	for _, p := range all {
		if p.Gone {
			gone++
		}
	}
	f.Found = control.Plural(len(all)-gone, "process") + " at work, alike in version, configuration and time."
	if differ := differences(all); len(differ) > 0 {
		f.State, f.Found = "warning", strings.Join(differ, " ")
		f.Advice = "Give all processes one configuration and one version, restart those that lag behind, and let their machines keep the time."
	}
	if gone > 0 {
		f.State = "warning"
		f.Found += " " + control.Plural(gone, "process") + " went away without stopping; others took the work over."
		f.Advice = strings.TrimSpace(f.Advice + " Look in the log of what went away why it did. It is shown for a day.")
	}
	return f
}

// processRows returns the processes as the console shows them.
func (a *App) processRows(ctx context.Context) ([]console.Process, error) {
	all, err := a.Store.Processes(ctx)
	var rows []console.Process
	for _, p := range all {
		rows = append(rows, console.Process{
			Name: nameOf(p), This: p.ID == a.process.ID, Version: p.Version, Config: p.Config, Started: p.Started, Seen: p.Seen, Ahead: p.Ahead,
			Gone: p.Gone, Work: p.Work,
		})
	}
	return rows, err
}
