package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/server"
)

// commands runs a command server on a socket, and gives a connection to it and a way to stop it that waits for what runs.
func commands(t *testing.T, h *server.App) (conn func() net.Conn, stop func()) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.sock")
	l := must(control.Listen(path))
	done := make(chan struct{})
	go func() {
		defer close(done)
		(&control.Server{Parse: parseCommand, Session: h.Session, Log: zap.NewNop()}).Serve(t.Context(), l)
	}()
	return func() net.Conn { return must(control.Dial(path)) }, func() {
		l.Close()
		<-done
	}
}

// asked is an input that tells when it is first read, and then never ends.
type asked struct {
	text  io.Reader
	empty chan struct{}
}

func (a *asked) Read(p []byte) (int, error) {
	n, err := a.text.Read(p)
	if errors.Is(err, io.EOF) {
		close(a.empty)
		select {}
	}
	return n, err
}

// Ctrl-C while a file is on its way ends the work in the server, and half a file is no file.
func TestInterruptedImportChangesNothing(t *testing.T) {
	h := mustApp(t)
	conn, stop := commands(t, h)
	in := &asked{text: strings.NewReader("number,name,package,line,account_holder,email,phone,caller_numbers\n555011,Half Desk,Ultimate,+448000668187,,,,\n"), empty: make(chan struct{})}
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		<-in.empty
		interrupt()
	}()
	err := control.Client{Conn: conn(), In: in, Out: io.Discard, Err: io.Discard}.Run(ctx, control.Hello{Args: []string{"customers", "import", "-"}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the client said %v, want that it was interrupted", err)
	}
	stop()
	if _, err := h.Store.Customer(t.Context(), "555011"); err == nil {
		t.Error("a customer of the half file was imported")
	}
}

// fileThenAnswer is a file, its end, and then what the person types.
type fileThenAnswer struct {
	file, answer io.Reader
	ended        bool
}

func (f *fileThenAnswer) Read(p []byte) (int, error) {
	if f.ended {
		return f.answer.Read(p)
	}
	n, err := f.file.Read(p)
	f.ended = errors.Is(err, io.EOF)
	return n, err
}

// Before rows without phone support are imported, a person at a terminal is asked; a job without one goes on, and so does --yes.
func TestImportAsksAPersonAboutRowsWithoutPhoneSupport(t *testing.T) {
	const head = "number,name,package,line,account_holder,email,phone,caller_numbers\n"
	for _, test := range []struct {
		name, file, answer string
		ask                bool
		args               []string
		imported, asked    bool
	}{
		{"no", "555011,Desk,Ultimat,+448000668187,,,,\n", "n\n", true, nil, false, true},
		{"the end of the input", "555011,Desk,Growth,+448000668187,,,,\n", "", true, nil, false, true},
		{"yes", "555011,Desk,Ultimat,+448000668187,,,,\n", "yes\n", true, nil, true, true},
		{"an extension that is left out", "555011,Desk,Ultimate,+448000668187,,,+442079460018 ext. 12,\n", "n\n", true, nil, false, true},
		{"nothing to ask about", "555011,Desk,ultimate ,+448000668187,,,,\n", "n\n", true, nil, true, false},
		{"--yes", "555011,Desk,Ultimat,+448000668187,,,,\n", "n\n", true, []string{"--yes"}, true, false},
		{"--dry-run", "555011,Desk,Ultimat,+448000668187,,,,\n", "y\n", true, []string{"--dry-run"}, false, false},
		{"a job", "555011,Desk,Ultimat,+448000668187,,,,\n", "", false, nil, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := mustApp(t)
			conn, stop := commands(t, h)
			var words strings.Builder
			in := &fileThenAnswer{file: strings.NewReader(head + test.file), answer: strings.NewReader(test.answer)}
			err := control.Client{Conn: conn(), In: in, Out: io.Discard, Err: &words}.Run(
				t.Context(), control.Hello{Args: append([]string{"customers", "import", "-"}, test.args...), Terminal: control.Terminal{Ask: test.ask}},
			)
			stop()
			_, missing := h.Store.Customer(t.Context(), "555011")
			if (missing == nil) != test.imported {
				t.Errorf("imported: %v, want %v (%v); said %s", missing == nil, test.imported, err, words.String())
			}
			if asked := strings.Contains(words.String(), "Import 1 customer all the same? [y/N]"); asked != test.asked {
				t.Errorf("asked: %v, want %v: %s", asked, test.asked, words.String())
			}
		})
	}
}

