package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The errors about recordings.
var (
	ErrNoRecording = errors.New("no such recording")
	// ErrNotStored reports that a recording cannot be played here, because there is no copy of it.
	ErrNotStored = errors.New("the recording is not kept here")
)

// Recording is a voicemail or a recorded talk, and what became of it. SID, URL, Seconds and At come from the provider's reports, in any order;
// the other fields are written by the archive of recordings, and no report changes them.
type Recording struct {
	SID     string    `json:"sid"`
	URL     string    `json:"url"` // at the provider
	Seconds int       `json:"seconds"`
	At      time.Time `json:"at,omitzero"`

	Copy      *RecordingCopy `json:"copy,omitempty"`      // ours; nil: it is at the provider alone
	DeletedAt time.Time      `json:"deleted_at,omitzero"` // at the provider, once Copy was safe
	// Tries counts the failures of the next step, the fetching or the deletion at the provider, since the step before it. Error is the last
	// of them, and NextAt is when the step is tried again (zero: at once).
	Tries  int       `json:"tries,omitempty"`
	NextAt time.Time `json:"next_at,omitzero"`
	Error  string    `json:"error,omitempty"`
}

// RecordingCopy is our copy of a recording. It was read back after it was written, and was the same.
type RecordingCopy struct {
	Bucket string    `json:"place"` // as the configuration names it: "folder:/srv/data/recordings"
	File   string    `json:"file"`  // its name there
	Type   string    `json:"type"`  // of its content: "audio/x-wav"
	Bytes  int64     `json:"bytes"`
	SHA256 string    `json:"sha256"` // in hexadecimal
	At     time.Time `json:"at"`
}

// RecordingStep is a step in the life of a recording.
type RecordingStep string

// The steps. The configuration decides which of them are taken.
const (
	StepFetch  RecordingStep = "fetch"  // copy it from the provider
	StepDelete RecordingStep = "delete" // delete it at the provider
)

// DueRecording is a recording with a step to be taken, and its call.
type DueRecording struct {
	Call CallSID
	SID  string
}

// Step returns the next step; "" where there is none, or where none is possible because the provider never named the recording.
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

var storable = regexp.MustCompile(`^[0-9A-Za-z]{1,64}$`)

// StorableSID reports whether a recording's SID can be part of the name of a file and of an address. The provider's are RE and 32 hexadecimal
// digits.
func StorableSID(sid string) bool { return storable.MatchString(sid) }

// sidOf returns the SID in the address of a recording, "" where there is none. The first report of a voicemail has only the address.
func sidOf(address string) string {
	sid := address[strings.LastIndex(address, "/")+1:]
	if !strings.HasPrefix(sid, "RE") || !StorableSID(sid) {
		return ""
	}
	return sid
}

// Recorded returns the recordings of a call that have a SID, the voicemail first.
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

// Recording returns the recording of the call with a SID.
func (c Call) Recording(sid string) (Recording, bool) {
	all := c.Recorded()
	if i := slices.IndexFunc(all, func(r Recording) bool { return r.SID == sid }); i >= 0 {
		return all[i], true
	}
	return Recording{}, false
}

// recordingEvents returns what became of the call's recordings: where each one is, and which steps failed.
func (c Call) recordingEvents() []event {
	var events []event
	for _, r := range c.Recorded() {
		if c.Message == nil || r.SID != c.Message.SID {
			result := fmt.Sprintf("%d s were recorded", r.Seconds)
			events = append(events, told(firstSet(r.At, c.End()), "recording", result, "recording", r.SID))
		}
		events = append(events, r.events(firstSet(r.At, c.End()))...)
	}
	return events
}

// events returns what became of one recording, which was made at the given time.
func (r Recording) events(made time.Time) []event {
	var events []event
	if k := r.Copy; k != nil {
		events = append(events, told(k.At, "recording.kept", "fetched, and kept in "+k.Bucket, "file", k.File, "bytes", strconv.FormatInt(k.Bytes, 10),
			"sha-256", k.SHA256))
	}
	if !r.DeletedAt.IsZero() {
		events = append(events, told(r.DeletedAt, "recording.deleted", "deleted at the provider", "recording", r.SID))
	}
	if r.Tries > 0 {
		could := map[RecordingStep]string{StepFetch: "it could not be fetched yet", StepDelete: "it could not be deleted at the provider yet"}[r.Step()]
		events = append(events, told(made, "recording.waits", could, "recording", r.SID, "tries", strconv.Itoa(r.Tries), "why", r.Error))
	} else if r.Copy == nil {
		events = append(events, told(made, "recording.waits", "it is at the provider", "recording", r.SID))
	}
	return events
}
