package policy

import (
	"cmp"
	"regexp"
	"slices"
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
	Place  string    `json:"place"` // as the configuration names it: "folder:/srv/data/recordings"
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
	case !KeepableSID(r.SID):
		return ""
	case r.Copy == nil:
		return StepFetch
	case r.DeletedAt.IsZero():
		return StepDelete
	}
	return ""
}

var keepable = regexp.MustCompile(`^[0-9A-Za-z]{1,64}$`)

// KeepableSID says whether a recording's SID can be a part of a file's name and of an address: the provider's are RE and 32 hexadecimal digits.
func KeepableSID(sid string) bool { return keepable.MatchString(sid) }

// sidOf reads the SID off the address of a recording: a voicemail's first report has nothing else. "" where the address has none.
func sidOf(address string) string {
	sid := address[strings.LastIndex(address, "/")+1:]
	if !strings.HasPrefix(sid, "RE") || !KeepableSID(sid) {
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

// LearnCopy merges that we keep a recording. Of two copies the earlier stays. A call that does not have the recording, because it was erased or
// removed meanwhile, stays as it is: look with Recording afterwards, and remove what was copied in vain.
func (c Call) LearnCopy(sid string, k RecordingCopy) Call {
	return c.withRecording(sid, func(r Recording) Recording {
		if r.Copy == nil {
			r.Copy, r.Tries, r.NextAt, r.Error = &k, 0, time.Time{}, ""
		}
		return r
	})
}

// LearnDeleted merges that a recording was deleted at the provider. The earliest time stays. What we have no copy of was not deleted by us.
func (c Call) LearnDeleted(sid string, at time.Time) Call {
	return c.withRecording(sid, func(r Recording) Recording {
		if r.Copy != nil && r.DeletedAt.IsZero() {
			r.Tries, r.NextAt, r.Error = 0, time.Time{}, ""
		}
		if r.Copy != nil {
			r.DeletedAt = earliest(r.DeletedAt, at)
		}
		return r
	})
}

// LearnFailed merges that a step failed, why, and when to try it again. Of a step that is done already nothing is kept.
func (c Call) LearnFailed(sid string, step RecordingStep, why string, next time.Time) Call {
	return c.withRecording(sid, func(r Recording) Recording {
		if r.Step() == step {
			r.Tries, r.Error, r.NextAt = r.Tries+1, why, next
		}
		return r
	})
}

// withRecording changes one recording, without writing into what others hold.
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

// learnMessage merges a voicemail. A call shows one, the best; what else was left on it stands among the recordings.
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

// sameRecording takes what has no SID for the same as anything: a call has one voicemail but for odd cases, and those have SIDs.
func sameRecording(a, b Recording) bool { return a.SID == b.SID || a.SID == "" || b.SID == "" }

// merged is what two states of one recording say together, whichever came first: the facts of the better report, and how far we are with it.
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

// compareProgress orders two states of one recording by how far we are with it.
func compareProgress(a, b Recording) int {
	place := func(r Recording) int {
		switch {
		case !r.DeletedAt.IsZero():
			return 2
		case r.Copy != nil:
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Tries, b.Tries))
}

// better says which of two reports of recordings stays, so that their order does not matter: one with a SID, then the longer, then the
// earlier.
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
