package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// newPages is how many pages bbolt writes to a new file, at once: two meta pages, the list of free pages, and an empty root.
const newPages = 4

// The parts of a new file's pages that are not zero: the flags of a page, and the version of the layout.
const (
	metaPage, freelistPage, leafPage = 0x04, 0x10, 0x02
	layout                           = 2
)

// newFile returns what bbolt writes to a new file.
func newFile() []byte {
	order, content := binary.NativeEndian, make([]byte, newPages*pageSize)
	for n, flags := range []uint16{metaPage, metaPage, freelistPage, leafPage} {
		page := content[n*pageSize:]
		order.PutUint64(page, uint64(n))
		order.PutUint16(page[8:], flags)
		if flags != metaPage {
			continue
		}
		m := page[metaStart:][:metaLength]
		order.PutUint32(m, magic)
		order.PutUint32(m[4:], layout)
		order.PutUint32(m[8:], pageSize)
		order.PutUint64(m[16:], newPages-1) // the root
		order.PutUint64(m[32:], newPages-2) // the list of free pages
		order.PutUint64(m[40:], newPages)
		order.PutUint64(m[48:], uint64(n)) // the transaction
		order.PutUint64(m[metaLength-8:], sumOf(m))
	}
	return content
}

// sectorSize is what a disk writes whole or not at all.
const sectorSize = 512

// unborn reports whether a file is what a power cut left of a new one: some of its sectors, with zeros in place of the others. Nothing was ever kept in it.
func unborn(file io.ReaderAt) bool {
	whole := newFile()
	content := make([]byte, len(whole)+1)
	n, err := file.ReadAt(content, 0)
	if !errors.Is(err, io.EOF) || n == 0 || bytes.Equal(content[:n], whole) {
		return false
	}
	zeros := make([]byte, sectorSize)
	for at := 0; at < n; at += sectorSize {
		is := content[at:min(at+sectorSize, n)]
		if !bytes.Equal(is, zeros[:len(is)]) && !bytes.Equal(is, whole[at:at+len(is)]) {
			return false
		}
	}
	return true
}

// beginAnew empties a file that is unborn, so that bbolt makes it anew, unless a process has it open, which may be writing the rest.
func beginAnew(file *os.File) error {
	if !unborn(file) {
		return nil
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil || !unborn(file) {
		return nil // bbolt waits for the lock
	}
	return file.Truncate(0)
}

// makeFolder makes a folder, and those that lead to it, each with a durable name.
func makeFolder(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return named(path)
}

// named makes the name of a new file, or of a folder, durable. A folder that this user may not read is left to the system.
func named(path string) error {
	if err := syncFolder(filepath.Dir(path)); !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
