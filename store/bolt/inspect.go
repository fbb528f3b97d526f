package bolt

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"

	"github.com/officernd/supportline/store"
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
	newest, known := newestMeta(file)
	if !known {
		return notBolt(file)
	}
	if newest.freelist == noFreelist {
		return store.ErrNotOurs
	}
	if need := newest.size(); info.Size() < need {
		return fmt.Errorf("%w: it has %d of %d bytes", store.ErrTruncated, info.Size(), need)
	}
	return nil
}

type meta struct {
	pageSize                     uint32
	freelist, pages, transaction uint64
}

// size returns the number of bytes that the file's content takes, free pages included.
func (m meta) size() int64 { return int64(m.pages) * int64(m.pageSize) }

// newestMeta reads the meta page of the last transaction, and reports whether there is a sound one.
func newestMeta(file io.ReaderAt) (newest meta, known bool) {
	newest, known = readMeta(file, 0)
	// A crash can tear the first page; the second then has the page size. Systems have pages of 4 to 64 kB.
	for size := int64(4 << 10); size <= 64<<10 && !known; size *= 2 {
		newest, known = readMeta(file, size)
	}
	if second, ok := readMeta(file, int64(newest.pageSize)); ok && second.transaction > newest.transaction {
		newest = second
	}
	return newest, known
}

// readMeta reads the meta page at an offset, and reports whether it is sound.
func readMeta(file io.ReaderAt, offset int64) (meta, bool) {
	b := make([]byte, metaLength)
	if _, err := file.ReadAt(b, offset+metaStart); err != nil {
		return meta{}, false
	}
	order := binary.NativeEndian
	if order.Uint32(b) != magic || order.Uint64(b[metaLength-8:]) != sumOf(b) {
		return meta{}, false
	}
	return meta{pageSize: order.Uint32(b[8:]), freelist: order.Uint64(b[32:]), pages: order.Uint64(b[40:]), transaction: order.Uint64(b[48:])}, true
}

// sumOf returns the checksum of a meta page.
func sumOf(b []byte) uint64 {
	sum := fnv.New64a()
	sum.Write(b[:metaLength-8])
	return sum.Sum64()
}

// notBolt returns store.ErrDamaged for a damaged file of ours, which begins with the header of a meta page if anything is left of it, and store.ErrNotOurs
// otherwise.
func notBolt(file io.ReaderAt) error {
	b := make([]byte, metaStart+4)
	if _, err := file.ReadAt(b, 0); err == nil && binary.NativeEndian.Uint32(b[metaStart:]) == magic {
		return fmt.Errorf("%w: both copies of its first page are broken", store.ErrDamaged)
	}
	return store.ErrNotOurs
}
