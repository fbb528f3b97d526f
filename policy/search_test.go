package policy_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

func TestAFilterSelectsByWhatHappenedOnACall(t *testing.T) {
	talked := func(seconds int, waived bool) policy.Call {
		c := explainCall()
		total := seconds + 4
		c.Legs[1].Seconds, c.Waived = &total, waived
		return c
	}
	open := explainCall()
	open.EndedAt = time.Time{}
	trained := explainCall()
	trained.Training, trained.Ticket = true, "4711"
	for name, test := range map[string]struct {
		filter policy.Filter
		call   policy.Call
		want   bool
	}{
		"everything":                               {policy.Filter{}, policy.Call{}, true},
		"in progress, and goes on":                 {policy.Filter{Outcome: policy.InProgress}, open, true},
		"in progress, and ended":                   {policy.Filter{Outcome: policy.InProgress}, explainCall(), false},
		"the specialist who accepted":              {policy.Filter{Specialist: "sip:oncall@example.com"}, explainCall(), true},
		"a specialist who passed on":               {policy.Filter{Specialist: "+15550100001"}, explainCall(), false},
		"the ticket":                               {policy.Filter{Ticket: "4711"}, trained, true},
		"the beginning of a ticket":                {policy.Filter{Ticket: "47"}, trained, false},
		"a training":                               {policy.Filter{Training: true}, trained, true},
		"no training":                              {policy.Filter{Training: true}, explainCall(), false},
		"over-long by a second (rule 5)":           {policy.Filter{OverLong: 20 * time.Minute}, talked(1201, false), true},
		"at the limit, which is within (rule 5)":   {policy.Filter{OverLong: 20 * time.Minute}, talked(1200, false), false},
		"over-long, but waived (rule 6)":           {policy.Filter{OverLong: 20 * time.Minute}, talked(1201, true), false},
		"waived":                                   {policy.Filter{Waived: true}, talked(1201, true), true},
		"talked at least so long":                  {policy.Filter{TalkAtLeast: 60}, talked(60, false), true},
		"talked less":                              {policy.Filter{TalkAtLeast: 60}, talked(59, false), false},
		"talked at most so long":                   {policy.Filter{TalkAtMost: 60}, talked(60, false), true},
		"talked longer":                            {policy.Filter{TalkAtMost: 60}, talked(61, false), false},
		"never talked":                             {policy.Filter{TalkAtMost: 60}, policy.Call{}, false},
		"an over-long call longer than at most":    {policy.Filter{OverLong: time.Minute, TalkAtMost: 60}, talked(61, false), false},
		"part of the number, by who may see it":    {policy.Filter{Text: "7946", Numbers: true}, explainCall(), true},
		"part of the number, by who may not":       {policy.Filter{Text: "7946"}, explainCall(), false},
		"a text and something that does not match": {policy.Filter{Text: "northwind", Waived: true}, explainCall(), false},
	} {
		if got := test.filter.Matches(test.call); got != test.want {
			t.Errorf("%s: got %t, want %t", name, got, test.want)
		}
	}
}

func TestTextFindsWhatPeopleType(t *testing.T) {
	c := policy.Call{SID: "CA0123456789", From: "+442079460018", Customer: "204518", Account: "Northwind Flex-Offices & Sons", Ticket: "77"}
	for typed, want := range map[string]bool{
		"": true, "204518": true, "204": true, "20": false, " 2045 ": true, "04518": false,
		"northwind": true, "NORTH": true, "no": true, "n": false, "flex offices": true, "offices flex": true, "sons n": true, "wind": false, "flex harbor": false,
		"CA0123": true, "CA012": false, "CA0123456789": true, "ca0123": false, "77": true, "7": false,
		"0018": true, "018": false, "020 7946": true, "+44 (20) 7946-0018": true, "0044": false, "4420794600189": false, "&": false, "\xff": false,
	} {
		if got := policy.ParseText(typed, true).MatchesCall(c); got != want {
			t.Errorf("%q: got %t, want %t", typed, got, want)
		}
	}
	for _, from := range []policy.Phone{"anonymous", "sip:4420794600@b.example", ""} {
		if c.From = from; policy.ParseText("4420", true).MatchesCall(c) {
			t.Errorf("%q is found by digits, and is no number", from.Full())
		}
	}
	customer := policy.Customer{Number: "310022", Name: "Harbor Cowork", Phone: "+12125550142", CallerNumbers: []policy.Phone{"+12125550199"}}
	for typed, want := range map[string]bool{"310": true, "harbor": true, "cowork harb": true, "0142": true, "212 555 0199": true, "204": false, "CA0123": false} {
		if got := policy.ParseText(typed, true).MatchesCustomer(customer); got != want {
			t.Errorf("customer by %q: got %t, want %t", typed, got, want)
		}
	}
}

