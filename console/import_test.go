package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

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
