package bolt

import (
	"fmt"

	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/store"
)

// commit commits a transaction, and finds out what became of one that failed.
//
// bbolt writes the changed pages and syncs them, then writes the meta page that leads to them and syncs that. When anything up to the write of the
// meta page fails, nothing leads to the new pages, on the disk as in memory, and the transaction never was. When the second sync fails, the meta
// page is in the system's memory, where all readers see it, and it may or may not be on the disk: a crash shows which.
func (e *Engine) commit(tx *bbolt.Tx) error {
	e.growAhead(tx.Size())
	id := tx.ID()
	err := e.commitTx(tx)
	if err == nil {
		return nil
	}
	seen := 0
	if readErr := e.reading(func(tx *bbolt.Tx) error { seen = tx.ID(); return nil }); readErr == nil && seen < id {
		return err
	}
	e.unsettled = true
	return fmt.Errorf("%w: %w", store.ErrUnknown, err)
}

// settle makes what is seen after an unknown outcome what is on the disk, before anything else is written.
//
// The system takes a page for written whose sync failed, so that the next sync succeeds without it. Were the next transaction just begun, it would write
// to the pages that the unknown one has freed. After a crash in the middle of that, the disk would have the meta page before both, which leads to those
// pages. So the meta pages are written again, as they are, and synced. bbolt then begins anew with what it finds, when nobody reads any longer: it
// would take pages for free that older readers still look at, and the system may have dropped the page that it could not write.
func (e *Engine) settle() error {
	if !e.unsettled {
		return nil
	}
	leading := make([]byte, 2*e.db.Info().PageSize)
	if _, err := e.file.ReadAt(leading, 0); err != nil {
		return err
	}
	if _, err := e.file.WriteAt(leading, 0); err != nil {
		return err
	}
	if err := e.file.Sync(); err != nil {
		return fmt.Errorf("what was written before is not known to be on the disk: %w", err)
	}
	e.opening.Lock()
	defer e.opening.Unlock()
	err := e.db.Close()
	if err == nil {
		err = e.open()
	}
	if err != nil {
		err = e.Explain(err)
		e.lost.Store(&err)
		return err
	}
	e.unsettled = false
	return nil
}
