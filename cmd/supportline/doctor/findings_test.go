package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

// sick returns the findings that are not ok, as "state check: found".
func sick(found []Finding) (all []string) {
	for _, f := range found {
		if f.State != OK {
			all = append(all, f.State+" "+f.Check+": "+f.Found)
		}
		if (f.State == OK) != (f.Fix == "") {
			all = append(all, fmt.Sprintf("%s is %s, and its fix is %q", f.Check, f.State, f.Fix))
		}
	}
	return all
}

func TestDoctorLooksAtTheAccount(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*fake.State)
		want   string // in what is found, of all that is not ok
	}{
		"suspended":          {func(s *fake.State) { s.Status = "suspended" }, "wrong account: the provider has suspended it"},
		"closed":             {func(s *fake.State) { s.Status = "closed" }, "wrong account: it is closed"},
		"trial":              {func(s *fake.State) { s.Type = "Trial" }, "warning account: it is a trial: callers hear a trial message"},
		"credentials":        {func(s *fake.State) { s.Token = "another" }, "wrong credentials: twilio: account, asked with the account's auth token"},
		"clock ahead":        {func(s *fake.State) { s.Now = at(tuesday.Add(-31 * time.Second)) }, "wrong clock: it is 31s ahead of the provider's"},
		"clock behind":       {func(s *fake.State) { s.Now = at(tuesday.Add(time.Minute)) }, "wrong clock: it is 1m0s behind the provider's"},
		"clock nearly right": {func(s *fake.State) { s.Now = at(tuesday.Add(-30 * time.Second)) }, ""},
		"country not open":   {func(s *fake.State) { s.Countries["US"] = false }, "wrong specialists: the account may not ring US (+15550100001"},
		"number not owned":   {func(s *fake.State) { s.Numbers = s.Numbers[1:] }, "wrong numbers: +18883071053 USA and Canada is not in the account"},
		"number held":        {func(s *fake.State) { s.Numbers[1].Status = "pending" }, `United Kingdom: the provider holds it as "pending"`},
		"number of nobody": {func(s *fake.State) {
			s.Numbers = append(s.Numbers, s.Numbers[1])
			s.Numbers[2].SID, s.Numbers[2].Number = "PN9", "+448000668188"
		}, "warning numbers: +448000668188 is no line of the configuration, and its calls come to us"},
		"nothing": {func(*fake.State) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := newInstallation(t)
			l.provision()
			l.at.Change(row.change)
			d := l.doctor()
			var found []string
			for _, look := range []func(context.Context) []Finding{d.credentials, d.numbers, d.specialists} {
				for _, f := range sick(look(t.Context())) {
					if !strings.Contains(f, "is it made up?") { // the sample's specialists are
						found = append(found, f)
					}
				}
			}
			if (row.want == "") != (len(found) == 0) || !strings.Contains(strings.Join(found, "\n"), row.want) {
				t.Errorf("found %q, want %q", found, row.want)
			}
		})
	}
}

// TestAuthTokenIsLookedAtWhereAKeyAsks: the key works, and every webhook would be refused.
func TestAuthTokenIsLookedAtWhereAKeyAsks(t *testing.T) {
	l := newInstallation(t)
	d := l.doctor()
	if found := d.token(t.Context()); len(found) > 0 {
		t.Errorf("without a key it is the credentials: %v", found)
	}
	d.Signer = l.client
	if found := d.token(t.Context()); len(found) != 1 || found[0].State != OK {
		t.Errorf("found %v", found)
	}
	l.at.Change(func(s *fake.State) { s.Token = "another" })
	if found := sick(d.token(t.Context())); len(found) != 1 || !strings.Contains(found[0], "every webhook would be refused") {
		t.Errorf("found %q", found)
	}
}

