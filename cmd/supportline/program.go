package main

import (
	"context"
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
		err = p.data(ctx, command, args, line.config)
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

// data runs a command on the store: in the server where one has the file open, else here.
func (p *program) data(ctx context.Context, command control.Command, args []string, configFile string) error {
	conf, err := p.load(configFile, offline)
	if err != nil {
		return err
	}
	file, err := conf.StoreFile()
	if err != nil {
		return err
	}
	runner := control.Runner{
		In: p.In, Out: p.Out, Err: p.Err, StoreFile: file,
		Terminal: control.Terminal{Ask: p.asks(), Progress: control.IsTerminal(p.Err), Colour: p.colour(), User: control.UserName(os.Getuid()), Input: "standard input"},
		Missing:  missing(command, file, configFile),
		Open:     func(ctx context.Context) (control.Session, error) { return server.OpenSession(ctx, conf, p.Now, p.Err) },
	}
	return runner.Run(ctx, command, args)
}

// missing returns the error of a command that only reads or changes what is there, where there is no store yet. It is nil for those that bring
// something in.
func missing(command control.Command, file, configFile string) error {
	switch command.(type) {
	case *customersImport, *usersAdd:
		return nil
	}
	return fmt.Errorf("there is no store yet at %s: \"supportline serve\" makes it, and so do \"supportline customers import\" and "+
		"\"supportline users add\"; if there should be one, look at store in %s", file, configFile)
}

// asks reports whether somebody at a terminal can answer a question.
func (p *program) asks() bool { return control.IsTerminal(p.In) && control.IsTerminal(p.Err) }

// colour reports whether standard output takes colours: a terminal does, unless NO_COLOR is set (no-color.org).
func (p *program) colour() bool {
	off, _ := p.Env("NO_COLOR")
	return control.IsTerminal(p.Out) && off == ""
}
