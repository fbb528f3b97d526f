package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
)

func TestTable(t *testing.T) {
	tab := control.Table{Head: []string{"NAME", "TALK"}, Right: map[string]bool{"TALK": true}}
	tab.Add("Propriétaire", "1:00")
	tab.Add("\x1b[31mred\nline\x00", "20:01")
	tab.Add("", "")
	var out strings.Builder
	if err := tab.Write(&out, false); err != nil {
		t.Fatal(err)
	}
	want := "NAME             TALK\nPropriétaire     1:00\n [31mred line   20:01\n\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	if err := tab.Write(&out, true); err != nil || !strings.HasPrefix(out.String(), "\x1b[1mNAME             TALK\x1b[0m\n") {
		t.Errorf("in colour: %q, %v", out.String(), err)
	}
}

// A spreadsheet must not run what a customer wrote, and other programs must find telephone numbers as they are.
// An error in the middle of a listing is the command's error, whatever was shown by then.
func TestListingsStopAtAnError(t *testing.T) {
	broken := errors.New("the disk is gone")
	values := func(yield func(string, error) bool) {
		_ = yield("first", nil) && yield("", broken)
	}
	if err := policy.WriteJSON(&strings.Builder{}, values); !errors.Is(err, broken) {
		t.Errorf("JSON: %v", err)
	}
	rows := func(yield func(directory.FieldChange, error) bool) {
		_ = yield(directory.FieldChange{Name: "first"}, nil) && yield(directory.FieldChange{}, broken)
	}
	if err := policy.WriteCSV(&strings.Builder{}, rows); !errors.Is(err, broken) {
		t.Errorf("CSV: %v", err)
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	for name, row := range map[string]struct {
		size     int64
		terminal bool
		want     []string
	}{
		"on a terminal":        {10, true, []string{"\r[####################                    ]  50%", "100%"}},
		"off a terminal":       {10, false, nil},
		"of an unknown length": {0, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			w := control.Watch(strings.NewReader("0123456789"), &out, row.size, row.terminal)
			half := make([]byte, 5)
			for range 2 {
				if _, err := w.Read(half); err != nil {
					t.Fatal(err)
				}
			}
			w.Done()
			for _, want := range row.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in %q", want, out.String())
				}
			}
			if row.want == nil && out.Len() > 0 {
				t.Errorf("it wrote %q", out.String())
			}
		})
	}
}

// One table decides the exit status of every error.
func TestExitStatus(t *testing.T) {
	for name, row := range map[string]struct {
		err  error
		want int
		says bool
	}{
		"done":                         {nil, control.Done, false},
		"the answer is no":             {control.Refused("two problems"), control.RefusedExit, true},
		"said already":                 {control.Exit(control.RefusedExit), control.RefusedExit, false},
		"an unknown call":              {fmt.Errorf("explain: %w", policy.ErrNoCall), control.RefusedExit, true},
		"a call with 200 acts":         {policy.ErrManyActs, control.RefusedExit, true},
		"an unknown customer":          {policy.ErrNoCustomer, control.RefusedExit, true},
		"anything else could not run":  {errors.New("disk full"), control.FailedExit, true},
		"no, and the store then broke": {errors.Join(control.Refused("x"), errors.New("y")), control.RefusedExit, true},
	} {
		t.Run(name, func(t *testing.T) {
			var words strings.Builder
			if got := control.Report(&words, row.err); got != row.want || (words.Len() > 0) != row.says {
				t.Errorf("status %d and %q, want %d", got, words.String(), row.want)
			}
		})
	}
}

// TestEveryCommandRuns here or in the process that has the store open.
func TestEveryCommandRuns(t *testing.T) {
	var g grammar
	parser, err := g.parser(io.Discard, io.Discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(false) {
		switch command := leaf.Target.Addr().Interface().(type) {
		case localCommand, control.Command:
		default:
			t.Errorf("%s is a %T, which nothing runs", leaf.FullPath(), command)
		}
	}
}
