package console

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
	"github.com/officernd/supportline/policy/users"
)

const (
	importPath = accountsPath + "/import"
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
	end, err := r.console.uploads.begin(r.user.Name)
	if err == nil {
		defer end()
		err = r.mayPreview()
	}
	switch {
	case errors.Is(err, api.ErrWrongInput):
		return r.showImport(http.StatusTooManyRequests, importPage{Problem: api.Sentence(err)})
	case err != nil:
		return err
	}
	name, text, err := r.uploadedFile()
	if err != nil {
		return r.showImport(http.StatusUnprocessableEntity, importPage{Problem: api.Sentence(err)})
	}
	file, problems := directory.ReadFile(bytes.NewReader(text), r.console.Policy)
	if len(problems) > 0 {
		page := importPage{File: name}
		page.Problems, page.More = directory.First(problems, maxShownProblems)
		return r.showImport(http.StatusUnprocessableEntity, page)
	}
	if err := r.notePreview(len(file.Customers)); err != nil {
		return err
	}
	return r.seeOther(importPath + "/" + r.console.uploads.put(r.user.Name, name, file, r.now))
}

// notePreview notes in the audit that the person looks at what the directory has of so many customers, and at their numbers if they are shown.
func (r *request) notePreview(rows int) error {
	if err := r.note(users.ActImportPreview, "", rowCount(rows)+" of a customers file"); err != nil {
		return err
	}
	if !r.may(users.SeeNumbers) {
		return nil
	}
	return r.note(users.ActReveal, "", fmt.Sprintf("telephone numbers in the preview of an import of %d customers", rows))
}

func rowCount(n int) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}

type previewPage struct {
	directory.Plan
	ID, File     string
	Seal         string // in place of the plan's own
	Notes        []string
	Warnings     []directory.Problem
	MoreWarnings int
	// Blind means that the person may not see telephone numbers and addresses, and does not learn whether the directory has those of the file.
	Blind       bool
	Known       int // customers of the file that the directory has
	Shown       int // changes that are shown, on all pages
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
	plan, err := r.console.Accounts.PlanImport(r.ctx(), kept.file.Customers)
	if err != nil {
		return err
	}
	warnings, more := directory.First(kept.file.Warnings, maxShownProblems)
	body := previewPage{
		Plan: plan, ID: kept.id, File: kept.name, Seal: kept.seal(plan), Problem: problem, Notes: kept.file.Notes(),
		Warnings: warnings, MoreWarnings: more,
		Blind: !r.may(users.SeeNumbers), Known: plan.Changed + plan.Unchanged,
	}
	r.fillRows(&body)
	p := r.page(body)
	p.Numbers = !body.Blind
	return r.show(status, "preview", p)
}

// fillRows adds the page's part of the changes.
func (r *request) fillRows(body *previewPage) {
	var rows []previewRow
	for _, change := range body.Changes {
		if row := r.previewRow(change, body.Blind); len(row.Fields) > 0 {
			rows = append(rows, row)
		}
	}
	first, err := strconv.Atoi(r.QueryParam("from"))
	if err != nil || first < 1 || first > len(rows) {
		first = 1
	}
	last := min(first+changesOnPage-1, len(rows))
	body.Shown, body.Rows, body.From, body.To = len(rows), rows[first-1:last], first, last
	if first > 1 {
		body.First = importPath + "/" + body.ID
	}
	if last < len(rows) {
		body.Next = importPath + "/" + body.ID + query("from", strconv.Itoa(last+1))
	}
}

// previewRow returns a change as it is shown. Blind, it has no telephone numbers and addresses that the directory may have: that a guessed one is no
// change would confirm it.
func (r *request) previewRow(change directory.Change, blind bool) previewRow {
	row := previewRow{Change: change, Fields: change.Fields()}
	if blind && !change.New() {
		row.Fields = slices.DeleteFunc(row.Fields, func(f directory.FieldChange) bool { return f.Contact() })
	}
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
	plan, err := r.console.Accounts.PlanImport(r.ctx(), kept.file.Customers)
	if err != nil {
		return err
	}
	if err = directory.ErrChanged; hmac.Equal([]byte(kept.seal(plan)), []byte(r.FormValue("seal"))) {
		_, err = r.console.Accounts.ImportPlanned(r.ctx(), kept.file.Customers, r.user.Name, plan.Seal)
	}
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
	// maxUpload bounds an uploaded customers file, to about 25,000 rows. The command imports larger ones.
	maxUpload = 4 << 20
	// maxFormAround bounds the form around the file, and maxFormParts how many fields it has. The console's own has one.
	maxFormAround = 64 << 10
	maxFormParts  = 10
	// maxFileName bounds the file's name, in characters.
	maxFileName = 100
)

