package fake

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/twilio"
)

// Text is a text message that the server sent.
type Text struct {
	SID       string
	From, To  string // From is a number, or the messaging service
	Body      string
	StatusURL string
	Status    string // accepted queued sent delivered undelivered failed
	Code      int    // why it did not arrive; 0: it did, or it is under way
	At        time.Time
}

var e164 = regexp.MustCompile(`^\+[1-9]\d{6,14}$`)

// maxText is the longest body that the provider takes.
const maxText = 1600

// createMessage accepts a text message, which waits for Deliver, or refuses it as the provider documents.
func (a *Account) createMessage(w http.ResponseWriter, r *http.Request, _ string) {
	f := r.PostForm
	t := Text{From: cmp.Or(f.Get("MessagingServiceSid"), f.Get("From")), To: f.Get("To"), Body: f.Get("Body"), StatusURL: f.Get("StatusCallback")}
	refuse := func(code int, message string) { Refuse(w, http.StatusBadRequest, code, message) }
	switch {
	case t.To == "":
		refuse(21604, "A 'To' phone number is required.")
	case t.From == "":
		refuse(21603, "A 'From' phone number is required.")
	case t.Body == "":
		refuse(21602, "Message body is required.")
	case len([]rune(t.Body)) > maxText:
		refuse(21617, "The concatenated message body exceeds the 1600 character limit")
	case !e164.MatchString(t.To):
		refuse(21211, "Invalid 'To' Phone Number: "+t.To)
	case t.To == t.From:
		refuse(21266, "'To' and 'From' number cannot be the same")
	case strings.HasPrefix(t.From, "MG") && len(a.state.Services[t.From]) == 0:
		refuse(21703, "The Messaging Service does not have a phone number")
	case !strings.HasPrefix(t.From, "MG") && !a.texts(t.From):
		refuse(21606, "The 'From' phone number provided ("+t.From+") is not a valid message-capable Twilio phone number for this destination/account")
	case a.state.RefusedTexts[t.To] != 0:
		refuse(a.state.RefusedTexts[t.To], "The message to "+t.To+" can't be sent")
	default:
		t.SID, t.At, t.Status = a.sid("SM"), a.state.Now(), "queued"
		if strings.HasPrefix(t.From, "MG") {
			t.Status = "accepted"
		}
		a.state.Texts = append(a.state.Texts, t)
		a.unsent = append(a.unsent, t)
		a.wake()
		reply(w, http.StatusCreated, a.text(t))
	}
}

func (a *Account) texts(number string) bool {
	return slices.ContainsFunc(a.state.Numbers, func(n twilio.OwnedNumber) bool { return n.Number == number && n.SMS })
}

// TakeTexts returns the texts that were sent since the last time, for Provider.Deliver.
func (a *Account) TakeTexts() (texts []Text) {
	a.mu.Lock()
	defer a.mu.Unlock()
	texts, a.unsent = a.unsent, nil
	return texts
}

// Deliver delivers a text message, or loses it (State.LostTexts), and reports its progress.
func (p *Provider) Deliver(ctx context.Context, t Text) {
	c := &call{Provider: p, ctx: ctx, began: p.Clock.Now(), gets: map[string]bool{}}
	var code int
	p.Account.Change(func(s *State) { code = cmp.Or(s.LostTexts[t.To], s.LostTexts[t.From]) })
	states := []string{"sent", "delivered"}
	if code != 0 {
		states[1] = "undelivered"
	}
	for _, status := range states {
		t.Status = status
		if status == "undelivered" {
			t.Code = code
		}
		p.Account.Change(func(s *State) {
			if i := slices.IndexFunc(s.Texts, func(o Text) bool { return o.SID == t.SID }); i >= 0 {
				s.Texts[i] = t
			}
		})
		params := map[string]string{
			"MessageSid": t.SID, "SmsSid": t.SID, "MessageStatus": status, "SmsStatus": status, "From": t.From, "To": t.To,
		}
		if t.Code != 0 {
			params["ErrorCode"] = fmt.Sprint(t.Code)
		}
		c.callBack(&party{}, t.StatusURL, params)
	}
	c.flush()
}

func (a *Account) listMessages(w http.ResponseWriter, r *http.Request, _ string) {
	var found []any
	for _, t := range slices.Backward(a.state.Texts) {
		if matches(r.Form, "To", t.To) && matches(r.Form, "From", t.From) {
			found = append(found, a.text(t))
		}
	}
	a.page(w, r, "messages", found)
}

func (a *Account) fetchMessage(w http.ResponseWriter, _ *http.Request, sid string) {
	for _, t := range a.state.Texts {
		if t.SID == sid {
			reply(w, http.StatusOK, a.text(t))
			return
		}
	}
	Refuse(w, http.StatusNotFound, 20404, "The requested resource was not found")
}

func (a *Account) text(t Text) map[string]any {
	code := any(nil)
	if t.Code != 0 {
		code = t.Code
	}
	return map[string]any{
		"sid": t.SID, "account_sid": a.state.SID, "from": t.From, "to": t.To, "body": t.Body, "status": t.Status, "error_code": code,
		"direction": "outbound-api", "date_created": listTime(t.At), "date_updated": listTime(a.state.Now()), "api_version": "2010-04-01",
	}
}

func (a *Account) servicePool(w http.ResponseWriter, _ *http.Request, sid string) {
	if _, there := a.state.Services[sid]; !there {
		Refuse(w, http.StatusNotFound, 20404, "The requested resource was not found")
		return
	}
	pool := []any{}
	for _, number := range a.state.Services[sid] {
		i := slices.IndexFunc(a.state.Numbers, func(n twilio.OwnedNumber) bool { return n.Number == number })
		if i < 0 {
			continue
		}
		capabilities := []string{"Voice"}
		if a.state.Numbers[i].SMS {
			capabilities = append(capabilities, "SMS")
		}
		pool = append(pool, map[string]any{"sid": a.state.Numbers[i].SID, "phone_number": number, "capabilities": capabilities})
	}
	reply(w, http.StatusOK, map[string]any{"phone_numbers": pool})
}

func (a *Account) campaigns(w http.ResponseWriter, _ *http.Request, sid string) {
	found := []any{}
	if status := a.state.Campaigns[sid]; status != "" {
		found = append(found, map[string]any{"campaign_status": status})
	}
	reply(w, http.StatusOK, map[string]any{"compliance": found})
}

// verifications answers with the toll-free verification of one number.
func (a *Account) verifications(w http.ResponseWriter, r *http.Request, _ string) {
	found := []any{}
	if n := a.numberBySID(r.Form.Get("TollfreePhoneNumberSid")); n != nil && a.state.Verifications[n.Number] != "" {
		found = append(found, map[string]any{"tollfree_phone_number_sid": n.SID, "status": a.state.Verifications[n.Number]})
	}
	reply(w, http.StatusOK, map[string]any{"verifications": found})
}

func (a *Account) textCountries(w http.ResponseWriter, r *http.Request, _ string) {
	country := r.Form.Get("CountryCode")
	reply(w, http.StatusOK, map[string]any{"permissions": []any{
		map[string]any{"country_code": country, "type": "country", "enabled": a.state.Countries[country]},
	}})
}
