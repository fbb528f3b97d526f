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
)

// Err is an answer of the provider that refuses or fails a request.
type Err struct {
	Status  int    // HTTP status
	Code    int    // the provider's error code; 0: none
	Message string // the provider's, with telephone numbers masked; for a page that is not the API's, its content type
	Page    string // the provider's page about the code, or ""

	after time.Duration // the delay that it asks for
}

// Error returns the provider's code and message, and the page about it.
func (e *Err) Error() string {
	if e.Code == 0 {
		return fmt.Sprintf("HTTP %d: %s", e.Status, e.Message)
	}
	return fmt.Sprintf("%d %s (HTTP %d): see %s", e.Code, e.Message, e.Status, e.Page)
}

// refusal returns the error of an answer. The provider answers JSON; a proxy in between may answer anything.
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

// longNumber finds what may be a telephone number, with what people write between its digits.
var longNumber = regexp.MustCompile(`\+?\d(?:[ .()/–-]{0,3}\d){6,}`)

// masked hides what may be a telephone number, but for the last two digits.
func masked(text string) string {
	return longNumber.ReplaceAllStringFunc(text, func(n string) string { return "..." + n[len(n)-2:] })
}

// wrap adds to an error the operation and, if they were refused, the kind of the credentials. It returns nil for nil.
func (op *operation) wrap(err error) error {
	refused, _ := errors.AsType[*Err](err)
	switch {
	case err == nil:
		return nil
	case heldBack(err):
		return fmt.Errorf("twilio: %s: not asked, since the last %d requests failed; the next try is within %v: %w", op.what, breakerFailures, breakerTimeout, err)
	case refused != nil && refused.Status == http.StatusUnauthorized:
		return fmt.Errorf("twilio: %s, asked with %s: %w", op.what, op.account.Credentials(), err)
	}
	return fmt.Errorf("twilio: %s: %w", op.what, err)
}
