package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/copies"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// backupOptions are those of the backups of a store.
func backupOptions(conf config.Config, now func() time.Time, rest func()) copies.Options {
	return copies.Options{Now: now, Version: Version(), Beside: conf.Store.File, Rest: rest}
}

// backup returns what makes a backup for a person. rest may be nil.
func backup(conf config.Config, now func() time.Time, s *store.Store, rest func()) func(context.Context, *control.Session, string) error {
	return func(ctx context.Context, person *control.Session, file string) error {
		if !filepath.IsAbs(file) {
			return fmt.Errorf("%s: a server needs the whole path of a backup", file)
		}
		o := backupOptions(conf, now, rest)
		var done func()
		o.Progress, done = progress(person)
		made, err := copies.Backup(ctx, s.Engine(), file, o)
		done()
		if err != nil {
			return err
		}
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		fmt.Fprintf(person.Err, "%s: %s, %s in %d MB, each part compared by its checksum\n",
			file, control.Plural(int(made.Calls()), "call"), fmt.Sprintf("%d entries", made.Entries()), (info.Size()+1<<20-1)>>20)
		return nil
	}
}

// progress returns a function that draws a bar at the person's terminal, a new one for each amount of work, and one that takes it away.
func progress(person *control.Session) (at func(done, all int64), end func()) {
	var bar *control.Bar
	size := int64(0)
	return func(done, all int64) {
			if bar == nil || all != size {
				bar, size = control.NewBar(person.Err, all, person.Progress), all
			}
			bar.At(done)
		}, func() {
			if bar != nil {
				bar.Done()
			}
		}
}

// Restore puts a backup in the place of the configured store, for a person.
func Restore(ctx context.Context, conf config.Config, person *control.Session, f copies.RestoreFlags) error {
	at, done := progress(person)
	r := copies.Restoring{
		Backup: f.File, Path: conf.Store.File, Now: person.Now, By: person.User, Retention: conf.Settings.Retention, Version: Version(), Progress: at,
		Confirm: func(question string) error { done(); return person.Confirm(f.Yes, question) },
	}
	if conf.Store.IsDatabase() {
		e, err := OpenEngine(ctx, conf.Store, ofCommand)
		if err != nil {
			return err
		}
		defer e.Close()
		r.Database, r.Path = e, conf.Store.String()
	}
	did, err := r.Restore(ctx)
	done()
	if err != nil {
		return err
	}
	for _, line := range did.Words() {
		fmt.Fprintln(person.Err, line)
	}
	return nil
}

// Compact rewrites the file of the configured store without free pages, for a person.
func Compact(ctx context.Context, conf config.Config, person *control.Session) error {
	file := conf.Store.File
	if conf.Store.IsDatabase() {
		return control.Refused("the store is %s, which tidies up by itself: there is nothing to compact", conf.Store)
	}
	before, err := os.Stat(file)
	if err != nil {
		return control.FileError(file, err, "look at store in the configuration")
	}
	bar := control.NewBar(person.Err, before.Size(), person.Progress)
	err = bolt.Compact(ctx, file, bar.At)
	bar.Done()
	if errors.Is(err, store.ErrLocked) {
		return fmt.Errorf("%s: a server, or another command, has the store open: stop the server, and do it again", file)
	}
	if err != nil {
		return err
	}
	after, err := os.Stat(file)
	if err == nil {
		fmt.Fprintf(person.Err, "%s: %d MB instead of %d MB\n", file, after.Size()>>20, before.Size()>>20)
	}
	return err
}

// Migrate copies the configured store into another one, for a person.
func Migrate(ctx context.Context, conf config.Config, person *control.Session, f copies.MigrateFlags) error {
	target, err := config.ParseStore(f.To)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	if target == conf.Store || !target.IsDatabase() && !conf.Store.IsDatabase() && sameFile(target.File, conf.Store.File) {
		return errors.New("--to: that is the store of the configuration itself: name an empty database, or a new file")
	}
	if !conf.Store.IsDatabase() && !isThere(conf.Store.File) {
		return control.FileError(conf.Store.File, os.ErrNotExist, "look at store in the configuration")
	}
	from, err := engineAlone(ctx, conf.Store, EngineOptions{Connections: ofCommand.Connections, ReadOnly: true})
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := engineAlone(ctx, target, ofCommand)
	if err != nil {
		return err
	}
	at, done := progress(person)
	sums, err := copies.Migrate(ctx, from, to, conf.Store.String(), target.String(), at)
	done()
	if err = errors.Join(err, to.Close()); err == nil && !target.IsDatabase() {
		err = bolt.Compact(ctx, target.File, nil) // pages that were written in steps are half full
	}
	if err != nil {
		return err
	}
	for _, b := range sums {
		fmt.Fprintf(person.Out, "%-10s %10d %s\n", b.Bucket, b.Entries, b.SHA256)
	}
	fmt.Fprintf(person.Err, "Everything is in %s, compared part by part. Write it as store into the configuration, with the same address as after --to, and start the server.\n"+
		"%s is as it was: keep it until you have seen that all is well, and then remove it.\n", target, conf.Store)
	return nil
}

// engineAlone opens an engine that no server may have open.
func engineAlone(ctx context.Context, s config.Store, o EngineOptions) (store.Engine, error) {
	e, err := OpenEngine(ctx, s, o)
	if errors.Is(err, store.ErrLocked) {
		return nil, fmt.Errorf("%s: a server, or another command, has it open: stop the server, and do it again", s)
	}
	return e, err
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// keeper returns what makes the backups that are due; nil where none are configured.
func (a *App) keeper(wake func()) *copies.Keeper {
	if !a.Conf.Backups.On() {
		return nil
	}
	return &copies.Keeper{
		Settings: a.Conf.Backups, Engine: a.Store.Engine(), Zone: a.Conf.Settings.Lines[0].Zone, Log: a.Log,
		Options: backupOptions(a.Conf, a.Now, a.yielder.yield), Told: a.Counters.backedUp,
		Late: func(ctx context.Context, newest time.Time, cause error) {
			late := policy.BackupNotice(newest, a.Now(), cause.Error())
			if err := a.Store.Tell(ctx, late); err != nil {
				a.Log.Error("nobody could be told that backups fail", zap.Error(err))
				return
			}
			wake()
		},
	}
}
