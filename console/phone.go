package console

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

const phonePath = "/phone"

// maxWords is how many letters can be said at once, as many as a person says in a breath or two.
const maxWords = 300

var phoneRoutes = []route{
	{http.MethodGet, phonePath, (*request).phone, users.UsePhone},
	{http.MethodPost, phonePath, (*request).dial, users.UsePhone},
	{http.MethodGet, phonePath + "/:id", (*request).phoneCall, users.UsePhone},
	{http.MethodPost, phonePath + "/:id", (*request).phoneAct, users.UsePhone},
	{http.MethodGet, phonePath + "/:id/events", (*request).phoneEvents, users.UsePhone},
}

type phonePage struct {
	Lines    []policy.Line
	Free     bool
	Calls    []phoneRow
	Line     string // as chosen, if the call was refused
	From     string
	Attested bool
	Problem  string
}

type phoneRow struct {
	PhoneCall
	LineName string
}

func (r *request) phone() error {
	return r.showPhone(http.StatusOK, phonePage{From: r.QueryParam("from"), Line: r.QueryParam("line")})
}

func (r *request) showPhone(status int, body phonePage) error {
	phones := r.console.Phones
	body.Free = phones.Free()
	for _, number := range phones.Lines() {
		if line, ok := r.console.Policy.Line(number); ok {
			body.Lines = append(body.Lines, line)
		}
	}
	for _, c := range phones.PhoneCalls(r.user.Name) {
		line, _ := r.console.Policy.Line(c.Line)
		body.Calls = append(body.Calls, phoneRow{c, line.Name})
	}
	return r.render(status, "phone", body)
}

func (r *request) dial() error {
	body := phonePage{Line: r.FormValue("line"), From: strings.TrimSpace(r.FormValue("from")), Attested: r.FormValue("attested") != ""}
	line, from := policy.Phone(body.Line), policy.Phone(cmp.Or(body.From, "anonymous"))
	if r.console.Phones.Free() && from != "anonymous" && (!from.IsNumber() || len(from) > 16) {
		body.Problem = "Write the number that you call from with a + and the code of its country, or leave it empty to call without one."
		return r.showPhone(http.StatusUnprocessableEntity, body)
	}
	id, err := r.console.Phones.Dial(r.user.Name, line, from, body.Attested)
	switch {
	case errors.Is(err, ErrPhonesBusy), errors.Is(err, ErrNotTestLine):
		body.Problem = api.Sentence(err)
		return r.showPhone(http.StatusConflict, body)
	case err != nil:
		return err
	}
	if err := r.note(users.ActPhoneCall, string(line), "a call from the console"); err != nil {
		return err
	}
	return r.seeOther(phonePath + "/" + id)
}

// phoneAct does what a form says in a call. A page with scripts learns of the effect by events, and needs no answer.
func (r *request) phoneAct() error {
	call, err := r.console.Phones.PhoneCall(r.user.Name, r.Param("id"))
	if err != nil {
		return err
	}
	act, err := r.phoneForm(call)
	if err != nil {
		return err
	}
	if err := r.console.Phones.Act(r.ctx(), r.user.Name, call.ID, act); err != nil {
		return err
	}
	if r.Request().Header.Get("X-Live") != "" {
		return r.NoContent(http.StatusNoContent)
	}
	return r.seeOther(phonePath + "/" + call.ID)
}

func (r *request) phoneForm(call PhoneCall) (PhoneAct, error) {
	keys, words := strings.Join(strings.Fields(r.FormValue("keys")), ""), strings.TrimSpace(r.FormValue("words"))
	number, numbered := strconv.Atoi(r.FormValue("specialist"))
	answer := PhoneAnswer(r.FormValue("answer"))
	answers := slices.ContainsFunc(phoneAnswers, func(a phoneAnswer) bool { return a.Value == answer })
	switch do := r.FormValue("do"); {
	case keys != "" && (len(keys) > 32 || strings.Trim(keys, "0123456789*#") != ""):
		return PhoneAct{}, fmt.Errorf("%w: %q are no keys; a telephone has 0 to 9, * and #", api.ErrWrongInput, keys)
	case keys != "":
		return PhoneAct{Keys: keys}, nil
	case len(words) > maxWords:
		return PhoneAct{}, fmt.Errorf("%w: say at most %d letters at once", api.ErrWrongInput, maxWords)
	case words != "":
		return PhoneAct{Words: words}, nil
	case do == "hang-up":
		return PhoneAct{HangsUp: PhoneCaller}, nil
	case do == "specialist-hangs-up":
		return PhoneAct{HangsUp: PhoneSpecialist}, nil
	case do == "skip":
		return PhoneAct{Skip: true}, nil
	case numbered == nil && number >= 0 && number < len(call.Specialists) && answers:
		return PhoneAct{Specialist: call.Specialists[number].Number, Answer: answer}, nil
	}
	return PhoneAct{}, fmt.Errorf("%w: press a key, say something, or choose how the specialist answers", api.ErrWrongInput)
}

