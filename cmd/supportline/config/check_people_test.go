package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/oncall"
)

// peopleBlocks are people, rotas and alarms as a company could have them.
const peopleBlocks = `
specialists:
  ada: { name: Ada Moreau, phone: "+15550100001", email: ada@example.com, slack: U01ADA, user: ada }
  ben: { name: Ben Okafor, phone: "+15550100002" }
  cleo: { name: Cleo Lind, phone: "sip:cleo@example.com", sms: "+15550100003" }
rotas:
  primary:
    time_zone: Europe/London
    turn: 1w
    starts: "2026-11-30 09:00"
    people: [ada, ben, cleo]
    layers:
      - { hours: { "sat,sun": "09:00-18:00" }, turn: 1d, starts: "2026-12-05 09:00", people: [ben, cleo] }
  night: { ical: webcal://calendar.example.com/night.ics?key=hush, time_zone: Europe/London }
alarms:
  - on: [critical-missed, store-trouble]
    to: [webhook, "sms:rota:primary"]
    then: [{ after: 3m, to: ["call:rota:primary"] }, { after: 6m, to: ["call:rota:night", "call:+15550100004"] }]
  - on: [missed, voicemail, backup-old]
    to: [ops, "email:ada"]
    quiet: { hours: "22:00-07:00", time_zone: Europe/London }
followups: { critical: 10m, default: 4h }
`

// staffed returns the example with people, rotas and alarms, two steps that ring them, and a sender of texts. In it the first text of each pair was
// replaced by the second.
func staffed(t testing.TB, pairs ...string) string {
	t.Helper()
	text := strings.NewReplacer(
		`["+15550100001"], for: 20s`, `["rota:primary"], for: 20s`, `"sip:oncall@example.com", "+15550100002"`, `"rota:night", cleo, "+15550100009"`,
		"  calls_per_second: 1  ", "  sms_from: \"+15550100099\"\n  countries: [US, GB]\n  calls_per_second: 1  ",
	).Replace(string(config.Example())) + noticesBlock + peopleBlocks
	for i := 0; i < len(pairs); i += 2 {
		if n := strings.Count(text, pairs[i]); n != 1 {
			t.Fatalf("%q is %d times in the configuration", pairs[i], n)
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

func TestPeopleRotasAndAlarmsAsTheFileSays(t *testing.T) {
	got, problems := parse(staffed(t), env(), config.Options{})
	if diff := cmp.Diff([]string{}, problems); diff != "" {
		t.Fatal(diff)
	}
	london := zone(t, "Europe/London")
	day := []policy.Span{{From: 9 * 60, To: 18 * 60}}
	for _, row := range []struct{ got, want any }{
		{got.Settings.People, []policy.Person{
			{ID: "ada", Name: "Ada Moreau", Phone: "+15550100001", SMS: "+15550100001", Email: "ada@example.com", Slack: "U01ADA", User: "ada"},
			{ID: "ben", Name: "Ben Okafor", Phone: "+15550100002", SMS: "+15550100002"},
			{ID: "cleo", Name: "Cleo Lind", Phone: "sip:cleo@example.com", SMS: "+15550100003"},
		}},
		{got.Settings.Rotas, map[string][]policy.PersonID{"primary": {"ada", "ben", "cleo"}, "night": {"ada", "ben", "cleo"}}},
		{got.Settings.Teams["critical"].Steps, []policy.RingStep{
			{To: []policy.Target{"rota:primary"}, For: 20 * time.Second},
			{To: []policy.Target{"rota:night", "cleo", "+15550100009"}, For: 25 * time.Second},
		}},
		{got.Rotas, []oncall.Rota{
			{Name: "primary", Zone: london, Layers: []oncall.Layer{
				{Days: 7, Starts: oncall.WallTime{Date: policy.Date{Year: 2026, Month: 11, Day: 30}, Minute: 540}, People: []policy.PersonID{"ada", "ben", "cleo"}},
				{
					Days: 1, Starts: oncall.WallTime{Date: policy.Date{Year: 2026, Month: 12, Day: 5}, Minute: 540}, People: []policy.PersonID{"ben", "cleo"},
					Hours: []oncall.WeekHours{{Day: time.Saturday, Spans: day}, {Day: time.Sunday, Spans: day}},
				},
			}},
			{Name: "night", Zone: london, Feed: "https://calendar.example.com/night.ics?key=hush"},
		}},
		{got.Alarms, alarm.Rules{
			{
				On: []policy.NoticeKind{policy.NoticeCriticalMissed, policy.NoticeStoreTrouble}, To: []alarm.Receiver{{Channel: "webhook"}, {Channel: "sms", Target: "rota:primary"}},
				Then: []alarm.Step{
					{After: 3 * time.Minute, To: []alarm.Receiver{{Channel: "call", Target: "rota:primary"}}},
					{After: 6 * time.Minute, To: []alarm.Receiver{{Channel: "call", Target: "rota:night"}, {Channel: "call", Target: "+15550100004"}}},
				},
			},
			{
				On: []policy.NoticeKind{policy.NoticeMissed, policy.NoticeVoicemail, policy.NoticeBackup}, To: []alarm.Receiver{{Channel: "ops"}, {Channel: "email", Target: "ada"}},
				Quiet: &alarm.Quiet{From: 22 * time.Hour, To: 7 * time.Hour, Zone: london},
			},
		}},
		{got.FollowUps, followup.Clock{Default: 4 * time.Hour, ByIntent: map[policy.Intent]time.Duration{policy.Critical: 10 * time.Minute}}},
		{[]any{got.Twilio.SMSFrom, got.Twilio.Countries}, []any{"+15550100099", []string{"US", "GB"}}},
	} {
		if diff := cmp.Diff(row.want, row.got, cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}
