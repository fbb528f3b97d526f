package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// tokenFile is where the person wants the new token. nil: nowhere.
type tokenFile struct {
	file *os.File // nil: it is written already
}

// openTokenFile makes the file before anything is done, so that nothing is promoted which can't be given away then. A file that holds the token
// already is left as it is; any other one is refused.
func openTokenFile(name, token string) (*tokenFile, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return &tokenFile{file}, nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("--out: %w", err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	if token != "" && strings.TrimSpace(string(text)) == token {
		return nil, nil
	}
	return nil, fmt.Errorf("--out: %s is there already: name a new file, so that nothing is lost and nobody else has it open", name)
}

func (f *tokenFile) write(token string) error {
	if f == nil {
		return nil
	}
	file := f.file
	_, err := fmt.Fprintln(file, token)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("the new token is in force, but --out: %w", err)
	}
	f.file = nil
	return nil
}

// close removes a file that was not written.
func (f *tokenFile) close() {
	if f == nil || f.file == nil {
		return
	}
	_ = f.file.Close() // it is empty
	_ = os.Remove(f.file.Name())
}
