package console

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// spoken is one exchange of a call: what was pressed or said, and what was heard then.
type spoken struct {
	At      time.Time
	Who     string // the caller, or the specialist
	Pressed string
	Heard   string
}

// spoken returns the exchanges in which something was pressed, said or heard.
func (r *request) spoken(call policy.Call) (all []spoken) {
	for _, exchange := range call.Exchanges {
		one := spoken{At: exchange.At, Who: "caller", Pressed: exchange.Heard}
		if r.console.Spoken != nil {
			specialist, sentences := r.console.Spoken(call, exchange)
			one.Heard = strings.Join(sentences, " ")
			if specialist {
				one.Who = "specialist"
			}
		}
		if one.Pressed != "" || one.Heard != "" {
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, func(a, b spoken) int { return a.At.Compare(b.At) })
	return all
}

// sound is a voicemail or a recording on the call's page.
type sound struct {
	policy.Recording
	Title string
	Path  string // of the sound, for the player; "" if it is not played to this person, or not yet
	Ask   string // of the form that asks for it, or ""
	State string // where it is, in words
}

func (r *request) sounds(call policy.Call) (all []sound) {
	for _, recording := range call.Recorded() {
		path := callPath(call.SID) + "/recordings/" + recording.SID
		s := sound{Recording: recording, Title: "Recording of the talk", State: "not fetched from the provider"}
		if call.Message != nil && call.Message.SID == recording.SID {
			s.Title = "Voicemail"
		}
		if recording.Copy != nil {
			s.State = "stored since " + recording.Copy.At.In(r.zone).Format("2006-01-02 15:04:05")
		}
		switch {
		case recording.Copy == nil, r.console.Recordings == nil, !r.may(users.HearRecordings):
		case r.console.signin.IsRevealed(r.ctx(), revealedSound(call.SID, recording.SID)):
			s.Path = path
		default:
			s.Ask = path
		}
		all = append(all, s)
	}
	return all
}

// revealedSound returns the name under which a session remembers a revealed recording.
func revealedSound(call policy.CallSID, recording string) string {
	return string(call) + "/" + recording
}

// listen lets the person play a recording for the rest of the session, and notes that in the audit.
func (r *request) listen() error {
	call, recording := policy.CallSID(r.Param("sid")), r.Param("recording")
	sound, err := r.opened(call, recording)
	if err != nil {
		return err
	}
	if err := sound.Close(); err != nil {
		return err
	}
	if err := r.console.Recordings.Reveal(r.ctx(), call, r.user.Name, "recording "+recording); err != nil {
		return err
	}
	r.console.signin.Reveal(r.ctx(), revealedSound(call, recording))
	return r.seeOther(callPath(call) + "#recordings")
}

func (r *request) opened(call policy.CallSID, recording string) (Sound, error) {
	if r.console.Recordings == nil {
		return Sound{}, policy.ErrNotStored
	}
	return r.console.Recordings.OpenRecording(r.ctx(), call, recording)
}

// recording sends a recording, as a whole or in the parts that a player asks for. It must have been revealed first.
func (r *request) recording() error {
	call, recording := policy.CallSID(r.Param("sid")), r.Param("recording")
	if !r.console.signin.IsRevealed(r.ctx(), revealedSound(call, recording)) {
		return errNotPermitted
	}
	sound, err := r.opened(call, recording)
	if err != nil {
		return err
	}
	defer sound.Close()
	r.Response().Header().Set("Content-Type", cmp.Or(sound.Type, "application/octet-stream"))
	r.Response().Header().Set("Cache-Control", "private, no-store")
	http.ServeContent(r.Response(), r.Request(), "", sound.Made, sound)
	return nil
}
