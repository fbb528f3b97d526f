package copies

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// A Keeper makes backups of a store as they are due, and removes those that they make superfluous. One process at a time may run it.
type Keeper struct {
	Settings
	Engine store.Engine
	Zone   *time.Location // of Settings.At
	Log    *zap.Logger
	// Options are those of each backup.
	Options
	// Told is called after each try, and when the place was looked at first: when the newest good backup was begun, zero if there is none. tried is
	// whether it was a try; err is why it failed.
	Told func(newest time.Time, tried bool, err error)
	// Late is called when there should be a newer backup: after each try that failed.
	Late func(ctx context.Context, newest time.Time, err error)

	bucket  recordings.Bucket
	looked  bool // at the place, since the start
	newest  time.Time
	again   time.Time // when it is tried again after a failure
	failing bool
}

const (
	// lookEvery is how often the keeper looks whether a backup is due, and againAfter the pause after one that failed.
	lookEvery  = time.Minute
	againAfter = 15 * time.Minute
	// partialSuffix ends the names of files that are not whole.
	partialSuffix = ".partial"
	// sendSuffix ends the name of a backup on its way to a bucket.
	sendSuffix = ".send"
	kind       = "application/octet-stream"
)

// Run makes backups until ctx ends. It may be called again: another process may have made some meanwhile.
func (k *Keeper) Run(ctx context.Context) {
	k.looked = false
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		k.Tick(ctx)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// Tick makes a backup if one is due.
func (k *Keeper) Tick(ctx context.Context) {
	now := k.Now()
	if now.Before(k.again) {
		return
	}
	tried := k.looked && !now.Before(k.due(k.newest, k.Zone))
	var err error
	switch {
	case tried:
		err = k.once(ctx, now)
	case !k.looked:
		err = k.look(ctx)
	default:
		return
	}
	if ctx.Err() != nil {
		return
	}
	k.note(ctx, now, tried, err)
	if err == nil && !tried { // what was looked at may be old
		k.Tick(ctx)
	}
}

// note logs a try. The first of several failures is logged, and that they are over.
func (k *Keeper) note(ctx context.Context, now time.Time, tried bool, err error) {
	k.Told(k.newest, tried, err)
	switch {
	case err != nil && !k.failing:
		k.Log.Error("no backup could be made; it is tried again", zap.Error(err))
	case err == nil && k.failing:
		k.Log.Info("backups are made again")
	}
	if k.failing = err != nil; k.failing {
		k.again = now.Add(againAfter)
		if !now.Before(k.late(k.newest, k.Zone)) {
			k.Late(ctx, k.newest, err)
		}
	}
}

// look finds out which backups there are.
func (k *Keeper) look(ctx context.Context) error {
	all, err := k.kept(ctx)
	if err == nil {
		k.newest, k.looked = newest(all), true
	}
	return err
}

// kept returns the backups of the place.
func (k *Keeper) kept(ctx context.Context) (all []Kept, err error) {
	if k.bucket == nil {
		if k.bucket, err = k.OpenBucket(); err != nil {
			return nil, err
		}
	}
	files, err := k.bucket.List(ctx, namePrefix)
	if err != nil {
		return nil, fmt.Errorf("%s can't be listed: %w", k.bucket.Name(), err)
	}
	for _, f := range files {
		if at, ours := timeOf(f.File); ours {
			all = append(all, Kept{Name: f.File, At: at, Good: k.isGood(ctx, f)})
		}
	}
	return all, nil
}

// isGood reports whether a file is a backup, and whole: one in a bucket was compared before it stayed there.
func (k *Keeper) isGood(ctx context.Context, f recordings.Listed) bool {
	if k.Folder == "" {
		return f.Bytes > 0
	}
	e, _, err := open(ctx, filepath.Join(k.Folder, f.File))
	if err != nil && !errors.Is(err, store.ErrNewer) {
		return false
	}
	if err == nil {
		_ = e.Close() // it was only read
	}
	return true
}

// once makes a backup, and then removes what it makes superfluous.
func (k *Keeper) once(ctx context.Context, now time.Time) error {
	name := nameOf(now)
	began := time.Now()
	r, err := k.put(ctx, name)
	if err != nil {
		return err
	}
	k.newest = now
	k.Log.Info("a backup was made", zap.String("file", name), zap.Int64("calls", r.Calls()), zap.Duration("took", time.Since(began).Round(time.Millisecond)))
	all, err := k.kept(ctx)
	if err != nil {
		return err
	}
	for _, old := range rotated(all, k.Keep) {
		if _, err := k.bucket.Remove(ctx, old.Name); err != nil {
			return fmt.Errorf("%s in %s can't be removed: %w", old.Name, k.bucket.Name(), err)
		}
		k.Log.Info("an old backup was removed", zap.String("file", old.Name), zap.Bool("good", old.Good))
	}
	return nil
}

// put makes a backup in its place.
func (k *Keeper) put(ctx context.Context, name string) (Record, error) {
	if k.Folder == "" {
		return k.send(ctx, name)
	}
	if err := k.tidy(); err != nil {
		return Record{}, err
	}
	return Backup(ctx, k.Engine, filepath.Join(k.Folder, name), k.Options)
}

// tidy makes the folder, and removes what backups left in it that were cut off.
func (k *Keeper) tidy() error {
	if err := os.MkdirAll(k.Folder, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(k.Folder)
	for _, e := range entries {
		name := strings.TrimSuffix(strings.TrimSuffix(e.Name(), partialSuffix), pagesSuffix)
		if _, ours := timeOf(name); ours && name != e.Name() {
			err = errors.Join(err, os.Remove(filepath.Join(k.Folder, e.Name())))
		}
	}
	return err
}

// send makes a backup beside the store, sends it to the bucket, and reads it back.
func (k *Keeper) send(ctx context.Context, name string) (r Record, err error) {
	file := k.Beside + sendSuffix
	if k.Beside == "" {
		file = filepath.Join(os.TempDir(), namePrefix+"backup"+sendSuffix)
	}
	for _, left := range []string{file, bolt.Partial(file)} { // of a process that was killed
		if err := os.Remove(left); err != nil && !errors.Is(err, os.ErrNotExist) {
			return r, err
		}
	}
	if r, err = Backup(ctx, k.Engine, file, k.Options); err != nil {
		return r, err
	}
	defer os.Remove(file)
	if err := k.upload(ctx, file, name); err != nil {
		_, _ = k.bucket.Remove(context.WithoutCancel(ctx), name) // the first error says more
		return r, fmt.Errorf("%s: %w", k.bucket.Name(), err)
	}
	return r, nil
}

func (k *Keeper) upload(ctx context.Context, file, name string) error {
	from, err := os.Open(file)
	if err != nil {
		return err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	written := sha256.New()
	if err := k.bucket.Put(ctx, name, kind, io.TeeReader(from, written), info.Size()); err != nil {
		return err
	}
	back, _, err := k.bucket.Open(ctx, name)
	if err != nil {
		return err
	}
	defer back.Close()
	read := sha256.New()
	if _, err := io.Copy(read, back); err != nil {
		return err
	}
	if w, r := written.Sum(nil), read.Sum(nil); string(w) != string(r) {
		return fmt.Errorf("what is stored is not what was written: SHA-256 %s instead of %s", hex.EncodeToString(r), hex.EncodeToString(w))
	}
	return nil
}
