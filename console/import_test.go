package console_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy/directory"
	"github.com/officernd/supportline/policy/users"
)

const header = "number,name,package,line,account_holder,email,phone,caller_numbers\n"

// file is a customers file: northwind renamed, with another address, and somebody new.
const file = header +
	"204518,Northwind Offices,Ultimate,+448000668187,Ada Holder,office@northwind.example,+442079460001,+442079460018\n" +
	"300001,Harbour Desks,Ultimate,+18883071053,Bo,bo@harbour.example,,\n"

var sealed = regexp.MustCompile(`name="seal" value="([0-9a-f]+)"`)

func seal(t testing.TB, p browsertest.Page) string {
	t.Helper()
	found := sealed.FindStringSubmatch(p.Body)
	if found == nil {
		t.Fatalf("%s: no seal in\n%s", p.Path, p.Body)
	}
	return found[1]
}

// An upload changes nothing until it is confirmed; the preview has every change field by field, and what is confirmed is what is done.
func TestImportDoesWhatThePreviewSaid(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	operator := p.As(t, users.Operator)
	operator.Get("/accounts/import").Want(t, http.StatusOK, "Customers file", "At most 4 MB")
	preview := operator.Upload("/accounts/import", "customers.csv", file)
	preview.Want(
		t, http.StatusOK, "What customers.csv would change", "1 new, 1 changed, 0 unchanged.", "<del>Northwind Flex Offices</del> <ins>Northwind Offices</ins>",
		"<del>ada@northwind.example</del> <ins>office@northwind.example</ins>", "Harbour Desks", "USA and Canada",
	)
	preview.Without(t, "442079460001") // it does not change
	wantLast(t, p.Audit(t), "reveal  by operator: telephone numbers in the preview of an import of 2 customers")
	if lines := p.Audit(t); !slices.Contains(lines, "import-preview  by operator: 2 rows of a customers file") {
		t.Errorf("the preview is not in the audit: %q", lines)
	}
	if c, err := p.Store.Customer(t.Context(), holder.Number); err != nil || !(directory.Change{Before: holder, After: c}).Same() {
		t.Errorf("before the confirmation the directory has %+v, %v", c, err)
	}
	operator.Post(preview.Path, "seal", seal(t, preview)).Want(t, http.StatusOK, "The customers are imported", "Northwind Offices", "Harbour Desks")
	wantLast(t, p.Audit(t), "import  by operator: 1 added, 1 changed, 0 unchanged")
	operator.Post(preview.Path, "seal", seal(t, preview)).Want(t, http.StatusUnprocessableEntity, "not kept any longer")
	again := operator.Upload("/accounts/import", "customers.csv", file)
	again.Want(t, http.StatusOK, "0 new, 0 changed, 2 unchanged.", "There is nothing to import")
	operator.Post(again.Path+"/discard").Want(t, http.StatusOK, "Nothing was imported")
}

// Where the directory changed since the preview nothing is imported, and the new preview is shown.
func TestImportRefusesAnotherDirectory(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	operator := p.As(t, users.Operator)
	preview := operator.Upload("/accounts/import", "customers.csv", file)
	changed := holder
	changed.Name = "Northwind Plus"
	p.Enrol(t, changed)
	refused := operator.Post(preview.Path, "seal", seal(t, preview))
	refused.Want(t, http.StatusConflict, "Somebody changed the directory", "<del>Northwind Plus</del> <ins>Northwind Offices</ins>")
	operator.Post(preview.Path, "seal", "").Want(t, http.StatusConflict)
	operator.Post(preview.Path, "seal", seal(t, refused)).Want(t, http.StatusOK, "The customers are imported")
}

// A file that is wrong is refused with line, column and what to write instead; so is none, and one that is too large.
func TestImportSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	operator := p.As(t, users.Operator)
	wrong := operator.Upload("/accounts/import", "wrong.csv", header+"2045,Northwind,Ultimate,+448000668187,,ada,,\n")
	wrong.Want(t, http.StatusUnprocessableEntity, "Nothing can be imported from wrong.csv", `<td class="figure">2</td><td class="figure">1</td><td>number</td>`, "write exactly 6 digits", "is not an e-mail address")
	operator.Upload("/accounts/import", "many.csv", header+strings.Repeat("x,,,,,,,\n", 5000)).Want(t, http.StatusUnprocessableEntity, "And 19900 more.")
	operator.Upload("/accounts/import", "film.csv", strings.Repeat("x", 5<<20)).Want(t, http.StatusUnprocessableEntity, "larger than 4 MB")
	operator.Post("/accounts/import").Want(t, http.StatusUnprocessableEntity, "Choose a customers file")
	p.As(t, users.Viewer).Upload("/accounts/import", "customers.csv", file).Want(t, http.StatusForbidden)
	if lines := p.Audit(t); len(lines) != 2 { // the two sign-ins
		t.Errorf("the audit has %q", lines)
	}
}

