//go:build linux

package disktest

import (
	"context"
	"errors"
	"io"
	"net/rpc"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// The file system runs in a process of its own, which is the test's program once more. A program that waits for a page of a file that it has mapped
// and has to answer that wait itself may hang.
const serving = "SUPPORTLINE_TEST_DISK"

func init() {
	if folders := os.Getenv(serving); folders != "" {
		content, at, _ := strings.Cut(folders, ":")
		if err := serve(content, at); err != nil {
			_, _ = os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// serve shows the content of a folder at another one, until standard input ends.
func serve(content, at string) error {
	root, err := fs.NewLoopbackRoot(content)
	if err != nil {
		return err
	}
	r := &recorder{}
	mounted, err := fs.Mount(at, &node{root.(*fs.LoopbackNode), r}, &fs.Options{MountOptions: fuse.MountOptions{DirectMount: true, MaxWrite: 1 << 20, FsName: "disktest"}})
	if err != nil {
		return err
	}
	control := rpc.NewServer()
	if err := control.RegisterName("Disk", r); err != nil {
		return err
	}
	control.ServeConn(pipes{os.Stdin, os.Stdout})
	return errors.Join(syscall.Unmount(at, syscall.MNT_DETACH), mounted.Unmount())
}

// pipes are the two halves of a connection.
type pipes struct {
	io.Reader
	io.WriteCloser
}

// recorder keeps the operations, and lets them fail.
type recorder struct {
	mu     sync.Mutex
	ops    []Op
	faults []Fault
}

// Count sets n to the number of operations.
func (r *recorder) Count(_ int, n *int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	*n = len(r.ops)
	return nil
}

// Ops sets ops to the operations from one on.
func (r *recorder) Ops(from int, ops *[]Op) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	*ops = r.ops[from:]
	return nil
}

// Fail replaces the faults.
func (r *recorder) Fail(faults []Fault, n *int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = faults
	*n = len(faults)
	return nil
}

// note keeps an operation, and returns how many of its bytes are to be written, and its error.
func (r *recorder) note(op Op) (written int, err syscall.Errno) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.faults {
		if f := &r.faults[i]; f.strikes(op) {
			op.Data, op.Failed, err = op.Data[:min(f.Keep, len(op.Data))], f.Err != 0, f.Err
			break
		}
	}
	op.Data = append([]byte(nil), op.Data...)
	r.ops = append(r.ops, op)
	return len(op.Data), err
}

// node is a file or a folder.
type node struct {
	*fs.LoopbackNode
	recorder *recorder
}

func (n *node) WrapChild(_ context.Context, ops fs.InodeEmbedder) fs.InodeEmbedder {
	return &node{ops.(*fs.LoopbackNode), n.recorder}
}

func (n *node) name() string { return n.Path(n.Root()) }

func (n *node) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	f, flags, err := n.LoopbackNode.Open(ctx, flags)
	if err != 0 {
		return nil, 0, err
	}
	return &file{f.(*fs.LoopbackFile), n.recorder, n.name()}, flags, 0
}

func (n *node) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	made, f, flags, err := n.LoopbackNode.Create(ctx, name, flags, mode, out)
	if err != 0 {
		return nil, nil, 0, err
	}
	return made, &file{f.(*fs.LoopbackFile), n.recorder, name}, flags, 0
}

func (n *node) Setattr(ctx context.Context, f fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		if _, err := n.recorder.note(Op{Kind: Truncate, File: n.name(), At: int64(size)}); err != 0 {
			return err
		}
	}
	return n.LoopbackNode.Setattr(ctx, f, in, out)
}

func (n *node) Rename(ctx context.Context, name string, to fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	if _, err := n.recorder.note(Op{Kind: Rename, File: newName}); err != 0 {
		return err
	}
	return n.LoopbackNode.Rename(ctx, name, to, newName, flags)
}

func (n *node) OpendirHandle(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	f, flags, err := n.LoopbackNode.OpendirHandle(ctx, flags)
	if err != 0 {
		return nil, 0, err
	}
	return &folder{f.(entries), n.recorder, n.name()}, flags, 0
}

// file is an open file.
type file struct {
	*fs.LoopbackFile
	recorder *recorder
	name     string
}

// PassthroughFd keeps the system from writing past the recorder.
func (f *file) PassthroughFd() (int, bool) { return 0, false }

func (f *file) Write(ctx context.Context, data []byte, at int64) (uint32, syscall.Errno) {
	n, err := f.recorder.note(Op{Kind: Write, File: f.name, At: at, Data: data})
	if n > 0 {
		if _, failed := f.LoopbackFile.Write(ctx, data[:n], at); failed != 0 {
			return 0, failed
		}
	}
	return uint32(n), err
}

// Fsync notes that the file was synced. The folder that holds it needs no sync: nothing cuts its power.
func (f *file) Fsync(context.Context, uint32) syscall.Errno {
	_, err := f.recorder.note(Op{Kind: Sync, File: f.name})
	return err
}

// entries are those of an open folder.
type entries interface {
	fs.FileReaddirenter
	fs.FileSeekdirer
	fs.FileReleasedirer
}

// folder is an open folder.
type folder struct {
	entries
	recorder *recorder
	name     string
}

func (f *folder) Fsyncdir(context.Context, uint32) syscall.Errno {
	_, err := f.recorder.note(Op{Kind: SyncFolder, File: f.name})
	return err
}
