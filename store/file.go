package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// The layout of a bbolt file's meta page, of which there are two, at the file's first two pages: behind a page header stand magic,
// version, page size and flags (4 bytes each), root page and sequence, freelist page, number of pages, transaction and checksum (8 each),
// in the byte order of the machine that wrote it.
const (
	metaStart  = 16
	metaLength = 64
	magic      = 0xED0CDAED
	// noFreelist stands where a program leaves the list of free pages out of the file. Ours never does, and bbolt would write it.
	noFreelist = 1<<64 - 1
)

// inspect looks whether a file is a bbolt file and has all the pages it says it has. An empty file passes: it is a new one.
func inspect(file *os.File) error {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 || !info.Mode().IsRegular() {
		return err
	}
	first, known := readMeta(file, 0)
	if !known {
		// The first page can be torn by a crash; the second then says how large pages are. Systems have them from 4 to 64 kB.
		for size := int64(4 << 10); size <= 64<<10 && !known; size *= 2 {
			first, known = readMeta(file, size)
		}
	}
	if !known {
		return notBolt(file)
	}
	newest := first
	if second, ok := readMeta(file, int64(first.pageSize)); ok && second.transaction > first.transaction {
		newest = second
	}
	if newest.freelist == noFreelist {
		return ErrNotOurs
	}
	if need := int64(newest.pages) * int64(newest.pageSize); info.Size() < need {
		return fmt.Errorf("%w: it has %d of %d bytes", ErrTruncated, info.Size(), need)
	}
	return nil
}

type meta struct {
	pageSize                     uint32
	freelist, pages, transaction uint64
}

// readMeta reads the meta page at an offset, if there is a sound one.
func readMeta(file io.ReaderAt, offset int64) (meta, bool) {
	b := make([]byte, metaLength)
	if _, err := file.ReadAt(b, offset+metaStart); err != nil {
		return meta{}, false
	}
	order := binary.NativeEndian
	sum := fnv.New64a()
	sum.Write(b[:metaLength-8])
	if order.Uint32(b) != magic || order.Uint64(b[metaLength-8:]) != sum.Sum64() {
		return meta{}, false
	}
	return meta{pageSize: order.Uint32(b[8:]), freelist: order.Uint64(b[32:]), pages: order.Uint64(b[40:]), transaction: order.Uint64(b[48:])}, true
}

// notBolt tells a damaged file of ours from one that never was: ours begins with the header of a meta page, if anything is left of it.
func notBolt(file io.ReaderAt) error {
	b := make([]byte, metaStart+4)
	if _, err := file.ReadAt(b, 0); err == nil && binary.NativeEndian.Uint32(b[metaStart:]) == magic {
		return fmt.Errorf("%w: both copies of its first page are broken", ErrDamaged)
	}
	return ErrNotOurs
}

// A block that the file system has to find during a commit makes that commit wait for the file system's own journal. So the file is
// filled with zeros before bbolt needs the place: once when it is opened, and then in small steps ahead of what is used. Only place behind
// the file's end is ever filled.
const (
	roomStep  = 1 << 20
	roomAhead = 2 << 20 // a batch writes less
)

var zeros = make([]byte, roomStep)

// makeRoom gives the file its first size.
func (s *Store) makeRoom() error {
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	s.ready = info.Size()
	if err := s.fill(int64(s.options.Size)); err != nil {
		return err
	}
	return s.file.Sync()
}

// growAhead keeps room behind the bytes that are used. Where there is none left, the commit goes on: it may need less, and says why if it
// fails.
func (s *Store) growAhead(used int64) {
	if s.ready-used < roomAhead {
		_ = s.fill(used + roomAhead + roomStep)
	}
}

func (s *Store) fill(size int64) error {
	info, err := s.file.Stat() // bbolt may have made it larger meanwhile
	if err != nil {
		return err
	}
	s.ready = max(s.ready, info.Size())
	for s.ready < size {
		n, err := s.file.WriteAt(zeros[:min(roomStep, size-s.ready)], s.ready)
		s.ready += int64(n)
		if err != nil {
			return err
		}
	}
	return nil
}

// compactBatch is how many bytes of keys and values one transaction of Compact writes.
const compactBatch = 16 << 20

// Compact writes a file anew without the pages that nothing stands on, which a load of many calls leaves by the million: bbolt holds a list of
// them in memory, and writes it with each commit. Nobody may have the file open. It takes as much room beside the file as is used in it; what
// goes wrong, or ctx that ends, leaves the file as it was. progress, which may be nil, hears how many of the file's bytes were copied.
func Compact(ctx context.Context, path string, progress func(bytes int64)) error {
	if progress == nil {
		progress = func(int64) {}
	}
	beside := path + ".compact"
	err := compact(ctx, path, beside, progress)
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		_ = os.Remove(beside) // the first error says more
		return explain(path, err)
	}
	return syncFolder(filepath.Dir(path))
}

func compact(ctx context.Context, path, beside string, progress func(int64)) (err error) {
	from := &Store{options: Options{ReadOnly: true}}
	if err := from.open(path); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.db.Close()) }()
	if err := os.Remove(beside); err != nil && !errors.Is(err, os.ErrNotExist) { // of a process that was ended
		return err
	}
	to, err := bolt.Open(beside, 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType, PageSize: pageSize, NoStatistics: true, NoGrowSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	to.NoSync = true // the file counts when it is whole
	err = from.db.View(func(tx *bolt.Tx) error {
		c := copying{ctx: ctx, to: to, progress: progress}
		if err := tx.ForEach(c.bucket); err != nil {
			return fmt.Errorf("written anew: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return to.Sync()
}

// copying writes buckets, one after the other and each in the order of its keys, so that pages are written once and full.
type copying struct {
	ctx      context.Context
	to       *bolt.DB
	bytes    int64
	progress func(int64)
}

func (c *copying) bucket(name []byte, from *bolt.Bucket) error {
	k, v := from.Cursor().First()
	err := c.to.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucket(name)
		if err != nil {
			return err
		}
		return b.SetSequence(from.Sequence())
	})
	for cursor := from.Cursor(); err == nil && k != nil; {
		k, v = cursor.Seek(k)
		err = c.to.Update(func(tx *bolt.Tx) error {
			b := tx.Bucket(name)
			b.FillPercent = loadFill
			for copied := 0; k != nil && copied < compactBatch; k, v = cursor.Next() {
				if err := b.Put(k, v); err != nil {
					return err
				}
				copied += len(k) + len(v)
				c.bytes += int64(len(k) + len(v))
			}
			return nil
		})
		c.progress(c.bytes)
		err = errors.Join(err, c.ctx.Err())
	}
	return err
}

// syncFolder makes sure that a file that was renamed is found under its new name after a loss of power.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