// A command that reads nothing leaves the input to whoever else reads it.
func TestInputIsTakenOnlyWhenAsked(t *testing.T) {
	h := mustApp(t)
	conn, stop := commands(t, h)
	defer stop()
	in := strings.NewReader("the next line of somebody's loop\n")
	var out strings.Builder
	if err := (control.Client{Conn: conn(), In: in, Out: &out, Err: io.Discard}).Run(t.Context(), control.Hello{Args: []string{"customers", "list"}}); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "204518") || in.Len() != int(in.Size()) {
		t.Errorf("%d of %d bytes are left after %q", in.Len(), in.Size(), out.String())
	}
}

// A question goes to the person at the client, and the answer back.
func TestQuestionsCrossTheSocket(t *testing.T) {
	for answer, want := range map[string]struct {
		status int
		left   bool
	}{"y\n": {control.Done, false}, "n\n": {control.RefusedExit, true}, "": {control.RefusedExit, true}} {
		t.Run("answer "+strings.TrimSpace(answer), func(t *testing.T) {
			h := mustApp(t)
			conn, stop := commands(t, h)
			defer stop()
			var words strings.Builder
			err := control.Client{Conn: conn(), In: strings.NewReader(answer), Out: io.Discard, Err: &words}.Run(
				t.Context(), control.Hello{Args: []string{"customers", "erase", "204518"}, Terminal: control.Terminal{Ask: true}},
			)
			if got := control.ExitStatus(err); got != want.status {
				t.Errorf("status %d, want %d", got, want.status)
			}
			if !strings.Contains(words.String(), "Erase 204518 (Northwind Flex Offices)") {
				t.Errorf("the question was %q", words.String())
			}
			if _, err := h.Store.Customer(t.Context(), "204518"); (err == nil) != want.left {
				t.Errorf("after the answer: %v", err)
			}
		})
	}
}

// What is not a command is refused, and the server goes on.
func TestSocketRefusesNonsense(t *testing.T) {
	h := mustApp(t)
	conn, stop := commands(t, h)
	defer stop()
	for name, sent := range map[string]string{
		"another protocol":   "GET / HTTP/1.1\r\n\r\n",
		"a frame too long":   "h\xff\xff\xff\xff",
		"not a hello":        "i\x00\x00\x00\x00",
		"hello without JSON": "h\x00\x00\x00\x01x",
		"a hang-up":          "",
	} {
		t.Run(name, func(t *testing.T) {
			c := conn()
			io.WriteString(c, sent)
			c.(*net.UnixConn).CloseWrite()
			if answer, err := io.ReadAll(c); err == nil && len(answer) > 0 {
				t.Errorf("the server answered %q", answer)
			}
			c.Close()
		})
	}
	for name, args := range map[string][]string{"a local command": {"serve"}, "no such command": {"dance"}, "help": {"--help"}} {
		t.Run(name, func(t *testing.T) {
			err := control.Client{Conn: conn(), In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}.Run(t.Context(), control.Hello{Args: args})
			if got := control.ExitStatus(err); got != control.FailedExit {
				t.Errorf("status %d, want %d", got, control.FailedExit)
			}
		})
	}
}

// A command is noted with the operating system's user that the kernel names, whatever the client says of itself and whatever --by says.
func TestAuditOfACommandNamesTheOperatingSystemsUser(t *testing.T) {
	h := mustApp(t)
	conn, stop := commands(t, h)
	defer stop()
	own := control.UserName(os.Getuid())
	run := func(args ...string) {
		t.Helper()
		hello := control.Hello{Args: args, Terminal: control.Terminal{User: "ada"}}
		if err := (control.Client{Conn: conn(), In: strings.NewReader(""), Out: io.Discard, Err: t.Output()}).Run(t.Context(), hello); err != nil {
			t.Fatal(err)
		}
	}
	run("cases", "open", "--customer", "204518", "--note", "they call every day")
	run("customers", "export", "204518")
	run("cases", "move", "1", "--to", "closed", "--note", "settled", "--by", "ada")
	var by []string
	for e, err := range h.Store.Audit(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Act != "import" {
			by = append(by, e.Act+" "+e.Who()+", "+e.OSUser)
		}
	}
	want := []string{"case-open " + own + ", " + own, "export " + own + ", " + own, "case-move ada (as " + own + "), " + own}
	if !slices.Equal(by, want) {
		t.Errorf("the audit names %q, want %q", by, want)
	}
}
