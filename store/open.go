package store

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

const (
	// schema is the version of the content. A file with a lower one is brought up to date when it is opened (upgrade).
	schema = 6
	// lockWait is how long Open waits for another process to close the file: a server that is stopping does so.
	lockWait = 200 * time.Millisecond
	// mapSize is the address space that the file is mapped into at first. It costs no memory; mapping anew has to wait for readers.
	mapSize     = 1 << 30
	defaultSize = 64 << 20
	// secretLength is as long as the hash that the secret is the key of.
	secretLength = 32
	// pageSize does not depend on the machine's page size, so that a file can move to another machine.
	pageSize = 4 << 10
)

var (
	schemaKey   = []byte("schema")
	rotationKey = []byte("rotation") // of versions up to schema 3
	secretKey   = []byte("secret")
)

// Open opens the file, or creates it and its folder. An empty file counts as a new one. A file that is not ours, is damaged, comes from a
// newer version, or has a half-way rotation of an older version in it is left exactly as it is.
//
// Errors name the file and say what to do. They wrap ErrLocked, ErrNotOurs, ErrDamaged, ErrTruncated, ErrNewer, ErrRotation, fs.ErrNotExist (with
// ReadOnly) or fs.ErrPermission.
func Open(path string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Size = cmp.Or(o.Size, defaultSize)
	if o.Yield == nil {
		o.Yield = func() {}
	}
	s := &Store{
		options: o, queue: make(chan *request, queueLength),
		batches: make(chan *batch), committed: make(chan error), stopped: make(chan struct{}),
	}
	s.recent.forget()
	err := s.open(path)
	if err == nil {
		s.step, err = s.lastStep()
	}
	if err == nil && !o.ReadOnly {
		s.ended, err = s.endedBefore()
	}
	if err != nil {
		return nil, explain(path, err)
	}
	if o.ReadOnly {
		close(s.stopped)
	} else {
		go s.applyAll()
		go s.commitAll()
	}
	return s, nil
}

// open opens the file, and closes it again on any error, including a panic of bbolt's over a damaged file. After such a panic the mapping of
// the file, and its lock, stay until the process ends.
func (s *Store) open(path string) (err error) {
	if !s.options.ReadOnly {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, p)
		}
		if err != nil && s.file != nil {
			_ = s.file.Close() // it may be closed already
		}
	}()
	s.db, err = bolt.Open(path, 0o600, &bolt.Options{
		Timeout: lockWait, ReadOnly: s.options.ReadOnly, FreelistType: bolt.FreelistMapType,
		InitialMmapSize: mapSize, PageSize: pageSize, NoStatistics: true, OpenFile: s.openFile,
	})
	if err != nil {
		return err
	}
	s.db.AllocSize = roomStep
	err = s.prepare()
	if err == nil {
		err = s.keepSecret()
	}
	if err != nil {
		_ = s.db.Close() // the first error says more
	}
	return err
}

// keepSecret reads the secret of the file, and makes one for a file that has none.
func (s *Store) keepSecret() error {
	read := func(tx *bolt.Tx) error {
		if meta := tx.Bucket(metaBucket); meta != nil {
			s.secret = bytes.Clone(meta.Get(secretKey))
		}
		return nil
	}
	if err := s.db.View(read); err != nil || s.secret != nil || s.options.ReadOnly {
		return err
	}
	s.secret = make([]byte, secretLength)
	_, _ = rand.Read(s.secret) // never fails
	return s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(metaBucket).Put(secretKey, s.secret) })
}

// Secret returns the file's own random key: for signs that stand for numbers and addresses where those may not be seen. It is nil for a file of an
// older version that is only read.
func (s *Store) Secret() []byte { return bytes.Clone(s.secret) }

// openFile opens the file for bbolt, and inspects it first: bbolt trusts the sizes in a damaged file, and crashes.
func (s *Store) openFile(path string, flag int, mode os.FileMode) (*os.File, error) {
	file, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err
	}
	if err := inspect(file); err != nil {
		_ = file.Close() // nothing was written
		return nil, err
	}
	s.file = file
	return file, nil
}

