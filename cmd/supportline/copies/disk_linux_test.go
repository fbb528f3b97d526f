package copies

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/officernd/supportline/store/bolt/disktest"
)

// TestABackupThatTheDiskDidNotTakeIsNone: a backup counts when its content and its name are on the disk, and one that does not count is not there.
func TestABackupThatTheDiskDidNotTakeIsNone(t *testing.T) {
	disk, err := disktest.Mount(t)
	if err != nil {
		disktest.NotRun(t, "syncs that fail", err)
		return
	}
	e, file := newEngine(t, filepath.Join(t.TempDir(), "supportline.db"), 20), filepath.Join(disk.Folder, "backup.db")
	o := Options{Beside: filepath.Join(t.TempDir(), "pages")}
	for _, kind := range []disktest.Kind{disktest.Write, disktest.Sync, disktest.Rename, disktest.SyncFolder} {
		failed := 0
		for ; ; failed++ { // the first of the kind, then the second, up to the last
			disk.Fail(disktest.Fault{Kind: kind, After: failed, Times: 1, Err: syscall.EIO})
			_, err := Backup(t.Context(), e, file, o)
			left := files(t, disk.Folder)
			if err == nil && slices.Equal(left, []string{"backup.db"}) {
				break
			}
			if !errors.Is(err, syscall.EIO) || len(left) > 0 {
				t.Fatalf("operation %d of kind %d failed: %v, and %v is left", failed, kind, err, left)
			}
		}
		if err := os.Remove(file); err != nil || failed == 0 {
			t.Errorf("%d operations of kind %d: %v", failed, kind, err)
		}
	}
}
