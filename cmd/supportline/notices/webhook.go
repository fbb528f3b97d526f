package notices

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
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

// posted is the body of a post.
type posted struct {
	Key      string                `json:"key"`
	Kind     policy.NoticeKind     `json:"kind"`
	At       time.Time             `json:"at"`
	Customer policy.CustomerNumber `json:"customer"`
	Facts    map[string]string     `json:"facts"`
	Subject  string                `json:"subject"`
	Text     string                `json:"text"`
}

type poster struct {
	to     Webhook
	client *http.Client
}

func newPoster(to Webhook, transport http.RoundTripper) *poster {
	// What was signed for one address is not carried to another.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &poster{to: to, client: &http.Client{Transport: transport, CheckRedirect: stay}}
}

func (p *poster) deliver(ctx context.Context, n policy.Notice, w Words, now time.Time) *failure {
	if p.to.URL == "" {
		return refused("unconfigured", "the configuration names no webhook (notices.webhook)")
	}
	facts := n.Facts
	if facts == nil {
		facts = map[string]string{}
	}
	body, err := json.Marshal(posted{n.Key, n.Kind, n.At.UTC(), n.Customer, facts, w.Subject, w.Text})
	if err != nil {
		return refused("encoding", err.Error())
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.to.URL, bytes.NewReader(body))
	if err != nil {
		return refused("address", plainly(err))
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "supportline")
	request.Header.Set(KeyHeader, n.Key)
	request.Header.Set(SignatureHeader, sign(p.to.Secret, now, body))
	response, err := p.client.Do(request)
	if err != nil {
		return unreachable("webhook", err)
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10) // so that the connection can be used again; the status is the answer
	return judged(response.StatusCode)
}

// sign gives the value of SignatureHeader.
func sign(secret string, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// judged turns a status into what happened. Three of the 4xx do not refuse the notice, they ask to come later.
func judged(status int) *failure {
	class, said := fmt.Sprintf("webhook %d", status), fmt.Sprintf("the webhook answered %d %s", status, http.StatusText(status))
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests, status >= 500:
		return later(class, said)
	case status >= 300 && status < 400:
		return refused(class, said+", and redirects are not followed")
	}
	return refused(class, said)
}
