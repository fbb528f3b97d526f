package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
)

// storeState is what a look at the store gives.
type storeState struct {
	Commits []time.Duration `json:"commits"` // how long each of a few took, the disk included
	Newest  time.Time       `json:"newest"`  // start of the newest call; zero: there is none
	// Place is what is wrong with the place of recordings, for whoever keeps them; "": nothing.
	Place string `json:"place,omitempty"`
}

// probeCommand is "probe": what doctor asks of whoever has the store open.
type probeCommand struct{}

// Help shows an example.
func (probeCommand) Help() string { return "Example:\n\n    supportline probe" }

const probes = 5

func (probeCommand) run(ctx context.Context, s *session) error {
	var state storeState
	for range probes {
		began := s.Now()
		if err := s.Store.Probe(ctx); err != nil {
			return err
		}
		state.Commits = append(state.Commits, s.Now().Sub(began))
	}
	for c, err := range s.Store.Calls(ctx, policy.Filter{Limit: 1}) {
		if err != nil {
			return err
		}
		state.Newest = c.StartedAt
	}
	state.Place = problemOf(s.Keeper.Probe(ctx))
	return json.NewEncoder(s.Out).Encode(state)
}

var errNoLog = errors.New("there is no log yet")

// probe looks at the store, in the server where one runs. A store that is not there is not made: it would be this user's.
func (p *program) probe(ctx context.Context, conf config.Config, configFile string) (storeState, error) {
	file, err := conf.StoreFile()
	if err != nil {
		return storeState{}, err
	}
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		state, err := p.probeFolder(filepath.Dir(file))
		state.Place = probePlace(ctx, conf)
		return state, err
	}
	text, err := p.quietly(ctx, probeCommand{}, "probe", configFile)
	if err != nil {
		return storeState{}, err
	}
	var state storeState
	return state, json.Unmarshal(text, &state)
}

// probeFolder writes to the disk where the store is going to be, and gives errNoLog with what it measured.
func (p *program) probeFolder(folder string) (state storeState, err error) {
	file, err := os.CreateTemp(folder, ".probe")
	if err != nil {
		return state, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	for range probes {
		began := p.Now()
		if _, err := file.Write(make([]byte, 4096)); err != nil {
			return state, err
		}
		if err := file.Sync(); err != nil {
			return state, err
		}
		state.Commits = append(state.Commits, p.Now().Sub(began))
	}
	return state, errNoLog
}

// How long a commit may take. A caller waits for several; after 5 seconds one is served without the log.
const (
	slowCommit    = 100 * time.Millisecond
	tooSlowCommit = 2 * time.Second
	longSilence   = 7 * 24 * time.Hour
)

// log looks whether the store can be written, how fast, and when it last heard of a call.
func (d *doctor) log(ctx context.Context) []finding {
	state, err := d.store(ctx)
	if err != nil && !errors.Is(err, errNoLog) {
		return []finding{wrong("store", "give the server's user the right to write there, and the disk some room", "it can't be written: %v", err)}
	}
	speed := d.commits(state)
	if err != nil {
		speed.Found = "the server will make it; " + speed.Found
		state.Newest = time.Time{}
	}
	return append([]finding{speed, d.lastCall(state.Newest)}, d.place(state)...)
}

func (d *doctor) commits(state storeState) finding {
	commits := slices.Sorted(slices.Values(state.Commits))
	median := commits[len(commits)/2]
	took := fmt.Sprintf("a commit takes %v", median.Round(10*time.Microsecond))
	fix := "put the store on a local disk, an SSD if there is one, and not on a network file system"
	switch {
	case median > tooSlowCommit:
		return wrong("store", fix, "%s: callers will be served without the log", took)
	case median > slowCommit:
		return warning("store", fix, "%s: callers wait for several", took)
	}
	return ok("store", "it can be written; %s", took)
}

func (d *doctor) lastCall(at time.Time) finding {
	switch ago := d.now().Sub(at).Round(time.Minute); {
	case at.IsZero():
		return ok("last call", "no call yet: dial %s", d.conf.Settings.Lines[0].Number.Full())
	case ago > longSilence:
		return warning("last call", "dial a line; the console's Monitor, Logs, Errors tells what the provider met", "%d days ago, on %s",
			int(ago.Hours()/24), at.UTC().Format(time.DateOnly))
	default:
		return ok("last call", "%v ago", ago)
	}
}

// server looks for the running one, of the same version as this program.
func (d *doctor) server(ctx context.Context) []finding {
	h, err := server.AskHealth(ctx, d.conf.Listen.Console, "/readyz")
	switch {
	case err != nil:
		return []finding{warning("server", "start it with \"supportline serve\", or look at its log",
			"none is ready on %s: %v", d.conf.Listen.Console, err)}
	case h.Version != server.Version():
		return []finding{warning("server", "restart it with this program", "it is version %s, this program %s", h.Version, server.Version())}
	}
	return []finding{ok("server", "ready, version %s", h.Version)}
}
