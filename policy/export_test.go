package policy_test

import (
	"errors"
	"iter"
	"strings"
	"testing"

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
		if err := policy.WriteCSV(&out, []string{"cell", "end"}, some(cell), func(s string) []string { return []string{s, "x"} }); err != nil {
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
	gone := errors.New("gone")
	if err := policy.WriteJSON(leaving{gone}, endless); !errors.Is(err, gone) {
		t.Errorf("JSON: %v", err)
	}
	if err := policy.WriteCSV(leaving{gone}, []string{"x"}, endless, func(s string) []string { return []string{s} }); !errors.Is(err, gone) {
		t.Errorf("CSV: %v", err)
	}
	if asked > 200 { // two buffers of 4 kB
		t.Errorf("%d values were asked for after the reader had gone", asked)
	}
}

type leaving struct{ err error }

func (l leaving) Write([]byte) (int, error) { return 0, l.err }
