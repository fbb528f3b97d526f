package policy

import (
	"fmt"
	"strconv"
	"time"
)

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
