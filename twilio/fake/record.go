package fake

import (
	"fmt"
	"strings"
	"time"

	"github.com/officernd/supportline/twilio"
)

// recordCaller follows a Record: the tone, then the caller's speech until a key, silence, the maximum length or the end of the call. An
// empty recording is not reported, and leads to the next verb.
func (c *call) recordCaller(r twilio.Record) next {
	if !r.NoBeep {
		c.note(TheCaller, Hears, "(tone)")
	}
	started := c.Clock.Now()
	spoken, stop := c.speakInto(r)
	if spoken == 0 {
		if stop == "hangup" {
			return c.hangUp()
		}
		return next{}
	}
	recording := c.recording(spoken)
	params := map[string]string{"RecordingUrl": recording["RecordingUrl"], "RecordingDuration": recording["RecordingDuration"]}
	if stop != "" {
		params["Digits"] = stop
	}
	n := c.action(r.Action, params)
	if stop == "hangup" {
		c.hangUp()
		c.actionAfterHangUp(n)
		n = end
	}
	c.reportRecording(r.RecordingStatusCallback, recording, started, "RecordVerb")
	return n
}

// speakInto returns how long the caller spoke and what ended it: a key, "hangup", or "" for silence and the maximum length.
func (c *call) speakInto(r twilio.Record) (spoken time.Duration, stop string) {
	longest, keys := orDefault(r.MaxLength, 3600), r.FinishOnKey
	if keys == "" {
		keys = "1234567890*#"
	}
	m := Moment{Kind: Recording, Keys: true, Speech: true}
	for spoken < longest {
		act, _ := c.pass(m, min(orDefault(r.Timeout, 5), longest-spoken))
		switch act.do {
		case hangsUp:
			return spoken, "hangup"
		case listens, isRedirected:
			return spoken, ""
		case says:
			c.note(TheCaller, "says", act.text)
			length := min(act.span, longest-spoken)
			c.advance(length)
			spoken += length
		case presses:
			c.note(TheCaller, "presses", act.keys)
			if i := strings.IndexAny(act.keys, keys); i >= 0 {
				return spoken, act.keys[i : i+1]
			}
		}
	}
	return spoken, ""
}

func (c *call) recording(length time.Duration) map[string]string {
	sid := c.sid("RE")
	return map[string]string{
		"RecordingSid":      sid,
		"RecordingUrl":      "https://api.twilio.com/2010-04-01/Accounts/" + c.AccountSID + "/Recordings/" + sid,
		"RecordingDuration": fmt.Sprint(max(1, seconds(length))),
	}
}

func (c *call) reportRecording(address string, recording map[string]string, started time.Time, source string) {
	c.listRecording(recording, started, source)
	recording["RecordingStatus"] = "completed"
	recording["RecordingChannels"] = "1"
	recording["RecordingStartTime"] = started.UTC().Format(time.RFC1123Z)
	recording["RecordingSource"] = source
	c.callBack(&party{sid: c.caller.sid, base: c.caller.base}, address, recording)
}

// actionAfterHangUp requests the action of a verb that the caller's hang-up has ended. Its document is not followed.
func (c *call) actionAfterHangUp(n next) {
	if !c.Faults.NoActionAfterHangUp {
		c.document(c.caller, n.url, n.params)
	}
}
