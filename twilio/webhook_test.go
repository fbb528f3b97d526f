package twilio_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
)

const (
	callerLeg     = "CA0123456789abcdef0123456789abcdef"
	specialistLeg = "CAfedcba9876543210fedcba9876543210"
)

// webhookRow is a request as the provider sends it, and its Webhook.
type webhookRow struct {
	body string
	want twilio.Webhook
}

// event is the Timestamp of the rows.
var event = time.Date(2026, 11, 24, 10, 0, 5, 0, time.UTC)

// webhookRows are requests as the provider's documents have them.
func webhookRows() map[string]webhookRow {
	return map[string]webhookRow{
		"nothing": {},
		"the first request of a call": {
			"CallSid=" + callerLeg + "&AccountSid=AC1&From=%2B14155550100&To=%2B18883071053&CallStatus=ringing&ApiVersion=2010-04-01" +
				"&Direction=inbound&FromCity=&Called=%2B18883071053&StirVerstat=TN-Validation-Passed-A",
			twilio.Webhook{
				CallSID: callerLeg, AccountSID: "AC1", From: "+14155550100", To: "+18883071053", CallStatus: "ringing",
				Direction: "inbound", FullAttestation: true,
			},
		},
		"a caller without a number": {"From=anonymous", twilio.Webhook{From: "anonymous"}},
		"a forwarded call":          {"From=%2B14155550100&ForwardedFrom=%2B15550100001", twilio.Webhook{From: "+14155550100", ForwardedFrom: "+15550100001"}},
		"a SIP caller":              {"From=sip:anna%40example.com", twilio.Webhook{From: "sip:anna@example.com"}},
		"keys":                      {"Digits=204518&FinishedOnKey=%23", twilio.Webhook{Digits: "204518", FinishedOnKey: "#"}},
		"a star":                    {"Digits=*", twilio.Webhook{Digits: "*"}},
		"speech":                    {"SpeechResult=The+platform+is+down.&Confidence=0.9", twilio.Webhook{Speech: "The platform is down."}},
		"a specialist's leg": {
			"CallSid=" + specialistLeg + "&ParentCallSid=" + callerLeg + "&Direction=outbound-dial&CallStatus=in-progress",
			twilio.Webhook{CallSID: specialistLeg, ParentCallSID: callerLeg, Direction: "outbound-dial", CallStatus: "in-progress"},
		},
		"a leg's event": {
			"CallStatus=completed&CallDuration=61&Duration=2&Timestamp=Tue%2C+24+Nov+2026+10%3A00%3A05+%2B0000&SequenceNumber=0",
			twilio.Webhook{CallStatus: "completed", CallSeconds: new(61), Timestamp: event, SequenceNumber: new(0)},
		},
		"minutes alone say nothing": {"Duration=2", twilio.Webhook{}},
		"a dial that was answered": {
			"DialCallStatus=completed&DialCallSid=" + specialistLeg + "&DialCallDuration=180&DialBridged=true",
			twilio.Webhook{DialCallStatus: "completed", DialCallSID: specialistLeg, DialSeconds: new(180), DialBridged: new(true)},
		},
		"a dial that a voicemail took": {
			"DialCallStatus=completed&DialCallDuration=0&DialBridged=False",
			twilio.Webhook{DialCallStatus: "completed", DialSeconds: new(0), DialBridged: new(false)},
		},
		"a dial after a conference": {"DialCallStatus=answered", twilio.Webhook{DialCallStatus: "answered"}},
		"a recording": {
			"RecordingUrl=https%3A%2F%2Fapi.twilio.com%2F2010-04-01%2FAccounts%2FAC1%2FRecordings%2FRE1&RecordingDuration=12&Digits=hangup",
			twilio.Webhook{
				RecordingURL: "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1", RecordingSID: "RE1",
				RecordingSeconds: new(12), Digits: "hangup",
			},
		},
		"a recording's status": {
			"RecordingSid=RE2&RecordingStatus=completed&RecordingUrl=https://x/RE1.wav",
			twilio.Webhook{RecordingURL: "https://x/RE1.wav", RecordingSID: "RE2", RecordingStatus: "completed"},
		},
		"a recording as a file":      {"RecordingUrl=https://x/RE1.wav?a=b", twilio.Webhook{RecordingURL: "https://x/RE1.wav?a=b", RecordingSID: "RE1"}},
		"a recording without a name": {"RecordingUrl=https://x", twilio.Webhook{RecordingURL: "https://x"}},
		"the fallback": {
			"ErrorCode=11200&ErrorUrl=https://phone.example.com/voice",
			twilio.Webhook{ErrorCode: "11200", ErrorURL: "https://phone.example.com/voice"},
		},
	}
}

