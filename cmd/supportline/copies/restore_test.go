package copies

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// installation is a store with its backup, on a clock that the test moves.
type installation struct {
	*testing.T
	folder, path, copy string
	now                time.Time
	store              *store.Store
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	i := &installation{T: t, folder: t.TempDir(), now: noon}
	i.path, i.copy = filepath.Join(i.folder, "log.db"), filepath.Join(i.folder, "copy.db")
	i.open()
	t.Cleanup(func() { _ = i.store.Close() })
	i.customers("204518", "204519")
	i.call(1, "204518")
	i.call(2, "204519")
	return i
}

func (i *installation) clock() time.Time { return i.now }

func (i *installation) open() {
	i.Helper()
	e, err := bolt.Open(i.path, bolt.Options{Size: 1 << 20, Now: i.clock})
	if err != nil {
		i.Fatal(err)
	}
	if i.store, err = store.Open(i.Context(), e, store.Options{Now: i.clock}); err != nil {
		i.Fatal(err)
	}
}

func (i *installation) close() {
	i.Helper()
	i.must(i.store.Close())
}

func (i *installation) must(err error) {
	i.Helper()
	if err != nil {
		i.Fatal(err)
	}
}

func (i *installation) customers(numbers ...policy.CustomerNumber) {
	i.Helper()
	var all []policy.Customer
	for _, n := range numbers {
		all = append(all, policy.Customer{Number: n, Name: "Account " + string(n)})
	}
	_, err := i.store.ImportCustomers(i.Context(), all, "test")
	i.must(err)
}

func sid(n int) policy.CallSID { return policy.CallSID(fmt.Sprintf("CA%032d", n)) }

func (i *installation) call(n int, customer policy.CustomerNumber) {
	i.Helper()
	_, err := i.store.Advance(i.Context(), sid(n), func(c policy.Call) policy.Call {
		c.Line, c.From, c.Customer, c.Account, c.Month, c.StartedAt, c.LeftAt = "+448000668187", "+442079460018", customer, "Account "+string(customer), "2026-11", i.now.Add(-time.Hour), i.now
		return c
	})
	i.must(err)
}

// onFile is a call of nobody, from a number that an account has.
func (i *installation) onFile(n int, customer policy.CustomerNumber) {
	i.Helper()
	_, err := i.store.Advance(i.Context(), sid(n), func(c policy.Call) policy.Call {
		c.Line, c.From, c.OnFile, c.State.OnFileName, c.StartedAt, c.LeftAt = "+448000668187", "+442079460018", customer, "Account "+string(customer), i.now.Add(-time.Hour), i.now
		return c
	})
	i.must(err)
}

// backup makes the backup, and lets a day pass.
func (i *installation) backup() {
	i.Helper()
	e, err := bolt.Open(i.path, bolt.Options{ReadOnly: true})
	i.must(err)
	_, err = Backup(i.Context(), e, i.copy, Options{Now: i.clock})
	i.must(errors.Join(err, e.Close()))
	i.now = i.now.Add(24 * time.Hour)
}

// backedUp makes the backup of a store that is open, and opens it again.
func (i *installation) backedUp() {
	i.Helper()
	i.close()
	i.backup()
	i.open()
}

func (i *installation) restoring() Restoring {
	return Restoring{
		Backup: i.copy, Path: i.path, Now: i.clock, By: "ops", Retention: 400 * 24 * time.Hour,
		Confirm: func(string) error { return nil },
	}
}

// restore restores the backup over the closed store, and opens the result.
func (i *installation) restore() Restored {
	i.Helper()
	i.close()
	did, err := i.restoring().Restore(i.Context())
	i.must(err)
	i.open()
	return did
}

// numbers returns the numbers of customers, and those of calls, as text.
func (i *installation) numbers() string {
	i.Helper()
	var all []string
	for c, err := range i.store.Customers(i.Context()) {
		i.must(err)
		all = append(all, string(c.Number))
	}
	for n := 1; n < 10; n++ {
		c, err := i.store.Call(i.Context(), sid(n))
		if errors.Is(err, policy.ErrNoCall) {
			continue
		}
		i.must(err)
		all = append(all, fmt.Sprint(n, ":", c.Customer, c.OnFile))
	}
	return strings.Join(all, " ")
}

