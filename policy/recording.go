package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
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

// recordingStory is what became of the call's recordings: where each one is, and what could not be done about it.
func (c Call) recordingStory() []event {
	var events []event
	for _, r := range c.Recorded() {
		if c.Message == nil || r.SID != c.Message.SID {
			result := fmt.Sprintf("%d s were recorded", r.Seconds)
			events = append(events, told(firstSet(r.At, c.End()), "recording", result, "recording", r.SID))
		}
		events = append(events, r.story(firstSet(r.At, c.End()))...)
	}
	return events
}

// story is where a recording is. made is when it was.
func (r Recording) story(made time.Time) []event {
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
