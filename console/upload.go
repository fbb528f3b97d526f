package console

import (
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
