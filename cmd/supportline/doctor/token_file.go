package doctor

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// A TokenFile is the new file that a token is written to. A nil one stands for standard output.
type TokenFile os.File

// NewTokenFile creates a file that a person named as --out, before a token is made that could not be written; none for no name.
func NewTokenFile(name string) (*TokenFile, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return nil, fmt.Errorf("--out: %s is there already: name a new file, so that nothing is lost and nobody else has it open", name)
	case err != nil:
		return nil, fmt.Errorf("--out: %w", err)
	}
	return (*TokenFile)(file), nil
}

// Abandon removes the file.
func (f *TokenFile) Abandon() error {
	if f == nil {
		return nil
	}
	file := (*os.File)(f)
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// Hand writes a token to the file, or else to standard output.
func (f *TokenFile) Hand(out io.Writer, token string) error {
	if f == nil {
		_, err := fmt.Fprintln(out, token)
		return err
	}
	file := (*os.File)(f)
	_, err := fmt.Fprintln(file, token)
	return errors.Join(err, file.Sync(), file.Close())
}
