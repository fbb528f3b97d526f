package console

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
	"github.com/officernd/supportline/policy/users"
)

const (
	importPath = accountsPath + "/import"
	// maxUpload bounds an uploaded customers file, to about 25,000 rows. The command imports larger ones.
	maxUpload = 4 << 20
	// changesOnPage is how many customers a page of the preview shows, and maxShownProblems how many problems of a file.
	changesOnPage    = 100
	maxShownProblems = 100
)

// importRoutes import the customers file: it is uploaded, previewed, and imported as it was previewed.
var importRoutes = []route{
	{http.MethodGet, importPath, (*request).importForm, users.DoActs},
	{http.MethodPost, importPath, (*request).upload, users.DoActs},
	{http.MethodGet, importPath + "/:id", (*request).preview, users.DoActs},
	{http.MethodPost, importPath + "/:id", (*request).confirmImport, users.DoActs},
	{http.MethodPost, importPath + "/:id/discard", (*request).discardImport, users.DoActs},
}

// importPage is the data of the form's page.
type importPage struct {
	File      string
	Problems  []directory.Problem
	More      int // problems beyond those
	Problem   string
	MaxUpload int // in MB
}

func (r *request) importForm() error { return r.showImport(http.StatusOK, importPage{}) }

func (r *request) showImport(status int, body importPage) error {
	body.MaxUpload = maxUpload >> 20
	return r.render(status, "import", body)
}

// upload reads a file and keeps it for the preview. Its problems are shown as the command shows them.
func (r *request) upload() error {
	name, text, err := r.uploaded()
	if errors.Is(err, api.ErrWrongInput) {
		return r.showImport(http.StatusUnprocessableEntity, importPage{Problem: api.Sentence(err)})
	}
	if err != nil {
		return err
	}
	customers, problems := directory.Read(bytes.NewReader(text), r.console.Policy)
	if len(problems) > 0 {
		shown := problems[:min(len(problems), maxShownProblems)]
		return r.showImport(http.StatusUnprocessableEntity, importPage{File: name, Problems: shown, More: len(problems) - len(shown)})
	}
	if r.may(users.SeeNumbers) { // the preview shows what the directory has of these customers
		if err := r.note(users.ActReveal, "", fmt.Sprintf("telephone numbers in the preview of an import of %d customers", len(customers))); err != nil {
			return err
		}
	}
	return r.seeOther(importPath + "/" + r.console.uploads.put(r.user.Name, name, customers, r.now))
}

// uploadOverhead is the room for the form around the file.
const uploadOverhead = 64 << 10

// uploaded returns the name and the text of the form's file. It is read part by part into memory, so that nothing is left on the disk.
func (r *request) uploaded() (name string, text []byte, err error) {
	form, err := r.Request().MultipartReader()
	for err == nil {
		var part *multipart.Part
		if part, err = form.NextPart(); err == nil && part.FormName() == "file" && part.FileName() != "" {
			text, err = io.ReadAll(io.LimitReader(part, maxUpload+1))
			name = part.FileName()
			break
		}
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large), len(text) > maxUpload:
		return "", nil, fmt.Errorf("%w: the file is larger than %d MB; use \"supportline customers import\" on the server", api.ErrWrongInput, maxUpload>>20)
	case err != nil:
		return "", nil, fmt.Errorf("%w: choose a customers file", api.ErrWrongInput)
	}
	return name, text, nil
}

type previewPage struct {
	directory.Plan
	ID, File    string
	Rows        []previewRow
	From, To    int // of the changes, from 1
	Next, First string
	Problem     string
}

type previewRow struct {
	directory.Change
	Fields []directory.FieldChange
}

func (r *request) preview() error { return r.showPreview(http.StatusOK, "") }

