package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	if run := benchProcesses[os.Getenv(benchProcess)]; run != nil {
		run()
		return
	}
	status := m.Run()
	if built.folder != "" {
		_ = os.RemoveAll(built.folder) // a folder that is left in the system's temporary one fails no test
	}
	os.Exit(status)
}

// built is the program as a user runs it, once a test has asked for it. Under the race detector's hand a process would take a second to end, and the
// tests start hundreds.
var built struct {
	sync.Once
	folder string
	err    error
}

// binary returns the path of the program.
func binary(t testing.TB) string {
	t.Helper()
	built.Do(func() {
		if built.folder, built.err = os.MkdirTemp("", "supportline-binary-"); built.err != nil {
			return
		}
		if out, err := exec.Command("go", "build", "-o", built.folder, ".").CombinedOutput(); err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.folder, "supportline")
}

// onPath lets a script find the program by its name.
func onPath(t testing.TB, e *testscript.Env) {
	t.Helper()
	e.Setenv("PATH", filepath.Dir(binary(t))+string(filepath.ListSeparator)+e.Getenv("PATH"))
}
