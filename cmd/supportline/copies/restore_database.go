package copies

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/transfer"
)

// intoDatabase is Restore where the store is a database. What it holds is kept in a backup in the present folder; from then on up to the end the
// database holds no store, so that no server works with half of one, and the same command goes on where another one was cut off.
func (r Restoring) intoDatabase(ctx context.Context) (did Restored, err error) {
	backup, record, err := open(ctx, r.Backup)
	if err != nil {
		return did, err
	}
	defer backup.Close()
	did.Record = record
	if err := idle(ctx, r.Path, r.Database); err != nil {
		return did, err
	}
	if err := refused(r.Backup, record.verify(ctx, backup, nil)); err != nil {
		return did, err
	}
	there := false
	if did.Kept, there, err = r.keptBackup(ctx); err != nil {
		return did, err
	}
	if err := r.Confirm(r.question(did)); err != nil {
		return did, err
	}
	if there {
		if _, err := Backup(ctx, r.Database, did.Kept, Options{Now: r.Now, Version: r.Version}); err != nil {
			return did, fmt.Errorf("what the database holds can't be kept, so nothing was changed in it: %w", err)
		}
	}
	fresh := filepath.Join(filepath.Dir(r.Backup), namePrefix+"restore"+restoringSuffix)
	defer r.clean(fresh)
	did.Settled, err = r.settled(ctx, backup, record.At, fresh, did.Kept)
	if err == nil {
		err = r.step("replace")
	}
	if err != nil && there { // it still is, so that nothing has to be kept
		err = errors.Join(err, os.Remove(did.Kept))
	}
	if err != nil {
		return did, err
	}
	return did, r.send(ctx, fresh, did.Kept)
}

// keptBackup returns the name of the backup in which is kept what the database holds, "" if it holds nothing, and whether it holds it still.
func (r Restoring) keptBackup(ctx context.Context) (name string, there bool, err error) {
	note, half, err := transfer.HalfCopied(ctx, r.Database)
	if half || err != nil {
		return note, false, err
	}
	switch _, err := store.SchemaOf(ctx, r.Database); {
	case errors.Is(err, store.ErrNotOurs): // empty: another product's database was refused when it was opened
		return "", false, nil
	case err != nil:
		return "", false, err
	}
	name, err = filepath.Abs("supportline.before-" + r.Now().UTC().Format(nameTime) + nameSuffix)
	return name, true, err
}

// settled makes a file of the store that the database gets. kept is the backup of what it held, "" if it held nothing.
func (r Restoring) settled(ctx context.Context, backup store.Engine, made time.Time, fresh, kept string) (did Settled, err error) {
	var before *store.Store
	if kept != "" {
		if before, err = bolt.OpenStore(kept, 0, store.Options{ReadOnly: true}); err != nil {
			return did, fmt.Errorf("what the database held is in %s, without which nothing is known of what happened since the backup: %w", kept, err)
		}
		defer before.Close()
	}
	return r.make(ctx, backup, made, fresh, before)
}

// send copies the file into the database.
func (r Restoring) send(ctx context.Context, fresh, kept string) error {
	from, err := bolt.Open(fresh, bolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = transfer.Copy(ctx, from, r.Database, transfer.Options{Replace: true, Note: kept, Progress: r.Progress})
	if errors.Is(err, store.ErrHalfCopied) {
		return worded{fmt.Sprintf("%s: half of another copy is in it: let the command that began it run again first", r.Path), err}
	}
	return err
}