// uploadedFile returns the name and the text of the form's file, which is read into memory and never onto the disk. The error is api.ErrWrongInput.
func (r *request) uploadedFile() (name string, text []byte, err error) {
	form, err := r.Request().MultipartReader()
	for n := 0; err == nil && n < maxFormParts; n++ {
		var part *multipart.Part
		if part, err = form.NextPart(); err == nil && part.FormName() == "file" && part.FileName() != "" {
			text, err = io.ReadAll(io.LimitReader(part, maxUpload+1))
			name = shortName(part.FileName())
			break
		}
	}
	large := &http.MaxBytesError{}
	switch {
	case errors.As(err, &large), len(text) > maxUpload:
		return "", nil, fmt.Errorf("%w: the file is larger than %d MB; use \"supportline customers import\" on the server", api.ErrWrongInput, maxUpload>>20)
	case err != nil || name == "":
		return "", nil, fmt.Errorf("%w: choose a customers file", api.ErrWrongInput)
	}
	return name, text, nil
}

func shortName(name string) string {
	name = strings.ToValidUTF8(name, "\ufffd")
	if utf8.RuneCountInString(name) > maxFileName {
		return string([]rune(name)[:maxFileName]) + "..."
	}
	return name
}

const (
	// maxUploads bounds how many files wait for their import; a person has one at most. The oldest makes room.
	maxUploads = 4
	// uploadFor is how long a file waits.
	uploadFor = 15 * time.Minute
	// maxPreviews bounds how many previews a person gets within previewsWithin. A preview tells what the directory has of the customers of a file, and
	// with many of them somebody could try out numbers.
	maxPreviews    = 30
	previewsWithin = time.Hour
)

var (
	errUploading    = fmt.Errorf("%w: your last file is still being read; wait until it is", api.ErrWrongInput)
	errManyPreviews = fmt.Errorf(
		"%w: %d files were previewed for you within an hour; wait, or use \"supportline customers import --dry-run\" on the server", api.ErrWrongInput, maxPreviews,
	)
)

// uploads are the customers files that were previewed and not imported yet. They stay in the server's memory, so that what is imported is what was
// previewed.
type uploads struct {
	mu      sync.Mutex
	files   []upload // oldest first
	reading map[string]bool
}

type upload struct {
	id, by, name string
	file         directory.File
	at           time.Time
	secret       []byte // of its seals
}

// seal returns the name of a plan of the import in a form. It is made with a secret, because a plan's own seal is computed from telephone numbers: whoever
// may not see them could try out which ones it fits.
func (u upload) seal(plan directory.Plan) string {
	mac := hmac.New(sha256.New, u.secret)
	mac.Write([]byte(plan.Seal))
	return hex.EncodeToString(mac.Sum(nil))
}

// begin lets a person upload a file, one at a time, until end is called. The error is errUploading.
func (u *uploads) begin(by string) (end func(), err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.reading[by] {
		return nil, errUploading
	}
	if u.reading == nil {
		u.reading = map[string]bool{}
	}
	u.reading[by] = true
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.reading, by)
	}, nil
}

// mayPreview returns errManyPreviews if the person had as many previews as there are, in whichever process. The audit has them all.
func (r *request) mayPreview() error {
	had := users.AuditFilter{Since: r.now.Add(-previewsWithin), By: r.user.Name, Act: users.ActImportPreview}
	found, err := r.console.Audit.SearchAudit(r.ctx(), had, policy.Page{Length: maxPreviews})
	if err == nil && len(found.List) >= maxPreviews {
		err = errManyPreviews
	}
	return err
}

// put keeps a file and returns its ID. It replaces the person's earlier one. A file that nobody comes back for goes by itself.
func (u *uploads) put(by, name string, file directory.File, now time.Time) (id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sweep(now)
	u.files = slices.DeleteFunc(u.files, func(f upload) bool { return f.by == by })
	if len(u.files) == maxUploads {
		u.files = slices.Delete(u.files, 0, 1)
	}
	id = rand.Text()
	u.files = append(u.files, upload{id, by, name, file, now, []byte(rand.Text())})
	time.AfterFunc(uploadFor, func() { u.drop(id) })
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
