package fake

import (
	"bytes"
	"encoding/binary"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/twilio"
)

func (a *Account) listRecordings(w http.ResponseWriter, r *http.Request, _ string) {
	recordings := slices.Clone(a.state.Recordings)
	slices.SortStableFunc(recordings, func(x, y twilio.ListedRecording) int { return y.StartedAt.Compare(x.StartedAt) })
	var found []any
	for _, s := range recordings {
		if within(r.Form, "DateCreated", s.StartedAt) && matches(r.Form, "CallSid", s.CallSID) {
			found = append(found, a.recording(s))
		}
	}
	a.page(w, r, "recordings", found)
}

func (a *Account) recording(s twilio.ListedRecording) map[string]any {
	duration := any(nil)
	if s.Seconds != nil {
		duration = strconv.Itoa(*s.Seconds)
	}
	return map[string]any{
		"sid": s.SID, "account_sid": a.state.SID, "call_sid": s.CallSID, "status": s.Status, "source": s.Source, "duration": duration, "channels": 1,
		"start_time": listTime(s.StartedAt), "date_created": listTime(s.StartedAt), "api_version": "2010-04-01",
		"uri": "/2010-04-01/Accounts/" + a.state.SID + "/Recordings/" + s.SID + ".json",
	}
}

// media answers with the sound of a recording.
func (a *Account) media(w http.ResponseWriter, _ *http.Request, sid string) {
	length, there := a.recorded(sid)
	if !there {
		Refuse(w, http.StatusNotFound, 20404, "The requested resource was not found")
		return
	}
	sound := Sound(length)
	w.Header().Set("Content-Type", "audio/x-wav")
	w.Header().Set("Content-Length", strconv.Itoa(len(sound)))
	_, _ = w.Write(sound) // a client that is gone needs no sound
}

// unlistedSeconds is the length of the recordings that are not listed, which is not known.
const unlistedSeconds = 3

// recorded returns the length of a recording in seconds, and whether its sound is available.
func (a *Account) recorded(sid string) (seconds int, there bool) {
	i := a.indexOf(sid)
	if i < 0 {
		return unlistedSeconds, a.state.UnlistedMedia && strings.HasPrefix(sid, "RE") && !slices.Contains(a.state.Deleted, sid)
	}
	r := a.state.Recordings[i]
	if r.Seconds == nil || r.Status != "completed" {
		return 0, false
	}
	made := r.StartedAt.Add(time.Duration(*r.Seconds)*time.Second + a.state.MediaLag)
	return *r.Seconds, !made.After(a.state.Now())
}

func (a *Account) indexOf(sid string) int {
	return slices.IndexFunc(a.state.Recordings, func(r twilio.ListedRecording) bool { return r.SID == sid })
}

func (a *Account) deleteRecording(w http.ResponseWriter, _ *http.Request, sid string) {
	i := a.indexOf(sid)
	unlisted := i < 0 && a.state.UnlistedMedia && !slices.Contains(a.state.Deleted, sid)
	if i < 0 && !unlisted {
		Refuse(w, http.StatusNotFound, 20404, "The requested resource was not found")
		return
	}
	if i >= 0 {
		a.state.Recordings = slices.Delete(a.state.Recordings, i, i+1)
	}
	a.state.Deleted = append(a.state.Deleted, sid)
	w.WriteHeader(http.StatusNoContent)
}

// The format of a Sound, which is a telephone's.
const (
	soundRate  = 8000
	soundBytes = 2 // per sample
	soundHead  = 44
)

// Sound returns a WAV file as the provider makes them: one channel of 16 bits at 8 kHz. It has a short tone each second, each louder than the
// one before, so that a player shows whether all of it has arrived.
func Sound(seconds int) []byte {
	size := seconds * soundRate * soundBytes
	b := bytes.NewBuffer(make([]byte, 0, soundHead+size))
	b.WriteString("RIFF")
	for _, part := range []any{
		uint32(soundHead - 8 + size), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(soundRate), uint32(soundRate * soundBytes),
		uint16(soundBytes), uint16(8 * soundBytes), []byte("data"), uint32(size),
	} {
		_ = binary.Write(b, binary.LittleEndian, part) // never fails on a buffer
	}
	for i := range seconds * soundRate {
		loud := 0.0
		if i%soundRate < soundRate/4 {
			loud = 2000 + 8000*float64(i)/float64(seconds*soundRate)
		}
		_ = binary.Write(b, binary.LittleEndian, int16(loud*math.Sin(2*math.Pi*440*float64(i)/soundRate)))
	}
	return b.Bytes()
}
