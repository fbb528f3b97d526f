package config

import (
	"github.com/officernd/supportline/policy/users"
)

// usualVoice holds the voices of lines that name none, by language.
var usualVoice = map[string]string{"en-US": "Polly.Joanna-Neural", "en-GB": "Polly.Amy-Neural"}

// defaults fills in what the file does not have, as texts that pass the same checks as the user's own. The figures are those of the published
// policy, and supportline.example.yaml shows them.
func (f *file) defaults() {
	fill(&f.Listen.Webhooks, "127.0.0.1:8080")
	fill(&f.Listen.Console, "127.0.0.1:8081")
	fill(&f.Console.Idle, "30m")
	fill(&f.Console.Session, "12h")
	fillList(&f.Console.Permissions.Viewer, "viewer", words(users.UsualPermissions()[users.Viewer])...)
	fillList(&f.Console.Permissions.Operator, "operator", words(users.UsualPermissions()[users.Operator])...)
	fill(&f.Console.SSO.RoleClaim, "groups")
	fill(&f.Store, "bolt:data/supportline.db")
	fill(&f.Twilio.APIURL, "https://api.twilio.com")
	fill(&f.Identification.Digits, "6")
	fill(&f.Identification.Tries, "3")
	fill(&f.Identification.Unidentified, "connect")
	fill(&f.Identification.CallerID, "attested")
	fill(&f.Identification.WrongNumbersPerHour, "10")
	fillTable(&f.Menu, "1", "critical", "2", "restricted", "3", "ticket-status", "4", "raise-severity", "5", "question")
	fill(&f.NoAnswer, "voicemail")
	fillTable(&f.AfterHours, "default", "voicemail")
	fill(&f.FairUse.CallLimit, "20m")
	fill(&f.FairUse.TicketsPerMonth, "16")
	fill(&f.FairUse.OverLongCallsPerMonth, "4")
	fill(&f.FairUse.Sustained.Months, "3")
	fill(&f.FairUse.Sustained.Within, "6")
	fill(&f.FairUse.TrainingCallsPerMonth, "2")
	fill(&f.FairUse.Charges.Currency, "USD")
	fill(&f.FairUse.Charges.PerTicket, "0")
	fill(&f.FairUse.Charges.PerMinute, "0")
	fillList(&f.FairUse.WarnAt, "warn_at", "80", "100")
	fillList(&f.FairUse.LetThrough, "let_through", "critical")
	for _, ch := range f.Notices.Channels {
		for i := range ch.Block {
			fill(&ch.Block[i].Text, ch.Block[i].Default)
		}
	}
	fill(&f.Notices.Summary, "on")
	fill(&f.Recordings.DeleteAtProvider, "off")
	fill(&f.Retention, "400d")
	fill(&f.Notice, "notify")
	fill(&f.Recording, "off")
	for i := range f.Lines.Items {
		l := &f.Lines.Items[i]
		fill(&l.Name, l.Number.Value)
		fill(&l.Language, "en-US")
		fill(&l.Voice, usualVoice[l.Language.Value])
	}
	for i := range f.Teams.Rows {
		t := &f.Teams.Rows[i].Value
		fill(&t.Repeat, "1")
		for j := range t.Ring.Items {
			fill(&t.Ring.Items[j].For, "25s")
		}
	}
}

// fill sets a value that the file does not have.
func fill(t *text, value string) {
	if !t.Given {
		t.Value = value
	}
}

func fillList(l *list[text], key string, values ...string) {
	if l.Given || l.At != (place{}) {
		return
	}
	for _, v := range values {
		l.Items = append(l.Items, text{Key: key, Value: v})
	}
}

// words returns values of the policy as the file writes them.
func words[V ~string](values []V) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

func fillTable(t *table[text], pairs ...string) {
	if t.Given {
		return
	}
	for i := 0; i < len(pairs); i += 2 {
		t.Rows = append(t.Rows, row[text]{Key: text{Value: pairs[i]}, Value: text{Value: pairs[i+1]}})
	}
}
