package twilio_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
)

var text = twilio.Message{From: "+15550100099", To: "+15550100002", Body: "Northwind waits since 14:05."}

// TestTextIsSentOnce: a request whose answer is lost may have worked, and nobody gets a text twice. One beyond the provider's rate limit has not.
func TestTextIsSentOnce(t *testing.T) {
	const made = `{"sid":"SM9","status":"queued"}`
	for name, row := range map[string]struct {
		answer func(int, *http.Request) (*http.Response, error)
		asked  int
		ok     bool
	}{
		"taken":        {then(0, nil, made), 1, true},
		"once limited": {then(1, refusing(429, limited), made), 2, true},
		"broken":       {then(1, refusing(500, broken), made), 1, false},
		"cut off":      {then(1, cut, made), 1, false},
		"slow":         {then(1, hang, made), 1, false},
		"refused":      {refusing(400, `{"code":21614,"message":"'To' number is not a valid mobile number"}`), 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{answer: row.answer}
				sid, err := asking(t, p, nil).SendMessage(t.Context(), text)
				if (err == nil) != row.ok || (row.ok && sid != "SM9") || len(p.asked) != row.asked {
					t.Errorf("asked %d times: %q, %v", len(p.asked), sid, err)
				}
			})
		})
	}
}

// TestSenderIsANumberOrAService, which the provider takes under different names.
func TestSenderIsANumberOrAService(t *testing.T) {
	for from, name := range map[string]string{"+15550100099": "From", "MG00000000000000000000000000000001": "MessagingServiceSid"} {
		p := &provider{answer: then(0, nil, `{"sid":"SM9"}`)}
		m := text
		m.From = from
		if _, err := asking(t, p, nil).SendMessage(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if err := p.asked[0].ParseForm(); err != nil || p.asked[0].PostForm.Get(name) != from || p.asked[0].PostForm.Has("StatusCallback") {
			t.Errorf("%s: sent %v, %v", from, p.asked[0].PostForm, err)
		}
	}
}

// TestCallWhoseCreateWasNotAnsweredIsFound by receiver, number and time. Calls of others, and those before, are not it.
func TestCallWhoseCreateWasNotAnsweredIsFound(t *testing.T) {
	since := time.Date(2026, time.November, 29, 14, 5, 0, 0, time.UTC)
	at := func(d time.Duration) string { return since.Add(d).Format(time.RFC1123Z) }
	call := func(sid, direction, started string) string {
		return `{"sid":"` + sid + `","direction":"` + direction + `","start_time":` + started + `,"date_created":"` + at(time.Second) + `"}`
	}
	quoted := func(d time.Duration) string { return `"` + at(d) + `"` }
	for name, row := range map[string]struct {
		calls []string
		want  string
	}{
		"none":              {nil, ""},
		"rings":             {[]string{call("CA1", "outbound-api", quoted(2*time.Second))}, "CA1"},
		"waits":             {[]string{call("CA1", "outbound-api", "null")}, "CA1"},
		"clocks differ":     {[]string{call("CA1", "outbound-api", quoted(-time.Second))}, "CA1"},
		"one before":        {[]string{call("CA0", "outbound-api", quoted(-time.Minute))}, ""},
		"a dialled leg":     {[]string{call("CA0", "outbound-dial", quoted(time.Second))}, ""},
		"the oldest of two": {[]string{call("CA2", "outbound-api", quoted(time.Minute)), call("CA1", "outbound-api", quoted(time.Second))}, "CA1"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &provider{answer: then(0, nil, `{"calls":[`+strings.Join(row.calls, ",")+`]}`)}
			found, ok, err := asking(t, p, nil).FindPlaced(t.Context(), "sip:ben@10.0.0.7", "+18883071053", since)
			if err != nil || found.SID != row.want || ok != (row.want != "") {
				t.Errorf("%+v, %v, %v", found, ok, err)
			}
			if q := p.asked[0].URL.Query(); q.Get("To") != "sip:ben@10.0.0.7" || q.Get("From") != "+18883071053" {
				t.Errorf("asked for %v", q)
			}
		})
	}
	broken := &provider{answer: refusing(404, `{"code":20404,"message":"not found"}`)}
	if _, found, err := asking(t, broken, nil).FindPlaced(t.Context(), "+1", "+2", since); err == nil || found {
		t.Error("a list that fails is taken for an empty one")
	}
}

// TestTextWhoseCreateWasNotAnsweredIsFound by receiver, body and time.
func TestTextWhoseCreateWasNotAnsweredIsFound(t *testing.T) {
	since := time.Date(2026, time.November, 29, 14, 5, 0, 0, time.UTC)
	list := func(body string, after time.Duration) string {
		return `{"messages":[{"sid":"SM1","status":"sent","body":"` + body + `","date_created":"` + since.Add(after).Format(time.RFC1123Z) + `"}]}`
	}
	for name, row := range map[string]struct {
		answer string
		want   bool
	}{
		"sent":        {list(text.Body, time.Second), true},
		"another":     {list("Contoso waits.", time.Second), false},
		"sent before": {list(text.Body, -time.Hour), false},
	} {
		p := &provider{answer: then(0, nil, row.answer)}
		sent, found, err := asking(t, p, nil).FindSent(t.Context(), text, since)
		if err != nil || found != row.want || (found && sent != twilio.SentMessage{SID: "SM1", Status: "sent"}) {
			t.Errorf("%s: %+v, %v, %v", name, sent, found, err)
		}
	}
}

