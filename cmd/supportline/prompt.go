package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/phone"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/twilio/fake"
)

const promptHelp = `Here is a phone, too. Type one of
  dial NUMBER [from NUMBER]   call a line of the demo
  calls                       the log
  explain SID                 why everything happened on one call
  hours                       the lines' hours
  quit                        stop the demo
`

// prompt is the demo's own terminal: a phone and the commands to look at what it did.
type prompt struct {
	program *program
	app     *server.App
	file    string        // the configuration
	account *fake.Account // the demo's
	lines   *phone.Lines
}

// run reads commands until quit, the end of the input or of ctx.
func (t *prompt) run(ctx context.Context) {
	line := t.program.telephone(t.app.Conf)
	line.Transport, line.Now = fake.Straight(t.app.Webhooks), t.program.Now
	line.Provider, line.Settle = t.account, t.app.Ringer.Wait
	t.lines = line.Lines
	fmt.Fprint(t.program.Out, promptHelp)
	for {
		fmt.Fprint(t.program.Out, "demo> ")
		typed, ok := t.lines.Next(ctx)
		words := strings.Fields(typed)
		switch {
		case !ok, typed == "quit", typed == "exit":
			return
		case len(words) == 0:
		case words[0] == "dial":
			control.Report(t.program.Err, dialFrom(ctx, line, words[1:]))
		case words[0] == "explain":
			t.command(ctx, append([]string{"calls"}, words...))
		case words[0] == "calls", words[0] == "hours":
			t.command(ctx, words)
		default:
			fmt.Fprint(t.program.Out, promptHelp)
		}
	}
}

func dialFrom(ctx context.Context, line *phone.Terminal, words []string) error {
	from := "anonymous"
	if len(words) == 3 && words[1] == "from" {
		from, words = words[2], words[:1]
	}
	if len(words) != 1 {
		return fmt.Errorf("write dial NUMBER, or dial NUMBER from NUMBER: dial +448000668187")
	}
	var to number
	if err := to.UnmarshalText([]byte(words[0])); err != nil {
		return err
	}
	return line.Call(ctx, string(to), from, true)
}

// command runs a command of the program on the store that the demo has open.
func (t *prompt) command(ctx context.Context, args []string) {
	p := t.program
	line, err := parse(args, p.Out, p.Err)
	switch command := line.command.(type) {
	case localCommand:
		err = command.run(ctx, p, t.file)
	case control.Command:
		s := t.app.Session()
		s.Terminal, s.In, s.Out, s.Err, s.Now = control.Terminal{Colour: p.colour(), User: userName()}, strings.NewReader(""), p.Out, p.Err, p.Now
		err = command.Run(ctx, &s)
	}
	control.Report(p.Err, err)
}