func TestRestore(t *testing.T) {
	i := newInstallation(t)
	i.backedUp()
	i.customers("204520")
	i.call(3, "204520")
	now := i.numbers()
	did := i.restore()
	if got := i.numbers(); got != "204518 204519 1:204518 2:204519" {
		t.Errorf("restored: %s", got)
	}
	kept := i.path + ".before-20261130T120000Z"
	if diff := cmp.Diff(Restored{Record: did.Record, Kept: kept}, did); diff != "" || did.Record.Calls() != 2 {
		t.Errorf("%d calls, -want +got:\n%s", did.Record.Calls(), diff)
	}
	found, err := i.store.SearchAudit(t.Context(), users.AuditFilter{Act: "restore"}, policy.Page{Length: 10})
	if err != nil || len(found.List) != 1 || found.List[0].By != "ops" {
		t.Errorf("the audit: %+v, %v", found.List, err)
	}
	if got := files(t, i.folder); !slices.Equal(got, []string{"copy.db", "log.db", filepath.Base(kept)}) {
		t.Errorf("files: %v", got)
	}
	i.close()
	i.path = kept
	i.open()
	if got := i.numbers(); got != now {
		t.Errorf("what was there is kept: %s, want %s", got, now)
	}
}

func TestRestoreWhereThereIsNothing(t *testing.T) {
	i := newInstallation(t)
	i.backedUp()
	for name, prepare := range map[string]func() error{
		"no file": func() error { return os.Remove(i.path) }, "an empty file": func() error { return os.Truncate(i.path, 0) },
	} {
		i.close()
		i.must(prepare())
		asked := ""
		r := i.restoring()
		r.Confirm = func(question string) error { asked = question; return nil }
		did, err := r.Restore(t.Context())
		i.must(err)
		i.open()
		if got := i.numbers(); got != "204518 204519 1:204518 2:204519" || did.Kept != "" || !strings.Contains(asked, "There is no store") {
			t.Errorf("%s: %s, kept %q, asked %q", name, got, did.Kept, asked)
		}
	}
}

// TestARestoredStoreIsTheServersAsBefore: who restores it need not be who runs the server. Where there was no file, the owner of its folder runs it.
func TestARestoredStoreIsTheServersAsBefore(t *testing.T) {
	const server, others = 12345, 54321
	i := newInstallation(t)
	i.backedUp()
	own := func(path string) (mode os.FileMode, uid, gid uint32) {
		t.Helper()
		info, err := os.Stat(path)
		i.must(err)
		by := info.Sys().(*syscall.Stat_t)
		return info.Mode(), by.Uid, by.Gid
	}
	give := func(path string) {
		t.Helper()
		if os.Geteuid() == 0 { // nobody else can give files away
			i.must(os.Chown(path, server, others))
		}
	}
	i.must(os.Chmod(i.path, 0o640))
	give(i.path)
	_, uid, gid := own(i.path)
	i.restore()
	if m, u, g := own(i.path); m != 0o640 || u != uid || g != gid {
		t.Errorf("after a restore the store is of %d and %d with %v, and was of %d and %d with -rw-r-----", u, g, m, uid, gid)
	}
	i.close()
	i.must(os.Remove(i.path))
	give(i.folder)
	_, uid, gid = own(i.folder)
	_, err := i.restoring().Restore(t.Context())
	i.must(err)
	if m, u, g := own(i.path); m != 0o600 || u != uid || g != gid {
		t.Errorf("where there was none the store is of %d and %d with %v, and the folder of %d and %d", u, g, m, uid, gid)
	}
}

