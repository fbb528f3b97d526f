package load

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/officernd/supportline/twilio"
)

// party is a leg of a call, as its webhooks name it.
type party struct {
	sid, parent, from, to, direction, status string
	seq                                      int
}

// params returns the parameters of a webhook of a leg, among them those that nobody reads but real traffic has.
func (c *call) params(p *party, more ...string) url.Values {
	v := url.Values{
		"AccountSid": {c.load.Account}, "ApiVersion": {"2010-04-01"}, "CallSid": {p.sid}, "CallStatus": {p.status}, "Direction": {p.direction},
		"From": {p.from}, "Caller": {p.from}, "To": {p.to}, "Called": {p.to},
	}
	for role, number := range map[string]string{"From": p.from, "Caller": p.from, "To": p.to, "Called": p.to} {
		country := "GB"
		if strings.HasPrefix(number, "+1") {
			country = "US"
		}
		v[role+"Country"], v[role+"City"], v[role+"State"], v[role+"Zip"] = []string{country}, []string{""}, []string{""}, []string{""}
	}
	if p.parent != "" {
		v.Set("ParentCallSid", p.parent)
	} else if c.who.attested {
		v.Set("StirVerstat", "TN-Validation-Passed-A")
	}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

// document sends a webhook whose answer is followed.
func (c *call) document(p *party, address string, more ...string) (twilio.Response, bool) {
	path, a, ok := c.send(p, address, more...)
	if !ok {
		return twilio.Response{}, false
	}
	doc, err := c.documents.parse(a.body, c.sid)
	switch {
	case !strings.HasPrefix(a.kind, "text/xml"):
		c.meter.failed(path, fmt.Sprintf("content type %.40q", a.kind))
	case err != nil:
		c.meter.failed(path, "no TwiML")
	case strings.HasPrefix(path, "/plain"):
		c.meter.failed(path, "answered without the log")
	default:
		return doc, true
	}
	return doc, false
}

// report sends a status callback, whose answer only has to be good.
func (c *call) report(p *party, address string, more ...string) {
	more = append(more, "Timestamp", time.Now().UTC().Format(time.RFC1123Z), "SequenceNumber", fmt.Sprint(p.seq), "CallbackSource", "call-progress-events")
	p.seq++
	c.send(p, address, more...)
}

// send sends a webhook when it is due, and measures it from then on.
func (c *call) send(p *party, address string, more ...string) (path string, a answer, ok bool) {
	path, ours := c.load.within(address)
	if !ours {
		c.meter.failed("", fmt.Sprintf("an address beyond the public URL: %.80q", address))
		return path, a, false
	}
	request := c.request(address, path, c.params(p, more...))
	c.pause()
	var give <-chan struct{} // a call that has begun is carried to its end
	if c.sent == 0 {
		give = c.running.Done()
	}
	a, err := c.pool.post(c.ctx, give, request)
	now := time.Now()
	if errors.Is(err, errUnsent) {
		c.meter.never(now.Sub(c.due))
		return path, a, false
	}
	c.meter.answered(path, now.Sub(c.due))
	c.due, c.sent = now, c.sent+1
	switch {
	case isTimeout(err):
		c.meter.failed(path, fmt.Sprintf("no answer within %s", answerWithin))
	case err != nil:
		c.meter.failed(path, reason(err))
	case a.status/100 != 2:
		c.meter.failed(path, fmt.Sprintf("status %d", a.status))
	}
	return path, a, err == nil && a.status/100 == 2
}

func (c *call) request(address, path string, params url.Values) []byte {
	body := params.Encode()
	return fmt.Appendf(make([]byte, 0, 512+len(body)),
		"POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"+
			"I-Twilio-Idempotency-Token: %s-%d\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s",
		c.basePath+path, c.host, c.sid, c.sent, twilio.SignatureHeader, twilio.Sign(c.load.Token, address, params), len(body), body)
}
