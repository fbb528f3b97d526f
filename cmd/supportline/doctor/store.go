package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// StoreState is the result of Probe or ProbeDisk.
type StoreState struct {
	Commits []time.Duration `json:"commits"`         // how long each of a few took, the disk included
	Newest  time.Time       `json:"newest"`          // start of the newest call; zero: there is none
	Place   string          `json:"place,omitempty"` // what is wrong with the place of recordings, for the process that keeps them; "": nothing
	Gaps    []Gap           `json:"gaps,omitempty"`  // of rotas, in the next four weeks
	// Unreached are the numbers that texts don't reach, each with why the last one didn't.
	Unreached map[policy.Phone]string `json:"unreached,omitempty"`
}

// probes is how many commits are measured.
const probes = 5

// Probe measures a store that this process has open, looks for gaps in the rotas that are in force, and probes the place of recordings with place.
func Probe(ctx context.Context, s *store.Store, rotas *oncall.Roster, place func(context.Context) error, now func() time.Time) (state StoreState, err error) {
	for range probes {
		began := now()
		if err := s.Probe(ctx); err != nil {
			return state, err
		}
		state.Commits = append(state.Commits, now().Sub(began))
	}
	for c, err := range s.Calls(ctx, policy.Filter{Limit: 1}) {
		if err != nil {
			return state, err
		}
		state.Newest = c.StartedAt
	}
	state.Place, state.Gaps = problemOf(place(ctx)), gapsOf(rotas, now())
	state.Unreached, err = unreached(ctx, s)
	return state, err
}

// unreached returns the numbers that texts don't reach, with why.
func unreached(ctx context.Context, s *store.Store) (map[policy.Phone]string, error) {
	last, err := notices.Unreached(s.Notices(ctx))
	found := map[policy.Phone]string{}
	for number, n := range last {
		found[policy.Phone(number)] = strings.TrimPrefix(n.Error, policy.TextsDontReach)
	}
	return found, err
}

// ErrNoLog is returned where there is no store yet.
var ErrNoLog = errors.New("there is no log yet")

// ProbeDisk measures the disk where the store is going to be, and returns ErrNoLog with it. The store is not made: it would be this user's.
func ProbeDisk(ctx context.Context, conf config.Config, now func() time.Time) (state StoreState, err error) {
	state.Place = probePlace(ctx, conf)
	if conf.Store.IsDatabase() {
		return state, ErrNoLog // what there is to say of it, its own examination does
	}
	file, err := os.CreateTemp(standing(filepath.Dir(conf.Store.File)), ".probe")
	if err != nil {
		return state, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	for range probes {
		began := now()
		if _, err := file.Write(make([]byte, 4096)); err != nil {
			return state, err
		}
		if err := file.Sync(); err != nil {
			return state, err
		}
		state.Commits = append(state.Commits, now().Sub(began))
	}
	return state, ErrNoLog
}

// standing returns a folder, or the nearest one above it that exists: the server makes those that are missing.
func standing(folder string) string {
	for {
		_, err := os.Lstat(folder)
		above := filepath.Dir(folder)
		if !errors.Is(err, os.ErrNotExist) || above == folder {
			return folder
		}
		folder = above
	}
}

// How long a commit may take. A caller waits for several; after 5 seconds one is served without the log.
const (
	slowCommit    = 100 * time.Millisecond
	tooSlowCommit = 2 * time.Second
	longSilence   = 7 * 24 * time.Hour
)

// log examines whether the store can be written, how fast, and when it last heard of a call.
func (d *Doctor) log(ctx context.Context) []Finding {
	if d.away(ctx) {
		return nil
	}
	state, err := d.state(ctx)
	if err != nil && !errors.Is(err, ErrNoLog) {
		fix := "give the server's user the right to write there, and the disk some room"
		if d.Conf.Store.IsDatabase() {
			fix = "let the role of store own the database, or its schema supportline, and run this again"
		}
		return []Finding{wrong("store", fix, "it can't be written: %v", err)}
	}
	speed := d.commits(state)
	if err != nil {
		speed.Found = strings.TrimSuffix("the server will make it; "+speed.Found, "; ")
		state.Newest = time.Time{}
	}
	found := []Finding{speed, d.lastCall(state.Newest)}
	if lies := bolt.Warning(d.Conf.Store.File); lies != "" && !d.Conf.Store.IsDatabase() {
		found = append(found, warning("store", nearDisk, "%s", lies))
	}
	return append(found, d.place(state)...)
}

const nearDisk = "put the store on a local disk, an SSD if there is one, and not on a network file system"

func (d *Doctor) commits(state StoreState) Finding {
	if len(state.Commits) == 0 { // nothing can be measured where there is no table yet
		return ok("store", "")
	}
	commits := slices.Sorted(slices.Values(state.Commits))
	median := commits[len(commits)/2]
	took := fmt.Sprintf("a commit takes %v", median.Round(10*time.Microsecond))
	fix := nearDisk
	if d.Conf.Store.IsDatabase() {
		fix = "bring the database nearer to this machine, and look at its disk and its load"
	}
	switch {
	case median > tooSlowCommit:
		return wrong("store", fix, "%s: callers will be served without the log", took)
	case median > slowCommit:
		return warning("store", fix, "%s: callers wait for several", took)
	}
	return ok("store", "it can be written; %s", took)
}

func (d *Doctor) lastCall(at time.Time) Finding {
	switch ago := d.Now().Sub(at).Round(time.Minute); {
	case at.IsZero():
		return ok("last call", "no call yet: dial %s", d.Conf.Settings.Lines[0].Number.Full())
	case ago > longSilence:
		return warning("last call", "dial a line; the console's Monitor, Logs, Errors tells what the provider met", "%d days ago, on %s",
			int(ago.Hours()/24), at.UTC().Format(time.DateOnly))
	default:
		return ok("last call", "%v ago", ago)
	}
}

// server examines whether one runs, of the same version as this program.
func (d *Doctor) server(ctx context.Context) []Finding {
	h, err := server.AskHealth(ctx, d.Conf.Listen.Health(), "/readyz")
	switch {
	case err != nil:
		return []Finding{warning("server", "start it with \"supportline serve\", or look at its log",
			"none is ready on %s: %s", d.Conf.Listen.Health(), cause(err))}
	case h.Version != server.Version():
		return []Finding{warning("server", "restart it with this program", "it is version %s, this program %s", h.Version, server.Version())}
	}
	return []Finding{ok("server", "ready, version %s", h.Version)}
}