// TestWhoWasErasedSinceIsErasedAgain, wherever the account is named in the backup; who came back before the backup stays.
func TestWhoWasErasedSinceIsErasedAgain(t *testing.T) {
	i := newInstallation(t)
	i.customers("204521", "204522")
	i.onFile(3, "204522")
	i.must(i.store.Note(t.Context(), users.AuditEntry{At: i.now, By: "mila", Act: "export", Customer: "204521"}))
	erase := func(number policy.CustomerNumber) {
		t.Helper()
		_, err := i.store.Erase(t.Context(), number, "mila", i.now)
		i.must(err)
	}
	i.now = i.now.Add(5 * time.Hour)
	erase("204519")
	i.customers("204519") // came back
	i.call(4, "204519")
	i.now = i.now.Add(5 * time.Hour)
	i.backedUp()
	erase("204518")
	erase("204521")
	erase("204522")
	i.customers("204518") // comes back, to be restored without what was erased
	did := i.restore()
	if got := i.numbers(); got != "204519 1: 2: 3: 4:204519" || did.Erased != 3 {
		t.Errorf("%s, %d erased again", got, did.Erased)
	}
	i.close()
	e, err := bolt.Open(i.path, bolt.Options{ReadOnly: true})
	i.must(err)
	err = e.View(t.Context(), func(r store.Reader) error {
		for _, b := range store.Buckets() {
			c := r.Scan(store.Span{Bucket: b})[0]
			for k, v := c.Next(); k != nil; k, v = c.Next() {
				for _, number := range []string{"204518", "204521", "204522"} {
					if bytes.Contains(k, []byte(number)) || bytes.Contains(v, []byte(number)) {
						t.Errorf("%s in bucket %s: %q: %q", number, b, k, v)
					}
				}
			}
		}
		return nil
	})
	i.must(errors.Join(err, e.Close()))
	i.open()
	i.must(os.Remove(i.copy))
	i.close()
	i.backup()
	i.open()
	if did := i.restore(); did.Erased != 0 {
		t.Errorf("a restore of the restored erased %d accounts again", did.Erased)
	}
}

// TestErasuresGoOnFromRestoreToRestore, also through a backup from before the account was there.
func TestErasuresGoOnFromRestoreToRestore(t *testing.T) {
	i := newInstallation(t)
	i.close()
	i.backup()
	before := i.copy
	i.open()
	i.customers("204530")
	i.call(3, "204530")
	i.copy = filepath.Join(i.folder, "with.db")
	i.backedUp()
	with := i.copy
	_, err := i.store.Erase(t.Context(), "204530", "mila", i.now)
	i.must(err)
	for _, row := range []struct {
		copy, numbers string
		erased        int
	}{{before, "204518 204519 1:204518 2:204519", 0}, {with, "204518 204519 1:204518 2:204519 3:", 1}, {with, "204518 204519 1:204518 2:204519 3:", 1}} {
		i.copy, i.now = row.copy, i.now.Add(time.Hour)
		if did := i.restore(); did.Erased != row.erased || i.numbers() != row.numbers {
			t.Errorf("%s: %d erased again, %s", row.copy, did.Erased, i.numbers())
		}
	}
}

// TestNewerBackupsKnowWhoWasErased, where the store itself is lost.
func TestNewerBackupsKnowWhoWasErased(t *testing.T) {
	i := newInstallation(t)
	folder := t.TempDir()
	i.copy = filepath.Join(folder, nameOf(i.now))
	i.backedUp()
	older := i.copy
	_, err := i.store.Erase(t.Context(), "204518", "mila", i.now)
	i.must(err)
	i.copy = filepath.Join(folder, nameOf(i.now))
	i.backedUp()
	i.close()
	i.must(os.Remove(i.path))
	write0(t, filepath.Join(folder, nameOf(i.now.Add(time.Hour))), []byte("damaged"))
	i.copy = older
	did, err := i.restoring().Restore(t.Context())
	i.must(err)
	i.open()
	if got := i.numbers(); got != "204519 1: 2:204519" || did.Erased != 1 {
		t.Errorf("%s, %d erased again", got, did.Erased)
	}
}

