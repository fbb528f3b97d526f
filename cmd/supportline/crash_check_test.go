package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// checkerBuilt is the tests of the store, which check a file: its pages, and its indexes against its records.
var checkerBuilt struct {
	sync.Once
	err error
}

// fileChecker returns the program that checks a file.
func fileChecker(t testing.TB) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(binary(t)), "store.test")
	checkerBuilt.Do(func() {
		if out, err := exec.Command("go", "test", "-c", "-o", path, "../../store").CombinedOutput(); err != nil {
			checkerBuilt.err = fmt.Errorf("go test -c: %w\n%s", err, out)
		}
	})
	if checkerBuilt.err != nil {
		t.Fatal(checkerBuilt.err)
	}
	return path
}

// whole checks a closed file of this version: its pages, and its indexes against its records.
func (c *crash) whole(path, when string) {
	c.Helper()
	check := exec.Command(c.checker, "-test.run", "^TestAFileIsWhole$")
	check.Env = append(os.Environ(), "SUPPORTLINE_CHECK_FILE="+path)
	if out, err := check.CombinedOutput(); err != nil {
		c.Errorf("killed %s (seed %d): the file is not whole: %v\n%s", when, c.seed, err, out)
	}
}

// makeOlder makes the closed file one of the first version, whose indexes are made anew when it is opened.
func (c *crash) makeOlder() {
	c.Helper()
	c.older = true
	e := must(bolt.Open(c.conf.Store.File, bolt.Options{}))
	err := e.Update(c.Context(), func(w store.Writer) error {
		w.Put(store.MetaBucket, []byte("schema"), []byte("1"))
		return nil
	})
	if err := errors.Join(err, e.Close()); err != nil {
		c.Fatal(err)
	}
}

// checkFile checks a copy of the file, as it was left and after it was opened, and compares it with what was sent.
func (c *crash) checkFile(when string) {
	c.Helper()
	folder := must(os.MkdirTemp(c.TempDir(), "copy"))
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "supportline.db")
	if err := copySparse(path, c.conf.Store.File); err != nil {
		c.Fatal(err)
	}
	if !c.older { // an upgrade that was killed goes on when the file is opened
		c.whole(path, when)
	}
	c.checkCopy(path, when)
	for _, before := range must(filepath.Glob(c.conf.Store.File + ".schema-*")) {
		_ = os.Remove(before) // each is as large as the file
	}
}

// checkCopy opens a copy of the store, and compares it with what was sent.
func (c *crash) checkCopy(path, when string) {
	c.Helper()
	s := must(bolt.OpenStore(path, 1<<20, store.Options{}))
	c.compare(s, when)
	if err := s.Close(); err != nil {
		c.Fatal(err)
	}
	c.whole(path, when)
}

// compare compares a log with what was sent. Each call is as it was after the last webhook that was answered, or after one more that was sent.
func (c *crash) compare(log *store.Store, when string) {
	c.Helper()
	var want fleetFigures
	there, messages, over := 0, map[string]bool{}, map[policy.CallSID]script{}
	c.did.Range(func(key, value any) bool {
		sid, m := key.(policy.CallSID), value.(*made)
		c.compared++
		at, talked, err := stateOf(log, sid, m)
		if err != nil {
			c.Errorf("killed %s (seed %d): call %s, %s: %v", when, c.seed, sid, m.script.name, err)
			return false
		}
		if at == 0 {
			return true
		}
		there++
		usage := m.script.states[at-1].usage
		if usage.talkSeconds > 0 {
			usage.talkSeconds = talked
		}
		want.add(usage)
		if at == len(m.script.states) {
			over[sid] = m.script
		}
		if strings.Contains(m.script.states[at-1].call, `"message": {`) {
			messages[string(sid)] = true
		}
		return true
	})
	if c.Failed() {
		return
	}
	logged := 0
	for _, err := range log.Calls(c.Context(), policy.Filter{}) {
		if err != nil {
			c.Fatal(err)
		}
		logged++
	}
	if logged != there {
		c.Errorf("killed %s (seed %d): %d calls are in the log, %d were made", when, c.seed, logged, there)
	}
	if got := c.figures(log); got != want {
		c.Errorf("killed %s (seed %d): the usage is %+v, want %+v", when, c.seed, got, want)
	}
	c.checkNotices(log, messages)
	c.checkPeople(log, over, when)
}

// stateOf returns after how many of its webhooks the log has a call, and how long its talk was, which depends on the pace of the webhooks.
func stateOf(log *store.Store, sid policy.CallSID, m *made) (at, talked int, err error) {
	least := int(m.answered.Load())
	most := least
	if m.waits.Load() {
		most = min(least+1, len(m.script.states))
	}
	call, err := log.Call(context.Background(), sid)
	if errors.Is(err, policy.ErrNoCall) && least == 0 {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("%d of its webhooks were answered: %w", least, err)
	}
	talked, _, _ = call.Talk()
	got := m.recorded.Replace(timeless(call))
	for at := max(1, least); at <= most; at++ {
		if got == m.script.states[at-1].call {
			return at, talked, nil
		}
	}
	if most == 0 {
		return 0, 0, errors.New("it was never sent")
	}
	return 0, 0, fmt.Errorf("%d of its webhooks were answered, and %d were sent; the log has (-want +got):\n%s", least, most, cmp.Diff(m.script.states[most-1].call, got))
}

// copySparse copies a file without what was never written.
func copySparse(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	block, none := make([]byte, 64<<10), make([]byte, 64<<10)
	for offset := int64(0); ; {
		n, err := in.ReadAt(block, offset)
		if n > 0 && !bytes.Equal(block[:n], none[:n]) {
			if _, err := out.WriteAt(block[:n], offset); err != nil {
				return err
			}
		}
		offset += int64(n)
		if errors.Is(err, io.EOF) {
			return out.Truncate(offset)
		}
		if err != nil {
			return err
		}
	}
}