// oddRows are parameters that the provider does not document, or that mean less than they seem to.
func oddRows() map[string]webhookRow {
	return map[string]webhookRow{
		"a weaker attestation":   {"StirVerstat=TN-Validation-Passed-B", twilio.Webhook{}},
		"a diverted attestation": {"StirVerstat=TN-Validation-Passed-A-Diverted", twilio.Webhook{}},
		"a failed attestation":   {"StirVerstat=TN-Validation-Failed-A", twilio.Webhook{}},

		"an empty duration":        {"CallDuration=", twilio.Webhook{}},
		"a negative duration":      {"RecordingDuration=-1", twilio.Webhook{}},
		"a signed duration":        {"CallDuration=%2B5", twilio.Webhook{}},
		"a broken duration":        {"CallDuration=1.5", twilio.Webhook{}},
		"a duration of two days":   {"CallDuration=172800", twilio.Webhook{CallSeconds: new(172800)}},
		"an absurd duration":       {"DialCallDuration=172801", twilio.Webhook{}},
		"a duration past an int":   {"CallDuration=99999999999999999999", twilio.Webhook{}},
		"an absurd sequence":       {"SequenceNumber=1048577", twilio.Webhook{}},
		"a bridge of neither":      {"DialBridged=maybe", twilio.Webhook{}},
		"a SID with a slash":       {"CallSid=../x", twilio.Webhook{}},
		"a SID of 65 characters":   {"CallSid=" + strings.Repeat("a", 65), twilio.Webhook{}},
		"keys that do not exist":   {"Digits=1%0A2", twilio.Webhook{}},
		"a hundred keys":           {"Digits=" + strings.Repeat("1", 100), twilio.Webhook{Digits: strings.Repeat("1", 64)}},
		"a caller on two lines":    {"From=%0Aa%00b%ff%0D", twilio.Webhook{From: "a b"}},
		"a caller without end":     {"From=" + strings.Repeat("ü", 200), twilio.Webhook{From: strings.Repeat("ü", 128)}},
		"speech cut at a letter":   {"SpeechResult=a" + strings.Repeat("ü", 600), twilio.Webhook{Speech: "a" + strings.Repeat("ü", 499)}},
		"an address of a script":   {"RecordingUrl=javascript:alert(1)", twilio.Webhook{}},
		"an address without host":  {"ErrorUrl=https:///x", twilio.Webhook{}},
		"an address without end":   {"ErrorUrl=https://x/" + strings.Repeat("a", 2048), twilio.Webhook{}},
		"an address, not UTF-8":    {"ErrorUrl=http://%99", twilio.Webhook{}},
		"an address on two lines":  {"ErrorUrl=https://x/%0A", twilio.Webhook{}},
		"a date that is none":      {"Timestamp=yesterday", twilio.Webhook{}},
		"a date of an unsure zone": {"Timestamp=Tue,+24+Nov+2026+10:00:05+EST", twilio.Webhook{}},
		"a date in Greenwich":      {"Timestamp=Tue,+24+Nov+2026+10:00:05+GMT", twilio.Webhook{Timestamp: event}},
		"a date in universal time": {"Timestamp=Tue,+24+Nov+2026+10:00:05+UTC", twilio.Webhook{Timestamp: event}},
		"a date in the old UT":     {"Timestamp=Tue,+24+Nov+2026+10:00:05+UT", twilio.Webhook{Timestamp: event}},
		"a date of another zone":   {"Timestamp=Tue,+24+Nov+2026+05:00:05+-0500", twilio.Webhook{Timestamp: event}},
		"a date without a weekday": {"Timestamp=24+Nov+2026+10:00:05+%2B0000", twilio.Webhook{Timestamp: event}},
		"a date with a comment":    {"Timestamp=Tue,+24+Nov+2026+10:00:05+%2B0000+(UTC)", twilio.Webhook{Timestamp: event}},
		"a day of one digit": {
			"Timestamp=Wed,+4+Nov+2026+10:00:05+%2B0000",
			twilio.Webhook{Timestamp: event.AddDate(0, 0, -20)},
		},
	}
}

func webhookBodies() []string {
	var bodies []string
	for _, rows := range []map[string]webhookRow{webhookRows(), oddRows()} {
		for _, row := range rows {
			bodies = append(bodies, row.body)
		}
	}
	return slices.Sorted(slices.Values(bodies))
}

func TestParseWebhookReadsWhatTheProviderSends(t *testing.T) { checkWebhooks(t, webhookRows()) }

func TestParseWebhookLeavesOutWhatCannotBe(t *testing.T) { checkWebhooks(t, oddRows()) }

func checkWebhooks(t *testing.T, rows map[string]webhookRow) {
	t.Helper()
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			params, err := url.ParseQuery(row.body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row.want, twilio.ParseWebhook(params)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
