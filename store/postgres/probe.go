package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/officernd/supportline/store"
)

// oldestServer is the version that has all of what the statements need. PostgreSQL's own support of it has ended; YugabyteDB still has its wire.
const oldestServer = 110000

var errOldServer = errors.New("the server is too old")

// probe looks at the database without changing it: whether it is ours or empty, which tables there are, and whether statements may have names.
func (e *Engine) probe(ctx context.Context, config *pgx.ConnConfig) (unnamed bool, err error) {
	config = config.Copy()
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.DialFunc = dialer.DialContext
	ctx, cancel := context.WithTimeout(ctx, 2*connectTimeout)
	defer cancel()
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, final(ctx, err)
	}
	defer c.Close(ctx)
	var pid uint32
	var version string
	if err := c.QueryRow(ctx, server).Scan(&pid, &version); err != nil {
		return false, final(ctx, err)
	}
	if err := checkVersion(version); err != nil {
		return false, err
	}
	if err := e.tables.look(ctx, c); err != nil {
		return false, final(ctx, err)
	}
	e.settings, err = withOptional(func(name string) (bool, error) {
		var value *string
		err := c.QueryRow(ctx, setting, name).Scan(&value)
		return value != nil, err
	})
	if err != nil {
		return false, final(ctx, err)
	}
	return pid != c.PgConn().PID(), e.admits(ctx, c)
}

// checkVersion refuses a server that is too old, by its server_version_num.
func checkVersion(version string) error {
	if n, err := strconv.Atoi(version); err != nil || n < oldestServer {
		return fmt.Errorf("%w (version %s, and %d is needed)", errOldServer, version, oldestServer/10000)
	}
	return nil
}

// admits refuses a database that has tables, and neither our schema nor any of ours.
func (e *Engine) admits(ctx context.Context, c *pgx.Conn) error {
	var schemas int
	if err := c.QueryRow(ctx, ourSchema).Scan(&schemas); err != nil || schemas > 0 {
		return final(ctx, err)
	}
	rows, err := c.Query(ctx, otherTables)
	if err != nil {
		return final(ctx, err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return final(ctx, err)
	}
	if len(names) > 0 {
		return notOurs(strings.Join(names, ", "))
	}
	return nil
}

// notOurs is that there are tables of something else; its text are some of them.
type notOurs string

func (n notOurs) Error() string { return "it has tables of something else (" + string(n) + ")" }

func (n notOurs) Is(err error) bool { return err == store.ErrNotOurs }

// tables knows which of ours are there. Those that are stay.
type tables struct {
	mu      sync.RWMutex
	present map[string]bool
	version int64 // of the migrations
	unsure  bool
}

func (t *tables) look(ctx context.Context, c *pgx.Conn) error {
	rows, err := c.Query(ctx, ourTables)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	var version int64
	if slices.Contains(names, "migrations") {
		if err := c.QueryRow(ctx, ourVersion).Scan(&version); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.present, t.version, t.unsure = map[string]bool{}, version, false
	for _, name := range names {
		t.present[name] = true
	}
	return nil
}

// refresh looks again as long as tables are missing: another process may have made them.
func (e *Engine) refresh(ctx context.Context) error {
	if e.tables.complete() {
		return nil
	}
	c, err := e.acquire(ctx, e.poolFor(ctx))
	if err != nil {
		return err
	}
	defer c.Release()
	return e.tables.look(ctx, c.Conn())
}

// has reports whether a bucket has its table.
func (t *tables) has(b store.Bucket) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.present[b.String()]
}

// migrated reports whether all migrations were made. Those of a newer program may have been as well.
func (t *tables) migrated() bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.version >= newest
}

// complete reports whether everything is there that is read and written.
func (t *tables) complete() bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, b := range store.Buckets() {
		if !t.present[b.String()] {
			return false
		}
	}
	return !t.unsure && t.present["marks"] && t.present["sequences"] && t.present["stripes"]
}

// forget is called when a table was not there after all.
func (t *tables) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unsure = true
}
