package store

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"
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
