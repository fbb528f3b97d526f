package policy

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The errors about recordings.
var (
	ErrNoRecording = errors.New("no such recording")
	// ErrNotStored reports that a recording cannot be played here, because there is no copy of it.
	ErrNotStored = errors.New("the recording is not kept here")
)

// Recording is something the provider recorded for us, and what became of it. Facts come from the provider's reports in any order; the rest
// is written by whoever keeps recordings, and no report takes it back.
type Recording struct {
	SID     string    `json:"sid"`
	URL     string    `json:"url"` // at the provider
	Seconds int       `json:"seconds"`
	At      time.Time `json:"at,omitzero"`

	Copy      *RecordingCopy `json:"copy,omitempty"`      // ours; nil: it is at the provider alone
	DeletedAt time.Time      `json:"deleted_at,omitzero"` // at the provider, once Copy was safe
	// Tries are how often the next step, the fetching or the deletion at the provider, has failed since the last step was done; Error is why
	// it last did, and NextAt when it is tried again (zero: at once).
	Tries  int       `json:"tries,omitempty"`
	NextAt time.Time `json:"next_at,omitzero"`
	Error  string    `json:"error,omitempty"`
}

// RecordingCopy is a recording as we keep it: written, read back, and the same.
type RecordingCopy struct {
	Bucket string    `json:"place"` // as the configuration names it: "folder:/srv/data/recordings"
	File   string    `json:"file"`  // its name there
	Type   string    `json:"type"`  // of its content: "audio/x-wav"
	Bytes  int64     `json:"bytes"`
	SHA256 string    `json:"sha256"` // in hexadecimal
	At     time.Time `json:"at"`
}

// RecordingStep is what is done next about a recording.
type RecordingStep string

// The steps. One that is not due by the configuration is never done.
const (
	StepFetch  RecordingStep = "fetch"  // copy it from the provider
	StepDelete RecordingStep = "delete" // delete it at the provider
)

// DueRecording is a recording that something is to be done about, and its call.
type DueRecording struct {
	Call CallSID
	SID  string
}

// Step is what is to be done next; "" where nothing is, or nothing can be, since the provider never named the recording.
func (r Recording) Step() RecordingStep {
	switch {
	case !StorableSID(r.SID):
		return ""
	case r.Copy == nil:
		return StepFetch
	case r.DeletedAt.IsZero():
		return StepDelete
	}
	return ""
}

var keepable = regexp.MustCompile(`^[0-9A-Za-z]{1,64}$`)

// StorableSID says whether a recording's SID can be a part of a file's name and of an address: the provider's are RE and 32 hexadecimal digits.
func StorableSID(sid string) bool { return keepable.MatchString(sid) }

// sidOf reads the SID off the address of a recording: a voicemail's first report has nothing else. "" where the address has none.
func sidOf(address string) string {
	sid := address[strings.LastIndex(address, "/")+1:]
	if !strings.HasPrefix(sid, "RE") || !StorableSID(sid) {
		return ""
	}
	return sid
}

// Recorded are the recordings of a call that have a SID, the voicemail first.
func (c Call) Recorded() []Recording {
	var all []Recording
	if c.Message != nil && c.Message.SID != "" {
		all = append(all, *c.Message)
	}
	for _, r := range c.Recordings {
		if r.SID != "" {
			all = append(all, r)
		}
	}
	return all
}

// Recording finds a recording of the call by its SID.
func (c Call) Recording(sid string) (Recording, bool) {
	all := c.Recorded()
	if i := slices.IndexFunc(all, func(r Recording) bool { return r.SID == sid }); i >= 0 {
		return all[i], true
	}
	return Recording{}, false
}
