// Package postgres is the engine for many machines: entries in tables of a database that speaks the PostgreSQL wire, a table for each bucket.
//
// A View is a transaction of one snapshot. It begins with its first statement, in the same round trip, and its end is not waited for.
//
// An Update is a serializable transaction. What it writes is kept here, merged into what it reads, and sent at its end in one round trip.
//
// A Commit takes two round trips. The first locks all keys that its changes name, bucket by bucket and key by key, and reads them. The changes are judged
// here, one after the other. The second writes what those that hold have left, and commits. Keys that must not be there are inserted first, so that of two
// processes one fails and looks again; guards that must not be there are locked by their stripes.
//
// Each transaction that writes inserts a mark of its own. Where the answer to the commit is lost, another transaction inserts the same mark: if it is
// there already, it was committed, and otherwise it never will be.
//
// What another transaction was in the way of is done again from its beginning, for as long as the context lasts. All settings are those of a transaction,
// and behind a pooler statements have no names.
package postgres

import (
	"cmp"
	"context"
	"sync/atomic"
	"time"

	"github.com/officernd/supportline/store"
)

// Options configure an engine beyond its URL. The zero value is right for a server.
type Options struct {
	// Statement and Lock bound how long a statement runs and how long it waits for a lock, on the server; a nearer deadline of the context bounds
	// them further. 0 is 4 s and 2 s, and where the context has no deadline 30 s and 10 s.
	Statement, Lock time.Duration
	// Longest bounds a read transaction, whose snapshot keeps the server from tidying up; 0 is 30 s. A copy may take longer (store.AsCopy).
	Longest time.Duration
	// Connections is the size of the pool unless the URL has pool_max_conns; 0 is 20. Two more are kept for what is urgent.
	Connections int
}

// The bounds where Options and the context have none.
const (
	statementTimeout = 4 * time.Second
	lockTimeout      = 2 * time.Second
	longestView      = 30 * time.Second
	longestCopy      = 24 * time.Hour
	// patience is how many times longer work takes that nobody waits for: its context has no deadline.
	patience = 5
	// longestWrite bounds a write whose context has no deadline, with all that it runs again.
	longestWrite = 2 * time.Minute
)

func (o Options) withDefaults() Options {
	o.Longest = cmp.Or(o.Longest, longestView)
	o.Connections = cmp.Or(o.Connections, defaultConnections)
	return o
}

// Engine is a store.Engine on a database. Its methods may be called at the same time.
type Engine struct {
	options  Options
	place    string // host, port and database, for errors
	settings string // the statement that begins each transaction, after its BEGIN
	main     *pool
	urgent   *pool

	tables  tables
	closed  atomic.Bool
	away    outage
	swept   atomic.Int64 // when old marks were last removed
	counts  counters
	reading snapshots

	// wire, which is nil outside of tests, stands in for a round trip: send makes it.
	wire func(statements []string, send func() error) error
}

// Open connects to the database of a URL, and finds out what it is; it changes nothing. Errors name the database and what to do, without the
// password. They wrap store.ErrAway and store.ErrNotOurs.
func Open(ctx context.Context, url string, o Options) (*Engine, error) {
	o = o.withDefaults()
	config, err := parse(url, o)
	if err != nil {
		return nil, err
	}
	e := &Engine{options: o, place: placeOf(config.ConnConfig)}
	e.swept.Store(time.Now().UnixNano())
	unnamed, err := e.probe(ctx, config.ConnConfig)
	if err != nil {
		return nil, e.Explain(err)
	}
	if e.main, err = newPool(config, config.MaxConns, unnamed); err != nil {
		return nil, e.Explain(err)
	}
	if e.urgent, err = newPool(config, urgentConnections, unnamed); err != nil {
		e.main.Close()
		return nil, e.Explain(err)
	}
	return e, nil
}

// Close waits until no transaction is under way, and closes the connections.
func (e *Engine) Close() error {
	if e.closed.Swap(true) {
		return nil
	}
	e.main.Close()
	e.urgent.Close()
	return nil
}

func (e *Engine) poolFor(ctx context.Context) *pool {
	if store.IsUrgent(ctx) {
		return e.urgent
	}
	return e.main
}

// View implements store.Engine.
func (e *Engine) View(ctx context.Context, read func(store.Reader) error) error {
	longest := e.options.Longest
	if store.IsCopy(ctx) {
		longest = longestCopy
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	return e.rerun(ctx, func() error {
		t := e.transaction(ctx, beginView)
		defer t.end()
		err := read(&reader{tx: t})
		if t.err != nil {
			return t.err
		}
		return refused(err)
	})
}

// Update implements store.Engine.
func (e *Engine) Update(ctx context.Context, change func(store.Writer) error) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return e.rerun(ctx, func() error {
		t := e.transaction(ctx, beginUpdate)
		defer t.end()
		w := &writer{reader: reader{tx: t, writes: &writes{}}}
		err := change(w)
		if t.err != nil {
			return t.err
		}
		if err != nil {
			return refused(err)
		}
		return w.flush()
	})
}

// bounded returns ctx with a deadline.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(context.WithValue(ctx, patient{}, true), longestWrite)
}

// patient marks the context of work whose caller set no deadline.
type patient struct{}

// Next implements store.Engine.
func (e *Engine) Next(ctx context.Context, b store.Bucket, n int) (first uint64, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	err = e.rerun(ctx, func() error {
		t := e.transaction(ctx, beginCommit)
		defer t.end()
		t.send(statement{sql: queriesOf[b].next, args: []any{int64(n)}, row: func(values [][]byte) {
			first = number(values[0]) - uint64(n) + 1
		}}, statement{sql: endCommit})
		return t.err
	})
	return first, err
}

var _ store.Engine = (*Engine)(nil)

// Reports implements store.Reporting: people read with SQL here, by the views that the migrations make.
func (e *Engine) Reports() bool { return true }