// TestACallerIsFoundInAnySpelling: the number as anybody writes it finds the calls from it, in whatever way the provider spelled that.
func TestACallerIsFoundInAnySpelling(t *testing.T) {
	typed := []string{
		"+442079460018", "442079460018", "00442079460018", "tel:+442079460018", "tel:+44-20-7946-0018", "sip:+442079460018@carrier.example",
		"SIP:442079460018@carrier.example;user=phone", "020 7946 0018", "(020) 7946-0018", "+44 (0)20 7946 0018", "+44 20.7946.0018", "7946 0018",
	}
	for _, from := range []policy.Phone{
		"+442079460018", "442079460018", "00442079460018", "tel:+442079460018", "sip:+442079460018@example.com", "sips:442079460018@example.com;user=phone",
	} {
		for _, text := range typed {
			if !policy.ParseText(text, true).MatchesCall(policy.Call{From: from, Answered: true}) {
				t.Errorf("%q does not find a call from %s", text, from.Full())
			}
			if policy.ParseText(text, false).MatchesCall(policy.Call{From: from, Answered: true}) {
				t.Errorf("%q finds a call from %s for somebody who may not see numbers", text, from.Full())
			}
		}
		if policy.ParseText("withheld", true).MatchesCall(policy.Call{From: from, Answered: true}) {
			t.Errorf("%s is found as withheld", from.Full())
		}
	}
	for _, text := range []string{"+442079460019", "020 7946 0019", "sip:442079460019@example.com"} {
		if policy.ParseText(text, true).MatchesCall(policy.Call{From: "sip:+442079460018@example.com", Answered: true}) {
			t.Errorf("%q finds another number", text)
		}
	}
}

// TestWithheldCallersAreFoundAsThat by everybody, in whatever way it was said. What has lost its caller is none of them.
func TestWithheldCallersAreFoundAsThat(t *testing.T) {
	for _, from := range []policy.Phone{
		"anonymous", "", "Restricted", "unknown", "private", "+266696687", "+7378742833", "+86282452253", "+2562533", "+8656696", "sip:anonymous@anonymous.invalid",
	} {
		for _, text := range []string{"withheld", "Anonymous", " anonymous ", "+266696687", "266696687", "sip:anonymous@anonymous.invalid"} {
			if !policy.ParseText(text, false).MatchesCall(policy.Call{From: from, Answered: true}) {
				t.Errorf("%q does not find a call from %q", text, from.Full())
			}
		}
		if got := (policy.Call{From: from, Answered: true}).Caller(); got != "withheld" {
			t.Errorf("%q is shown as %q", from.Full(), got)
		}
		if policy.ParseText("private", true).MatchesCall(policy.Call{From: from, Answered: true}) {
			t.Errorf("a word of an account's name finds a call from %q", from.Full())
		}
	}
	for name, c := range map[string]policy.Call{"an erased call": {Answered: true, Erased: true}, "reports alone": {}} {
		if policy.ParseText("withheld", true).MatchesCall(c) {
			t.Errorf("%s is found as withheld", name)
		}
	}
}

func TestAMarkIsReadAsItWasWritten(t *testing.T) {
	at := time.Date(2026, time.November, 23, 14, 0, 0, 1, time.UTC)
	for _, m := range []policy.Cursor{{}, {At: at, ID: "CA0123"}, {At: at}, {At: at, ID: "a~b"}} {
		got, err := policy.ParseCursor(m.String())
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", m, diff)
		}
	}
	for _, text := range []string{"CA0123", "2026-11-23~CA0123", "~", "soon~CA0123"} {
		if _, err := policy.ParseCursor(text); !errors.Is(err, policy.ErrCursor) {
			t.Errorf("%q: got %v, want %v", text, err, policy.ErrCursor)
		}
	}
}

func TestAPageHasASizeWithinBounds(t *testing.T) {
	for length, want := range map[int]int{0: 50, -1: 50, 1: 1, 500: 500, 501: 500} {
		if got := (policy.Page{Length: length}).Size(); got != want {
			t.Errorf("a length of %d gives %d, want %d", length, got, want)
		}
	}
}
