package ivr_test

import (
	"strings"
	"testing"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

func TestIntentOfWhatACallerSays(t *testing.T) {
	for _, row := range []struct {
		speech string
		want   policy.Intent
	}{
		{"critical", policy.Critical},
		{"Our platform is down.", policy.Critical},
		{"the platform is completely down", policy.Critical},
		{"Sev. One", policy.Critical},
		{"sev1", policy.Critical},
		{"severity one please", policy.Critical},
		{"it's an emergency", policy.Critical},
		{"everything is offline", policy.Critical},
		{"the booking system isn’t working at all", policy.Critical},
		{"the Status Page says all systems are operational but we can't use it", policy.Critical},
		{"no one can log in", policy.Critical},
		{"there is no workaround", policy.Critical},
		{"it's down and I opened a ticket an hour ago", policy.Critical},

		{"SEV two", policy.Restricted},
		{"severity 2", policy.Restricted},
		{"restricted use", policy.Restricted},
		{"it's very slow today", policy.Restricted},
		{"the platform is not down but it is slow", policy.Restricted},
		{"it works, but invoices fail", policy.Restricted},
		{"we have a workaround", policy.Restricted},
		{"I cannot log in", policy.Restricted},

		{"where is my ticket", policy.TicketStatus},
		{"Where's our support ticket?", policy.TicketStatus},
		{"ticket status", policy.TicketStatus},
		{"any news on my case", policy.TicketStatus},
		{"I would like an update on my sev one ticket", policy.TicketStatus},
		{"what's happening with 4711", policy.TicketStatus},
		{"I'm following up on something I submitted", policy.TicketStatus},

		{"raise severity", policy.RaiseSeverity},
		{"I want to raise the severity of my ticket", policy.RaiseSeverity},
		{"raise my ticket to sev one", policy.RaiseSeverity},
		{"please escalate this", policy.RaiseSeverity},
		{"it has got worse", policy.RaiseSeverity},
		{"can you increase the priority", policy.RaiseSeverity},
		{"it is more urgent now", policy.RaiseSeverity},

		{"question", policy.Question},
		{"I have a quick question", policy.Question},
		{"how do I add a location", policy.Question},
		{"I was wondering how to export invoices", policy.Question},
		{"something else", policy.Question},

		{"", ""},
		{"hello", ""},
		{"purple elephants", ""},
		{"204518", ""},
		{"countdown", ""},
	} {
		for _, language := range languages {
			if got := ivr.DefaultWords().Meaning(language, "menu", row.speech, customerDigits).Intent; got != row.want {
				t.Errorf("%s: %q is %q, want %q", language, row.speech, got, row.want)
			}
		}
	}
}

// What the menu reads out can be said back.
func TestCallersMaySayWhatTheMenuSays(t *testing.T) {
	for _, language := range languages {
		for _, intent := range policy.Intents() {
			item := shippedTexts(t, language)["menu-"+string(intent)]
			name, _, _ := strings.Cut(item, ":")
			if got := ivr.DefaultWords().Meaning(language, "menu", name, customerDigits).Intent; got != intent {
				t.Errorf("%s: %q is %q, want %q", language, name, got, intent)
			}
		}
	}
}

func TestWordOfWhatACallerSays(t *testing.T) {
	for _, row := range []struct {
		speech string
		want   ivr.Word
	}{
		{"repeat", ivr.WordRepeat},
		{"Could you say that again, please?", ivr.WordRepeat},
		{"pardon", ivr.WordRepeat},
		{"I don't have it", ivr.WordLost},
		{"I don’t know", ivr.WordLost},
		{"no, I don't know it", ivr.WordLost},
		{"sorry, I have no customer number", ivr.WordLost},
		{"I'm not sure", ivr.WordLost},
		{"star", ivr.WordLost},
		{"yes, forgot", ivr.WordLost},
		{"sorry, no", ivr.WordNo},
		{"yes", ivr.WordYes},
		{"Yeah, that's right.", ivr.WordYes},
		{"no", ivr.WordNo},
		{"that is not right", ivr.WordNo},
		{"another account", ivr.WordNo},
		{"", ivr.WordNone},
		{"bananas", ivr.WordNone},
		{"two oh four five one eight", ivr.WordNone},
		{"starfish and yesterday", ivr.WordNone},
	} {
		for _, language := range languages {
			if got := ivr.DefaultWords().Meaning(language, "menu", row.speech, customerDigits).Word; got != row.want {
				t.Errorf("%s: %q is %q, want %q", language, row.speech, got, row.want)
			}
		}
	}
}

// A company's own phrases are heard in all forms of their words, with anything where they have "...", and not where they are denied.
func TestCompanysOwnPhrases(t *testing.T) {
	text := "en-GB:\n  hear-critical: \"meltdown, turnstile ... don't turn, Northwind Access is dead\"\n  hear-training: \"training, flex academy\"\n"
	words, problems := ivr.ParseWords("", "w.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, row := range []struct {
		said string
		want ivr.Meaning
	}{
		{"We have meltdowns.", ivr.Meaning{Intent: policy.Critical}},
		{"the turnstiles in the lobby do not turn", ivr.Meaning{Intent: policy.Critical, Word: ivr.WordNo}},
		{"The turnstile doesn’t turn.", ivr.Meaning{Intent: policy.Critical, Word: ivr.WordNo}},
		{"the turnstile turns", ivr.Meaning{}},
		{"northwind access is dead", ivr.Meaning{Intent: policy.Critical}},
		{"not a meltdown, a question", ivr.Meaning{Intent: policy.Question, Word: ivr.WordNo}},
		{"our platform is down", ivr.Meaning{}}, // the shipped list is replaced
		{"the flex academy please", ivr.Meaning{Word: ivr.WordTraining}},
	} {
		if got := words.Meaning("en-GB", "menu", row.said, customerDigits); got != row.want {
			t.Errorf("%q is %+v, want %+v", row.said, got, row.want)
		}
	}
}

func TestHintsNameWhatTheMenuOffers(t *testing.T) {
	for _, language := range languages {
		hints := ivr.DefaultWords().Hints(language)
		if strings.Contains(hints, "\n") {
			t.Errorf("%s: %q is more than one line", language, hints)
		}
		for _, want := range []string{"platform down", "sev one", "ticket status", "raise severity", "question", "I don't have it"} {
			if !strings.Contains(", "+hints+",", ", "+want+",") {
				t.Errorf("%s: %q lacks %q", language, hints, want)
			}
		}
	}
}
