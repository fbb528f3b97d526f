package twilio_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/twilio"
)

// description is the part of the provider's published API description that the tests use.
type description struct {
	Paths map[string]map[string]struct {
		Parameters []struct {
			Name, In string
			Schema   schema
		}
		RequestBody struct {
			Content map[string]struct {
				Schema struct{ Properties map[string]schema }
			}
		}
	}
	Components struct{ Schemas map[string]schema }
}

type schema struct {
	Ref                  string `json:"$ref"`
	Type, Format         string
	Pattern              string
	Enum                 []string
	MinLength, MaxLength int
	Minimum, Maximum     *int
}

// wrong returns what the description does not allow of a request, or "".
func (d description) wrong(r *http.Request) string {
	form := url.Values{}
	if r.Body != nil {
		body, _ := io.ReadAll(r.Body)
		form, _ = url.ParseQuery(string(body))
	}
	for template, methods := range d.Paths {
		pattern := regexp.MustCompile("^" + regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(template), `[^/]+`) + "$")
		operation, known := methods[strings.ToLower(r.Method)]
		if !pattern.MatchString(r.URL.Path) || !known {
			continue
		}
		allowed := map[string]schema{}
		for _, p := range operation.Parameters {
			if p.In == "query" {
				allowed[p.Name] = p.Schema
			}
		}
		if why := d.all(allowed, r.URL.Query()); why != "" {
			return why
		}
		return d.all(operation.RequestBody.Content["application/x-www-form-urlencoded"].Schema.Properties, form)
	}
	return r.Method + " " + r.URL.Path + " is not described"
}

func (d description) all(allowed map[string]schema, values url.Values) string {
	for name := range values {
		s, known := allowed[name]
		if !known {
			return name + " is not a parameter"
		}
		if why := d.fits(s, values.Get(name)); why != "" {
			return fmt.Sprintf("%s=%q %s", name, values.Get(name), why)
		}
	}
	return ""
}

func (d description) fits(s schema, value string) string {
	if s.Ref != "" {
		s = d.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	n, err := strconv.Atoi(value)
	_, timeErr := time.Parse(time.RFC3339, value)
	switch {
	case value == "": // cleared
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, value):
		return fmt.Sprintf("is none of %v", s.Enum)
	case s.Type == "integer" && (err != nil || (s.Minimum != nil && n < *s.Minimum) || (s.Maximum != nil && n > *s.Maximum)):
		return "is no such number"
	case s.Format == "date-time" && timeErr != nil:
		return "is no time"
	case s.Format == "http-method" && !slices.Contains([]string{"GET", "POST"}, value):
		return "is no method"
	case s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(value):
		return "is not shaped like " + s.Pattern
	}
	return ""
}

// mustDescription returns the published descriptions of the API, of the accounts API and of the messaging API.
func mustDescription(t *testing.T) (d description) {
	t.Helper()
	for _, file := range []string{"api_v2010.json", "accounts_v1.json", "messaging_v1.json"} {
		text, err := os.ReadFile("testdata/openapi/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &d); err != nil { // adds to the paths
			t.Fatal(err)
		}
	}
	return d
}

