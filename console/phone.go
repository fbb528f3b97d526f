package console

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

const phonePath = "/phone"

// maxWords is how much can be said at once: what a person says in a breath or two.
const maxWords = 300

// phoneNoun is the telephone in the browser.
func (s *site) phoneNoun() noun {
	if s.Phones == nil {
		return noun{route: func(routes) {}}
	}
	return noun{title: "Phone", path: phonePath, needs: users.UsePhone, route: func(r routes) {
		r.get(phonePath, (*request).phone, users.UsePhone)
		r.post(phonePath, (*request).dial, users.UsePhone)
		r.get(phonePath+"/:id", (*request).phoneCall, users.UsePhone)
		r.post(phonePath+"/:id", (*request).phoneAct, users.UsePhone)
		r.get(phonePath+"/:id/events", (*request).phoneEvents, users.UsePhone)
	}}
}

// phonePage is where somebody dials.
type phonePage struct {
	Lines    []policy.Line
	Free     bool
	Calls    []phoneRow
	Line     string // as they were chosen, where the call was refused
	From     string
	Attested bool
	Problem  string
}

// phoneRow is a call in the list of a person's own.
type phoneRow struct {
	PhoneCall
	LineName string
}

func (r *request) phone() error {
	return r.showPhone(http.StatusOK, phonePage{From: r.QueryParam("from"), Line: r.QueryParam("line")})
}

func (r *request) showPhone(status int, body phonePage) error {
	phones := r.site.Phones
	body.Free = phones.Free()
	for _, number := range phones.Lines() {
		if line, ok := r.site.Policy.Line(number); ok {
			body.Lines = append(body.Lines, line)
		}
	}
	for _, c := range phones.PhoneCalls(r.user.Name) {
		line, _ := r.site.Policy.Line(c.Line)
		body.Calls = append(body.Calls, phoneRow{c, line.Name})
	}
	return r.render(status, "phone", body)
}

// dial begins a call, and shows it.
func (r *request) dial() error {
	body := phonePage{Line: r.FormValue("line"), From: strings.TrimSpace(r.FormValue("from")), Attested: r.FormValue("attested") != ""}
	line, from := policy.Phone(body.Line), policy.Phone(cmp.Or(body.From, "anonymous"))
	if r.site.Phones.Free() && from != "anonymous" && (!from.IsNumber() || len(from) > 16) {
		body.Problem = "Write the number that you call from with a + and the code of its country, or leave it empty to call without one."
		return r.showPhone(http.StatusUnprocessableEntity, body)
	}
	id, err := r.site.Phones.Dial(r.user.Name, line, from, body.Attested)
	switch {
	case errors.Is(err, policy.ErrPhonesBusy), errors.Is(err, policy.ErrNotTestLine):
		body.Problem = sentence(err)
		return r.showPhone(http.StatusConflict, body)
	case err != nil:
		return err
	}
	if err := r.note(users.ActPhoneCall, string(line), "a call from the console"); err != nil {
		return err
	}
	return r.seeOther(phonePath + "/" + id)
}

// phoneAct does in a call what a form says. A page with scripts is told what came of it by events, and needs no answer.
func (r *request) phoneAct() error {
	call, err := r.site.Phones.PhoneCall(r.user.Name, r.Param("id"))
	if err != nil {
		return err
	}
	act, err := r.phoneForm(call)
	if err != nil {
		return err
	}
	if err := r.site.Phones.Act(r.ctx(), r.user.Name, call.ID, act); err != nil {
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
	switch do := r.FormValue("do"); {
	case keys != "" && (len(keys) > 32 || strings.Trim(keys, "0123456789*#") != ""):
		return PhoneAct{}, fmt.Errorf("%w: %q are no keys; a telephone has 0 to 9, * and #", errWrongInput, keys)
	case keys != "":
		return PhoneAct{Keys: keys}, nil
	case len(words) > maxWords:
		return PhoneAct{}, fmt.Errorf("%w: say at most %d letters at once", errWrongInput, maxWords)
	case words != "":
		return PhoneAct{Words: words}, nil
	case do == "hang-up":
		return PhoneAct{HangsUp: PhoneCaller}, nil
	case do == "specialist-hangs-up":
		return PhoneAct{HangsUp: PhoneSpecialist}, nil
	case do == "skip":
		return PhoneAct{Skip: true}, nil
	case numbered == nil && number >= 0 && number < len(call.Specialists) && slices.Contains(phoneAnswers(), PhoneAnswer(r.FormValue("answer"))):
		return PhoneAct{Specialist: call.Specialists[number].Number, Answer: PhoneAnswer(r.FormValue("answer"))}, nil
	}
	return PhoneAct{}, fmt.Errorf("%w: press a key, say something, or choose how the specialist answers", errWrongInput)
}

func phoneAnswers() []PhoneAnswer {
	return []PhoneAnswer{PhoneAccepts, PhonePasses, PhoneVoicemail, PhoneBusy, PhoneNobody}
}