// TestWhatARefusalMeans: for good or for the moment, the number's fault or ours, and whether it may have worked all the same.
func TestWhatARefusalMeans(t *testing.T) {
	type verdict struct{ Number, ForGood, Maybe bool }
	code := func(status int, code string) func(int, *http.Request) (*http.Response, error) {
		return refusing(status, `{"code":`+code+`,"message":"no","status":400}`)
	}
	for name, row := range map[string]struct {
		answer func(int, *http.Request) (*http.Response, error)
		want   verdict
		words  string
	}{
		"not valid":          {code(400, "21211"), verdict{true, true, false}, "not valid"},
		"stopped":            {code(400, "21610"), verdict{true, true, false}, "START"},
		"a landline":         {code(400, "21614"), verdict{true, true, false}, "no mobile number"},
		"landline, later":    {code(400, "30006"), verdict{true, true, false}, "landline"},
		"not verified":       {code(400, "30032"), verdict{false, true, false}, "verify"},
		"not registered":     {code(400, "30034"), verdict{false, true, false}, "register"},
		"no permission":      {code(400, "21408"), verdict{false, true, false}, "messaging geographic permissions"},
		"a day's limit":      {code(429, "63038"), verdict{false, false, false}, "too many"},
		"too many":           {refusing(429, limited), verdict{false, false, false}, "too many"},
		"a code of tomorrow": {code(400, "39999"), verdict{false, true, false}, "https://www.twilio.com/docs/errors/39999"},
		"a page":             {refusing(403, `<html>`), verdict{false, true, false}, "HTTP 403"},
		"broken":             {refusing(500, broken), verdict{false, false, true}, "HTTP 500"},
		"cut off":            {cut, verdict{false, false, true}, "didn't answer"},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, err := asking(t, &provider{answer: row.answer}, nil).SendMessage(t.Context(), text)
			why, maybe := twilio.WhyNot(err)
			if diff := cmp.Diff(row.want, verdict{why.Number, why.ForGood, maybe}); diff != "" || !strings.Contains(why.Words, row.words) {
				t.Errorf("%s: %q, %s", name, why.Words, diff)
			}
		})
	}
}

// TestHeldBackWasNotSent: the breaker sends nothing, so that nothing has to be looked for.
func TestHeldBackWasNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := asking(t, &provider{answer: cut}, nil)
		var maybe bool
		for range 6 {
			_, err := a.SendMessage(t.Context(), text)
			_, maybe = twilio.WhyNot(err)
		}
		if maybe {
			t.Error("a request that was held back may have worked")
		}
	})
}

// tollFreeSender answers as an account with a toll-free number that waits for its verification.
func tollFreeSender(_ int, r *http.Request) (*http.Response, error) {
	body := `{"incoming_phone_numbers":[{"sid":"PN00000000000000000000000000000001","phone_number":"+18883071053","capabilities":{"voice":true,"sms":true}}]}`
	if strings.Contains(r.URL.Path, "Tollfree") {
		body = `{"verifications":[{"status":"PENDING_REVIEW"}]}`
	}
	return answer(http.StatusOK, "application/json", body), nil
}

// TestWhatASenderCan holds what is read of a number, a messaging service, and a number that is not ours.
func TestWhatASenderCan(t *testing.T) {
	pool := func(_ int, r *http.Request) (*http.Response, error) {
		body := `{"phone_numbers":[{"sid":"PN2","phone_number":"+447700900001","capabilities":["SMS","Voice"]}]}`
		if strings.HasSuffix(r.URL.Path, "Usa2p") {
			body = `{"compliance":[{"campaign_status":"IN_PROGRESS"}]}`
		}
		return answer(http.StatusOK, "application/json", body), nil
	}
	waiting := twilio.SenderNumber{SID: "PN00000000000000000000000000000001", Number: "+18883071053", SMS: true, Verification: "PENDING_REVIEW"}
	pooled := twilio.SenderNumber{SID: "PN2", Number: "+447700900001", SMS: true}
	for from, row := range map[string]struct {
		answer func(int, *http.Request) (*http.Response, error)
		want   twilio.Sender
	}{
		"+18883071053": {tollFreeSender, twilio.Sender{Numbers: []twilio.SenderNumber{waiting}}},
		"+15550100099": {tollFreeSender, twilio.Sender{}},
		"MG1":          {pool, twilio.Sender{Service: true, Numbers: []twilio.SenderNumber{pooled}, Campaign: "IN_PROGRESS"}},
	} {
		got, err := asking(t, &provider{answer: row.answer}, nil).Sender(t.Context(), from)
		if diff := cmp.Diff(row.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", from, err, diff)
		}
	}
}

// TestTextingAllowedByCountry.
func TestTextingAllowedByCountry(t *testing.T) {
	p := &provider{answer: then(0, nil, `{"permissions":[{"country_code":"GB","type":"country","enabled":true},{"country_code":"US","enabled":false}]}`)}
	for country, want := range map[string]bool{"GB": true, "US": false, "CA": false} {
		if got, err := asking(t, p, nil).TextingAllowed(t.Context(), country); got != want || err != nil {
			t.Errorf("%s: %v, %v", country, got, err)
		}
	}
}