func TestWhatWasLostSinceDoesNotComeBack(t *testing.T) {
	i := newInstallation(t)
	ctx := t.Context()
	for _, name := range []string{"ada", "ben", "cleo", "dan"} {
		i.must(i.store.AddUser(ctx, users.User{Name: name, Role: users.Admin, Password: "old", CreatedAt: i.now}, "test"))
		for _, token := range []string{"kept", "revoked"} {
			i.must(i.store.AddToken(ctx, users.Token{User: name, Name: token, Hash: name + token, CreatedAt: i.now}, "test"))
		}
	}
	i.must(i.store.StartSession(ctx, users.Session{Key: "hash", User: "dan", Since: i.now, Ends: i.now.Add(1000 * time.Hour)}, []byte("data")))
	i.must(i.store.PutDevice(ctx, users.Device{User: "dan", Hash: "device", UsedAt: i.now}))
	i.must(i.store.PutNotices(ctx, []policy.Notice{
		{Key: "case/1", Kind: policy.NoticeCase, At: i.now, Channel: policy.ChannelEmail, To: "ops@example.com"},
		{Key: "case/2", Kind: policy.NoticeCase, At: i.now, Channel: policy.ChannelEmail, To: "ops@example.com"},
	}))
	i.backedUp()
	change := func(name string, f func(u users.User) users.User) {
		t.Helper()
		_, err := i.store.ChangeUser(ctx, name, users.Change{At: i.now, By: "test", Act: "test", Change: f})
		i.must(err)
	}
	change("ada", func(u users.User) users.User { u.DisabledAt = i.now; return u })
	change("ben", func(u users.User) users.User { u.Role = users.Viewer; return u })
	change("cleo", func(u users.User) users.User { u.Password = "new"; return u })
	i.must(i.store.RevokeToken(ctx, "dan", "revoked", "test", i.now))
	i.must(i.store.NoticeSent(ctx, "case/1", i.now))
	i.must(i.store.PutNotices(ctx, []policy.Notice{{Key: "summary/1", Kind: policy.NoticeSummary, At: i.now, Channel: policy.ChannelEmail, SentAt: i.now}, {
		Key: "offer/1", Kind: "offer-training", At: i.now, Channel: policy.ChannelSMS, SentAt: i.now, Offer: "1",
	}, {Key: "holder-tickets/1", Kind: policy.NoticeHolder, At: i.now, Channel: policy.ChannelEmail, SentAt: i.now, Offer: "2"}}))
	i.must(i.store.Remove(ctx, []policy.Removal{{SID: "RE00000000000000000000000000000009", Why: policy.RemovalErased}}))

	did := i.restore()
	want := Settled{Users: 3, Tokens: 1, Delivered: 2, Removals: 1}
	if diff := cmp.Diff(want, did.Settled); diff != "" {
		t.Errorf("settled (-want +got):\n%s", diff)
	}
	shown := func(name string) string {
		u, err := i.store.User(ctx, name)
		i.must(err)
		tokens, err := i.store.TokensOf(ctx, name)
		i.must(err)
		return fmt.Sprint(u.Role, " ", u.Disabled(), " ", u.Password, " ", len(tokens))
	}
	for name, want := range map[string]string{"ada": "admin true old 2", "ben": "viewer false old 2", "cleo": "admin false new 2", "dan": "admin false old 1"} {
		if got := shown(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if _, found, err := i.store.Session(ctx, "hash", i.now); found || err != nil {
		t.Errorf("the session goes on (%v)", err)
	}
	if _, known, err := i.store.Device(ctx, "dan", "device"); known || err != nil {
		t.Errorf("the device is known (%v)", err)
	}
	// The numbers of offers are given out anew: none keeps another from being sent, or is brought up by another's letter.
	since, err := i.store.NoticesUnder(ctx, []string{"offer/", "holder-tickets/"}, 9)
	if err != nil || len(since) != 1 || since[0].Kind != policy.NoticeHolder || since[0].Offer != "" {
		t.Errorf("sent since: %+v, %v", since, err)
	}
	due, err := i.store.DueNotices(ctx, policy.ChannelEmail, i.now, 10)
	if err != nil || len(due) != 1 || due[0].Key != "case/2" {
		t.Errorf("notices that wait: %+v, %v", due, err)
	}
	gone, err := i.store.DueRemovals(ctx, i.now, 10)
	if err != nil || len(gone) != 1 {
		t.Errorf("removals: %+v, %v", gone, err)
	}
}

// TestNoticesOfABackupAreHeldBack where nothing is known of what was sent since.
func TestNoticesOfABackupAreHeldBack(t *testing.T) {
	i := newInstallation(t)
	i.must(i.store.PutNotices(t.Context(), []policy.Notice{{Key: "case/1", Kind: policy.NoticeCase, At: i.now, Channel: policy.ChannelEmail, To: "ops@example.com"}}))
	i.backedUp()
	i.close()
	i.must(os.Remove(i.path))
	i.open()
	i.close()
	i.must(os.Remove(i.path))
	did, err := i.restoring().Restore(t.Context())
	i.must(err)
	i.open()
	due, err := i.store.DueNotices(t.Context(), policy.ChannelEmail, i.now, 10)
	if err != nil || len(due) > 0 || did.Notices != 1 {
		t.Errorf("%d held back, %d wait, %v", did.Notices, len(due), err)
	}
	i.must(i.store.RetryNotice(t.Context(), "case/1", "mila", i.now))
}

func TestCallsPastTheirRetentionDoNotComeBack(t *testing.T) {
	i := newInstallation(t)
	i.backedUp()
	i.close()
	i.now = i.now.AddDate(2, 0, 0)
	did, err := i.restoring().Restore(t.Context())
	i.must(err)
	i.open()
	if got := i.numbers(); got != "204518 204519" || did.Expired != 2 {
		t.Errorf("%s, %d expired", got, did.Expired)
	}
}

var errPower = errors.New("the power is gone")

// TestAPowerCutInARestore leaves the old store or the new one, each whole, and the next restore goes through.
func TestAPowerCutInARestore(t *testing.T) {
	for step, want := range map[string]string{"settle": "old", "keep": "old", "replace": "old", "sync": "new"} {
		t.Run(step, func(t *testing.T) {
			i := newInstallation(t)
			i.backedUp()
			i.call(3, "204518")
			i.close()
			r := i.restoring()
			var image map[string][]byte // of the disk
			r.step = func(at string) error {
				if at != step {
					return nil
				}
				image = map[string][]byte{}
				for _, name := range files(t, i.folder) {
					image[name] = read0(t, filepath.Join(i.folder, name))
				}
				return errPower
			}
			if _, err := r.Restore(t.Context()); !errors.Is(err, errPower) {
				t.Fatal(err)
			}
			i.folder = t.TempDir()
			for name, text := range image {
				write0(t, filepath.Join(i.folder, name), text)
			}
			i.path, i.copy = filepath.Join(i.folder, "log.db"), filepath.Join(i.folder, "copy.db")
			i.open()
			if got := map[bool]string{true: "old", false: "new"}[strings.Contains(i.numbers(), "3:")]; got != want {
				t.Errorf("the store is the %s one: %s", got, i.numbers())
			}
			i.now = i.now.Add(time.Second)
			i.restore()
			if got := i.numbers(); got != "204518 204519 1:204518 2:204519" {
				t.Errorf("restored again: %s", got)
			}
			if left := slices.DeleteFunc(files(t, i.folder), func(n string) bool { return !strings.Contains(n, restoringSuffix) }); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestARestoreOfAStoreThatIsOpenIsRefused(t *testing.T) {
	i := newInstallation(t)
	i.backedUp()
	_, err := i.restoring().Restore(t.Context())
	says(t, "a store that is open", err, store.ErrLocked, "stop every server of it", i.path)
	if got := files(t, i.folder); !slices.Equal(got, []string{"copy.db", "log.db"}) {
		t.Errorf("files: %v", got)
	}
}

// TestARestoreOverADamagedStore, for which backups are made: nothing is known of what happened since, and the question says so.
func TestARestoreOverADamagedStore(t *testing.T) {
	i := newInstallation(t)
	i.backedUp()
	i.close()
	whole := read0(t, i.path)
	for name, text := range map[string][]byte{
		"cut": whole[:9000], "its first pages are gone": append(slices.Clone(whole[:20]), make([]byte, len(whole)-20)...),
		"of another program": bytes.Repeat([]byte("text\n"), 10_000),
	} {
		i.path = filepath.Join(t.TempDir(), "log.db")
		write0(t, i.path, text)
		asked := ""
		r := i.restoring()
		r.Confirm = func(question string) error { asked = question; return nil }
		did, err := r.Restore(t.Context())
		if name == "of another program" {
			says(t, name, err, store.ErrNotOurs, i.path)
			if !bytes.Equal(read0(t, i.path), text) {
				t.Errorf("%s: it was replaced", name)
			}
			continue
		}
		i.must(err)
		if did.Unread == nil || !strings.Contains(asked, "come back") || !bytes.Equal(read0(t, did.Kept), text) {
			t.Errorf("%s: unread %v, asked %q", name, did.Unread, asked)
		}
		i.open()
		if got := i.numbers(); got != "204518 204519 1:204518 2:204519" {
			t.Errorf("%s: %s", name, got)
		}
		i.close()
	}
}

func TestARestoreThatIsRefusedChangesNothing(t *testing.T) {
	i := newInstallation(t)
	i.backedUp()
	i.close()
	before := read0(t, i.path)
	cut := write0(t, filepath.Join(t.TempDir(), "cut.db"), read0(t, i.copy)[:20_000])
	foreign := write0(t, filepath.Join(t.TempDir(), "text"), bytes.Repeat([]byte("text\n"), 10_000))
	changed := read0(t, i.copy)
	changed[bytes.Index(changed, []byte("Account 204518"))]++
	damaged := write0(t, filepath.Join(t.TempDir(), "damaged.db"), changed)
	no := errors.New("no")
	for name, row := range map[string]struct {
		change func(*Restoring)
		want   error
	}{
		"a cut backup":     {func(r *Restoring) { r.Backup = cut }, store.ErrTruncated},
		"a damaged one":    {func(r *Restoring) { r.Backup = damaged }, errBroken},
		"a foreign backup": {func(r *Restoring) { r.Backup = foreign }, ErrNoBackup},
		"no backup":        {func(r *Restoring) { r.Backup = i.copy + "x" }, fs.ErrNotExist},
		"the store itself": {func(r *Restoring) { r.Backup = i.path }, ErrNoBackup},
		"somebody says no": {func(r *Restoring) { r.Confirm = func(string) error { return no } }, no},
		"interrupted":      {func(r *Restoring) { r.step = func(string) error { return context.Canceled } }, context.Canceled},
	} {
		r := i.restoring()
		row.change(&r)
		if _, err := r.Restore(t.Context()); !errors.Is(err, row.want) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(before, read0(t, i.path)) {
			t.Errorf("%s: the store was changed", name)
		}
		if got := files(t, i.folder); !slices.Equal(got, []string{"copy.db", "log.db"}) {
			t.Errorf("%s: files %v", name, got)
		}
	}
}

// TestAlarmsOfABackupAreToldNoFurther: whoever took a follow-up since has it, and nobody is woken again for what was done.
func TestAlarmsOfABackupAreToldNoFurther(t *testing.T) {
	for _, known := range []bool{true, false} {
		i := newInstallation(t)
		ctx := t.Context()
		i.store.TellBy(func(event policy.Notice, _ *alarm.Alarm, fresh alarm.ID, at time.Time) (*alarm.Alarm, []policy.Notice) {
			return &alarm.Alarm{ID: fresh, Event: event, Count: 1, StartedAt: at, NextAt: i.now, State: policy.AlarmOpen}, nil
		})
		_, err := store.NotifyingLog{Store: i.store, Link: func(policy.CallSID) string { return "" }}.Advance(ctx, "CA1", func(c policy.Call) policy.Call {
			c.Line, c.Answered, c.Intent, c.Exhausted, c.StartedAt, c.HuntingAt, c.LeftAt = "+448000668187", true, policy.Critical, true, i.now, i.now, i.now
			return c
		})
		i.must(err)
		f, err := i.store.FollowUpOf(ctx, "CA1")
		i.must(err)
		i.backedUp()
		_, err = i.store.TakeFollowUp(ctx, f.ID, followup.Act{At: i.now, By: "ada"})
		i.must(err)
		var stopped int
		if known {
			stopped = i.restore().Alarms
		} else {
			i.close()
			i.must(os.Remove(i.path))
			did, err := i.restoring().Restore(ctx)
			i.must(err)
			i.open()
			stopped = did.Alarms
		}
		f, err = i.store.FollowUpOf(ctx, "CA1")
		i.must(err)
		due, err := i.store.DueAlarms(ctx, i.now.Add(time.Hour), 10)
		if err != nil || len(due) > 0 || stopped != 1 || known != (f.Owner == "ada") {
			t.Errorf("known %v: %d stopped, due %+v, %v; %+v", known, stopped, due, err, f)
		}
	}
}
