package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/officernd/supportline/store"
)

// faultKind is the way to deal with an error.
type faultKind int

const (
	faultOther  faultKind = iota // it would come again
	faultOwn                     // of the caller's function
	faultAgain                   // another transaction was in the way
	faultLost                    // the connection is lost, or there is none
	faultStale                   // this connection, and those opened with it, are no good
	faultNames                   // named statements do not work here
	faultTables                  // a table is not there
	faultSlow                    // the server ended a statement that took too long
	faultEnded                   // the context ended, or nothing was heard for too long
	faultBusy                    // all connections are in use
)

// refusal is an error of the caller's function, and not of the database.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

func refused(err error) error {
	if err == nil {
		return nil
	}
	return refusal{err}
}

var errBusy = errors.New("all connections are in use")

var errRolledBack = errors.New("the server rolled the transaction back instead of committing it")

// fault returns the kind of an error.
func fault(err error) faultKind {
	if own := (refusal{}); errors.As(err, &own) {
		return faultOwn
	}
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		return faultOfServer(pg)
	}
	switch {
	case err == nil:
		return faultOther
	case errors.Is(err, errBusy):
		return faultBusy
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), pgconn.Timeout(err):
		return faultEnded
	case errors.Is(err, errRolledBack):
		return faultAgain
	}
	return faultLost
}

func faultOfServer(pg *pgconn.PgError) faultKind {
	switch pg.Code {
	case "40001", "40P01", "40003", "55P03", "23505": // a key that must not be there, or the mark of a commit that was given up
		return faultAgain
	case "0A000": // a plan of before a migration
		return faultStale
	case "25006":
		return faultStale
	case "26000", "42P05":
		return faultNames
	case "42P01", "3F000":
		return faultTables
	case "57014":
		return faultSlow
	case "25P03": // the caller's function took too long
		return faultSlow
	case "57P01", "57P02", "57P03", "57P05", "53300", "25P02":
		return faultLost
	}
	if strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "58") {
		return faultLost
	}
	return faultOther
}

// The pauses between attempts are random, up to a bound that grows.
const (
	firstPause = 4 * time.Millisecond
	maxPause   = 200 * time.Millisecond
	// awayPatience is how long a database that is away is waited for, from when it was first missed. After that each call fails at once.
	awayPatience = 1500 * time.Millisecond
	// maxOdd bounds the attempts after errors that one more attempt should mend.
	maxOdd = 5
)

// rerun runs attempts at a transaction until one succeeds, fails for good or the context ends. It returns the error for the caller.
func (e *Engine) rerun(ctx context.Context, attempt func() error) error {
	odd := 0
	return e.persist(ctx, func(err error) bool {
		switch fault(err) {
		case faultAgain:
			return true
		case faultStale, faultNames, faultTables:
			odd++
			return odd < maxOdd
		case faultLost:
			return !e.isAway()
		default:
			return false
		}
	}, func() error {
		if err := e.refresh(ctx); err != nil {
			return err
		}
		return attempt()
	})
}

// isAway reports whether the database is away for so long that nothing is waited for.
func (e *Engine) isAway() bool { return e.away.lasts(time.Now()) >= awayPatience }

// persist runs attempts as long as again wants another one and the context lasts.
func (e *Engine) persist(ctx context.Context, again func(error) bool, attempt func() error) error {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		if e.closed.Load() {
			return store.ErrClosed
		}
		if err := ctx.Err(); err != nil {
			return final(ctx, err)
		}
		err := attempt()
		if err == nil {
			return nil
		}
		if e.closed.Load() {
			return store.ErrClosed
		}
		if ctx.Err() != nil || !again(err) || !wait(ctx, rand.N(pause)+time.Millisecond) {
			return final(ctx, err)
		}
		e.counts.retries.Add(1)
	}
}

// wait waits unless the context ends before.
func wait(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// final returns the error that the caller sees.
func final(ctx context.Context, err error) error {
	if own := (refusal{}); errors.As(err, &own) {
		return own.error
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	kind := fault(err)
	err = brief(err)
	switch kind {
	case faultLost, faultSlow, faultEnded, faultBusy, faultAgain:
		return fmt.Errorf("%w: %w", store.ErrAway, err)
	case faultStale:
		if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) && (pg.Code == "25006" || strings.Contains(pg.Message, "standby")) {
			return fmt.Errorf("%w: %w", store.ErrReadOnly, err)
		}
		return err
	default:
		return err
	}
}
