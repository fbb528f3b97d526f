package notices

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// The headers of a posted notice.
const (
	// SignatureHeader is "t=SECONDS,v1=HEX": the Unix time of the post, and the HMAC-SHA256 under the secret of that number, a dot and the body.
	SignatureHeader = "Supportline-Signature"
	// KeyHeader is the key of the notice: what comes twice under one key is one notice.
	KeyHeader = "Idempotency-Key"
)

// posted is the body of a post, in JSON.
type posted struct {
	Key      string                `json:"key"`
	Kind     policy.NoticeKind     `json:"kind"`
	At       time.Time             `json:"at"`
	Customer policy.CustomerNumber `json:"customer"`
	Facts    map[string]string     `json:"facts"`
	Subject  string                `json:"subject"`
	Text     string                `json:"text"`
}

// webhookKind is the webhook in the configuration.
var webhookKind = Kind{
	Name: policy.ChannelWebhook, Key: "webhook", Noun: "a webhook", Check: checkWebhook,
	Fields: []Field{{Key: "url", Need: "https://ops.example.com/supportline", Secret: true}, {Key: "secret", Need: "${NOTICES_SECRET}", Secret: true}},
}

// namedWebhookKind is a webhook under a name of its own.
var namedWebhookKind = Kind{
	Name: policy.ChannelWebhook, Key: "webhook", Noun: "a webhook", Check: checkNamedWebhook,
	Fields: []Field{{Key: "webhook", Need: "https://example.com/hooks/phone", Secret: true}, {Key: "secret", Need: `"${HOOK_SECRET}"`, Secret: true}},
}

// Webhook is the channel that posts notices, signed, to a server of the company.
type Webhook struct {
	Called policy.Channel // its name where it is a named channel; "": webhook
	URL    string         `json:"-"` // often secret itself
	Secret string         `json:"-"` // signs what is posted
}

// String keeps the secrets out of logs.
func (h Webhook) String() string { return "a webhook" }

// GoString keeps them out of %#v as well.
func (h Webhook) GoString() string { return h.String() }

// Name returns the channel's name.
func (h Webhook) Name() policy.Channel { return cmp.Or(h.Called, policy.ChannelWebhook) }

// Pauses returns those of about three days.
func (h Webhook) Pauses() []time.Duration { return threeDays }

// Address returns the one post of an event.
func (h Webhook) Address(event policy.Notice) []policy.Notice {
	event.Key, event.Channel = event.Key+"/"+string(h.Name()), h.Name()
	return []policy.Notice{event}
}

func checkWebhook(f *Form) Channel { return f.webhook("url") }

func checkNamedWebhook(f *Form) Channel {
	h := f.webhook("webhook")
	h.Called = f.Name
	return h
}

// webhook returns that of the block, whose address is the value of key. It never shows the address: many of them are secrets.
func (f *Form) webhook(key string) Webhook {
	address, secret := f.Block.Fields[key], f.Block.Fields["secret"]
	if !address.Silent() {
		u, err := url.Parse(address.Text)
		switch {
		case address.Text == "" && f.Offline:
		case err != nil || u.Hostname() == "" || u.User != nil || strings.Contains(address.Text, "#") || u.Port() != "" && !validPort(u.Port()) ||
			!printable(address.Text):
			f.Wrong(address, "is not an address that a webhook can have", "write it like https://ops.example.com/supportline")
		case u.Scheme != "https" && (u.Scheme != "http" || !Loopback(u.Hostname())):
			f.Wrong(address, "does not begin with https:// (http:// is for this machine only)", "write it like https://ops.example.com/supportline")
		}
	}
	switch {
	case secret.Silent() || secret.Text == "" && f.Offline:
	case secret.Text == "":
		f.Wrong(secret, "is empty", "write at least 16 random characters, for example from openssl rand -hex 16")
	case len(secret.Text) < 16 || !printable(secret.Text):
		f.Wrong(secret, "is too easy to guess, or has spaces in it", "write at least 16 random characters, for example from openssl rand -hex 16")
	}
	return Webhook{URL: address.Text, Secret: secret.Text}
}

// Send posts a notice.
func (h Webhook) Send(ctx context.Context, n policy.Notice, w Words, now time.Time) error {
	facts := n.Facts
	if facts == nil {
		facts = map[string]string{}
	}
	body, err := json.Marshal(posted{n.Key, n.Kind, n.At.UTC(), n.Customer, facts, w.Subject, w.Text})
	if err != nil {
		return refused("encoding", err.Error())
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return refused("address", plainly(err))
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "supportline")
	request.Header.Set(KeyHeader, n.Key)
	request.Header.Set(SignatureHeader, sign(h.Secret, now, body))
	response, err := poster.Do(request)
	if err != nil {
		return unreachable("webhook", err)
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10) // so that the connection can be used again; the status is the answer
	return judged(answer{status: response.StatusCode, header: response.Header}, now)
}

// Probe reports whether the server of the webhook answers, whatever it does. It posts nothing, and does not ask for the webhook's own address: whatever
// comes there may count as a notice.
func (h Webhook) Probe(ctx context.Context) error {
	u, err := url.Parse(h.URL)
	if err != nil {
		return refused("address", plainly(err))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}).String(), http.NoBody)
	if err != nil {
		return refused("address", plainly(err))
	}
	response, err := poster.Do(request)
	if err != nil {
		return unreachable("webhook", err)
	}
	return response.Body.Close()
}

// sign returns the value of SignatureHeader.
func sign(secret string, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// judged returns what a status means. Three of the 4xx do not refuse the notice but ask to come later.
func judged(a answer, now time.Time) error {
	status := a.status
	class, said := fmt.Sprintf("webhook %d", status), fmt.Sprintf("the webhook answered %d %s", status, http.StatusText(status))
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusTooManyRequests && a.header.Get("Retry-After") != "":
		return putOff(class, said, a.wait(now))
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests, status >= 500:
		return later(class, said)
	case status >= 300 && status < 400:
		return refused(class, said+", and redirects are not followed")
	}
	return refused(class, said)
}