// showPreview renders what the person's file would change in the directory as it is now.
func (r *request) showPreview(status int, problem string) error {
	kept, err := r.kept()
	if err != nil {
		return err
	}
	plan, err := r.console.Accounts.PlanImport(r.ctx(), kept.customers)
	if err != nil {
		return err
	}
	body := previewPage{Plan: plan, ID: kept.id, File: kept.name, Problem: problem}
	first, err := strconv.Atoi(r.QueryParam("from"))
	if err != nil || first < 1 || first > len(plan.Changes) {
		first = 1
	}
	last := min(first+changesOnPage-1, len(plan.Changes))
	for _, change := range plan.Changes[first-1 : last] {
		body.Rows = append(body.Rows, r.previewRow(change))
	}
	body.From, body.To = first, last
	if first > 1 {
		body.First = importPath + "/" + kept.id
	}
	if last < len(plan.Changes) {
		body.Next = importPath + "/" + kept.id + query("from", strconv.Itoa(last+1))
	}
	p := r.page(body)
	p.Numbers = r.may(users.SeeNumbers)
	return r.show(status, "preview", p)
}

func (r *request) previewRow(change directory.Change) previewRow {
	row := previewRow{Change: change, Fields: change.Fields()}
	for i, f := range row.Fields {
		if f.Name == "line" { // a line's number is no secret, and its name is clearer
			row.Fields[i].Before, row.Fields[i].After = r.console.lineName(policy.Phone(f.Before)), r.console.lineName(policy.Phone(f.After))
		}
	}
	return row
}

// kept returns the person's upload. The error is api.ErrWrongInput if it is gone.
func (r *request) kept() (upload, error) {
	found, ok := r.console.uploads.get(r.Param("id"), r.user.Name, r.now)
	if !ok {
		return upload{}, fmt.Errorf("%w: the file is not kept any longer; upload it again", api.ErrWrongInput)
	}
	return found, nil
}

// confirmImport imports what the preview showed. If the directory has changed since, it shows a new preview instead.
func (r *request) confirmImport() error {
	kept, err := r.kept()
	if err != nil {
		return err
	}
	_, err = r.console.Accounts.ImportPlanned(r.ctx(), kept.customers, r.user.Name, r.FormValue("seal"))
	if errors.Is(err, directory.ErrChanged) {
		return r.showPreview(http.StatusConflict, "Somebody changed the directory after the preview, so nothing was imported. This is what the file would do now.")
	}
	if err != nil {
		return err
	}
	r.console.uploads.drop(kept.id)
	return r.seeOther(accountsPath + query("done", "import"))
}

func (r *request) discardImport() error {
	if kept, ok := r.console.uploads.get(r.Param("id"), r.user.Name, r.now); ok {
		r.console.uploads.drop(kept.id)
	}
	return r.seeOther(accountsPath + query("done", "discard"))
}

// Field returns a changed field as the person may see it.
func (p page) Field(f directory.FieldChange, text string) string {
	if f.Name == "email" {
		return p.Email(text)
	}
	if text == "" {
		return "–"
	}
	return p.Text(text)
}

const (
	// maxUploads bounds how many files wait for their import; a person has one at most. The oldest makes room.
	maxUploads = 4
	// uploadFor is how long a file waits.
	uploadFor = 15 * time.Minute
)

// uploads are the customers files that were previewed and not imported yet. They stay in the server's memory, so that what is imported is what was
// previewed.
type uploads struct {
	mu    sync.Mutex
	files []upload // oldest first
}

type upload struct {
	id, by, name string
	customers    []policy.Customer
	at           time.Time
}

// put keeps a file and returns its ID. It replaces the person's earlier one.
func (u *uploads) put(by, name string, customers []policy.Customer, now time.Time) (id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sweep(now)
	u.files = slices.DeleteFunc(u.files, func(f upload) bool { return f.by == by })
	if len(u.files) == maxUploads {
		u.files = slices.Delete(u.files, 0, 1)
	}
	id = rand.Text()
	u.files = append(u.files, upload{id, by, name, customers, now})
	return id
}

// get returns a person's own file, unless it has expired.
func (u *uploads) get(id, by string, now time.Time) (upload, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sweep(now)
	i := slices.IndexFunc(u.files, func(f upload) bool { return f.id == id && f.by == by })
	if i < 0 {
		return upload{}, false
	}
	return u.files[i], true
}

func (u *uploads) drop(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.files = slices.DeleteFunc(u.files, func(f upload) bool { return f.id == id })
}

func (u *uploads) sweep(now time.Time) {
	u.files = slices.DeleteFunc(u.files, func(f upload) bool { return now.Sub(f.at) > uploadFor })
}
