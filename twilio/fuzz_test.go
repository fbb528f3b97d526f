package twilio_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
)

// FuzzParse checks that Render and Parse return the same Response for each that Parse accepts.
func FuzzParse(f *testing.F) {
	for name := range documents() {
		f.Add(mustRead(f, golden(name)))
	}
	f.Add([]byte(`<Response><Say voice="Polly.Amy">a<!-- b -->&#x85;<![CDATA[<c>]]></Say></Response>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		want, err := twilio.Parse(doc)
		if err != nil {
			return
		}
		rendered, err := want.Render()
		if err != nil {
			if strings.Contains(err.Error(), "the document has") {
				return // escapes made it too long
			}
			t.Fatal(err)
		}
		got, err := twilio.Parse(rendered)
		if err != nil {
			t.Fatalf("%v in\n%s", err, rendered)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s\n%s", diff, rendered)
		}
	})
}

// signedTexts is a slow model of the texts that the provider may have signed for a form; ok is false if it is not a form.
func signedTexts(body string) (texts []string, ok bool) {
	values := map[string][]string{}
	for part := range strings.SplitSeq(body, "&") {
		rawKey, rawValue, _ := strings.Cut(part, "=")
		key, keyErr := url.QueryUnescape(rawKey)
		value, valueErr := url.QueryUnescape(rawValue)
		if keyErr != nil || valueErr != nil {
			return nil, false
		}
		if part != "" {
			values[key] = append(values[key], value)
		}
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	var all, first string
	for _, name := range names {
		first += name + values[name][0]
		slices.Sort(values[name])
		for _, value := range slices.Compact(values[name]) {
			all += name + value
		}
	}
	return []string{all, first}, strings.Count(body, "&") < 1000
}

// A signed form verifies; with any byte changed it does not, unless its meaning is the same.
func FuzzVerify(f *testing.F) {
	f.Add(officialParams().Encode(), uint16(3), byte(1))
	f.Add("a=1;2&a=3&b", uint16(5), byte('&'^'='))
	f.Add("a+b=%20&&=", uint16(1), byte('+'^' '))
	f.Add("a=%zz", uint16(2), byte(0x10))
	const origin, target = "https://phone.example.com", "/voice?a=1"
	v := mustVerifier(f, origin, "", "current", "next")
	f.Fuzz(func(t *testing.T, body string, at uint16, mask byte) {
		if len(body) > 60_000 {
			return
		}
		texts, isForm := signedTexts(body)
		for _, text := range texts {
			_, err := v.Verify(post(target, body, signText("next", origin+target+text)))
			if isForm != (err == nil) {
				t.Fatalf("%q: error %v, a form: %t", body, err, isForm)
			}
		}
		if len(texts) == 0 || !isForm || body == "" {
			return
		}
		flipped := []byte(body)
		flipped[int(at)%len(flipped)] ^= mask
		flippedTexts, flippedIsForm := signedTexts(string(flipped))
		want := flippedIsForm && slices.Contains(flippedTexts, texts[0])
		params, err := v.Verify(post(target, string(flipped), signText("current", origin+target+texts[0])))
		if want != (err == nil) {
			t.Fatalf("%q changed to %q: error %v", body, flipped, err)
		}
		if err == nil && twilio.Sign("next", "", params) != signText("next", texts[0]) {
			t.Fatalf("%q: returned %v, which was not signed", flipped, params)
		}
	})
}

// No header or request line makes Verify panic or accept.
func FuzzVerifyRequest(f *testing.F) {
	f.Add("POST", "/voice", "application/x-www-form-urlencoded", officialSignature, "a=1")
	f.Add("GET", "//x?%zz", "", "", "")
	v := mustVerifier(f, "https://phone.example.com", "AC1", "a token that fuzzing does not find")
	f.Fuzz(func(t *testing.T, method, target, contentType, signature, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Method, r.RequestURI = method, target
		r.Header.Set("Content-Type", contentType)
		r.Header.Set(twilio.SignatureHeader, signature)
		_, err := v.Verify(r)
		if !errors.Is(err, twilio.ErrSignature) && !errors.Is(err, twilio.ErrForm) && !errors.Is(err, twilio.ErrTooLarge) {
			t.Fatalf("error %v", err)
		}
	})
}

// Each field is of its documented form for any input.
func FuzzWebhook(f *testing.F) {
	for _, body := range webhookBodies() {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		params, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		w := twilio.ParseWebhook(params)
		bounds := map[string]struct {
			text  string
			limit int
		}{
			"CallSID": {w.CallSID, 64}, "ParentCallSID": {w.ParentCallSID, 64}, "AccountSID": {w.AccountSID, 64},
			"CallStatus": {w.CallStatus, 64}, "Direction": {w.Direction, 64}, "DialCallStatus": {w.DialCallStatus, 64},
			"DialCallSID": {w.DialCallSID, 64}, "RecordingSID": {w.RecordingSID, 64}, "RecordingStatus": {w.RecordingStatus, 64},
			"Digits": {w.Digits, 64}, "FinishedOnKey": {w.FinishedOnKey, 64}, "ErrorCode": {w.ErrorCode, 64},
			"From": {w.From, 256}, "To": {w.To, 256}, "Speech": {w.Speech, 1000},
			"RecordingURL": {w.RecordingURL, 2048}, "ErrorURL": {w.ErrorURL, 2048},
		}
		for name, b := range bounds {
			if len(b.text) > b.limit || !utf8.ValidString(b.text) || strings.ContainsAny(b.text, "\x00\r\n\t\x7f") {
				t.Errorf("%s is %q", name, b.text)
			}
		}
		for name, n := range map[string]*int{
			"CallSeconds": w.CallSeconds, "DialSeconds": w.DialSeconds, "RecordingSeconds": w.RecordingSeconds,
			"SequenceNumber": w.SequenceNumber,
		} {
			if n != nil && (*n < 0 || *n > 1<<20) {
				t.Errorf("%s is %d", name, *n)
			}
		}
		if !w.Timestamp.IsZero() && w.Timestamp.Location() != time.UTC {
			t.Errorf("Timestamp is %v", w.Timestamp)
		}
	})
}