// An upload is the person's own, one at a time, and waits for a quarter of an hour.
func TestUploadsAreTheirOwnersAndShort(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	operator := p.As(t, users.Operator)
	preview := operator.Upload("/accounts/import", "customers.csv", file)
	p.As(t, users.Admin).Get(preview.Path).Want(t, http.StatusUnprocessableEntity, "not kept any longer")
	second := operator.Upload("/accounts/import", "customers.csv", file)
	operator.Get(preview.Path).Want(t, http.StatusUnprocessableEntity, "not kept any longer")
	operator.Get(second.Path).Want(t, http.StatusOK, "2 new")
	p.Now = p.Now.Add(16 * time.Minute)
	operator.Get(second.Path).Want(t, http.StatusUnprocessableEntity, "not kept any longer")
}

// What the command says before an import stands on the preview: the rows without phone support, what is left out, what was skipped.
func TestPreviewSaysWhatToLookAt(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	operator := p.As(t, users.Operator)
	preview := operator.Upload("/accounts/import", "odd.csv", header+"600001,Lower Co,ultimate ,+448000668187,,,,\n600003,Near Co,Ultimat,+448000668187,,,+442079460018 ext. 12,\n,,,,,,,\n")
	preview.Want(
		t, http.StatusOK, "1 of 2 rows has no phone support, because of the package: 1 has &#34;Ultimat&#34;: is &#34;Ultimate&#34; meant?", "1 empty row was skipped.",
		"the extension &#34; ext. 12&#34; is left out", "is no package with phone support; write Ultimate if that is meant", `<td class="figure">3</td><td class="figure">16</td><td>package</td>`,
	)
	operator.Post(preview.Path, "seal", seal(t, preview)).Want(t, http.StatusOK, "The customers are imported")
	if c, err := p.Store.Customer(t.Context(), "600001"); err != nil || c.Package != "Ultimate" {
		t.Errorf("the package is %q, %v", c.Package, err)
	}
}

// actsAlone lets operators act, and not see telephone numbers.
func actsAlone(d *console.Deps) {
	d.Settings.Permissions = users.Permissions{users.Operator: {users.DoActs}}
}

// changing matches what differs between two uploads of the same file: the address and the seal.
var changing = regexp.MustCompile(`/accounts/import/[A-Z0-9]+|value="[0-9a-f]{64}"`)

// Who may not see telephone numbers does not learn from a preview whether a guessed number or address is the directory's: the page is the same.
func TestPreviewConfirmsNoGuess(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t, actsAlone)
	p.Enrol(t, holder)
	operator := p.As(t, users.Operator)
	guess := func(email, phone, calls string) browsertest.Page {
		return operator.Upload("/accounts/import", "guess.csv", header+strings.Join([]string{
			string(holder.Number), holder.Name, holder.Package, holder.Line.Full(), holder.AccountHolder, email, phone, calls,
		}, ",")+"\n")
	}
	right := guess(holder.Email, holder.Phone.Full(), strings.Join([]string{holder.CallerNumbers[0].Full()}, ";"))
	wrong := guess("other@example.com", "+442079460099", "+442079460098")
	right.Want(t, http.StatusOK, "0 new, 1 in the directory already.", "You may not see telephone numbers")
	right.Without(t, "unchanged", holder.Phone.Full(), holder.Email)
	if got, want := changing.ReplaceAllString(right.Body, ""), changing.ReplaceAllString(wrong.Body, ""); got != want {
		t.Errorf("a right guess is shown as\n%s\nand a wrong one as\n%s", got, want)
	}
	operator.Post(right.Path, "seal", seal(t, right)).Want(t, http.StatusUnprocessableEntity, "not kept any longer")
	operator.Post(wrong.Path, "seal", seal(t, wrong)).Want(t, http.StatusOK, "The customers are imported")
	if c, err := p.Store.Customer(t.Context(), holder.Number); err != nil || c.Phone != "+442079460099" {
		t.Errorf("the number is %s, %v", c.Phone.Full(), err)
	}
	renamed := operator.Upload("/accounts/import", "file.csv", file)
	renamed.Want(t, http.StatusOK, "1 new, 1 in the directory already.", "<ins>Northwind Offices</ins>", "b***@harbour.example")
	renamed.Without(t, "office@northwind.example", "442079460001")
	added := operator.Upload("/accounts/import", "new.csv", header+"300002,New Desks,Ultimate,+18883071053,,,+442079460055,+442079460056;+442079460057\n")
	added.Want(t, http.StatusOK, "1 new", "+44********55", "+44********57")
	added.Without(t, "442079460055", "442079460056")
}

