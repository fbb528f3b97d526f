package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// A PasswordReader is a Command whose input is a password: a person at a terminal is asked for it, twice and without echo, where the terminal is.
type PasswordReader interface {
	ReadsPassword()
}

// password returns the command's input: what the person typed, or standard input where that is no terminal.
func (r Runner) password(ctx context.Context, in io.ReadCloser) (io.ReadCloser, error) {
	file, ok := r.In.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return in, nil
	}
	first, err := r.typed(ctx, file, "Password: ")
	if err != nil {
		return nil, err
	}
	again, err := r.typed(ctx, file, "Again: ")
	if err != nil {
		return nil, err
	}
	if first != again {
		return nil, errors.New("the password was not typed the same twice: nothing was done")
	}
	return io.NopCloser(strings.NewReader(first + "\n")), nil
}

// typed reads a line without echo. The terminal echoes again however the wait ends.
func (r Runner) typed(ctx context.Context, file *os.File, question string) (string, error) {
	fd := int(file.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(r.Err, question)
	defer fmt.Fprintln(r.Err)
	line, err := Await(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	if ctx.Err() != nil {
		return "", errors.Join(ctx.Err(), term.Restore(fd, before))
	}
	return string(line), err
}
