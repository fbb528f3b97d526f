package control

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
)

// interruptible is an input whose reader does not wait for somebody to type once the command has been interrupted.
type interruptible struct {
	ctx context.Context
	io.Reader
}

// Read returns ctx's error if ctx ends first; what is typed after that is lost with the process.
func (r interruptible) Read(p []byte) (int, error) {
	text, err := Await(r.ctx, func() ([]byte, error) {
		own := make([]byte, len(p)) // p is the caller's again once this returns
		n, err := r.Reader.Read(own)
		return own[:n], err
	})
	return copy(p, text), err
}

// Await returns what do returns, or ctx's error if ctx ends first; do is left behind then.
func Await[T any](ctx context.Context, do func() (T, error)) (result T, err error) {
	type outcome struct {
		result T
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		result, err := do()
		done <- outcome{result, err}
	}()
	select {
	case got := <-done:
		return got.result, got.err
	case <-ctx.Done():
		return result, ctx.Err()
	}
}

// An InputReader is a Command whose input is a file that the person named; "-" is standard input.
type InputReader interface {
	InputFile() string
}

// input opens the command's input, here, where the person's files are.
func (r *Runner) input(command Command) (io.ReadCloser, error) {
	named, reads := command.(InputReader)
	if !reads || named.InputFile() == "-" {
		return io.NopCloser(r.In), nil
	}
	const advice = "name a file that this user can read, or - for standard input"
	info, err := os.Stat(named.InputFile()) // before it is opened: a pipe would wait for a writer
	if err == nil && info.IsDir() {
		err = syscall.EISDIR
	}
	if err != nil {
		return nil, FileError(named.InputFile(), err, advice)
	}
	file, err := os.Open(named.InputFile())
	if err != nil {
		return nil, FileError(named.InputFile(), err, advice)
	}
	r.Terminal.Input, r.Terminal.InputSize = named.InputFile(), info.Size()
	return &fileThenAnswers{File: file, answers: r.In}, nil
}

// fileThenAnswers is a file and, after its end, what the person types who is asked a question about it.
type fileThenAnswers struct {
	*os.File
	answers io.Reader
	ended   bool
}

// Read returns io.EOF once at the end of the file.
func (f *fileThenAnswers) Read(p []byte) (int, error) {
	if f.ended {
		return f.answers.Read(p)
	}
	n, err := f.File.Read(p)
	f.ended = errors.Is(err, io.EOF)
	return n, err
}
