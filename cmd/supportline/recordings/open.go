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

// Opened is a recording that can be played. Whoever has it closes it.
type Opened struct {
	io.ReadSeekCloser
	policy.Recording // with a Copy that says type, length and checksum
	Call             policy.CallSID
	Message          bool // it is the voicemail
}

// Words say what it is, without names and numbers: "the voicemail of 12 s".
func (o Opened) Words() string {
	if o.Message {
		return fmt.Sprintf("the voicemail of %d s", o.Seconds)
	}
	return fmt.Sprintf("a recording of %d s", o.Seconds)
}

// Send writes all of it, and then says whether it was what was put there.
func (o Opened) Send(to io.Writer) error {
	if err := verify(io.TeeReader(o, to), *o.Copy); err != nil {
		return fmt.Errorf("%s in %s: %w", o.Copy.File, o.Copy.Place, err)
	}
	return nil
}

// Open opens a recording of a call; "" is its voicemail, or else its first recording. It ends with ctx. Who asked is not looked at: it is for
// the caller to know that they may, and to note that they did.
//
// Errors: policy.ErrNoCall, policy.ErrNoRecording, policy.ErrNotKept for one that was not fetched; anything else means that the place can't be
// read, or that the file is not what was put there.
func (k *Keeper) Open(ctx context.Context, call policy.CallSID, sid string) (Opened, error) {
	c, err := k.log.Call(ctx, call)
	if err != nil {
		return Opened{}, err
	}
	all := c.Recorded()
	for _, r := range all {
		if sid == "" || r.SID == sid {
			return k.open(ctx, c, r)
		}
	}
	if sid == "" {
		sid = "any"
	}
	return Opened{}, fmt.Errorf("%w: call %s, %s", policy.ErrNoRecording, call, sid)
}

func (k *Keeper) open(ctx context.Context, c policy.Call, r policy.Recording) (Opened, error) {
	switch {
	case r.Copy == nil && k.place == nil:
		return Opened{}, fmt.Errorf("%w: %s is at the provider, since recordings.keep names no place", policy.ErrNotKept, r.SID)
	case r.Copy == nil && r.Error != "":
		return Opened{}, fmt.Errorf("%w: %s could not be fetched yet: %s", policy.ErrNotKept, r.SID, r.Error)
	case r.Copy == nil:
		return Opened{}, fmt.Errorf("%w: %s was not fetched yet", policy.ErrNotKept, r.SID)
	}
	file, size, err := k.find(ctx, *r.Copy)
	if err != nil {
		return Opened{}, err
	}
	if size != r.Copy.Bytes {
		return Opened{}, errors.Join(fmt.Errorf("%s in %s: %w: %d bytes instead of %d", r.Copy.File, r.Copy.Place, errDiffers, size, r.Copy.Bytes), file.Close())
	}
	return Opened{ReadSeekCloser: file, Recording: r, Call: c.SID, Message: c.Message != nil && c.Message.SID == r.SID}, nil
}

// find opens a copy: where recordings are kept now, so that a folder or a bucket can be moved as a whole, or else where it was put.
func (k *Keeper) find(ctx context.Context, copied policy.RecordingCopy) (io.ReadSeekCloser, int64, error) {
	for _, place := range k.places(copied.Place) {
		file, size, err := place.Open(ctx, copied.File)
		switch {
		case err == nil:
			return file, size, nil
		case !errors.Is(err, fs.ErrNotExist):
			return nil, 0, fmt.Errorf("%s: %w", place.Name(), err)
		}
	}
	if !k.reaches(copied.Place) {
		return nil, 0, k.unreached(copied.Place)
	}
	return nil, 0, fmt.Errorf("%s is not in %s any more: bring it back from a backup", copied.File, copied.Place)
}

// places are where a copy can be that was put into a place: the present one, and that one if it can be reached.
func (k *Keeper) places(put string) []Place {
	var all []Place
	if k.place != nil {
		all = append(all, k.place)
	}
	if path, folder := strings.CutPrefix(put, folderPrefix); folder && put != k.Place() {
		all = append(all, NewFolder(path))
	}
	return all
}

// reaches says whether a place can be looked into: the present one can, and every folder. Another bucket's keys are not known.
func (k *Keeper) reaches(put string) bool {
	return put == "" || put == k.Place() || strings.HasPrefix(put, folderPrefix)
}

func (k *Keeper) unreached(put string) error {
	now := "recordings.keep names no place now"
	if k.place != nil {
		now = "recordings.keep names " + k.Place() + " now"
	}
	return fmt.Errorf("it was kept in %s, and %s: move the files there, or name the old place again", put, now)
}
