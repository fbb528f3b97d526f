package postgres

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/officernd/supportline/store"
)

// commit sends the last statements of a transaction, with its mark: where the answer is lost, the mark is what shows whether it was committed.
func (t *tx) commit(edits []statement) error {
	if t.err != nil {
		return t.err
	}
	mark := newMark(t.now)
	*t.warning() = false
	t.send(append(edits, statement{sql: insertMark, args: []any{mark}}, statement{sql: endCommit})...)
	switch {
	case t.err == nil && !*t.warning(), t.err != nil && !isUnclear(t.err):
		return t.err
	case t.err == nil:
		t.err = errNotReplicated
	}
	committed, err := t.e.settle(t.ctx, mark)
	switch {
	case err != nil:
		t.e.counts.unknown.Add(1)
		return refusal{fmt.Errorf("%w: %w", store.ErrUnknown, t.err)}
	case committed:
		t.e.counts.settled.Add(1)
		t.err = nil
		return nil
	}
	return t.err
}

// warning is set by a notice that came with the commit.
func (t *tx) warning() *bool {
	if t.warned == nil {
		t.warned = new(bool)
		if t.conn != nil {
			if w, ok := t.conn.Conn().PgConn().CustomData()[warningKey].(*bool); ok {
				t.warned = w
			}
		}
	}
	return t.warned
}

// errNotReplicated is that the server ended its wait for a standby. The mark's update waits anew.
var errNotReplicated = errors.New("the commit did not wait for its standbys")

// isUnclear reports whether an error of the last round trip leaves open whether the transaction was committed. An error that the server reports before it
// goes on is that it was not.
func isUnclear(err error) bool {
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		return pg.Code == "40003" || pg.Code[:2] == "08" || pg.Severity != "ERROR" && pg.SeverityUnlocalized != "ERROR"
	}
	return !pgconn.SafeToRetry(err) && !errors.Is(err, errRolledBack)
}

const markLength = 24

// newMark returns a random mark that sorts by its time.
func newMark(now time.Time) []byte {
	mark := make([]byte, markLength)
	binary.BigEndian.PutUint64(mark, uint64(now.UnixMicro()))
	_, _ = rand.Read(mark[8:]) // never fails
	return mark
}

// settle finds out whether the transaction of a mark was committed, and if not, makes sure that it never will be.
func (e *Engine) settle(ctx context.Context, mark []byte) (committed bool, err error) {
	deadline, _ := ctx.Deadline()
	ctx, cancel := context.WithDeadline(store.Urgent(context.WithoutCancel(ctx)), deadline)
	defer cancel()
	err = e.persist(ctx, func(error) bool { return true }, func() error {
		t := e.transaction(ctx, beginCommit)
		defer t.end()
		t.send(statement{sql: refuseMark, args: []any{mark}},
			statement{sql: readMark, args: []any{mark}, row: func(v [][]byte) { committed = v[0][0] == 0 }},
			statement{sql: endCommit})
		return t.err
	})
	return committed, err
}

const (
	// keepMarks is far longer than anybody looks for a mark.
	keepMarks  = time.Hour
	sweepEvery = 5 * time.Minute
	sweepRows  = 5000
)

// sweep removes old marks, in the background and some at a time.
func (e *Engine) sweep() {
	now, before := time.Now().UnixNano(), e.swept.Load()
	if now-before < int64(sweepEvery) || !e.swept.CompareAndSwap(before, now) || e.closed.Load() {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), sweepEvery)
		defer cancel()
		for more := true; more; {
			removed, err := e.removeMarks(ctx)
			more = err == nil && removed == sweepRows
		}
	}()
}

func (e *Engine) removeMarks(ctx context.Context) (removed int, err error) {
	t := e.transaction(ctx, beginCommit)
	defer t.end()
	if !t.send() {
		return 0, t.err
	}
	edge := newMark(t.now.Add(-keepMarks))[:8]
	t.send(statement{sql: oldMarks, args: []any{edge, sweepRows}, row: func([][]byte) { removed++ }}, statement{sql: endCommit})
	return removed, t.err
}
