package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/copies"
	"github.com/officernd/supportline/cmd/supportline/server"
)

type backupCommand struct{ copies.BackupFlags }

// run passes the whole path on, since the server may be in another folder.
func (b *backupCommand) run(ctx context.Context, p *program, configFile string) (err error) {
	if b.File, err = filepath.Abs(b.File); err != nil {
		return err
	}
	if err := p.loaded(ctx, b, []string{"backup", b.File}, configFile); err != nil {
		return err
	}
	if _, err := os.Stat(b.File); err != nil {
		return fmt.Errorf("%s: the server made it, but not here (%w): it has another file system, such as that of a container, in which the file is now", b.File, err)
	}
	return nil
}

// Run makes the backup where the store is open.
func (b *backupCommand) Run(ctx context.Context, s *control.Session) error {
	return s.Backup(ctx, s, b.File)
}

type restoreCommand struct{ copies.RestoreFlags }

func (c restoreCommand) run(ctx context.Context, p *program, configFile string) error {
	return p.withoutServer(configFile, func(conf config.Config, s *control.Session) error {
		return server.Restore(ctx, conf, s, c.RestoreFlags)
	})
}

type compactCommand struct{ copies.CompactFlags }

func (compactCommand) run(ctx context.Context, p *program, configFile string) error {
	return p.withoutServer(configFile, func(conf config.Config, s *control.Session) error { return server.Compact(ctx, conf, s) })
}

type migrateCommand struct{ copies.MigrateFlags }

func (c migrateCommand) run(ctx context.Context, p *program, configFile string) error {
	return p.withoutServer(configFile, func(conf config.Config, s *control.Session) error {
		return server.Migrate(ctx, conf, s, c.MigrateFlags)
	})
}

// withoutServer runs what wants the servers stopped.
func (p *program) withoutServer(configFile string, do func(config.Config, *control.Session) error) error {
	conf, err := p.load(configFile, offline)
	if err != nil {
		return err
	}
	return do(conf, p.person())
}
