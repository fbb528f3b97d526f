package postgres

import (
	"context"
	"crypto/tls"
	"time"
)

// About describes a database and the connection to it.
type About struct {
	Version   string        // of the server
	Encrypted bool          // the connection, up to a pooler where there is one
	Pooled    bool          // a pooler is in between
	Ahead     time.Duration // how much later this machine's clock is
	Lacks     string        // a right that the role needs and does not have; "": none
}

// About asks the database. It changes nothing.
func (e *Engine) About(ctx context.Context) (a About, err error) {
	ctx, cancel := context.WithTimeout(ctx, warningsWithin)
	defer cancel()
	c, err := e.acquire(ctx, e.main)
	if err != nil {
		return a, e.Explain(final(ctx, err))
	}
	defer c.Release()
	_, a.Encrypted = c.Conn().PgConn().Conn().(*tls.Conn)
	a.Pooled = e.main.unnamed.Load()
	var now time.Time
	began := time.Now()
	err = c.QueryRow(ctx, about).Scan(&a.Version, &now)
	if err != nil {
		return a, e.Explain(final(ctx, err))
	}
	a.Ahead = began.Add(time.Since(began) / 2).Sub(now)
	for _, right := range []struct{ sql, name string }{{mayCreate, "to make tables"}, {mayWrite, "to read and write its tables"}} {
		if right.sql == mayCreate && e.tables.complete() {
			continue
		}
		var has bool
		if err := c.QueryRow(ctx, right.sql).Scan(&has); err != nil {
			return a, e.Explain(final(ctx, err))
		}
		if !has {
			a.Lacks = right.name
			break
		}
	}
	return a, nil
}