// prepare creates the buckets of a new file, brings an older one up to date, and allocates its size.
func (s *Store) prepare() error {
	version, unfinished, err := s.version()
	switch {
	case err != nil:
		return err
	case version > schema:
		return fmt.Errorf("%w (%d, this one knows %d)", ErrNewer, version, schema)
	case (version < schema || unfinished) && s.options.ReadOnly:
		return fmt.Errorf("%w: it has to be opened for writing once, to be brought up to date", ErrReadOnly)
	case s.options.ReadOnly:
		return nil
	}
	if err := s.allocate(); err != nil {
		return err
	}
	if version < schema || unfinished {
		if err := s.upgrade(version); err != nil {
			return err
		}
	}
	return s.addBuckets()
}

// laterBuckets hold what the schema's first program did not know. It leaves them as they are, so that they need no schema of their own.
var laterBuckets = [][]byte{triesBucket, signInsBucket}

// addBuckets creates those that are missing. A file that has them is not written to.
func (s *Store) addBuckets() error {
	missing := false
	err := s.db.View(func(tx *bolt.Tx) error {
		missing = slices.ContainsFunc(laterBuckets, func(name []byte) bool { return tx.Bucket(name) == nil })
		return nil
	})
	if err != nil || !missing {
		return err
	}
	return s.db.Update(func(tx *bolt.Tx) error {
		for _, name := range laterBuckets {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
}

// version returns the schema of the file, 0 for one without content, and whether an upgrade to it was begun and not finished.
func (s *Store) version() (version int, unfinished bool, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		if meta := tx.Bucket(metaBucket); meta != nil {
			unfinished = upgrading(tx)
			var err error
			if version, err = strconv.Atoi(string(meta.Get(schemaKey))); err != nil {
				return ErrNotOurs
			}
			if meta.Get(rotationKey) != nil { // only that version knows both tokens, and it must still be able to open the file
				return ErrRotation
			}
			return nil
		}
		if first, _ := tx.Cursor().First(); first != nil {
			return ErrNotOurs
		}
		return nil
	})
	return version, unfinished, err
}

// explain adds the file and what to do to an error.
func explain(path string, err error) error {
	say := func(kind error, advice string) error { return fmt.Errorf("store %s: %w: %s", path, kind, advice) }
	restore := "restore it from a backup, or move it away to begin with an empty log"
	info, statErr := os.Stat(path)
	switch {
	case statErr == nil && info.IsDir():
		return fmt.Errorf("store %s is a directory: name a file in it, such as %s", path, filepath.Join(path, "supportline.db"))
	case errors.Is(err, berrors.ErrTimeout):
		return say(ErrLocked, "stop that process, or talk to it through its socket beside the file")
	case errors.Is(err, ErrNotOurs):
		return say(err, "give another path; this file was left as it is")
	case errors.Is(err, ErrTruncated):
		return say(err, restore)
	case errors.Is(err, ErrDamaged), errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF):
		if !errors.Is(err, ErrDamaged) {
			err = fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return say(err, restore)
	case errors.Is(err, ErrRotation):
		return say(err, "start that version again and run \"supportline rotate-token\" there until it says that the old token is dropped, or give the "+
			"change up with \"supportline rotate-token --cancel\"; then start this one")
	case errors.Is(err, ErrNewer):
		return say(err, "run the version that wrote it, or a newer one")
	case statErr == nil && !info.Mode().IsRegular():
		return fmt.Errorf("store %s is no file but a device or a pipe: name a file, such as data/supportline.db", path)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("store %s: a file is where its folder %s should be (%w): move the file away, or give another path", path, filepath.Dir(path), err)
	case errors.Is(err, fs.ErrPermission):
		return say(err, "give the user who runs this the right to read and write the file and its folder")
	case errors.Is(err, syscall.EROFS):
		return say(err, "give a path on a file system that can be written")
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return say(err, "make room, or give a path where there is some (a server's store begins with 64 MB)")
	case errors.Is(err, fs.ErrNotExist) && makes(err):
		return fmt.Errorf("store %s: its folder can't be made (%w): make it, or give another path", path, err)
	case errors.Is(err, fs.ErrNotExist):
		return say(err, "give the path of an existing file")
	}
	return fmt.Errorf("store %s: %w", path, err)
}

// makes reports whether an error is that of making a folder.
func makes(err error) bool {
	var at *fs.PathError
	return errors.As(err, &at) && at.Op == "mkdir"
}