// TestRequestsAreAsThePublishedDescriptionSays: each method of the account, with all parameters.
func TestRequestsAreAsThePublishedDescriptionSays(t *testing.T) {
	d, p := mustDescription(t), &provider{answer: refusing(404, `{"code":20404,"message":"not found"}`)}
	a := asking(t, p, func(c *twilio.AccountConfig) { c.AccountSID = "AC" + strings.Repeat("0", 32) })
	now := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	voice, post, none, mode := "https://support.example.com/voice#rc=1", "POST", "", "voice"
	ctx := t.Context()
	_, _ = a.Info(ctx)
	_, _ = a.Numbers(ctx)
	_, _ = a.Number(ctx, "PN"+strings.Repeat("0", 32))
	_, _ = a.ChangeNumber(ctx, "PN"+strings.Repeat("0", 32), twilio.NumberChange{
		VoiceURL: &voice, VoiceMethod: &post, FallbackURL: &voice, FallbackMethod: &post, StatusURL: &voice, StatusMethod: &post,
		ApplicationSID: &none, TrunkSID: &none, ReceiveMode: &mode,
	})
	for range a.Calls(ctx, now.Add(-time.Hour), now) {
		break
	}
	_, _ = a.Call(ctx, "CA"+strings.Repeat("0", 32))
	for range a.Recordings(ctx, now.Add(-time.Hour), now) {
		break
	}
	_ = a.DeleteRecording(ctx, "RE"+strings.Repeat("0", 32))
	_, _ = a.CreateSecondaryToken(ctx)
	_, _ = a.PromoteSecondaryToken(ctx)
	_ = a.DeleteSecondaryToken(ctx)
	_, _ = a.Ring(ctx, twilio.OutboundLeg{
		From: "+448000668187", To: "sip:oncall@example.com", URL: voice, StatusURL: voice, StatusEvents: []string{"ringing", "completed"}, Seconds: 25,
	})
	leg := "CA" + strings.Repeat("1", 32)
	_, _ = a.HangUp(ctx, leg), a.Redirect(ctx, leg, voice)
	_, _, _ = a.FindPlaced(ctx, "sip:oncall@example.com", "+448000668187", now)
	text := twilio.Message{From: "+448000668187", To: "+15550100001", Body: "Northwind waits.", StatusURL: voice}
	_, _ = a.SendMessage(ctx, text)
	_, _, _ = a.FindSent(ctx, text, now)
	text.From = "MG" + strings.Repeat("0", 32)
	_, _ = a.SendMessage(ctx, text)
	_, _ = a.Message(ctx, "SM"+strings.Repeat("0", 32))
	_, _ = a.TextingAllowed(ctx, "GB")
	_, _ = a.Sender(ctx, text.From)
	first := `{"conferences":[{"sid":"CF` + strings.Repeat("0", 32) + `"}]}`
	p.answer = func(int, *http.Request) (*http.Response, error) {
		return answer(http.StatusOK, "application/json", first), nil
	}
	_ = a.Announce(ctx, "CA1", leg, voice)
	p.answer = tollFreeSender
	_, _ = a.Sender(ctx, "+18883071053")
	if len(p.asked) != 25 {
		t.Errorf("%d requests", len(p.asked))
	}
	for _, r := range p.asked {
		if why := d.wrong(r); why != "" {
			t.Errorf("%s %s: %s", r.Method, r.URL.Path, why)
		}
	}
}

// TestDescriptionIsHeldAgainst requests that it does not allow; otherwise the test above would show nothing.
func TestDescriptionIsHeldAgainst(t *testing.T) {
	d := mustDescription(t)
	base := "https://api.twilio.com/2010-04-01/Accounts/AC" + strings.Repeat("0", 32)
	for name, row := range map[string]struct{ method, address, body string }{
		"a path":      {"GET", base + "/Call.json", ""},
		"a method":    {"DELETE", base + "/Calls.json", ""},
		"a parameter": {"GET", base + "/Calls.json?Since=1", ""},
		"a number":    {"GET", base + "/Calls.json?PageSize=5000", ""},
		"a time":      {"GET", base + "/Calls.json?StartTime%3E=yesterday", ""},
		"a word":      {"GET", base + "/Calls.json?Status=over", ""},
		"a field":     {"POST", base + "/IncomingPhoneNumbers/PN1.json", "VoiceURL=x"},
		"a promotion": {"DELETE", "https://accounts.twilio.com/v1/AuthTokens/Promote", ""},
		"a token":     {"POST", "https://accounts.twilio.com/v1/AuthTokens/Secondary", "Token=1"},
		"a setting":   {"POST", base + "/IncomingPhoneNumbers/PN1.json", "VoiceMethod=PUT"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequest(row.method, row.address, strings.NewReader(row.body))
			if err != nil {
				t.Fatal(err)
			}
			if d.wrong(r) == "" {
				t.Error("it is taken for allowed")
			}
		})
	}
}
