package policy

import (
	"cmp"
	"slices"
	"time"
)

// LearnCopy returns the call with a copy of a recording. An earlier copy stays. A call that no longer has the recording, because it was erased or
// expired meanwhile, is returned unchanged; the copy is removed by the Removal that was stored at the same time.
func (c Call) LearnCopy(sid string, k RecordingCopy) Call {
	return c.withRecording(sid, func(r Recording) Recording {
		if r.Copy == nil {
			r.Copy, r.Tries, r.NextAt, r.Error = &k, 0, time.Time{}, ""
		}
		return r
	})
}

// LearnDeleted returns the call with a recording marked as deleted at the provider. The earliest time stays. Without a copy of ours the call is
// returned unchanged.
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

// LearnFailed returns the call with the failure of a step, and the time of its next attempt. A step that has been taken already cannot fail.
func (c Call) LearnFailed(sid string, step RecordingStep, why string, next time.Time) Call {
	return c.withRecording(sid, func(r Recording) Recording {
		if r.Step() == step {
			r.Tries, r.Error, r.NextAt = r.Tries+1, why, next
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
