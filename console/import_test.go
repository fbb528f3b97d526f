package console_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/policy/users"
)

const header = "number,name,package,line,account_holder,email,phone,caller_numbers\n"

// file is a customers file: northwind renamed, with another address, and somebody new.
const file = header +
	"204518,Northwind Offices,Ultimate,+448000668187,Ada Holder,office@northwind.example,+442079460001,+442079460018\n" +
	"300001,Harbour Desks,Ultimate,+18883071053,Bo,bo@harbour.example,,\n"

// upload sends a file as the import's form does.
func (c *client) upload(name, text string) page {
	c.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := part.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		c.t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, c.base+"/accounts/import", &body)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := c.http.Do(request)
	return c.read(response, err)
}

var sealed = regexp.MustCompile(`name="seal" value="([0-9a-f]+)"`)

func (p page) seal(t testing.TB) string {
	t.Helper()
	found := sealed.FindStringSubmatch(p.body)
	if found == nil {
		t.Fatalf("%s: no seal in\n%s", p.path, p.body)
	}
	return found[1]
}

// An upload changes nothing until it is confirmed; the preview has every change field by field, and what is confirmed is what is done.
func TestImportDoesWhatThePreviewSaid(t *testing.T) {
	t.Parallel()
	p := mustPlace(t)
	p.enrol(t, holder)
	operator := p.as(t, users.Operator)
	operator.get("/accounts/import").want(t, http.StatusOK, "Customers file", "At most 4 MB")
	preview := operator.upload("customers.csv", file)
	preview.want(
		t, http.StatusOK, "What customers.csv would change", "1 new, 1 changed, 0 unchanged.", "<del>Northwind Flex Offices</del> <ins>Northwind Offices</ins>",
		"<del>ada@northwind.example</del> <ins>office@northwind.example</ins>", "Harbour Desks", "USA and Canada",
	)
	preview.without(t, "442079460001") // it does not change
	wantLast(t, p.audit(t), "reveal  by operator: telephone numbers in the preview of an import of 2 customers")
	if c, err := p.store.Customer(t.Context(), holder.Number); err != nil || !c.Equal(holder) {
		t.Errorf("before the confirmation the directory has %+v, %v", c, err)
	}
	operator.post(preview.path, "seal", preview.seal(t)).want(t, http.StatusOK, "The customers are imported", "Northwind Offices", "Harbour Desks")
	wantLast(t, p.audit(t), "import  by operator: 1 added, 1 changed, 0 unchanged")
	operator.post(preview.path, "seal", preview.seal(t)).want(t, http.StatusUnprocessableEntity, "not kept any longer")
	again := operator.upload("customers.csv", file)
	again.want(t, http.StatusOK, "0 new, 0 changed, 2 unchanged.", "There is nothing to import")
	operator.post(again.path+"/discard").want(t, http.StatusOK, "Nothing was imported")
}

// Where the directory changed since the preview nothing is imported, and the new preview is shown.
func TestImportRefusesAnotherDirectory(t *testing.T) {
	t.Parallel()
	p := mustPlace(t)
	p.enrol(t, holder)
	operator := p.as(t, users.Operator)
	preview := operator.upload("customers.csv", file)
	changed := holder
	changed.Name = "Northwind Plus"
	p.enrol(t, changed)
	refused := operator.post(preview.path, "seal", preview.seal(t))
	refused.want(t, http.StatusConflict, "Somebody changed the directory", "<del>Northwind Plus</del> <ins>Northwind Offices</ins>")
	operator.post(preview.path, "seal", "").want(t, http.StatusConflict)
	operator.post(preview.path, "seal", refused.seal(t)).want(t, http.StatusOK, "The customers are imported")
}

// A file that is wrong is refused with line, column and what to write instead; so is none, and one that is too large.
func TestImportSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	p := mustPlace(t)
	operator := p.as(t, users.Operator)
	wrong := operator.upload("wrong.csv", header+"2045,Northwind,Ultimate,+448000668187,,ada,,\n")
	wrong.want(t, http.StatusUnprocessableEntity, "Nothing can be imported from wrong.csv", `<td class="figure">2</td><td class="figure">1</td><td>number</td>`, "write exactly 6 digits", "is not an e-mail address")
	operator.upload("film.csv", strings.Repeat("x", 5<<20)).want(t, http.StatusUnprocessableEntity, "larger than 4 MB")
	operator.post("/accounts/import").want(t, http.StatusUnprocessableEntity, "Choose a customers file")
	p.as(t, users.Viewer).upload("customers.csv", file).want(t, http.StatusForbidden)
	if lines := p.audit(t); len(lines) != 2 { // the two sign-ins
		t.Errorf("the audit has %q", lines)
	}
}

// An upload is the person's own, one at a time, and waits for a quarter of an hour.
func TestUploadsAreTheirOwnersAndShort(t *testing.T) {
	t.Parallel()
	p := mustPlace(t)
	operator := p.as(t, users.Operator)
	preview := operator.upload("customers.csv", file)
	p.as(t, users.Admin).get(preview.path).want(t, http.StatusUnprocessableEntity, "not kept any longer")
	second := operator.upload("customers.csv", file)
	operator.get(preview.path).want(t, http.StatusUnprocessableEntity, "not kept any longer")
	operator.get(second.path).want(t, http.StatusOK, "2 new")
	p.now = p.now.Add(16 * time.Minute)
	operator.get(second.path).want(t, http.StatusUnprocessableEntity, "not kept any longer")
}
