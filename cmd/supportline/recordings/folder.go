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
)

// Folder is a place on a file system. Only its user can enter it.
type Folder struct{ path string }

// NewFolder names a folder, by its whole path, since what the log keeps of it outlives this process. It is made when something is put there.
func NewFolder(path string) *Folder {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	return &Folder{path}
}

// folderPrefix begins the names of folders.
const folderPrefix = "folder:"

// Name is "folder:" and the path.
func (f *Folder) Name() string { return folderPrefix + f.path }

// Put writes beside the file and moves it into its place when all of it is on the disk.
func (f *Folder) Put(_ context.Context, file, _ string, from io.Reader, _ int64) error {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return err
	}
	part := f.part(file)
	if err := write(part, from); err != nil {
		_ = os.Remove(part) // what stays is overwritten by the next try
		return err
	}
	if err := os.Rename(part, filepath.Join(f.path, file)); err != nil {
		return err
	}
	return f.sync()
}

// part is where a file is written before it is whole. It has one name, so that a crash leaves one at most.
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

// sync brings the folder itself to the disk: the names of its files.
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

// Remove removes the file, and returns when it would not come back after a crash.
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

// probeFile holds probeText for a moment. No recording has such a name.
const probeFile = ".probe"

var probeText = []byte("may supportline write here?")

// Probe writes a file and removes it. Folders that are made for it are removed as well: whoever probes may be another user than the server.
func (f *Folder) Probe(ctx context.Context) error {
	made := f.missing()
	err := probe(ctx, f)
	for _, path := range made {
		_ = os.Remove(path) // one that somebody put something into stays
	}
	return err
}

// missing are the folders that would be made, the innermost first.
func (f *Folder) missing() (paths []string) {
	for path := f.path; ; path = filepath.Dir(path) {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
			return paths
		}
		paths = append(paths, path)
	}
}

func probe(ctx context.Context, p Place) error {
	if err := p.Put(ctx, probeFile, "text/plain", bytes.NewReader(probeText), int64(len(probeText))); err != nil {
		return err
	}
	file, _, err := p.Open(ctx, probeFile)
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
	_, err = p.Remove(ctx, probeFile)
	return err
}
