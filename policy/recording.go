package policy

import (
	"cmp"
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
	// ClaimedBy is the process that takes the next step at this moment, up to NextAt: then another one may.
	ClaimedBy string `json:"claimed_by,omitempty"`
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

// LearnCopy returns the call with a copy of a recording. An earlier copy stays. A call that no longer has the recording, because it was erased or
// expired meanwhile, is returned unchanged; the copy is removed by the Removal that was stored at the same time.
func (c Call) LearnCopy(sid string, k RecordingCopy) Call {
	return c.withRecording(sid, func(r Recording) Recording {
		if r.Copy == nil {
			r.Copy, r.Tries, r.NextAt, r.Error, r.ClaimedBy = &k, 0, time.Time{}, "", ""
		}
		return r
	})
}

// LearnDeleted returns the call with a recording marked as deleted at the provider. The earliest time stays. Without a copy of ours the call is
// returned unchanged.
func (c Call) LearnDeleted(sid string, at time.Time) Call {
	return c.withRecording(sid, func(r Recording) Recording {
		if r.Copy != nil && r.DeletedAt.IsZero() {
			r.Tries, r.NextAt, r.Error, r.ClaimedBy = 0, time.Time{}, "", ""
		}
		if r.Copy != nil {
			r.DeletedAt = earliest(r.DeletedAt, at)
		}
		return r
	})
}

// LearnFailed returns the call with the failure of a step, and the time of its next attempt. A step that has been taken already cannot fail.
func (c Call) LearnFailed(sid string, step RecordingStep, why string, next time.Time) Call {
	return c.withRecording(sid, func(r Recording) Recording {
		if r.Step() == step {
			r.Tries, r.Error, r.NextAt, r.ClaimedBy = r.Tries+1, why, next, ""
		}
		return r
	})
}

// LearnClaimed returns the call as it is while a process takes a step with a recording. One that another process has claimed at now stays as it is.
func (c Call) LearnClaimed(sid string, step RecordingStep, by string, now, until time.Time) Call {
	return c.withRecording(sid, func(r Recording) Recording {
		if r.Step() == step && (r.ClaimedBy == "" || r.ClaimedBy == by || !r.NextAt.After(now)) {
			r.ClaimedBy, r.NextAt = by, until
		}
		return r
	})
}

// LearnReleased returns the call as it is when the process that claimed a recording did not take the step after all.
func (c Call) LearnReleased(sid, by string, now time.Time) Call {
	return c.withRecording(sid, func(r Recording) Recording {
		if r.ClaimedBy == by {
			r.ClaimedBy, r.NextAt = "", now
		}
		return r
	})
}

// withRecording returns the call with one recording changed. The receiver's recordings are not written to.
func (c Call) withRecording(sid string, change func(Recording) Recording) Call {
	if c.Message != nil && c.Message.SID == sid {
		m := change(*c.Message)
		c.Message = &m
		return c
	}
	if i := c.recordingAt(sid); i >= 0 {
		c.Recordings = slices.Clone(c.Recordings)
		c.Recordings[i] = change(c.Recordings[i])
	}
	return c
}

func (c Call) recordingAt(sid string) int {
	return slices.IndexFunc(c.Recordings, func(r Recording) bool { return r.SID == sid })
}

// learnMessage merges a voicemail. The call has the best one as its message; others are among its recordings.
func (c Call) learnMessage(m Recording) Call {
	m.SID = cmp.Or(m.SID, sidOf(m.URL))
	known := c.Message != nil && sameRecording(m, *c.Message)
	if i := c.recordingAt(m.SID); i >= 0 && !known && m.SID != "" {
		m = merged(m, c.Recordings[i])
		c.Recordings = slices.Delete(slices.Clone(c.Recordings), i, i+1)
	}
	switch {
	case known:
		m = merged(m, *c.Message)
		c.Message = &m
	case m.Seconds <= 0:
	case c.Message == nil:
		c.Message = &m
	case better(m, *c.Message):
		other := *c.Message
		c.Message = &m
		return c.learnRecording(other)
	default:
		return c.learnRecording(m)
	}
	return c
}

func (c Call) learnRecording(m Recording) Call {
	m.SID = cmp.Or(m.SID, sidOf(m.URL))
	c.Recordings = slices.Clone(c.Recordings)
	i, found := slices.BinarySearchFunc(c.Recordings, m, func(a, b Recording) int { return cmp.Compare(a.SID, b.SID) })
	if found {
		c.Recordings[i] = merged(m, c.Recordings[i])
	} else {
		c.Recordings = slices.Insert(c.Recordings, i, m)
	}
	return c
}

// sameRecording reports whether two voicemails of a call are one. Without a SID they are: a call has one voicemail, except in rare cases, and
// those have SIDs.
func sameRecording(a, b Recording) bool { return a.SID == b.SID || a.SID == "" || b.SID == "" }

// merged returns one recording from two states of it, in any order: the facts of the better report and the progress of the one that is further.
func merged(a, b Recording) Recording {
	m, other := a, b
	if better(b, a) {
		m, other = b, a
	}
	if further := compareProgress(other, m) > 0; further {
		m.Copy, m.DeletedAt, m.Tries, m.NextAt, m.Error = other.Copy, other.DeletedAt, other.Tries, other.NextAt, other.Error
	}
	return m
}

// compareProgress compares two states of one recording by the steps that have been taken.
func compareProgress(a, b Recording) int {
	steps := func(r Recording) int {
		switch {
		case !r.DeletedAt.IsZero():
			return 2
		case r.Copy != nil:
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(steps(a), steps(b)), cmp.Compare(a.Tries, b.Tries))
}

// better reports whether a is the better report of a recording, so that the order of reports does not matter: one with a SID, then the longer,
// then the earlier.
func better(a, b Recording) bool {
	switch {
	case (a.SID != "") != (b.SID != ""):
		return a.SID != ""
	case a.Seconds != b.Seconds:
		return a.Seconds > b.Seconds
	case !a.At.Equal(b.At):
		return a.At.Before(b.At)
	}
	return a.SID < b.SID
}
