package policy_test

import (
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

// No cell of an export is a formula to a spreadsheet, and telephone numbers stay as they are.
func TestCellsAreHarmless(t *testing.T) {
	for cell, want := range map[string]string{
		"":                   "",
		"plain":              "plain",
		"a=b":                "a=b",
		"=1+1":               "'=1+1",
		"+1+cmd":             "'+1+cmd",
		"-1":                 "'-1",
		"@SUM(A1)":           "'@SUM(A1)",
		"\tx":                "'\tx",
		"\r=x":               "'\r=x",
		"+":                  "'+",
		"+448000668187":      "+448000668187",
		"sip:a@b.example":    "sip:a@b.example",
		"2026-11-24T00:00Z":  "2026-11-24T00:00Z",
		"'=already guarded'": "'=already guarded'",
	} {
		var out strings.Builder
		if err := policy.WriteCSV(&out, some(line{cell, "x"})); err != nil {
			t.Fatal(err)
		}
		got := strings.TrimSuffix(strings.TrimPrefix(out.String(), "cell,end\n"), ",x\n")
		if strings.HasPrefix(got, `"`) {
			got = strings.Trim(got, `"`)
		}
		if got != want {
			t.Errorf("%q is written as %q, want %q", cell, got, want)
		}
	}
}

type line struct {
	Cell string `json:"cell"`
	End  string `json:"end"`
}

// Columns are the JSON names, and cells hold what JSON has: nothing for null, times in UTC to the second.
func TestCellsFollowTheirFields(t *testing.T) {
	type row struct {
		SID     policy.CallSID `json:"sid"`
		At      time.Time      `json:"at,omitzero"`
		Ended   *time.Time     `json:"ended_at"`
		Seconds *int           `json:"seconds"`
		Minor   int64          `json:"minor"`
		Waived  bool           `json:"waived"`
		Ticket  *policy.Ticket `json:"ticket"`
		Limit   int            `json:"-"`
	}
	seconds, ticket, ended := 0, policy.Ticket("4711"), time.Date(2026, 7, 1, 12, 0, 0, 999, time.FixedZone("", 3600))
	var out strings.Builder
	rows := some(row{SID: "CA1", At: began, Minor: -5, Limit: 3}, row{SID: "CA2", Ended: &ended, Seconds: &seconds, Waived: true, Ticket: &ticket}, row{})
	if err := policy.WriteCSV(&out, rows); err != nil {
		t.Fatal(err)
	}
	want := "sid,at,ended_at,seconds,minor,waived,ticket\nCA1,2026-11-24T10:00:00Z,,,'-5,false,\nCA2,,2026-07-01T11:00:00Z,0,0,true,4711\n,,,,0,false,\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func some[T any](values ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// A list of nothing is a list, and one that broke off is none.
func TestJSONIsOneArray(t *testing.T) {
	written := func(values iter.Seq2[int, error]) string {
		var out strings.Builder
		if err := policy.WriteJSON(&out, values); err != nil {
			return err.Error()
		}
		return out.String()
	}
	broken := func(yield func(int, error) bool) { _ = yield(1, nil) && yield(0, errors.New("the disk is gone")) }
	got := []string{written(some[int]()), written(some(1, 2)), written(broken)}
	if diff := cmp.Diff([]string{"[\n]\n", "[\n1,\n2\n]\n", "the disk is gone"}, got); diff != "" {
		t.Errorf("what is written (-want +got):\n%s", diff)
	}
}

// Who reads no more stops the list, so that nobody works for a client who has gone.
func TestAListEndsWithItsReader(t *testing.T) {
	asked := 0
	endless := func(yield func(string, error) bool) {
		for yield(strings.Repeat("x", 100), nil) {
			asked++
		}
	}
	lines := func(yield func(line, error) bool) {
		endless(func(s string, err error) bool { return yield(line{s, "x"}, err) })
	}
	gone := errors.New("gone")
	if err := policy.WriteJSON(leaving{gone}, endless); !errors.Is(err, gone) {
		t.Errorf("JSON: %v", err)
	}
	if err := policy.WriteCSV(leaving{gone}, lines); !errors.Is(err, gone) {
		t.Errorf("CSV: %v", err)
	}
	if asked > 200 { // two buffers of 4 kB
		t.Errorf("%d values were asked for after the reader had gone", asked)
	}
}

type leaving struct{ err error }

func (l leaving) Write([]byte) (int, error) { return 0, l.err }