func TestDoctorLooksAtTheStore(t *testing.T) {
	took := func(all ...time.Duration) []time.Duration { return all }
	for name, row := range map[string]struct {
		state StoreState
		err   error
		want  []string
	}{
		"well":       {state: StoreState{Commits: took(9*time.Second, time.Millisecond, time.Millisecond), Newest: tuesday.Add(-time.Hour)}},
		"slow":       {StoreState{Commits: took(200 * time.Millisecond), Newest: tuesday}, nil, []string{"warning store: a commit takes 200ms: callers wait for several"}},
		"too slow":   {StoreState{Commits: took(3 * time.Second), Newest: tuesday}, nil, []string{"wrong store: a commit takes 3s: callers will be served without the log"}},
		"silent":     {StoreState{Commits: took(1), Newest: tuesday.AddDate(0, 0, -8)}, nil, []string{"warning last call: 8 days ago, on 2026-11-16"}},
		"no call":    {state: StoreState{Commits: took(1)}},
		"not there":  {state: StoreState{Commits: took(1)}, err: ErrNoLog},
		"not usable": {err: errors.New("no space left on device"), want: []string{"wrong store: it can't be written: no space left on device"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newInstallation(t).doctor()
			d.Store = func(context.Context) (StoreState, error) { return row.state, row.err }
			if diff := cmp.Diff(row.want, sick(d.log(t.Context()))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestDoctorLooksAtThePlaceOfRecordings as whoever keeps them sees it.
func TestDoctorLooksAtThePlaceOfRecordings(t *testing.T) {
	folder := recordings.Settings{Folder: "/srv/recordings"}
	bucket := recordings.Settings{S3: recordings.S3{Endpoint: "s3.example.com", Bucket: "calls"}}
	for name, row := range map[string]struct {
		settings recordings.Settings
		problem  string
		want     Finding
	}{
		"none":   {recordings.Settings{}, "", ok("recordings", "they stay at the provider: recordings.keep names no place")},
		"folder": {folder, "", ok("recordings", "folder:/srv/recordings can be written, read and deleted from")},
		"folder that can't be written": {folder, "permission denied", wrong(
			"recordings", "give the server's user the right to write there, and the disk some room", "folder:/srv/recordings: permission denied",
		)},
		"bucket that can't be used": {bucket, "Access Denied.", wrong(
			"recordings", "look whether the bucket is there, and whether its keys may write, read and delete in it", "s3:https://s3.example.com/calls: Access Denied.",
		)},
	} {
		t.Run(name, func(t *testing.T) {
			d := &Doctor{Conf: config.Config{Recordings: row.settings}}
			if diff := cmp.Diff([]Finding{row.want}, d.place(StoreState{Place: row.problem})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestProbeMakesNoStore: one that Doctor made could not be the server's, who may be another user.
func TestProbeMakesNoStore(t *testing.T) {
	conf := mustConfig(t)
	state, err := ProbeDisk(t.Context(), conf, time.Now)
	if !errors.Is(err, ErrNoLog) || len(state.Commits) != probes || state.Place != "" {
		t.Errorf("%+v, %v", state, err)
	}
	if _, err := os.Stat(conf.Recordings.Folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of recordings was made: %v", err)
	}
	base := conf.Store.File
	conf.Store.File = base + "-nowhere/below/supportline.db"
	state, err = ProbeDisk(t.Context(), conf, time.Now)
	if !errors.Is(err, ErrNoLog) || len(state.Commits) != probes {
		t.Errorf("a folder that the server will make: %+v, %v", state, err)
	}
	if _, err := os.Stat(filepath.Dir(filepath.Dir(conf.Store.File))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the store's folder was made: %v", err)
	}
	if err := os.WriteFile(base, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	conf.Store.File = base + "/supportline.db"
	if _, err := ProbeDisk(t.Context(), conf, time.Now); err == nil || errors.Is(err, ErrNoLog) {
		t.Errorf("a file in the folder's place: %v", err)
	}
}

// TestNoExaminationHoldsUpTheRest: one that never comes back is given up.
func TestNoExaminationHoldsUpTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := make(chan struct{})
		defer close(never)
		began := time.Now()
		found := examination{"stuck", func(context.Context) []Finding { <-never; return nil }}.examine(t.Context(), time.Minute)
		if diff := cmp.Diff([]string{"wrong stuck: nothing came back within 1m0s"}, sick(found)); diff != "" || time.Since(began) != time.Minute {
			t.Errorf("after %v (-want +got):\n%s", time.Since(began), diff)
		}
	})
}

// TestExaminationLeavesNoTrace in the log of calls or at the provider, and its findings come in one order.
func TestExaminationLeavesNoTrace(t *testing.T) {
	l := newInstallation(t)
	l.provision()
	before := 0
	l.at.Change(func(s *fake.State) { before = len(s.Requests) })
	var order []string
	for f := range l.doctor().Findings(t.Context()) {
		if len(order) == 0 || order[len(order)-1] != f.Check {
			order = append(order, f.Check)
		}
	}
	want := []string{
		"configuration", "voice", "credentials", "account", "clock", "numbers", "public address", "certificate", "signed request", "paths", "specialists",
		"server", "store", "last call", "recordings", "receivers", "fallback",
	}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	for c, err := range l.store.Calls(t.Context(), policy.Filter{}) {
		t.Errorf("the log has %v, %v", c.SID, err)
	}
	l.at.Change(func(s *fake.State) {
		for _, r := range s.Requests[before:] {
			if !strings.HasPrefix(r, "GET ") {
				t.Errorf("the provider was sent %s", r)
			}
		}
	})
}
