package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

const (
	phoneBeat  = 10 * time.Second // so often a page that waits for events hears that we are there
	phoneWrite = 10 * time.Second // so long an event may take to reach it
)

// phoneCallPage is a call as its caller sees it.
type phoneCallPage struct {
	PhoneCall
	LineName string
	Language string
	Real     bool // the line is one that customers call
	Seconds  int  // since the call began, or as long as it took
	Talked   int  // seconds of the talk so far
	Refresh  int  // seconds until a page without scripts asks again; 0: it need not
}

func (r *request) phoneCall() error {
	call, err := r.site.Phones.PhoneCall(r.user.Name, r.Param("id"))
	if err != nil {
		return err
	}
	body := r.phoneBody(call)
	if r.QueryParam("still") != "" {
		body.Refresh = 0
	}
	return r.render(http.StatusOK, "phonecall", body)
}

func (r *request) phoneBody(call PhoneCall) phoneCallPage {
	line, _ := r.site.Policy.Line(call.Line)
	now := r.site.Now()
	body := phoneCallPage{PhoneCall: call, LineName: line.Name, Language: line.Language, Real: !r.site.Phones.Free()}
	end := now
	if call.Over() {
		end = call.EndedAt
	}
	body.Seconds = int(end.Sub(call.StartedAt) / time.Second)
	if !call.JoinedAt.IsZero() {
		body.Talked = int(now.Sub(call.JoinedAt) / time.Second)
	}
	switch call.State {
	case PhoneOver:
	case PhoneAsks, PhoneRecords:
		body.Refresh = 20 // who writes an answer is left alone as long as the line waits
	default:
		body.Refresh = 2
	}
	return body
}

// phoneEvents are the live part of the page, each time that it is another one, until the call is over.
func (r *request) phoneEvents() error {
	call, err := r.site.Phones.PhoneCall(r.user.Name, r.Param("id"))
	if err != nil {
		return err
	}
	h := r.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	r.Response().WriteHeader(http.StatusOK)
	for seen := -1; ; {
		event := ": still here\n\n"
		if call.Version != seen {
			if event, err = r.phoneEvent(call); err != nil {
				return err
			}
		}
		seen = call.Version
		if r.push(event) != nil || call.Over() {
			return nil // the browser has gone, or there is nothing more to tell
		}
		waiting, stop := context.WithTimeout(r.ctx(), phoneBeat)
		err := r.site.Phones.Moved(waiting, r.user.Name, call.ID, call.Version)
		stop()
		if err == nil && r.ctx().Err() == nil {
			call, err = r.site.Phones.PhoneCall(r.user.Name, call.ID)
		}
		if errors.Is(err, policy.ErrNoPhoneCall) || r.ctx().Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *request) phoneEvent(call PhoneCall) (string, error) {
	var html bytes.Buffer
	if err := r.site.views.part(&html, "phonecall", "live", r.page(r.phoneBody(call))); err != nil {
		return "", err
	}
	name := "moved"
	if call.Over() {
		name = "over"
	}
	return fmt.Sprintf("event: %s\ndata: %s\n\n", name, strings.ReplaceAll(strings.TrimSpace(html.String()), "\n", "\ndata: ")), nil
}

// push sends an event at once. The server's bound on an answer is one on each event here.
func (r *request) push(event string) error {
	control := http.NewResponseController(r.Response())
	if err := control.SetWriteDeadline(time.Now().Add(phoneWrite)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := r.Response().Write([]byte(event)); err != nil {
		return err
	}
	return control.Flush()
}

// Over says that the call has ended.
func (c PhoneCall) Over() bool { return c.State == PhoneOver }

// Doing says in words what the call is at.
func (c PhoneCall) Doing() string {
	switch c.State {
	case PhoneDialling:
		return "You dial."
	case PhoneSpeaks:
		return "The line speaks. You can press ahead."
	case PhoneAsks:
		return "The line waits for your answer."
	case PhoneRecords:
		return "The line records. Write what you say, then press # or hang up."
	case PhoneRings:
		return "It rings. Answer as the specialist."
	case PhoneScreens:
		return "A specialist is told who calls."
	case PhoneTalks:
		return "Caller and specialist talk."
	case PhoneOver:
		return "The call is over."
	}
	return "You wait."
}

// Skipping is what can be skipped, as the words of a button; "" for nothing.
func (c PhoneCall) Skipping() string {
	switch c.State {
	case PhoneSpeaks:
		return "Skip the sentence"
	case PhoneAsks, PhoneRecords:
		return "Stay silent"
	case PhoneScreens:
		return "Skip what is told"
	}
	return ""
}

// Talks says that the two are joined.
func (c PhoneCall) Talks() bool { return c.State == PhoneTalks }

// Spoken says that the caller hears a sentence.
func (l PhoneLine) Spoken() bool { return l.Who == PhoneCaller && l.Did == "hears" && !l.Sound }

// phoneWords are what the caller does, said to the caller.
var phoneWords = map[string]string{"dials": "dial", "hears": "hear", "presses": "press", "says": "say", "hangs up": "hang up"}

// Does is what the party does, as the page says it: "press", "rings".
func (l PhoneLine) Does() string {
	if word, ok := phoneWords[l.Did]; ok && l.Who == PhoneCaller {
		return word
	}
	return l.Did
}

// Keys are those of the keypad, row by row, with the letters on them.
func (phoneCallPage) Keys() []phoneKey {
	return []phoneKey{
		{"1", "", ""},
		{"2", "ABC", ""},
		{"3", "DEF", ""},
		{"4", "GHI", ""},
		{"5", "JKL", ""},
		{"6", "MNO", ""},
		{"7", "PQRS", ""},
		{"8", "TUV", ""},
		{"9", "WXYZ", ""},
		{"*", "", "star"},
		{"0", "", ""},
		{"#", "", "hash"},
	}
}

type phoneKey struct{ Key, Letters, Name string }

// Answers are how a specialist can answer, with the words for it.
func (phoneCallPage) Answers() []phoneAnswer {
	return []phoneAnswer{
		{PhoneAccepts, "Pick up and accept"}, {PhonePasses, "Pick up and pass on"}, {PhoneVoicemail, "Voicemail"}, {PhoneBusy, "Busy"}, {PhoneNobody, "No answer"},
	}
}

type phoneAnswer struct {
	Value PhoneAnswer
	Words string
}

// Minutes are seconds as 12:05.
func (phoneCallPage) Minutes(seconds int) string {
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}
