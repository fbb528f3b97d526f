package ivr

import (
	"net/http"
	"time"

	"github.com/officernd/supportline/policy"
)

// status takes the number's status callback, which comes once, after the end of a call.
func (h *webhooks) status(w *hook) error {
	return h.learn(w, policy.CallSID(w.CallSID), policy.Report{
		At: w.reported(), From: policy.Phone(w.From), To: ours(w.settings, w.Webhook), Status: w.CallStatus, Seconds: w.CallSeconds,
	})
}

func (h *webhooks) legStatus(w *hook) error {
	return h.learn(w, policy.CallSID(w.Param("call")), policy.Report{
		At: w.reported(), Leg: policy.CallSID(w.CallSID), From: policy.Phone(w.From), To: policy.Phone(w.To),
		Status: w.CallStatus, Seconds: w.CallSeconds, Attempt: w.number("order"),
	})
}

// recording takes the status callback of a recording. It names the caller's leg.
func (h *webhooks) recording(w *hook) error {
	report := policy.Report{Recording: completed(w)}
	if w.Param("kind") == "message" {
		report = policy.Report{Message: completed(w)}
	}
	return h.recorded(w, policy.CallSID(w.CallSID), report)
}

func (h *webhooks) recorded(w *hook, sid policy.CallSID, report policy.Report) error {
	if report.Recording == nil && report.Message == nil {
		return w.NoContent(http.StatusNoContent)
	}
	return h.learn(w, sid, report)
}

// completed returns the recording that a callback reports. It is nil if the recording is not there yet, or never will be.
func completed(w *hook) *policy.Recording {
	if w.RecordingStatus != "" && w.RecordingStatus != "completed" {
		return nil
	}
	return recordingOf(w)
}

func recordingOf(w *hook) *policy.Recording {
	if w.RecordingURL == "" || w.RecordingSeconds == nil {
		return nil
	}
	return &policy.Recording{SID: w.RecordingSID, URL: w.RecordingURL, Seconds: *w.RecordingSeconds, At: w.reported()}
}

// reported returns the provider's time of what it reports, or our own if it gives none.
func (w *hook) reported() time.Time {
	if !w.Timestamp.IsZero() {
		return w.Timestamp
	}
	return w.now
}

func (h *webhooks) learn(w *hook, sid policy.CallSID, r policy.Report) error {
	if _, err := h.advance(w, sid, func(c policy.Call) policy.Call { return w.settings.WithPeople(c, c.Learn(r)) }); err != nil {
		return err
	}
	return w.NoContent(http.StatusNoContent)
}
