package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	migrateWithin = 2 * time.Minute
	lockEvery     = time.Second
)

// Prepare implements store.Engine. Where everything is there it needs no more rights than to read and write the tables.
func (e *Engine) Prepare(ctx context.Context, _ bool) error {
	done, err := e.isPrepared(ctx)
	if done || err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, migrateWithin)
	defer cancel()
	if err := e.persist(ctx, isRetryable, func() error { return e.migrate(ctx) }); err != nil {
		return err
	}
	_, err = e.isPrepared(ctx)
	return err
}

// isPrepared reports whether all is there, and looks if it was not when it was last looked at.
func (e *Engine) isPrepared(ctx context.Context) (bool, error) {
	if !e.tables.complete() || !e.tables.migrated() {
		e.tables.forget()
		if err := e.rerun(ctx, func() error { return nil }); err != nil {
			return false, err
		}
	}
	return e.tables.complete() && e.tables.migrated(), nil
}

// newest is the version of the last migration.
var newest = func() (version int64) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is wrong
	}
	for _, name := range names {
		n, err := goose.NumericComponent(path.Base(name))
		if err != nil {
			panic(err) // a file has no number
		}
		version = max(version, n)
	}
	return version
}()

// isRetryable reports whether a migration, or its lock, is to be tried later: a table is held by a reader, another process migrates.
func isRetryable(err error) bool {
	kind := fault(err)
	return kind == faultAgain || kind == faultLost || kind == faultSlow
}

// migrate runs the migrations that are missing, under a lock that is a row of a table: not every server has locks of another kind.
func (e *Engine) migrate(ctx context.Context) (err error) {
	config := e.main.Config().ConnConfig
	if e.main.unnamed.Load() {
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	db := stdlib.OpenDB(*config)
	defer func() {
		if closing := db.Close(); err == nil {
			err = closing
		}
	}()
	db.SetMaxOpenConns(urgentConnections) // goose's own, and the one that keeps its lock alive
	var there int
	if err := db.QueryRowContext(ctx, ourSchema).Scan(&there); err != nil {
		return err
	}
	if there == 0 {
		if _, err := db.ExecContext(ctx, createSchema); err != nil {
			return err
		}
	}
	locker, err := lock.NewPostgresTableLocker(lock.WithTableName(schema+".migrating"), lock.WithTableLockTimeout(lockEvery, uint64(migrateWithin/lockEvery)),
		lock.WithTableRetryPolicy(func(err error) bool { return notByServer(err) || isRetryable(err) }), lock.WithTableLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithTableName(schema+".migrations"), goose.WithLocker(locker),
		goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("the tables cannot be made: %w", err)
	}
	return nil
}

// notByServer reports whether an error is not the server's: that another process holds the lock is one of goose.
func notByServer(err error) bool {
	pg := (*pgconn.PgError)(nil)
	return !errors.As(err, &pg)
}
