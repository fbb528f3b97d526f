//go:build linux

package disktest

import (
	"bytes"
	"fmt"
	"net/rpc"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// Disk is a folder whose operations are recorded, and fail on demand.
type Disk struct {
	Folder  string
	t       testing.TB
	control *rpc.Client
}

// Mount returns an empty disk, which is there until the test ends. An error is that this machine has no FUSE, or does not let this user mount.
func Mount(t testing.TB) (*Disk, error) {
	t.Helper()
	content, at := t.TempDir(), t.TempDir()
	before, err := device(at)
	if err != nil {
		return nil, err
	}
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), serving+"="+content+":"+at)
	var said bytes.Buffer
	program.Stderr = &said
	to, err := program.StdinPipe()
	if err != nil {
		return nil, err
	}
	from, err := program.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := program.Start(); err != nil {
		return nil, err
	}
	d := &Disk{Folder: at, t: t, control: rpc.NewClient(pipes{from, to})}
	t.Cleanup(func() {
		_ = syscall.Unmount(at, syscall.MNT_DETACH) // the process may have done so, or may never have mounted it
		_ = d.control.Close()                       // which ends it
		_ = program.Wait()
	})
	if err := d.control.Call("Disk.Count", 0, new(int)); err != nil { // answered when it is mounted
		_ = program.Wait()
		return nil, fmt.Errorf("%w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	if after, err := device(at); err != nil || after == before {
		return nil, fmt.Errorf("nothing is mounted at %s: %w", at, err)
	}
	return d, nil
}

// device returns the number of the file system that a folder is on.
func device(path string) (uint64, error) {
	var is syscall.Stat_t
	err := syscall.Stat(path, &is)
	return is.Dev, err
}

func (d *Disk) call(method string, argument, result any) {
	d.t.Helper()
	call := d.control.Go("Disk."+method, argument, result, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
		if call.Error != nil {
			d.t.Fatalf("the disk: %v", call.Error)
		}
	case <-time.After(time.Minute):
		d.t.Fatal("the disk does not answer")
	}
}

// Count returns how many operations there were.
func (d *Disk) Count() (n int) {
	d.t.Helper()
	d.call("Count", 0, &n)
	return n
}

// Ops returns all operations.
func (d *Disk) Ops() (ops []Op) {
	d.t.Helper()
	d.call("Ops", 0, &ops)
	return ops
}

// Fail lets operations fail from now on, instead of those of an earlier call.
func (d *Disk) Fail(faults ...Fault) {
	d.t.Helper()
	d.call("Fail", faults, new(int))
}
