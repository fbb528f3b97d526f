package phone_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/phone"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

var ten = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// terminal is a phone at a desk on which these lines are typed.
func terminal(in string, out io.Writer) *phone.Terminal {
	now := func() time.Time { return ten }
	d := &desk{Setup: phone.Setup{Now: now}, calls: map[policy.CallSID]policy.Call{}}
	return &phone.Terminal{
		Account: d.Account(), Transport: fake.Straight(d.Handler()), Lines: phone.NewLines(strings.NewReader(in)), Out: out, Now: now,
	}
}

// TestTerminal checks what a person sees for what is typed, after the help and without the times.
func TestTerminal(t *testing.T) {
	opening := []string{"caller dials  +448000668187", "caller hears  two digits please"}
	for _, row := range []struct {
		name, typed string
		want        []string
	}{
		{"a served call", "12\na\ns\nhello there\n#\n", []string{
			"you> 12", "caller presses  12", "caller hears  Connecting you.", "+15550100001 rings", "+15550100001 (a/p/n/v/b)> a",
			"+15550100001 picks up", "+15550100001 hears  a call, press 1", "+15550100001 presses  1", "+15550100001 is joined with the caller",
			"talking> s", "+15550100001 hangs up", "+15550100001 is off the line", "caller hears  goodbye", "caller hears  (tone)",
			"recording> hello there", "caller says  hello there", "recording> #", "caller presses  #", "caller hears  saved", "provider ends the call",
		}},
		{"the caller hangs up in the talk", "12\n\n\n", []string{
			"you> 12", "caller presses  12", "caller hears  Connecting you.", "+15550100001 rings", "+15550100001 (a/p/n/v/b)> ",
			"+15550100001 picks up", "+15550100001 hears  a call, press 1", "+15550100001 presses  1", "+15550100001 is joined with the caller",
			"talking> ", "+15550100001 is off the line", "caller hangs up",
		}},
		{"silence, then nobody answers", "\nn\n", []string{
			"you> ", "caller hears  Connecting you.", "+15550100001 rings", "+15550100001 (a/p/n/v/b)> n", "+15550100001 doesn't answer",
			"caller hears  goodbye", "caller hears  (tone)", "recording> ", "caller hangs up",
		}},
		{"the caller hangs up while it rings", "say one two\nh\n", []string{
			"you> say one two", "caller says  one two", "caller hears  Connecting you.", "+15550100001 rings", "+15550100001 (a/p/n/v/b)> h",
			"+15550100001 stops ringing", "caller hangs up",
		}},
		{"one key, and no more", "1\n\nn\n", []string{
			"you> 1", "caller presses  1", "you (more keys, or Enter: no more)> ", "caller hears  Connecting you.", "+15550100001 rings",
			"+15550100001 (a/p/n/v/b)> n", "+15550100001 doesn't answer", "caller hears  goodbye", "caller hears  (tone)", "recording> ", "caller hangs up",
		}},
		{"the input ends", "", []string{"you> ", "caller hangs up"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var out strings.Builder
			if err := terminal(row.typed, &out).Call(t.Context(), "+448000668187", "anonymous", false); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.ReplaceAll(out.String(), "10:00:00  ", ""), "\n")
			lines = lines[2 : len(lines)-2] // the help before, the call's length after
			if diff := cmp.Diff(append(opening, row.want...), lines); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTerminalKnowsPeopleByName wherever an address would be shown, and shows the address of those whom nobody knows.
func TestTerminalKnowsPeopleByName(t *testing.T) {
	var out strings.Builder
	line := terminal("12\na\nh\n", &out)
	line.Name = policy.Settings{People: []policy.Person{{ID: "ada", Name: "Ada Moreau", Phone: "+15550100001"}}}.WhoIsAt
	if err := line.Call(t.Context(), "+448000668187", "anonymous", false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  Ada Moreau rings", "Ada Moreau (a/p/n/v/b)> a", "  Ada Moreau hears  a call", "caller dials  +448000668187"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(out.String(), "+15550100001") {
		t.Error("her number is shown")
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func TestTerminalExplainsWhatItDoesNotKnow(t *testing.T) {
	var out strings.Builder
	if err := terminal("what?\nh\n", &out).Call(t.Context(), "+448000668187", "anonymous", false); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "Type digits"); n != 2 {
		t.Errorf("the help was shown %d times, want at the start and after the line that was not understood:\n%s", n, out.String())
	}
}

func TestTerminalColours(t *testing.T) {
	for _, colour := range []bool{true, false} {
		var out strings.Builder
		line := terminal("h\n", &out)
		line.Colour = colour
		if err := line.Call(t.Context(), "+448000668187", "anonymous", true); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "\x1b["); got != colour {
			t.Errorf("colour %v: escapes %v", colour, got)
		}
	}
}

func TestTerminalSaysWhatIsWrongWithTheLine(t *testing.T) {
	line := terminal("", io.Discard)
	line.Account.PublicURL = "https://desk.example.com/elsewhere"
	err := line.Call(t.Context(), "+448000668187", "anonymous", false)
	if err == nil || !strings.Contains(err.Error(), "11200 /elsewhere/voice: answered 404") {
		t.Errorf("got %v, want the failed webhook", err)
	}
}

// TestTerminalTellsWhatBecameOfTheCall: a call is said to be in the log where it is, and one that was refused is said to have been refused.
func TestTerminalTellsWhatBecameOfTheCall(t *testing.T) {
	refuses := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	rejects := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, `<Response><Reject reason="busy"/></Response>`)
	})
	for _, row := range []struct {
		name    string
		handler http.Handler // nil: the desk's
		logged  func(context.Context, policy.CallSID) (bool, error)
		want    string // of the last line, with SID for the call's
		err     string
	}{
		{"served", nil, is(true, nil), "The call took 0s (completed). In the log it is SID", ""},
		{"served without the log", nil, is(false, nil), "The call took 0s (completed). It is not in the log.", ""},
		{"the log can't be asked", nil, is(false, errors.New("it is locked")), "The call took 0s (completed). Whether it is in the log, as SID, could not be found out: it is locked", ""},
		{"the log is not asked", nil, nil, "The call took 0s (completed).", ""},
		{"the server refuses", refuses, is(false, nil), "The call took 0s (completed). It is not in the log.", "public_url than this configuration: restart it with this one"},
		{"the line refuses", rejects, is(true, nil), "The line refused the call (busy). In the log it is SID", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			var out strings.Builder
			line := terminal("h\n", &out)
			if row.handler != nil {
				line.Transport = fake.Straight(row.handler)
			}
			sid := ""
			if row.logged != nil {
				line.Logged = func(ctx context.Context, id policy.CallSID) (bool, error) {
					sid = string(id)
					return row.logged(ctx, id)
				}
			}
			err := line.Call(t.Context(), "+448000668187", "anonymous", false)
			if (err == nil) != (row.err == "") || err != nil && !strings.HasSuffix(err.Error(), row.err) {
				t.Errorf("got the error %v, want %q", err, row.err)
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if got, want := lines[len(lines)-1], strings.Replace(row.want, "SID", sid, 1); got != want {
				t.Errorf("the last line is %q, want %q", got, want)
			}
		})
	}
}

func is(logged bool, err error) func(context.Context, policy.CallSID) (bool, error) {
	return func(context.Context, policy.CallSID) (bool, error) { return logged, err }
}

func TestTerminalEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	defer writer.Close()
	var out strings.Builder
	line := terminal("", &out)
	line.Lines = phone.NewLines(reader)
	cancel()
	if err := line.Call(ctx, "+448000668187", "anonymous", false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "caller hangs up") {
		t.Errorf("the caller did not hang up:\n%s", out.String())
	}
}

// TestLines checks that a line is read only on demand, and is not lost when the demand ended.
func TestLines(t *testing.T) {
	reader, writer := io.Pipe()
	lines := phone.NewLines(reader)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := lines.Next(ctx); ok {
		t.Error("a line came before one was typed")
	}
	go func() {
		io.WriteString(writer, " one \ntwo\n")
		writer.Close()
	}()
	var got []string
	for {
		line, ok := lines.Next(t.Context())
		if !ok {
			break
		}
		got = append(got, line)
	}
	if diff := cmp.Diff([]string{"one", "two"}, got); diff != "" {
		t.Error(diff)
	}
}
