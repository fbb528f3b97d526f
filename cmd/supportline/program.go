package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"time"

	"golang.org/x/term"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/server"
)

// program is the command line with all that it touches of the process: input, output, environment, clock.
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

// run does what the arguments say and gives the exit status. The end of ctx ends a server, and interrupts anything else.
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

// settings reads the configuration for a command that calls nobody, so that secrets may be absent.
func (p *program) settings(file string) (config.Config, error) {
	return p.load(file, config.Options{Offline: true})
}

// load reads the configuration. Its problems are printed, and the error says how many there are.
func (p *program) load(file string, o config.Options) (config.Config, error) {
	conf, problems := config.Load(file, p.Env, o)
	if len(problems) == 0 {
		return conf, nil
	}
	if err := config.WriteProblems(p.Err, problems); err != nil {
		return config.Config{}, err
	}
	return config.Config{}, fmt.Errorf("the configuration has %s: nothing was done", plural(len(problems), "problem"))
}

// data runs a command on the store: in the server where one has the file open, else here.
func (p *program) data(ctx context.Context, command control.Command, args []string, configFile string) (err error) {
	conf, err := p.settings(configFile)
	if err != nil {
		return err
	}
	file, err := conf.StoreFile()
	if err != nil {
		return err
	}
	around, in, err := p.terminalOf(command)
	if err != nil {
		return err
	}
	defer in.Close()
	if _, asks := command.(passwordReader); asks {
		if in, err = p.secret(ctx, in); err != nil {
			return err
		}
	}
	out, err := p.output(command)
	if err != nil {
		return err
	}
	defer func() {
		if ended := out.end(err); ended != nil {
			err = errors.Join(err, ended)
		}
	}()
	socket, err := control.SocketPath(file)
	if err != nil {
		return err
	}
	conn, err := control.Dial(socket)
	if err == nil {
		return control.Client{Conn: conn, In: in, Out: out, Err: p.Err}.Run(ctx, control.Hello{Args: args, Terminal: around})
	}
	if !errors.Is(err, control.ErrNoServer) {
		return err
	}
	here, err := server.OpenSession(ctx, conf, p.Now, p.Err)
	if err != nil {
		return err
	}
	here.Terminal, here.In, here.Out, here.Err = around, interruptible{ctx, in}, out, p.Err
	return errors.Join(command.Run(ctx, &here), here.Store.Close())
}

// interruptible is an input whose reader does not wait for somebody to type when the command has been interrupted already.
type interruptible struct {
	ctx context.Context
	io.Reader
}

// Read gives ctx's error when ctx ends first; what is typed after that is lost with the process.
func (r interruptible) Read(p []byte) (int, error) {
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		own := make([]byte, len(p)) // p is the caller's again once this returns
		n, err := r.Reader.Read(own)
		done <- result{own[:n], err}
	}()
	select {
	case got := <-done:
		return copy(p, got.text), got.err
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}

// reader is a command whose input is a file that the person named; "-" is standard input.
type reader interface {
	inputFile() string
}

// terminalOf returns the person's terminal and the command's input, which is opened here, where the person's files are.
func (p *program) terminalOf(command control.Command) (control.Terminal, io.ReadCloser, error) {
	around := control.Terminal{
		Ask: terminal(p.In) && terminal(p.Err), Progress: terminal(p.Err), Colour: p.colour(), User: userName(), Input: "standard input",
	}
	named, reads := command.(reader)
	if !reads || named.inputFile() == "-" {
		return around, io.NopCloser(p.In), nil
	}
	file, err := os.Open(named.inputFile())
	if err != nil {
		return around, nil, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder: name a file", named.inputFile())
	}
	if err != nil {
		file.Close()
		return around, nil, err
	}
	around.Input, around.InputSize = named.inputFile(), info.Size()
	return around, file, nil
}

// colour says whether standard output takes colours: a terminal does, unless NO_COLOR is set (no-color.org).
func (p *program) colour() bool {
	off, _ := p.Env("NO_COLOR")
	return terminal(p.Out) && off == ""
}

// terminal says whether a stream of the process is one.
func terminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// userName is whom the audit names.
func userName() string {
	u, err := user.Current()
	if err != nil {
		return fmt.Sprintf("uid %d", os.Getuid())
	}
	return u.Username
}

// plural is a number of things in words: "1 problem", "2 problems".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
