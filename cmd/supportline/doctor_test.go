package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/doctor"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/twilio/fake"
)

// installation is a server that runs, beside an account that the provider plays, as a demo has them.
type installation struct {
	t    *testing.T
	file string
	at   *fake.Account
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	file := filepath.Join(t.TempDir(), "supportline.yaml")
	if err := os.WriteFile(file, config.Demo(freeAddress(t), freeAddress(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	conf, problems := config.Load(file, noEnv, config.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	h, err := server.Open(conf, time.Now, zap.NewNop(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	i := &installation{t, file, demo.NewAccount(conf, time.Now)}
	h.Private = demo.WithAccount(h.Private, i.at)
	_, stop := mustServe(t, h)
	t.Cleanup(func() {
		_ = stop()
		_ = h.Close()
	})
	return i
}

// run runs a command as a person does, beside the server.
func (i *installation) run(args ...string) (string, int) {
	i.t.Helper()
	var out bytes.Buffer
	p := &program{In: strings.NewReader(""), Out: &out, Err: &bytes.Buffer{}, Env: noEnv, Now: time.Now}
	status := p.run(i.t.Context(), append(args, "--config", i.file))
	return out.String(), status
}

// wrong is what doctor finds wrong, by check.
func (i *installation) wrong() map[string]string {
	i.t.Helper()
	out, status := i.run("doctor", "--format", "json")
	var all []doctor.Finding
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		i.t.Fatalf("%v: %s", err, out)
	}
	found := map[string]string{}
	for _, f := range all {
		if f.State == doctor.Wrong {
			found[f.Check] += f.Found + "; " + f.Fix + "\n"
		}
	}
	if (len(found) > 0) != (status == control.RefusedExit) || len(all) < 10 {
		i.t.Errorf("%d of %d wrong, exit status %d", len(found), len(all), status)
	}
	return found
}

// TestDoctorBesideAServer: an untouched account is wrong, and nothing is after provision --apply.
func TestDoctorBesideAServer(t *testing.T) {
	i := newInstallation(t)
	if found := i.wrong()["numbers"]; !strings.Contains(found, "voice URL") || !strings.Contains(found, "supportline provision --apply") {
		t.Errorf("an untouched account: %q", found)
	}
	if out, status := i.run("provision", "--apply"); status != control.Done {
		t.Fatalf("provision ends with %d:\n%s", status, out)
	}
	if found := i.wrong(); len(found) > 0 {
		t.Errorf("after provision: %v", found)
	}
}

// TestDoctorFindsAnAccountThatCanNotServe: what no write of ours mends.
func TestDoctorFindsAnAccountThatCanNotServe(t *testing.T) {
	for name, row := range map[string]struct {
		spoil func(*fake.State)
		check string
	}{
		"suspended":         {func(s *fake.State) { s.Status = "suspended" }, "account"},
		"wrong token":       {func(s *fake.State) { s.Token = "another" }, "credentials"},
		"wrong clock":       {func(s *fake.State) { s.Now = func() time.Time { return time.Now().Add(time.Hour) } }, "clock"},
		"not owned":         {func(s *fake.State) { s.Numbers = nil }, "numbers"},
		"no geo permission": {func(s *fake.State) { s.Countries = nil }, "specialists"},
	} {
		t.Run(name, func(t *testing.T) {
			i := newInstallation(t)
			i.run("provision", "--apply")
			i.at.Change(row.spoil)
			if found := i.wrong(); found[row.check] == "" {
				t.Errorf("%v", found)
			}
		})
	}
}
