package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// statement is one of those that are sent in one round trip.
type statement struct {
	sql  string
	args []any
	// row is called for each row. The values are good until it returns; numbers are in the wire's binary form.
	row func(values [][]byte)
}

// tx is one attempt at a transaction. It begins with its first statements, in the same round trip. Its error is sticky: nothing is sent any more.
type tx struct {
	e     *Engine
	ctx   context.Context
	begin string // the statement
	pool  *pool
	conn  *pgxpool.Conn
	err   error
	now   time.Time // by the server's clock
	began time.Time // by ours
	trips int
	// ended is that the connection is in no transaction any more.
	ended bool
	// warned is set by the server's notice that a commit did not wait for its standbys; nil until it is asked for.
	warned *bool
}

func (e *Engine) transaction(ctx context.Context, begin string) *tx {
	return &tx{e: e, ctx: ctx, begin: begin, pool: e.poolFor(ctx)}
}

// send sends statements in one round trip, and reports whether all of them went well. A transaction that has not begun does so with them.
func (t *tx) send(list ...statement) bool {
	if t.err != nil {
		return false
	}
	if t.conn == nil {
		if t.conn, t.err = t.e.acquire(t.ctx, t.pool); t.err != nil {
			t.lose()
			return false
		}
		list = append(t.beginning(), list...)
	}
	t.trips++
	t.e.counts.trips.Add(1)
	if wire := t.e.wire; wire != nil {
		t.err = wire(texts(list), func() error { return t.run(list) })
	} else {
		t.err = t.run(list)
	}
	if t.err != nil {
		t.lose()
		return false
	}
	t.e.away.over()
	t.ended = list[len(list)-1].sql == endCommit
	return true
}

// beginning returns the statements that begin a transaction.
func (t *tx) beginning() []statement {
	t.began = time.Now()
	if t.begin == beginView {
		t.e.reading.add(t)
	}
	statementTimeout, lockTimeout := t.e.timeouts(t.ctx)
	idle := max(t.e.options.Longest, idleTimeout)
	if t.begin == beginCommit {
		idle = lockingTimeout
	}
	return []statement{{sql: t.begin}, {
		sql:  t.e.settings,
		args: []any{milliseconds(statementTimeout), milliseconds(lockTimeout), milliseconds(idle)},
		row:  func(values [][]byte) { t.now = instant(values[0]) },
	}}
}

// How long the server waits for the next statement of a transaction whose client may be gone. In a commit it holds locks, and the next statement is a
// matter of milliseconds.
const (
	idleTimeout    = 30 * time.Second
	lockingTimeout = 5 * time.Second
)

func (t *tx) run(list []statement) (err error) {
	ctx, cancel := t.e.tripContext(t.ctx)
	defer cancel()
	batch := &pgx.Batch{}
	for _, s := range list {
		batch.Queue(s.sql, s.args...)
	}
	results := t.conn.SendBatch(ctx, batch)
	defer func() {
		if closing := results.Close(); err == nil {
			err = closing
		}
	}()
	for _, s := range list {
		if err := each(results, s); err != nil {
			return err
		}
	}
	return nil
}

// each reads the rows of one statement.
func each(results pgx.BatchResults, s statement) error {
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if s.row != nil {
			s.row(rows.RawValues())
		}
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return err
	}
	if s.sql == endCommit && rows.CommandTag().String() != endCommit {
		return errRolledBack
	}
	return nil
}

func texts(list []statement) (all []string) {
	for _, s := range list {
		all = append(all, s.sql)
	}
	return all
}

// lose drops the connection, and those like it, if the error is theirs.
func (t *tx) lose() {
	switch fault(t.err) {
	case faultLost:
		t.e.away.missed(time.Now())
		t.pool.drop(t.conn)
	case faultStale:
		t.pool.drop(t.conn)
	case faultNames:
		t.pool.unnamed.Store(true)
		t.pool.drop(t.conn)
	case faultTables:
		t.e.tables.forget()
	case faultEnded:
		if t.ctx.Err() == nil || errors.Is(t.ctx.Err(), context.DeadlineExceeded) { // no answer, although the server ends what takes too long
			t.e.away.missed(time.Now())
		}
	case faultAgain, faultSlow:
		t.e.away.over()
	default:
	}
}

// end returns the connection to its pool. A transaction that is still open is rolled back in the background: nobody has to wait for that.
func (t *tx) end() {
	if t.conn == nil {
		return
	}
	if t.ended || t.conn.Conn().IsClosed() {
		t.release()
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
		defer cancel()
		_, _ = t.conn.Exec(ctx, endRollback) // a connection that cannot is thrown away by its pool
		t.release()
	}()
}

const rollbackTimeout = 5 * time.Second

func (t *tx) release() {
	t.conn.Release()
	t.e.reading.remove(t)
}

// timeouts returns those of the server for a transaction that begins: they end before the context does.
func (e *Engine) timeouts(ctx context.Context) (statement, lock time.Duration) {
	statement, lock = e.options.Statement, e.options.Lock
	factor := time.Duration(1)
	if ctx.Value(patient{}) != nil {
		factor = patience
	}
	if statement == 0 {
		statement = statementTimeout * factor
	}
	if lock == 0 {
		lock = lockTimeout * factor
	}
	if deadline, ok := ctx.Deadline(); ok {
		left := max(time.Until(deadline)*4/5, 10*time.Millisecond)
		statement, lock = min(statement, left), min(lock, left)
	}
	return statement, lock
}

// tripContext bounds a round trip on our side, behind the bounds of the server: its end costs the connection. It leaves some of what the context has
// left, to find out what became of a commit.
func (e *Engine) tripContext(ctx context.Context) (context.Context, context.CancelFunc) {
	statement, _ := e.timeouts(ctx)
	end := time.Now().Add(2*statement + time.Second)
	if e.isAway() {
		end = time.Now().Add(hurry)
	}
	if deadline, ok := ctx.Deadline(); ok {
		deadline = deadline.Add(-min(time.Until(deadline)/8, settleReserve))
		if deadline.Before(end) {
			end = deadline
		}
	}
	return context.WithDeadline(ctx, end)
}

// settleReserve is the time that a lost answer leaves, at most, to find out what became of a commit.
const settleReserve = 500 * time.Millisecond

func milliseconds(d time.Duration) string { return strconv.FormatInt(max(1, d.Milliseconds()), 10) }

func number(value []byte) uint64 { return binary.BigEndian.Uint64(value) }

// instant returns a timestamptz of the wire: microseconds since 2000.
func instant(value []byte) time.Time {
	return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(int64(number(value))) * time.Microsecond)
}
