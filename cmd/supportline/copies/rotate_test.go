package copies

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// kept returns backups from a text such as "1 3 5! 9": days of November, with ! those that are damaged.
func kept(text string) (all []Kept) {
	for word := range strings.FieldsSeq(text) {
		day, damaged := strings.CutSuffix(word, "!")
		var d int
		if _, err := fmt.Sscan(day, &d); err != nil {
			panic(err)
		}
		at := time.Date(2026, time.November, d, 3, 0, 0, 0, time.UTC)
		all = append(all, Kept{Name: nameOf(at), At: at, Good: !damaged})
	}
	return all
}

func TestRotation(t *testing.T) {
	for name, row := range map[string]struct {
		all, gone string
		keep      int
	}{
		"none":                                 {"", "", 7},
		"fewer than are kept":                  {"1 2 3", "", 7},
		"one more than are kept":               {"1 2 3 4 5 6 7 8", "1", 7},
		"many more, in no order":               {"5 1 4 2 9 3", "1", 5},
		"three stay though fewer are wanted":   {"1 2 3 4 5", "1 2", 1},
		"the newest stay however old":          {"1 2 3 29", "1", 3},
		"damaged ones don't count":             {"1 2 3 4! 5!", "", 3},
		"damaged ones go behind those kept":    {"1! 2 3 4 5", "1 2", 3},
		"all are damaged":                      {"1! 2! 3! 4! 5!", "", 3},
		"as many as wanted, damaged between":   {"1 2 3! 4 5", "1", 3},
		"a damaged one newer than all is kept": {"1 2 3 4 5!", "1", 3},
	} {
		gone := rotated(kept(row.all), row.keep)
		slices.SortFunc(gone, func(a, b Kept) int { return a.At.Compare(b.At) })
		if diff := cmp.Diff(names(kept(row.gone)), names(gone)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func names(all []Kept) (list []string) {
	for _, k := range all {
		list = append(list, k.Name)
	}
	return list
}

func TestNamesOfBackups(t *testing.T) {
	at := time.Date(2026, time.November, 29, 3, 30, 5, 0, time.UTC)
	if got, ok := timeOf(nameOf(at.In(time.FixedZone("", 3600)))); !ok || !got.Equal(at) || nameOf(at) != "supportline-20261129T033005Z.db" {
		t.Errorf("%s is of %v, %v", nameOf(at), got, ok)
	}
	for _, foreign := range []string{"supportline.db", "supportline-old.db", "supportline-20261129T033005Z.db.bak", "my-supportline-20261129T033005Z.db", "supportline-20261329T033005Z.db"} {
		if _, ok := timeOf(foreign); ok {
			t.Errorf("%s is taken for one of ours", foreign)
		}
	}
}

func TestWhenABackupIsDue(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		parsed, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	const day, any = 24 * time.Hour, -1
	for _, row := range []struct {
		newest, want string
		every, at    time.Duration
	}{
		{"2026-11-02 10:17", "2026-11-02 16:17", 6 * time.Hour, any},
		{"2026-11-02 03:30", "2026-11-03 03:30", day, 3*time.Hour + 30*time.Minute},
		{"2026-11-02 03:31", "2026-11-03 03:30", day, 3*time.Hour + 30*time.Minute}, // it began late
		{"2026-11-02 14:00", "2026-11-03 03:30", day, 3*time.Hour + 30*time.Minute}, // the server was down at night
		{"2026-11-02 01:00", "2026-11-02 03:30", day, 3*time.Hour + 30*time.Minute},
		{"2026-11-02 03:30", "2026-11-09 03:30", 7 * day, 3*time.Hour + 30*time.Minute},
		{"2026-10-31 03:30", "2026-11-01 03:30", day, 3*time.Hour + 30*time.Minute}, // the clocks change that night
	} {
		s := Settings{Every: row.every, At: row.at}
		if got := s.due(at(row.newest), zone); !got.Equal(at(row.want)) {
			t.Errorf("after %s, every %v at %v: %v, want %s", row.newest, row.every, row.at, got, row.want)
		}
	}
	if got := (Settings{Every: day, At: 0}).due(time.Time{}, zone); !got.IsZero() {
		t.Errorf("without any backup: %v, want at once", got)
	}
}
