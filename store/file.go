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

// The layout of bbolt's meta pages, which are the first two pages of the file: behind a page header come magic, version, page size and flags
// (4 bytes each), root page and sequence, freelist page, number of pages, transaction and checksum (8 bytes each), in the byte order of the
// machine that wrote it.
const (
	metaStart  = 16
	metaLength = 64
	magic      = 0xED0CDAED
	// noFreelist replaces the freelist page in the file of a program that does not write that list. Ours always does.
	noFreelist = 1<<64 - 1
)

// inspect checks that a file is a bbolt file and has all of its pages. An empty file passes, as a new one.
func inspect(file *os.File) error {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 || !info.Mode().IsRegular() {
		return err
	}
	first, known := readMeta(file, 0)
	// A crash can tear the first page; the second then has the page size. Systems have pages of 4 to 64 kB.
	for size := int64(4 << 10); size <= 64<<10 && !known; size *= 2 {
		first, known = readMeta(file, size)
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

// readMeta reads the meta page at an offset, and reports whether it is sound.
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

// notBolt returns ErrDamaged for a damaged file of ours, which begins with the header of a meta page if anything is left of it, and ErrNotOurs
// otherwise.
func notBolt(file io.ReaderAt) error {
	b := make([]byte, metaStart+4)
	if _, err := file.ReadAt(b, 0); err == nil && binary.NativeEndian.Uint32(b[metaStart:]) == magic {
		return fmt.Errorf("%w: both copies of its first page are broken", ErrDamaged)
	}
	return ErrNotOurs
}

// A commit that needs a new block waits for the file system's journal. So the file is filled with zeros before bbolt needs the space: once
// when it is opened, then in small steps ahead of what is used. Only space behind the end of the file is filled.
const (
	roomStep  = 1 << 20
	roomAhead = 2 << 20 // more than a batch writes
)

var zeros = make([]byte, roomStep)

func (s *Store) allocate() error {
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

// growAhead keeps free space behind the bytes that are used. Where the disk has none left the commit goes on: it may need less, and reports
// its own error.
func (s *Store) growAhead(used int64) {
	if s.ready-used < roomAhead {
		_ = s.fill(used + roomAhead + roomStep)
	}
}

func (s *Store) fill(size int64) error {
	info, err := s.file.Stat() // bbolt may have grown it meanwhile
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

// compactBatch is the number of bytes of keys and values that one transaction of Compact writes.
const compactBatch = 16 << 20

// Compact rewrites a file without its free pages. A load of many calls leaves millions of them, and bbolt keeps their list in memory and
// writes it with each commit. No process may have the file open. Compact needs as much space beside the file as the file uses. An error,
// including that of ctx, leaves the file as it was. progress, which may be nil, is called with the number of bytes copied.
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
	if err := os.Remove(beside); err != nil && !errors.Is(err, os.ErrNotExist) { // a process that was killed leaves one
		return err
	}
	to, err := bolt.Open(beside, 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType, PageSize: pageSize, NoStatistics: true, NoGrowSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	to.NoSync = true // it is synced once, when it is whole
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

// copying writes buckets, one after the other and each in the order of its keys, so that each page is written once, and full.
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

// syncFolder makes the new name of a renamed file durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
