package console

import (
	"bytes"
	"crypto/hmac"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

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
