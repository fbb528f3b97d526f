package recordings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/officernd/supportline/policy"
)

// Opened is a recording that can be played. The caller closes it.
type Opened struct {
	io.ReadSeekCloser
	policy.Recording // with a Copy that says type, length and checksum
	Call             policy.CallSID
	Message          bool // it is the voicemail
}

// Words describes the recording without names and numbers: "the voicemail of 12 s".
func (o Opened) Words() string {
	if o.Message {
		return fmt.Sprintf("the voicemail of %d s", o.Seconds)
	}
	return fmt.Sprintf("a recording of %d s", o.Seconds)
}

// Send writes the whole recording to a writer. The error at its end says that it was not what had been stored.
func (o Opened) Send(to io.Writer) error {
	if err := verify(io.TeeReader(o, to), *o.Copy); err != nil {
		return fmt.Errorf("%s in %s: %w", o.Copy.File, o.Copy.Bucket, err)
	}
	return nil
}

// Open opens a recording of a call: that with the SID, or, where it is "", the voicemail or else the first recording. It can be read until ctx is
// over. It is for the caller to check that the person may listen, and to note in the audit that they did.
//
// Errors: policy.ErrNoCall, policy.ErrNoRecording, policy.ErrNotStored for a recording that was not fetched. Any other means that the bucket
// cannot be read, or that the file is not what had been stored.
func (a *Archive) Open(ctx context.Context, call policy.CallSID, sid string) (Opened, error) {
	c, err := a.log.Call(ctx, call)
	if err != nil {
		return Opened{}, err
	}
	all := c.Recorded()
	for _, r := range all {
		if sid == "" || r.SID == sid {
			return a.open(ctx, c, r)
		}
	}
	if sid == "" {
		sid = "any"
	}
	return Opened{}, fmt.Errorf("%w: call %s, %s", policy.ErrNoRecording, call, sid)
}

func (a *Archive) open(ctx context.Context, c policy.Call, r policy.Recording) (Opened, error) {
	switch {
	case r.Copy == nil && a.bucket == nil:
		return Opened{}, fmt.Errorf("%w: %s is at the provider, since recordings.keep names no place", policy.ErrNotStored, r.SID)
	case r.Copy == nil && r.Error != "":
		return Opened{}, fmt.Errorf("%w: %s could not be fetched yet: %s", policy.ErrNotStored, r.SID, r.Error)
	case r.Copy == nil:
		return Opened{}, fmt.Errorf("%w: %s was not fetched yet", policy.ErrNotStored, r.SID)
	}
	file, size, err := a.find(ctx, *r.Copy)
	if err != nil {
		return Opened{}, err
	}
	if size != r.Copy.Bytes {
		return Opened{}, errors.Join(fmt.Errorf("%s in %s: %w: %d bytes instead of %d", r.Copy.File, r.Copy.Bucket, errDiffers, size, r.Copy.Bytes), file.Close())
	}
	return Opened{ReadSeekCloser: file, Recording: r, Call: c.SID, Message: c.Message != nil && c.Message.SID == r.SID}, nil
}

// find opens a copy: in the present bucket, so that a bucket can be moved as a whole, or else in the one where it was stored.
func (a *Archive) find(ctx context.Context, copied policy.RecordingCopy) (io.ReadSeekCloser, int64, error) {
	for _, bucket := range a.buckets(copied.Bucket) {
		file, size, err := bucket.Open(ctx, copied.File)
		switch {
		case err == nil:
			return file, size, nil
		case !errors.Is(err, fs.ErrNotExist):
			return nil, 0, fmt.Errorf("%s: %w", bucket.Name(), err)
		}
	}
	if !a.reaches(copied.Bucket) {
		return nil, 0, a.unreached(copied.Bucket)
	}
	return nil, 0, fmt.Errorf("%s is not in %s any more: bring it back from a backup", copied.File, copied.Bucket)
}

// buckets returns the buckets in which a copy can be: the present one, and the one with the given name if it can be reached.
func (a *Archive) buckets(put string) []Bucket {
	var all []Bucket
	if a.bucket != nil {
		all = append(all, a.bucket)
	}
	if path, folder := strings.CutPrefix(put, folderPrefix); folder && put != a.BucketName() {
		all = append(all, NewFolder(path))
	}
	return all
}

// reaches reports whether the bucket with the given name can be opened: the present one and every folder can. Keys to other buckets are not
// known.
func (a *Archive) reaches(put string) bool {
	return put == "" || put == a.BucketName() || strings.HasPrefix(put, folderPrefix)
}

func (a *Archive) unreached(put string) error {
	now := "recordings.keep names no place now"
	if a.bucket != nil {
		now = "recordings.keep names " + a.BucketName() + " now"
	}
	return fmt.Errorf("it was kept in %s, and %s: move the files there, or name the old place again", put, now)
}