// The seal of a plan is computed from telephone numbers, so what is sent of it is another one for each upload.
func TestSealsAreSecret(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	operator := p.As(t, users.Operator)
	first := seal(t, operator.Upload("/accounts/import", "customers.csv", file))
	if again := seal(t, operator.Upload("/accounts/import", "customers.csv", file)); first == again {
		t.Error("two uploads of the same file have the same seal")
	}
}

// The name of a file is on the page, and in the memory, with 100 characters at most.
func TestNamesOfUploadsAreShortened(t *testing.T) {
	t.Parallel()
	long := browsertest.NewPlace(t).As(t, users.Operator).Upload("/accounts/import", strings.Repeat("ä", 5000)+".csv", file)
	long.Want(t, http.StatusOK, "What "+strings.Repeat("ä", 100)+"... would change")
	long.Without(t, strings.Repeat("ä", 101))
}

// A person gets 30 previews an hour, however many are asked for at once. Files that are refused don't count.
func TestPreviewsArePerPersonAndBounded(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	operator := p.As(t, users.Operator)
	for range 5 {
		operator.Upload("/accounts/import", "wrong.csv", header).Want(t, http.StatusUnprocessableEntity, "no customer")
	}
	for range 25 {
		operator.Upload("/accounts/import", "customers.csv", file)
	}
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() { operator.Upload("/accounts/import", "customers.csv", file) })
	}
	all.Wait()
	for range 10 {
		operator.Upload("/accounts/import", "customers.csv", file)
	}
	seen := 0
	for _, line := range p.Audit(t) {
		if strings.HasPrefix(line, "import-preview ") {
			seen++
		}
	}
	if seen != 30 {
		t.Errorf("%d previews within an hour, want 30", seen)
	}
	operator.Upload("/accounts/import", "customers.csv", file).Want(t, http.StatusTooManyRequests, "30 files were previewed for you within an hour")
	p.As(t, users.Admin).Upload("/accounts/import", "customers.csv", file).Want(t, http.StatusOK, "2 new")
	p.Now = p.Now.Add(time.Hour + time.Minute)
	p.As(t, users.Operator).Upload("/accounts/import", "customers.csv", file).Want(t, http.StatusOK, "2 new")
}

// Previews count in whichever process they were shown: the audit has all of them.
func TestPreviewsOfOtherProcessesCount(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	for range 30 {
		if err := p.Store.Note(t.Context(), users.AuditEntry{At: p.Now, By: "operator", Act: users.ActImportPreview}); err != nil {
			t.Fatal(err)
		}
	}
	p.As(t, users.Operator).Upload("/accounts/import", "customers.csv", file).Want(t, http.StatusTooManyRequests, "30 files were previewed for you within an hour")
}

// An uploaded file is never on the disk.
func TestUploadsLeaveNoFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p := browsertest.NewPlace(t)
	operator := p.As(t, users.Operator)
	operator.Upload("/accounts/import", "large.csv", header+strings.Repeat(" , ,,,,,,\n", 400_000)).Want(t, http.StatusUnprocessableEntity, "no customer")
	operator.Upload("/accounts/import", "film.csv", strings.Repeat("x", 5<<20)).Want(t, http.StatusUnprocessableEntity, "larger than 4 MB")
	left, err := os.ReadDir(os.TempDir())
	for _, f := range left {
		if !f.IsDir() {
			t.Errorf("%s is left", f.Name())
		}
	}
	if err != nil {
		t.Error(err)
	}
}