// phoneBeat is how often a page that waits for events hears that the server is there.
const phoneBeat = 10 * time.Second

type phoneCallPage struct {
	PhoneCall
	LineName string
	Language string
	Real     bool // the line is one that customers call
	Seconds  int  // since the call began, or its length
	Talked   int  // seconds of the talk so far
	Refresh  int  // seconds until a page without scripts reloads; 0 for never
}

func (r *request) phoneCall() error {
	call, err := r.console.Phones.PhoneCall(r.user.Name, r.Param("id"))
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
	line, _ := r.console.Policy.Line(call.Line)
	now := r.console.Now()
	body := phoneCallPage{PhoneCall: call, LineName: line.Name, Language: line.Language, Real: !r.console.Phones.Free()}
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
		body.Refresh = 20 // a person who writes an answer is left alone as long as the line waits
	default:
		body.Refresh = 2
	}
	return body
}

// phoneEvents sends the live part of the page whenever it changes, until the call is over.
func (r *request) phoneEvents() error {
	call, err := r.console.Phones.PhoneCall(r.user.Name, r.Param("id"))
	if err != nil {
		return err
	}
	leave, err := r.follow()
	if err != nil {
		return err
	}
	defer leave()
	r.beginStream()
	for seen := -1; ; {
		event := ": still here\n\n"
		if call.Version != seen {
			if event, err = r.phoneEvent(call); err != nil {
				return err
			}
		}
		seen = call.Version
		if r.send(event) != nil || call.Over() {
			return nil // the browser has gone, or the call is over
		}
		waiting, stop := context.WithTimeout(r.ctx(), phoneBeat)
		err := r.console.Phones.Moved(waiting, r.user.Name, call.ID, call.Version)
		stop()
		if err == nil && r.ctx().Err() == nil {
			call, err = r.console.Phones.PhoneCall(r.user.Name, call.ID)
		}
		if errors.Is(err, ErrNoPhoneCall) || r.ctx().Err() != nil {
			return nil
		}
		if err == nil {
			_, err = r.console.signin.User(r.ctx(), r.console.Now(), false)
		}
		if err != nil {
			return r.ended(err)
		}
	}
}

func (r *request) phoneEvent(call PhoneCall) (string, error) {
	var html bytes.Buffer
	if err := r.console.views.part(&html, "phonecall", "live", r.page(r.phoneBody(call))); err != nil {
		return "", err
	}
	name := "moved"
	if call.Over() {
		name = "over"
	}
	return "event: " + name + "\n" + eventData(html.Bytes()), nil
}

// Over reports whether the call has ended.
func (c PhoneCall) Over() bool { return c.State == PhoneOver }

// phoneDoing has words for what a call is doing, and phoneSkips the words of the button that skips what is heard.
var (
	phoneDoing = map[PhoneState]string{
		PhoneDialling: "You dial.",
		PhoneSpeaks:   "The line speaks. You can press ahead.",
		PhoneAsks:     "The line waits for your answer.",
		PhoneRecords:  "The line records. Write what you say, then press # or hang up.",
		PhoneRings:    "It rings. Answer as the specialist.",
		PhoneScreens:  "A specialist is told who calls.",
		PhoneTalks:    "Caller and specialist talk.",
		PhoneOver:     "The call is over.",
	}
	phoneSkips = map[PhoneState]string{
		PhoneSpeaks: "Skip the sentence", PhoneAsks: "Stay silent", PhoneRecords: "Stay silent", PhoneScreens: "Skip what is told",
	}
)

func (c PhoneCall) Doing() string { return cmp.Or(phoneDoing[c.State], "You wait.") }

// Skipping returns the words of the button that skips what is heard, or "".
func (c PhoneCall) Skipping() string { return phoneSkips[c.State] }

func (c PhoneCall) Talks() bool { return c.State == PhoneTalks }

// Spoken reports whether the caller hears a sentence.
func (l PhoneLine) Spoken() bool { return l.Who == PhoneCaller && l.Did == "hears" && !l.Sound }

// phoneWords name what the caller does, in the second person.
var phoneWords = map[string]string{"dials": "dial", "hears": "hear", "presses": "press", "says": "say", "hangs up": "hang up"}

// Does returns what the party does, as the page words it: "press", "rings".
func (l PhoneLine) Does() string {
	if word, ok := phoneWords[l.Did]; ok && l.Who == PhoneCaller {
		return word
	}
	return l.Did
}

// Keys returns the keys of the keypad, row by row, with the letters on them.
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

var phoneAnswers = []phoneAnswer{
	{PhoneAccepts, "Pick up and accept"}, {PhonePasses, "Pick up and pass on"}, {PhoneVoicemail, "Voicemail"}, {PhoneBusy, "Busy"}, {PhoneNobody, "No answer"},
}

type phoneAnswer struct {
	Value PhoneAnswer
	Words string
}

func (phoneCallPage) Answers() []phoneAnswer { return phoneAnswers }
