package copies

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/transfer"
)

// Restoring puts a backup in the place of a store.
type Restoring struct {
	Backup    string
	Path      string       // of the store's file, or the name of the database
	Database  store.Engine // nil: the store is a file
	Version   string       // of the program
	Now       func() time.Time
	By        string        // who does it, for the audit
	Retention time.Duration // of calls
	// Confirm asks whether to go on, once everything is known to be possible, and returns an error where not.
	Confirm func(question string) error
	// Progress is called with what was copied, and all, in entries. It may be nil.
	Progress func(done, all int64)

	step func(string) error // called before each step that changes what is there; nil: nothing
}

// Restored is the result of Restore.
type Restored struct {
	Record Record
	Kept   string // the name under which is kept what was there; "": there was nothing
	Unread error  // why what was there could not be read, so that nothing is known of what happened since the backup; nil: it could, or there was nothing
	Settled
}

// restoringSuffix ends the name of the file that is made beside the store.
const restoringSuffix = ".restoring"

// Restore reads the whole backup, makes a store of it in a file beside the present one, does there what happened since and must not be undone
// (Settled), and puts that file in the present one's place. The servers must be stopped. Up to the last step, an error or the end of the
// process leaves the store as it was.
func (r Restoring) Restore(ctx context.Context) (did Restored, err error) {
	if r.step == nil {
		r.step = func(string) error { return nil }
	}
	if r.Database != nil {
		return r.intoDatabase(ctx)
	}
	if whole, err := filepath.EvalSymlinks(r.Path); err == nil {
		r.Path = whole // a link goes on leading to the file
	}
	backup, record, err := open(ctx, r.Backup)
	if err != nil {
		return did, err
	}
	defer backup.Close()
	did.Record = record
	now, err := lock(ctx, r.Path)
	if err != nil {
		return did, err
	}
	defer now.release()
	if err := refused(r.Backup, record.verify(ctx, backup, nil)); err != nil {
		return did, err
	}
	if now.there() {
		did.Kept, did.Unread = keptName(r.Path, r.Now()), now.unread
	}
	if err := r.Confirm(r.question(did)); err != nil {
		return did, err
	}
	fresh := r.Path + restoringSuffix
	defer r.clean(fresh)
	if did.Settled, err = r.make(ctx, backup, record.At, fresh, now.store); err != nil {
		return did, err
	}
	if err := now.replace(fresh, did.Kept, r.step); err != nil {
		return did, unwritten(r.Path, err)
	}
	return did, nil
}

func (r Restoring) question(did Restored) string {
	of := fmt.Sprintf("the backup of %s, with %d calls", did.Record.At.Format(time.RFC3339), did.Record.Calls())
	switch {
	case did.Kept == "":
		return fmt.Sprintf("There is no store at %s. Make it from %s?", r.Path, of)
	case did.Unread != nil:
		return fmt.Sprintf("The store %s can't be read, so that customers who were erased, and users who were shut out, since the backup was made come back. "+
			"Replace it by %s? It is kept as %s.", r.Path, of, did.Kept)
	}
	return fmt.Sprintf("Replace the store %s by %s? What came since is not in it; the present store is kept as %s.", r.Path, of, did.Kept)
}

// make makes the store that takes the place of the present one.
func (r Restoring) make(ctx context.Context, backup store.Engine, made time.Time, fresh string, before *store.Store) (did Settled, err error) {
	if err := r.clean(fresh); err != nil { // of a process that was killed
		return did, unwritten(fresh, err)
	}
	to, err := bolt.Open(fresh, bolt.Options{Building: true})
	if err != nil {
		return did, unwritten(fresh, err)
	}
	_, err = transfer.Copy(ctx, backup, to, transfer.Options{Progress: r.Progress})
	if closing := to.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return did, unwritten(fresh, err)
	}
	if err := r.step("settle"); err != nil {
		return did, err
	}
	if to, err = bolt.Open(fresh, bolt.Options{Now: r.Now}); err != nil {
		return did, err
	}
	for _, b := range store.Buckets() {
		if slices.Contains(ended, b.String()) {
			if err := transfer.Empty(ctx, to, b); err != nil {
				return did, errors.Join(unwritten(fresh, err), to.Close())
			}
		}
	}
	s, err := store.Open(ctx, to, store.Options{Now: r.Now})
	if err != nil {
		return did, err
	}
	settling := &settling{ctx: ctx, store: s, before: before, beside: erasuresBeside(ctx, r.Backup, made), by: r.By, at: r.Now()}
	did, err = settling.settle(r.Retention)
	return did, unwrittenOr(fresh, errors.Join(err, s.Close()))
}

// ended are the buckets of what ends with a restore: everybody signs in again, on devices that are not known.
var ended = []string{"sessions", "signins"}

func unwrittenOr(file string, err error) error {
	if err == nil {
		return nil
	}
	return unwritten(file, err)
}

// clean removes the file that is made beside the store, and what bringing it up to date left beside it.
func (r Restoring) clean(fresh string) error {
	left, err := filepath.Glob(fresh + "*")
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// Words returns what was done, a sentence a line.
func (r Restored) Words() []string {
	all := []string{fmt.Sprintf("Restored: %d calls, as of %s.", r.Record.Calls(), r.Record.At.Format(time.RFC3339))}
	add := func(n int, sentence string) {
		if n > 0 {
			all = append(all, fmt.Sprintf(sentence, n))
		}
	}
	add(r.Erased, "%d accounts that were erased since the backup was made were erased again.")
	add(r.Expired, "%d calls were past their retention, and were removed.")
	add(r.Users, "%d users keep what they lost since, or the password of now.")
	add(r.Tokens, "%d tokens that were revoked since are revoked.")
	add(r.Notices, "%d notices that wait are held back, because they may have been sent since: see \"supportline notices list --failed\".")
	if r.Kept != "" {
		all = append(all, "What was there is kept as "+r.Kept+". Remove it when you have seen that all is well.")
	}
	if r.Kept == "" || r.Unread != nil {
		all = append(all, "What happened since the backup is not known here. Erase again who was erased since, disable who was disabled, and revoke which tokens were revoked.")
	}
	return append(all, "Everybody has to sign in again. Calls since then come back from the provider's list once the server runs; what people did since does not.")
}
