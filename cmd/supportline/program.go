package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/server"
)

// program is the command line with everything of the process that it uses: input, output, environment, clock.
type program struct {
	In       io.Reader
	Out, Err io.Writer
	Env      func(string) (string, bool)
	Now      func() time.Time
}

// localCommand is a command that runs where it was started.
type localCommand interface {
	run(ctx context.Context, p *program, configFile string) error
}

// run runs the command of the arguments and returns the exit status. The end of ctx stops a server, and interrupts anything else.
func (p *program) run(ctx context.Context, args []string) int {
	line, err := parse(args, p.Out, p.Err)
	if err != nil {
		return control.Report(p.Err, err)
	}
	switch command := line.command.(type) {
	case localCommand:
		err = command.run(ctx, p, line.config)
	case control.Command:
		err = p.loaded(ctx, command, args, line.config)
	}
	return control.Report(p.Err, err)
}

// offline is for commands that ask no other system, so that secrets may be absent.
var offline = config.Options{Offline: true}

// load reads the configuration. Its problems are printed; the error has their number.
func (p *program) load(file string, o config.Options) (config.Config, error) {
	conf, problems := config.Load(file, p.Env, o)
	return conf, p.refused(problems)
}

// refused prints the problems of a configuration, and returns an error with their number, or nil if there are none.
func (p *program) refused(problems []config.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	if err := config.WriteProblems(p.Err, problems); err != nil {
		return err
	}
	return fmt.Errorf("the configuration has %s: nothing was done", control.Plural(len(problems), "problem"))
}

// loaded runs a command on the store of a configuration that it reads.
func (p *program) loaded(ctx context.Context, command control.Command, args []string, configFile string) error {
	conf, err := p.load(configFile, offline)
	if err != nil {
		return err
	}
	return p.data(ctx, conf, command, args, configFile)
}

// data runs a command on the store: in the server where one has the file open, else here.
func (p *program) data(ctx context.Context, conf config.Config, command control.Command, args []string, configFile string) error {
	runner := control.Runner{
		In: p.In, Out: p.Out, Err: p.Err, StoreFile: conf.Store.File, Terminal: p.person().Terminal,
		Open: func(ctx context.Context) (control.Session, error) {
			s, err := server.OpenSession(ctx, conf, begins(command), p.Now, p.Err)
			if storeless, is := command.(control.Storeless); is && errors.Is(err, server.ErrNoStore) {
				fmt.Fprintln(p.Err, storeless.WithoutStore())
				return server.SessionWithoutStore(conf, p.Now), nil
			}
			if errors.Is(err, server.ErrNoStore) {
				err = fmt.Errorf("%w at %s: \"supportline serve\" makes it, and so do \"supportline customers import\" and \"supportline users add\"; "+
					"if there should be one, look at store in %s", err, cmp.Or(conf.Store.File, conf.Store.String()), configFile)
			}
			return s, err
		},
	}
	return runner.Run(ctx, command, args)
}

// begins reports whether a command brings something in, so that it may begin a store. The others only read or change what is there.
func begins(command control.Command) bool {
	switch command.(type) {
	case *customersImport, *usersAdd:
		return true
	}
	return false
}

// person returns a session with the person's side alone.
func (p *program) person() *control.Session {
	return &control.Session{In: p.In, Out: p.Out, Err: p.Err, Now: p.Now, Terminal: control.Terminal{
		Ask: p.asks(), Progress: control.IsTerminal(p.Err), Colour: p.colour(), User: control.UserName(os.Getuid()), Input: "standard input",
	}}
}

// asks reports whether somebody at a terminal can answer a question.
func (p *program) asks() bool { return control.IsTerminal(p.In) && control.IsTerminal(p.Err) }

// colour reports whether standard output takes colours: a terminal does, unless NO_COLOR is set (no-color.org).
func (p *program) colour() bool {
	off, _ := p.Env("NO_COLOR")
	return control.IsTerminal(p.Out) && off == ""
}
