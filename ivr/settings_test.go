package ivr_test

import (
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

const (
	uk      = policy.Phone("+448000668187")
	us      = policy.Phone("+18883071053")
	oncall1 = policy.Phone("+15550100001")
	oncall2 = policy.Phone("sip:oncall@example.com")
	general = policy.Phone("+15550100003")
	caller  = policy.Phone("+442079460018")
)

var (
	northwind = policy.Customer{Number: "204518", Name: "Northwind Flex Offices", Package: "Ultimate", Line: uk, CallerNumbers: []policy.Phone{caller}}
	loft      = policy.Customer{Number: "555010", Name: "Loft & Ledger", Package: "Growth", Line: uk}

	tuesday = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC) // open in London
	sunday  = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) // closed everywhere
)

// settings returns a small version of the shipped settings.
func settings(t testing.TB) policy.Settings {
	t.Helper()
	week := func(from, to int) (h policy.Hours) {
		for d := time.Monday; d <= time.Friday; d++ {
			h.Week[d] = []policy.Span{{From: from * 60, To: to * 60}}
		}
		return h
	}
	return policy.Settings{
		Version: "test",
		Lines: []policy.Line{
			{Number: us, Name: "USA and Canada", Zone: zone(t, "America/New_York"), Hours: week(8, 20), Language: "en-US", Voice: "Polly.Joanna-Neural"},
			{Number: uk, Name: "United Kingdom", Zone: zone(t, "Europe/London"), Hours: week(8, 19), Language: "en-GB", Voice: "Polly.Amy-Neural"},
		},
		Identification: policy.Identification{
			Digits: 6, Tries: 3, Unidentified: policy.Unidentified{Default: policy.UnidentifiedConnect}, CallerID: policy.CallerIDAttested,
			WrongNumbersPerHour: 10, WrongNumbersInAll: 200,
		},
		Packages: []string{"Ultimate"},
		Menu: []policy.MenuKey{
			{Key: "1", Intent: policy.Critical},
			{Key: "2", Intent: policy.Restricted},
			{Key: "3", Intent: policy.TicketStatus},
			{Key: "4", Intent: policy.RaiseSeverity},
			{Key: "5", Intent: policy.Question},
		},
		Teams: map[string]policy.Team{
			"critical": {Name: "critical", Rounds: 2, Steps: []policy.RingStep{
				{To: []policy.Target{policy.Target(oncall1)}, For: 20 * time.Second},
				{To: []policy.Target{policy.Target(oncall2), "+15550100002"}, For: 25 * time.Second},
			}},
			"general": {Name: "general", Rounds: 1, Steps: []policy.RingStep{{To: []policy.Target{policy.Target(general)}, For: 25 * time.Second}}},
		},
		Routes: map[policy.Intent]string{
			policy.Critical: "critical", policy.Restricted: "critical", policy.TicketStatus: "general",
			policy.RaiseSeverity: "critical", policy.Question: "general",
		},
		NoAnswer:   policy.Voicemail,
		AfterHours: policy.AfterHours{Default: policy.Voicemail},
		FairUse:    policy.FairUse{CallLimit: 20 * time.Minute, TicketsPerMonth: 16},
	}
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// always returns the source of settings that do not change.
func always(s policy.Settings) ivr.Source { return func() *policy.Settings { return &s } }

func cutNext(reply ivr.Reply) (step string, turn int, ok bool) {
	step, number, _ := strings.Cut(reply.Next, "/")
	turn, err := strconv.Atoi(number)
	return step, turn, err == nil
}
