package control

import (
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/officernd/supportline/store"
)

// A Runner runs commands for the person at this terminal: in the server where one has the store's file open, else in this process.
type Runner struct {
	In        io.Reader
	Out, Err  io.Writer
	Terminal  Terminal
	StoreFile string                                 // "": a database, which is open to every process
	Open      func(context.Context) (Session, error) // opens the store here, and returns a session without the person's side
}

// Run runs a command whose line is args.
func (r Runner) Run(ctx context.Context, command Command, args []string) (err error) {
	in, err := r.input(command)
	if err != nil {
		return err
	}
	defer in.Close()
	if _, asks := command.(PasswordReader); asks {
		if in, err = r.password(ctx, in); err != nil {
			return err
		}
	}
	out, err := r.output(command)
	if err != nil {
		return err
	}
	defer func() {
		if ended := out.end(err); ended != nil {
			err = errors.Join(err, ended)
		}
	}()
	if r.StoreFile != "" {
		conn, err := DialStore(r.StoreFile)
		switch {
		case err == nil:
			return Client{Conn: conn, In: in, Out: out, Err: r.Err}.Run(ctx, Hello{Args: args, Terminal: r.Terminal})
		case !errors.Is(err, ErrNoServer):
			return err
		}
	}
	here, err := r.Open(ctx)
	if err != nil {
		return err
	}
	here.Terminal, here.In, here.Out, here.Err = r.Terminal, interruptible{ctx, in}, out, r.Err
	err = command.Run(store.AsOSUser(ctx, r.Terminal.User), &here)
	if here.Store == nil {
		return err
	}
	return errors.Join(err, here.Store.Close())
}

// IsTerminal reports whether a stream of the process is a terminal.
func IsTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
