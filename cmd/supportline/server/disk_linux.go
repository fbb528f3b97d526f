package server

import (
	"path/filepath"
	"syscall"
)

// diskOf returns the room on the disk of a folder, as a user without privileges has it. Of a folder that is not there yet it is the room of the first
// one above it that is.
func diskOf(path string) (free, size uint64, ok bool) {
	var disk syscall.Statfs_t
	for {
		if syscall.Statfs(path, &disk) == nil {
			return disk.Bavail * uint64(disk.Bsize), disk.Blocks * uint64(disk.Bsize), true
		}
		above := filepath.Dir(path)
		if above == path {
			return 0, 0, false
		}
		path = above
	}
}
