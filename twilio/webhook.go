package twilio

import (
	"net/mail"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The bounds of single parameters. A caller chooses some of them, so all are bounded.
const (
	maxWord     = 64
	maxAddress  = 256
	maxSpeech   = 1000
	maxURL      = 2048
	maxDuration = 2 * maxSeconds // twice the longest call there can be
	maxSequence = 1 << 20
)

// Webhook has the parameters of one request of the provider. A parameter that is absent, or not of the form that the provider documents, has
// its zero value, which is nil for numbers.
type Webhook struct {
	CallSID       string // of the leg that the request is about
	ParentCallSID string // on a dialled leg, the caller's call
	AccountSID    string
	From          string // E.164, but also "anonymous", "client:x", "sip:a@b" or anything else
	To            string
	ForwardedFrom string // the number whose telephone forwarded the call to To, where the carrier says so; of the same forms as From
	CallStatus    string // queued initiated ringing in-progress completed busy failed no-answer canceled
	Direction     string // inbound outbound-api outbound-dial

	Digits        string // keys of a Gather or Record, without the finishing one; "hangup" after a Record
	Speech        string // recognised by a Gather
	FinishedOnKey string

	CallSeconds *int // CallDuration, in whole seconds. The parameter Duration, in minutes, is ignored

	DialCallStatus string // completed answered busy no-answer failed canceled
	DialCallSID    string
	DialSeconds    *int
	DialBridged    *bool // two people could talk; a "completed" leg can also be a voicemail

	RecordingURL     string
	RecordingSID     string // from the RecordingURL if absent
	RecordingSeconds *int
	RecordingStatus  string // in-progress completed absent

	Timestamp       time.Time // of the event, in UTC
	SequenceNumber  *int      // of the event, from 0
	FullAttestation bool      // the carrier vouches for the caller's number: TN-Validation-Passed-A and nothing less
	ErrorCode       string    // why the fallback URL was requested, or why a text message did not arrive

	MessageSID    string // of the text message that the request is about
	MessageStatus string // accepted queued sending sent delivered undelivered failed canceled read

	ErrorURL string
}

// ParseWebhook converts the parameters that Verify returned. It never fails.
func ParseWebhook(params url.Values) Webhook {
	w := Webhook{
		CallSID:          word(params.Get("CallSid")),
		ParentCallSID:    word(params.Get("ParentCallSid")),
		AccountSID:       word(params.Get("AccountSid")),
		From:             printable(params.Get("From"), maxAddress),
		To:               printable(params.Get("To"), maxAddress),
		ForwardedFrom:    printable(params.Get("ForwardedFrom"), maxAddress),
		CallStatus:       word(params.Get("CallStatus")),
		MessageSID:       word(params.Get("MessageSid")),
		MessageStatus:    word(params.Get("MessageStatus")),
		Direction:        word(params.Get("Direction")),
		Digits:           keys(params.Get("Digits")),
		Speech:           printable(params.Get("SpeechResult"), maxSpeech),
		FinishedOnKey:    keys(params.Get("FinishedOnKey")),
		CallSeconds:      whole(params.Get("CallDuration"), maxDuration),
		DialCallStatus:   word(params.Get("DialCallStatus")),
		DialCallSID:      word(params.Get("DialCallSid")),
		DialSeconds:      whole(params.Get("DialCallDuration"), maxDuration),
		DialBridged:      truth(params.Get("DialBridged")),
		RecordingURL:     webURL(params.Get("RecordingUrl")),
		RecordingSID:     word(params.Get("RecordingSid")),
		RecordingSeconds: whole(params.Get("RecordingDuration"), maxDuration),
		RecordingStatus:  word(params.Get("RecordingStatus")),
		Timestamp:        timestamp(params.Get("Timestamp")),
		SequenceNumber:   whole(params.Get("SequenceNumber"), maxSequence),
		FullAttestation:  params.Get("StirVerstat") == "TN-Validation-Passed-A",
		ErrorCode:        word(params.Get("ErrorCode")),
		ErrorURL:         webURL(params.Get("ErrorUrl")),
	}
	if w.RecordingSID == "" && w.RecordingURL != "" {
		w.RecordingSID = recordingSID(w.RecordingURL)
	}
	return w
}

// word returns an identifier or status of letters, digits and "-", or "".
func word(s string) string {
	if len(s) > maxWord || strings.ContainsFunc(s, func(c rune) bool { return !isLetterOrDigit(c) && c != '-' }) {
		return ""
	}
	return s
}

// keys returns pressed keys, or the word that a Record sends instead. Too many keys are cut off rather than dropped, since a hundred keys are
// not the same as none.
func keys(s string) string {
	if strings.ContainsFunc(s, func(c rune) bool { return !isLetterOrDigit(c) && c != '*' && c != '#' }) {
		return ""
	}
	return s[:min(len(s), maxWord)]
}

func isLetterOrDigit(c rune) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// printable returns a text on one line, cut off at limit bytes.
func printable(s string, limit int) string {
	s = strings.TrimSpace(strings.Map(func(c rune) rune {
		if c == utf8.RuneError || unicode.IsControl(c) {
			return ' '
		}
		return c
	}, s))
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}

// whole parses a whole number up to limit. It returns nil for anything else.
func whole(s string, limit int) *int {
	if s == "" {
		return nil
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n > uint64(limit) {
		return nil
	}
	return new(int(n))
}

func truth(s string) *bool {
	switch strings.ToLower(s) {
	case "true":
		return new(true)
	case "false":
		return new(false)
	}
	return nil
}

func webURL(s string) string {
	if s == "" || len(s) > maxURL || !utf8.ValidString(s) {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return ""
	}
	return s
}

// recordingSID returns the SID at the end of a recording's address.
func recordingSID(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	name := path.Base(u.Path)
	return word(strings.TrimSuffix(name, path.Ext(name)))
}

// timestamp parses RFC 2822 dates. It refuses the name of a zone other than Greenwich, since "EST" is ambiguous.
func timestamp(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	s, _, _ = strings.Cut(s, "(") // a comment repeats the zone
	s = strings.TrimSpace(s)
	t, err := mail.ParseDate(s)
	if err != nil {
		return time.Time{}
	}
	zone := s[strings.LastIndexByte(s, ' ')+1:]
	switch {
	case strings.HasPrefix(zone, "+"), strings.HasPrefix(zone, "-"), zone == "GMT", zone == "UTC", zone == "UT":
		return t.UTC()
	}
	return time.Time{}
}
