package twilio

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"
)

// Err is an answer of the provider that refuses or fails. errors.As finds it.
type Err struct {
	Status  int    // of HTTP
	Code    int    // the provider's; 0: it gave none
	Message string // the provider's words, telephone numbers masked; of a page that is not the API's: what kind of page it was
	Page    string // the provider's page on the code; "" without one

	after time.Duration // the pause that it asks for
}

// Error names the code and its page.
func (e *Err) Error() string {
	if e.Code == 0 {
		return fmt.Sprintf("HTTP %d: %s", e.Status, e.Message)
	}
	return fmt.Sprintf("%d %s (HTTP %d): see %s", e.Code, e.Message, e.Status, e.Page)
}

// refusal reads what is wrong. The provider answers JSON; what stands between it and us may answer anything.
func refusal(answer *http.Response, body []byte) *Err {
	e := &Err{Status: answer.StatusCode, after: retryAfter(answer.Header)}
	var said struct {
		Code     int    `json:"code"`
		Message  string `json:"message"`
		MoreInfo string `json:"more_info"`
	}
	if err := json.Unmarshal(body, &said); err != nil || said.Message == "" {
		kind, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";")
		e.Message = fmt.Sprintf("%s, with a page of type %q instead of the API's answer", http.StatusText(answer.StatusCode), kind)
		return e
	}
	e.Code, e.Message, e.Page = said.Code, masked(said.Message), said.MoreInfo
	if e.Page == "" && e.Code != 0 {
		e.Page = "https://www.twilio.com/docs/errors/" + strconv.Itoa(e.Code)
	}
	return e
}

var longNumber = regexp.MustCompile(`\+?\d{7,}`)

// masked leaves the last two digits of what may be a telephone number.
func masked(text string) string {
	return longNumber.ReplaceAllStringFunc(text, func(n string) string { return "..." + n[len(n)-2:] })
}

// wrong says what was asked and, where they matter, with which credentials. They are never shown.
func (q *question) wrong(err error) error {
	var refused *Err
	switch {
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return fmt.Errorf("twilio: %s: not asked, since the last %d requests failed; the next try is within %v: %w", q.what, breakAfter, breakFor, err)
	case errors.As(err, &refused) && refused.Status == http.StatusUnauthorized:
		return fmt.Errorf("twilio: %s, asked with %s: %w", q.what, q.account.Credentials(), err)
	}
	return fmt.Errorf("twilio: %s: %w", q.what, err)
}
