package recordings

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Folder is a bucket in the file system. Only the user of the process can enter it.
type Folder struct{ path string }

// NewFolder returns the folder of a path, which becomes absolute because the log keeps it for longer than this process. The folder is created
// by the first Put.
func NewFolder(path string) *Folder {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	return &Folder{path}
}

// folderPrefix begins the name of a folder.
const folderPrefix = "folder:"

// Name returns "folder:" and the path.
func (f *Folder) Name() string { return folderPrefix + f.path }

// Put writes beside the file and renames when everything is on the disk.
func (f *Folder) Put(_ context.Context, file, _ string, from io.Reader, _ int64) error {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return err
	}
	part := f.part(file)
	if err := write(part, from); err != nil {
		_ = os.Remove(part) // what stays is overwritten by the next attempt
		return err
	}
	if err := os.Rename(part, filepath.Join(f.path, file)); err != nil {
		return err
	}
	return f.sync()
}

// part returns the path of a file that is not yet whole. It is always the same, so that a crash leaves one at most.
func (f *Folder) part(file string) string { return filepath.Join(f.path, "."+file+".part") }

func write(path string, from io.Reader) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, from); err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// sync writes the folder itself, which is the names of its files, to the disk.
func (f *Folder) sync() error {
	folder, err := os.Open(f.path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Open opens the file.
func (f *Folder) Open(_ context.Context, file string) (io.ReadSeekCloser, int64, error) {
	opened, err := os.Open(filepath.Join(f.path, file))
	if err != nil {
		return nil, 0, err
	}
	info, err := opened.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, opened.Close())
	}
	return opened, info.Size(), nil
}

// Remove removes the file, and returns when it cannot come back after a crash.
func (f *Folder) Remove(_ context.Context, file string) (existed bool, err error) {
	for _, path := range []string{f.part(file), filepath.Join(f.path, file)} {
		err := os.Remove(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return existed, err
		}
		existed = err == nil
	}
	if err := f.sync(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return existed, err
	}
	return existed, nil
}

// List returns the files of the folder, without those that are not yet whole.
func (f *Folder) List(_ context.Context, prefix string) (all []Listed, err error) {
	entries, err := os.ReadDir(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) || !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := e.Info()
		switch {
		case err == nil:
			all = append(all, Listed{e.Name(), info.Size()})
		case !errors.Is(err, fs.ErrNotExist): // it was removed meanwhile
			return nil, err
		}
	}
	return all, nil
}

// probeFile holds probeText for a moment. No recording has this name.
const probeFile = ".probe"

var probeText = []byte("may supportline write here?")

// Probe writes a file and removes it, and the folders that were created for it too: the process that probes may run as another user than
// the server.
func (f *Folder) Probe(ctx context.Context) error {
	made := f.missing()
	err := probe(ctx, f)
	for _, path := range made {
		_ = os.Remove(path) // one that somebody put something into stays
	}
	return err
}

// missing returns the folders that do not exist yet, the innermost first.
func (f *Folder) missing() (paths []string) {
	for path := f.path; ; path = filepath.Dir(path) {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
			return paths
		}
		paths = append(paths, path)
	}
}

func probe(ctx context.Context, b Bucket) error {
	if err := b.Put(ctx, probeFile, "text/plain", bytes.NewReader(probeText), int64(len(probeText))); err != nil {
		return err
	}
	file, _, err := b.Open(ctx, probeFile)
	if err != nil {
		return err
	}
	found, err := io.ReadAll(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if !bytes.Equal(found, probeText) {
		return fmt.Errorf("%w: %s", errDiffers, probeFile)
	}
	_, err = b.Remove(ctx, probeFile)
	return err
}
