package config_test

import (
	"os"
	"regexp"
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
	example, _, _ := strings.Cut(string(config.Example()), "# The specialists by name") // what follows is comments with much the same in them
	text := strings.NewReplacer(
		`["+15550100001"], for: 20s`, `["rota:primary"], for: 20s`, `"sip:oncall@example.com", "+15550100002"`, `"rota:night", cleo, "+15550100009"`,
		"  calls_per_second: 1  ", "  sms_from: \"+15550100099\"\n  countries: [US, GB]\n  calls_per_second: 1  ",
	).Replace(example) + noticesBlock + peopleBlocks
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
		{[]any{got.Twilio.SMSFrom, got.Settings.Countries}, []any{"+15550100099", []string{"US", "GB"}}},
	} {
		if diff := cmp.Diff(row.want, row.got, cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// anyLine matches what names another line of the file.
var anyLine = regexp.MustCompile(`line [0-9]+ of the file`)

// TestALayerIsAsItsRotaUnlessItSays: its turns and first hand-over are the rota's, which are those of a week.
func TestALayerIsAsItsRotaUnlessItSays(t *testing.T) {
	c, problems := parse(staffed(t, "    turn: 1w\n", "", `turn: 1d, starts: "2026-12-05 09:00", people: [ben, cleo]`, "people: [ben, cleo]"), env(), config.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	own, layer := c.Rotas[0].Layers[0], c.Rotas[0].Layers[1]
	if own.Days != 7 || layer.Days != 7 || layer.Starts != own.Starts {
		t.Errorf("the rota has %+v, its layer %+v", own, layer)
	}
}

// found compares what is found wrong in the staffed configuration with one change, carets where it is found. What begins with "note: " is advice.
func found(t *testing.T, rows []mistake) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			text, places := marked(staffed(t, row.change...))
			if len(places) != len(row.want) {
				t.Fatalf("%d carets for %d findings", len(places), len(row.want))
			}
			want := []string{}
			for i := range places {
				want = append(want, places[i]+row.want[i])
			}
			c, got := parse(text, env(), config.Options{})
			got = append(got, problemLines(c.Notes)...)
			for i := range got {
				got[i] = anyLine.ReplaceAllString(got[i], "line N of the file")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if strings.Contains(strings.Join(got, ""), "hush") {
				t.Error("a secret is shown")
			}
		})
	}
}

func TestSpecialistsAreChecked(t *testing.T) {
	const ben, cleo = `ben: { name: Ben Okafor, phone: "+15550100002" }`, `cleo: { name: Cleo Lind, phone: "sip:cleo@example.com", sms: "+15550100003" }`
	found(t, []mistake{
		one("no name", ben, `ben: ^{ phone: "+15550100002" }`, "the key name is missing; write name: Ada Moreau"),
		one("a name of signs", "Ben Okafor", `^"--"`, `name is "--", which cannot be said; write the person's name in letters, such as Ada Moreau`),
		one("a name with markup", "Ben Okafor", `^"<b>Ben</b>"`, `name is "<b>Ben</b>", which cannot be said; write the person's name in letters, such as Ada Moreau`),
		one("a long name", "Ben Okafor", "^"+strings.Repeat("ü", 61), "name has 61 characters; write at most 60"),
		one("a name of 60 letters that are more bytes", "Ben Okafor", strings.Repeat("ü", 60)),
		one("one name for two", "Ben Okafor", "^ada  moreau", "name of ben is that of ada too; write each person's own, or remove one of the two"),
		{
			"one name for two, in another form of Unicode",
			[]string{"ada: { name: Ada Moreau", "ada: { name: \"Zo\u00eb\"", "Ben Okafor", "^\"Zoe\u0308\""},
			[]string{"name of ben is that of ada too; write each person's own, or remove one of the two"},
		},
		one("somebody called as another is in the file", "\nrotas:", "\n  zed: { name: ^Ben }\nrotas:", "name of zed is that of ben too; write each person's own, or remove one of the two"),
		{
			"somebody in the file as another is called",
			[]string{"Ben Okafor", "Dan", "\nrotas:", "\n  ^dan: { name: Dan Berg }\nrotas:"},
			[]string{`specialists has the name "dan", by which ben is known too; write another name for one of the two`},
		},
		one("a name with another's letters in capitals", "\nrotas:", "\n  ^Ada: { name: Ada Lovelace }\nrotas:", `specialists has the name "Ada", by which ada is known too; write another name for one of the two`),
		one("a name that is the person's own in the file", "Ben Okafor", "Ben"),
		one("a key that is a number", "\nrotas:", "\n  ^\"+1555\": { name: Dan }\nrotas:",
			`specialists has the name "+1555"; write a short name that begins with a letter, of letters, digits and . _ -, such as ada`),
		one("a key like a target", "\nrotas:", "\n  ^\"rota:x\": { name: Dan }\nrotas:",
			`specialists has the name "rota:x"; write a short name that begins with a letter, of letters, digits and . _ -, such as ada`),
		one("a number in national form", `phone: "+15550100002"`, "phone: ^020 7946 0018",
			`phone is "020 7946 0018", which is not a telephone number; write + and the country code, then the rest, such as +448000668187`),
		one("an emergency number", `phone: "+15550100002"`, `phone: ^"+1911"`,
			`phone is "+1911", which is not a telephone number; write + and the country code, then the rest, such as +448000668187`),
		one("a premium number", `phone: "+15550100002"`, `phone: ^"+449098790000"`, "phone is a premium number, which costs by the minute; write an ordinary number"),
		one("a personal number", `phone: "+15550100002"`, `phone: ^"+447012345678"`, "phone is a personal number, which leads anywhere at a premium; write the number of a phone"),
		one("one of our lines", `phone: "+15550100002"`, `phone: ^"+448000668187"`,
			"phone is +448000668187, which is a line of this file and would call itself; write a specialist's own number"),
		one("one phone for two", `phone: "+15550100002"`, `phone: ^"+15550100001"`, "phone of ben is that of ada too; write each person's own, or remove one of the two"),
		one("one phone for two, over SIP", `phone: "+15550100002"`, `phone: ^"sip:15550100001@pbx.example.com"`,
			"phone of ben is that of ada too; write each person's own, or remove one of the two"),
		one("texts to a SIP address", `sms: "+15550100003"`, `sms: ^"sip:cleo@example.com"`, "sms is a SIP address, which takes no texts; write the number of a mobile phone, or remove the key"),
		one("one mailbox for two", ben, `ben: { name: Ben Okafor, phone: "+15550100002", email: ^ADA@example.com }`,
			"email of ben is that of ada too; write each person's own, or remove one of the two"),
		one("a mailbox that is none", "email: ada@example.com", "email: ^ada", `email is "ada", which is not an e-mail address; write an address alone, such as ada@example.com`),
		one("a handle in the chat", "slack: U01ADA", `slack: ^"@ada"`,
			`slack is "@ada", which is not a member's ID; write the one that Slack shows in the person's profile under Copy member ID, such as U01ABCDEF`),
		one("one sign-in for two", ben, `ben: { name: Ben Okafor, phone: "+15550100002", user: ^Ada }`,
			"user of ben is that of ada too; write each person's own, or remove one of the two"),
		one("a sign-in that nobody can have", "user: ada }", `user: ^"ada moreau" }`,
			`user is "ada moreau", which is not the name of a user; write the one that "supportline users list" shows, such as ada or ada@example.com`),
		one("an unknown key", "slack: U01ADA", "^chat: U01ADA", `the key "chat" is not known here; write name, phone, sms, email, slack or user`),
		one("no block", ben, "ben: ^+15550100002", "ben is a single value where keys and values belong; write ben: { name: ... }"),
	})
	_, got := parse(staffed(t, cleo, "cleo: { name: Cleo Lind }"), env(), config.Options{})
	want := []string{
		`supportline.yaml:78:30: to is "cleo", and cleo has no phone; add phone: to cleo`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a specialist without anything (-want +got):\n%s", diff)
	}
}

func TestWhomRingStepsName(t *testing.T) {
	const to = `["rota:night", cleo, "+15550100009"]`
	found(t, []mistake{
		one("nothing", to, `[^""]`, `to names "", who is not in specialists; write ada, ben or cleo`),
		one("a name misspelt", to, "[^cloe]", `to names "cloe", who is not in specialists; write cleo`),
		one("a name written out", to, `[^"cleo lind"]`, `to names "cleo lind", who is not in specialists; write cleo`),
		one("a capital", to, `[^Cleo]`, `to names "Cleo", who is not in specialists; write cleo`),
		one("nobody like it", to, `[^zoe]`, `to names "zoe", who is not in specialists; write ada, ben or cleo`),
		one("a rota misspelt", to, `[^"rota:nihgt"]`, `to names the rota "nihgt", which is not in rotas; write rota:night`),
		one("a rota without the word", to, `[^night]`, `to names "night", who is not in specialists; write rota:night`),
		one("a person as a rota", to, `[^"rota:cleo"]`, `to names the rota "cleo", which is not in rotas; write cleo`),
		one("somebody twice", to, `[cleo, ^cleo]`, `to names "cleo" twice in one step; keep one of the two`),
		one("somebody and their number", to, `[ben, ^"+15550100002"]`, `to names "+15550100002" twice in one step; keep one of the two`),
		one("a premium number", to, `[^"+449098790000"]`, "to is a premium number, which costs by the minute; write an ordinary number"),
	})
}

func TestRotasAreChecked(t *testing.T) {
	const night = "night: { ical: webcal://calendar.example.com/night.ics?key=hush, time_zone: Europe/London }"
	const layer = `{ hours: { "sat,sun": "09:00-18:00" }, turn: 1d, starts: "2026-12-05 09:00", people: [ben, cleo] }`
	found(t, []mistake{
		one("somebody unknown", "people: [ada, ben, cleo]", "people: [ada, ^bne, cleo]", `people names "bne", who is not in specialists; write ben`),
		one("nobody", "people: [ada, ben, cleo]", "people: ^[]", "people names nobody; write the names of specialists in the order of their turns, such as [ada, ben]"),
		one("somebody with two turns", "people: [ada, ben, cleo]", "people: [ada, ben, ada, cleo]"),
		one("another turn", "    turn: 1w", "    turn: ^2w", `turn is "2w"; write 1w or 1d`),
		one("a week in days", "    turn: 1w", "    turn: ^7d", `turn is "7d"; write 1w or 1d`),
		one("no zone: the first line's", "    time_zone: Europe/London\n    turn", "    turn"),
		one("a zone that is none", "    time_zone: Europe/London\n    turn", "    time_zone: ^BST\n    turn",
			`time_zone is "BST", which does not say how the clock changes over the year; write Europe/London, or a fixed offset such as Etc/GMT+4 or Etc/UTC`),
		one("no turn: a week", "    turn: 1w\n", ""),
		one("no first hand-over", "    time_zone: Europe/London\n    turn: 1w\n    starts: \"2026-11-30 09:00\"\n", "    ^turn: 1w\n",
			`the key starts is missing; write starts: "2026-11-30 09:00", the first hand-over`),
		one("a date alone", `starts: "2026-11-30 09:00"`, `starts: ^2026-11-30`, `starts is "2026-11-30", which is not a date and a time; write it like "2026-11-30 09:00"`),
		one("midnight as the end of a day", `starts: "2026-11-30 09:00"`, `starts: ^"2026-11-30 24:00"`, `starts is "2026-11-30 24:00", which is not a date and a time; write "2026-12-01 00:00"`),
		one("a year out of reach", `starts: "2026-11-30 09:00"`, `starts: ^"9026-11-30 09:00"`, `starts is "9026-11-30 09:00", which is not a date and a time; write it like "2026-11-30 09:00"`),
		one("a day that is none", `starts: "2026-11-30 09:00"`, `starts: ^"2026-11-31 09:00"`, `starts is "2026-11-31 09:00", which is not a date and a time; write it like "2026-11-30 09:00"`),
		one("a time that the clock skips", `starts: "2026-11-30 09:00"`, `starts: ^"2026-03-29 01:30"`,
			"note: starts is 2026-03-29 01:30, which the clock of Europe/London skips: the hand-over is at 2026-03-29 02:00; write that time"),
		one("a time that the clock shows twice", `starts: "2026-11-30 09:00"`, `starts: ^"2026-10-25 01:30"`,
			"note: starts is 2026-10-25 01:30, which the clock of Europe/London shows twice: the hand-over is at the first of the two; write another time where that is not meant"),
		one("a layer without hours", layer, "^{ people: [ben] }", `the key hours is missing; write hours: { "sat,sun": "09:00-18:00" }`),
		one("a layer of no hours", layer, "{ hours: ^{}, people: [ben] }", `hours has no day, so the layer never applies; write hours: { "sat,sun": "09:00-18:00" }`),
		one("a layer of closed days alone", layer, "{ hours: ^{ sat: closed }, people: [ben] }", `hours has no day, so the layer never applies; write hours: { "sat,sun": "09:00-18:00" }`),
		one("a layer over midnight", layer, `{ hours: { sat: ^"22:00-07:00" }, people: [ben] }`,
			`sat: "22:00-07:00" crosses midnight; write 22:00-24:00, and 00:00-07:00 on the next day`),
		one("a layer of nobody", layer, `^{ hours: { sat: "09:00-18:00" } }`, "the key people is missing; write people: [ada, ben]"),
		one("a layer that is as the rota", layer, `{ hours: { sat: "09:00-18:00" }, people: [ben] }`),
		one("a rota of nothing", night, "night: ^{}", `the rota "night" has neither people nor ical; write people: [ada, ben], or ical: https://calendar.example.com/night.ics`),
		one("no layer, and nobody", night, "night: ^{ layers: [] }", `the rota "night" has neither people nor ical; write people: [ada, ben], or ical: https://calendar.example.com/night.ics`),
		one("layers in another shape", night, "night: { layers: ^none }", "layers is a single value where a list belongs; write layers: [...]"),
		one("a calendar and people", night, "night: { ical: https://calendar.example.com/night.ics, people: ^[ada] }",
			"a rota that is read from a calendar has people too; keep either ical, or people"),
		one("a calendar in clear", night, `night: { ical: ^"http://calendar.example.com/hush.ics" }`,
			"ical does not begin with https:// or webcal:// (http:// is for this machine only); write an address that does: the calendar is fetched over TLS"),
		one("a calendar on this machine", night, `night: { ical: "http://127.0.0.1:8099/night.ics" }`),
		one("a calendar nowhere", night, `night: { ical: ^hush }`,
			"ical is not the address of a calendar; write the one that the calendar gives out for other programs, such as https://calendar.example.com/night.ics"),
		one("no address", night, `night: { ical: ^"${NIGHT_CALENDAR:-}" }`,
			"ical is empty; write the address that the calendar gives out for other programs, such as https://calendar.example.com/night.ics"),
		one("a rota that is an address", night, "night: ^https://calendar.example.com/night.ics", "night is a single value where keys and values belong; write night: { people: ... }"),
		one("a calendar in quotes of its own", night, `night: { ical: ^"'https://hush.example.com'" }`,
			"ical has quotation marks around it; write it without them: env files keep quotation marks as part of the value"),
		one("a rota in capitals beside one in small letters", "\nalarms:", "\n  ^Primary: { people: [ada], starts: \"2026-11-30 09:00\" }\nalarms:",
			`rotas has the names "primary" and "Primary", which are one to people; write another name for one of the two`),
		one("a rota that is a specialist too", "\nalarms:", "\n  ^Ada: { people: [ada], starts: \"2026-11-30 09:00\" }\nalarms:",
			"note: Ada is a rota, and ada is a specialist: rota:Ada means the rota, and ada alone the specialist; write another name for one of the two"),
		one("a name with a blank", "\nalarms:", "\n  ^\"late night\": { people: [ada], starts: \"2026-11-30 09:00\" }\nalarms:",
			`rotas has the name "late night"; write a short name that begins with a letter, of letters, digits and . _ -, such as primary`),
	})
}

func TestAlarmsAreChecked(t *testing.T) {
	const to, on = `to: [ops, "email:ada"]`, "on: [missed, voicemail, backup-old]"
	found(t, []mistake{
		one("an event misspelt", on, "on: [^mised]", `on names "mised", which is not an event; write missed`),
		one("no event like it", on, "on: [^everything]", `on names "everything", which is not an event; write critical-ringing, critical-missed, missed, voicemail, `+
			`call-limit, tickets, case, store-trouble, provider-trouble, rota-gap, feed-failed or backup-old`),
		one("no event", on, "on: ^[]", "on names no event; write at least one: on: [critical-missed]"),
		one("an event of an earlier rule", on, "on: [missed, ^store-trouble]",
			"on names store-trouble, which line N of the file does already: an event goes to the first rule that names it; keep one of the two"),
		one("an event twice", on, "on: [missed, ^missed]", "on names missed, which line N of the file does already: an event goes to the first rule that names it; keep one of the two"),
		one("nobody", to, "to: ^[]", `to names nobody; write at least one channel, or a way and a person: to: ["sms:ada"]`),
		one("no receiver", "- on: [missed, voicemail, backup-old]\n    "+to+"\n", "- ^on: [missed]\n", `the key to is missing; write to: ["sms:ada"]`),
		one("a channel misspelt", to, "to: [^opps]", `to is "opps", which is not a channel; write ops`),
		one("no channel like it", to, "to: [^pager]", `to is "pager", which is not a channel; write ops, webhook or call:ada`),
		one("somebody twice", to, `to: [ops, ^ops]`, `to names "ops" twice; keep one of the two`),
		one("how and not whom", to, `to: [^sms]`, `to is "sms", which says how and not whom; write whom too, such as sms:ada`),
		one("whom and not how", to, `to: [^ben]`, `to is "ben", which says whom and not how; write sms:ben or call:ben`),
		one("a rota and not how", to, `to: [^"rota:primary"]`, `to is "rota:primary", which says whom and not how; write sms:rota:primary or call:rota:primary`),
		one("a person misspelt", to, `to: [^"sms:bne"]`, `to names "bne", who is not in specialists; write sms:ben`),
		one("a rota misspelt", to, `to: [^"call:rota:primry"]`, `to names the rota "primry", which is not in rotas; write call:rota:primary`),
		one("a number that is none", to, `to: [^"sms:+1555"]`,
			`to is "+1555", which is not a telephone number; write + and the country code, then the rest, such as +448000668187`),
		one("a premium number", to, `to: [^"call:+449098790000"]`, "to is a premium number, which costs by the minute; write an ordinary number"),
		one("one of our lines", to, `to: [^"call:+448000668187"]`, "to is +448000668187, which is a line of this file and would call itself; write a specialist's own number"),
		one("a text over SIP", to, `to: [^"sms:sip:cleo@example.com"]`,
			`to is "sms:sip:cleo@example.com", and a SIP address takes no texts; write the number of a mobile phone, or call:sip:cleo@example.com`),
		one("a call over SIP", to, `to: ["call:sip:cleo@example.com"]`),
		one("a letter to a number", to, `to: [^"email:+15550100002"]`, `to is "email:+15550100002", and a number has no mailbox; write a person, such as email:ada`),
		one("somebody without e-mail", to, `to: [^"email:ben"]`, `to is "email:ben", and ben has no e-mail address; add email: to ben`),
		one("somebody of a rota without e-mail", to, `to: [^"email:rota:primary"]`,
			`note: to is "email:rota:primary", and ben has no e-mail address, cleo has no e-mail address: in such a turn the next step follows at once; add email: to ben, cleo`),
		{
			"nobody of a rota with e-mail",
			[]string{"email: ada@example.com, ", "", to, `to: [^"email:rota:primary"]`},
			[]string{`to is "email:rota:primary", and ada has no e-mail address, ben has no e-mail address, cleo has no e-mail address; add email: to ada, ben, cleo`},
		},
		{
			"a text to somebody with a SIP phone",
			[]string{`phone: "sip:cleo@example.com", sms: "+15550100003"`, `phone: "sip:cleo@example.com"`, `"sms:rota:primary"`, `^"sms:rota:primary"`},
			[]string{`note: to is "sms:rota:primary", and cleo has a SIP phone, which takes no texts: in such a turn the next step follows at once; add sms: to cleo`},
		},
		{
			"a call to somebody without a phone",
			[]string{`phone: "sip:cleo@example.com", sms: "+15550100003"`, `sms: "+15550100003"`, `"rota:night", cleo,`, `"rota:night",`, to, `to: [^"call:cleo"]`},
			[]string{`to is "call:cleo", and cleo has no phone; add phone: to cleo`},
		},
		one("nothing", to, `to: [^"sms:"]`, `to names "", who is not in specialists; write sms:ada, sms:ben or sms:cleo`),
		one("a chat that there is not", to, `to: [^"slack:ada"]`,
			`to is "slack:ada", and there is no channel for Slack; add channels: { ops-slack: { slack: "#support-line", token: ... } }`),
		{
			"a direct message",
			[]string{to, `to: ["slack:ada", ^"slack:ben", ^"slack:+15550100002"]`, "\nalarms:", "\nchannels: { ops-slack: { slack: \"#support-line\", token: xoxb-0123456789-abcdef } }\nalarms:"},
			[]string{
				`to is "slack:ben", and ben has no member ID in Slack; add slack: to ben`,
				`to is "slack:+15550100002", and a number has no chat; write a person, such as slack:ada`,
			},
		},
		one("a step without its time", `{ after: 3m, to: ["call:rota:primary"] }`, `^{ to: ["call:rota:primary"] }`, "the key after is missing; write after: 3m"),
		one("a step without anybody", `{ after: 3m, to: ["call:rota:primary"] }`, `^{ after: 3m }`, `the key to is missing; write to: ["call:ada"]`),
		one("a step at once", `{ after: 3m,`, `{ after: ^59s,`, `after is "59s"; write a time from 1m to 24h`),
		one("a step after two days", `{ after: 3m,`, `{ after: ^48h,`, `after is "48h"; write a time from 1m to 24h`),
		one("a critical call that is told once", "- on: [critical-missed, store-trouble]\n", "- ^on: [critical-missed]\n    to: [webhook]\n  - on: [store-trouble]\n",
			`note: critical-missed is told once, and nobody is woken again; add then: [{ after: 3m, to: ["call:ada"] }]`),
		one("a critical call that is told once, of nobody", "- on: [critical-missed, store-trouble]\n", "- ^on: [critical-missed]\n    to: [webhook]\n    then: []\n  - on: [store-trouble]\n",
			`note: critical-missed is told once, and nobody is woken again; add then: [{ after: 3m, to: ["call:ada"] }]`),
		one("quiet hours of critical calls", on+"\n    "+to+"\n    quiet: {", "on: [missed, critical-ringing]\n    "+to+"\n    quiet: ^{",
			"note: quiet hours hold up nothing that is critical: people are told of critical calls all the same; give the other events a rule of their own, with quiet"),
		one("quiet hours in words", `"22:00-07:00"`, "^night", `hours is "night", which is not a time from and to; write it like "22:00-07:00"`),
		one("quiet hours to midnight", `"22:00-07:00"`, `"22:00-24:00"`),
		one("quiet hours of a whole day", `"22:00-07:00"`, `^"00:00-24:00"`, `hours is "00:00-24:00", which is all day or never; write two different times, or remove quiet`),
		one("quiet hours of nothing", `"22:00-07:00"`, `^"22:00-22:00"`, `hours is "22:00-22:00", which is all day or never; write two different times, or remove quiet`),
		one("quiet hours without a zone: the first line's", `quiet: { hours: "22:00-07:00", time_zone: Europe/London }`, `quiet: { hours: "22:00-07:00" }`),
		one("quiet without hours", `quiet: { hours: "22:00-07:00", time_zone: Europe/London }`, `quiet: ^{ time_zone: Europe/London }`, `the key hours is missing; write hours: "22:00-07:00"`),
	})
}

func TestTwilioTextsAndCountriesAreChecked(t *testing.T) {
	const sender, countries = `sms_from: "+15550100099"`, "countries: [US, GB]"
	found(t, []mistake{
		one("a messaging service", sender, "sms_from: MG00112233445566778899aabbccddeeff"),
		one("half a messaging service", sender, "sms_from: ^MG0011",
			`sms_from is "MG0011", which is neither a number nor a messaging service; write a number of the account, such as +15550100099, or MG and 32 hexadecimal digits`),
		one("a number that is none", sender, `sms_from: ^"+1555"`,
			`sms_from is "+1555", which is not a telephone number; write + and the country code, then the rest, such as +448000668187`),
		{
			"no sender, and texts",
			[]string{sender, "# ", `"sms:rota:primary"`, `^"sms:rota:primary"`},
			[]string{`to is "sms:rota:primary", and twilio has no sms_from, so no text can be sent; add sms_from: "+15550100099" to twilio, a number of the account that sends texts`},
		},
		{
			"a landline, and texts",
			[]string{`phone: "+15550100002"`, `phone: "+442079460018"`, `"sms:rota:primary"`, `^"sms:rota:primary"`},
			[]string{`note: to is "sms:rota:primary", and the number of ben is a landline, which takes no texts; add sms: with the number of a mobile phone to ben`},
		},
		{
			"no mail server, and letters",
			[]string{
				"  ops: [ops@example.com, lead@example.com]\n", "", `  smtp: { server: "smtp.example.com:587", user: supportline, password: hush-hush, tls: starttls }`, "",
				`to: [ops, "email:ada"]`, `to: [^ops, ^"email:ada"]`,
			},
			[]string{`to is "ops", which is not a channel; write webhook or call:ada`, `to is "email:ada", and there is no mail server; add notices: { smtp: ... }`},
		},
		one("the United Kingdom", countries, "countries: [US, ^UK]", `countries is "UK", which is not the code of a country; write GB`),
		one("small letters", countries, "countries: [^us, GB]", `countries is "us", which is not how the code of a country is written; write US`),
		one("a country's name", countries, "countries: [^Germany]", `countries is "Germany", which is not the code of a country; write the two letters of ISO 3166, such as US or GB`),
		one("a country twice", countries, "countries: [US, ^US]", "countries names US twice; keep one of the two"),
		one("no country", countries, "countries: ^[]", "countries names none, so that nobody can be called back, or sent a text; write countries: [US, CA, GB]"),
	})
}

func TestCountriesAreThoseOfTheLinesUnlessTheFileSays(t *testing.T) {
	for number, want := range map[string][]string{
		"+18883071053": {"US", "CA", "GB"}, "+14165550123": {"CA", "GB"}, "+353800123456": {"IE", "GB"}, "+15550100777": {"US", "GB"},
	} {
		got, problems := parse(changed(t, `number: "+18883071053"`, `number: "`+number+`"`), env(), config.Options{})
		if diff := cmp.Diff(want, got.Settings.Countries); diff != "" || len(problems) > 0 {
			t.Errorf("%s: %v (-want +got):\n%s", number, problems, diff)
		}
	}
}

func TestFollowUpClocksAreChecked(t *testing.T) {
	const clocks = "followups: { critical: 10m, default: 4h }"
	found(t, []mistake{
		one("one for all", clocks, "followups: { default: 30m }"),
		one("no default", clocks, "followups: ^{ critical: 10m }", "followups does not say by when most callers are called back; add default: 8h"),
		one("no unit", clocks, "followups: { default: ^4 }", `default is "4"; write a time from 1m to 168h`),
		one("another reason", clocks, "followups: { ^critcal: 10m, default: 4h }", `followups has the key "critcal"; write critical`),
		one("one time", clocks, "followups: ^4h", "followups is a single value where keys and values belong; write followups: { key: value }"),
	})
}

// TestWhenNobodyIsOnCall: what turns leave open is noted, and so is a step that may find nobody.
func TestWhenNobodyIsOnCall(t *testing.T) {
	const own, layers = "\n    turn: 1w\n    starts: \"2026-11-30 09:00\"\n    people: [ada, ben, cleo]\n", `      - { hours: { "sat,sun": "09:00-18:00" }, turn: 1d, starts: "2026-12-05 09:00", people: [ben, cleo] }`
	const office = `      - { hours: { mon-fri: "09:00-17:00" }, turn: 1d, starts: "2026-11-30 00:00", people: [ben, cleo] }`
	const step = `["rota:primary"], for: 20s`
	found(t, []mistake{
		{
			"layers alone",
			[]string{own, "\n", layers, office, "  primary:", "  ^primary:", step, `^["rota:primary"], for: 20s`},
			[]string{
				"note: to names rota:primary alone, and there may be nobody on call: the next step follows at once then; name somebody who is always there as well, or see to it that the last step does",
				"note: nobody is on call in the rota primary from Monday 17:00 to Tuesday 09:00, and 4 times more in each week; give the rota people, or a layer for these hours, if somebody has to be",
			},
		},
		{
			"all the week but for a night",
			[]string{
				own, "\n", layers, `      - { hours: { mon-sat: "00:00-24:00", sun: "00:00-22:00" }, starts: "2026-11-30 00:00", people: [ben] }`, "  primary:", "  ^primary:",
				step, `["rota:primary", ben], for: 20s`,
			},
			[]string{"note: nobody is on call in the rota primary from Sunday 22:00 to Monday 00:00; give the rota people, or a layer for these hours, if somebody has to be"},
		},
		one("a calendar alone", step, `^["rota:night"], for: 20s`,
			"note: to names rota:night alone, and there may be nobody on call: the next step follows at once then; name somebody who is always there as well, or see to it that the last step does"),
		one("two layers over the same hours", layers, layers+"\n"+`      - { hours: ^{ sat: "08:00-10:00, 12:00-13:00" }, people: [ada] }`,
			"note: hours cover Saturday 09:00-10:00, as the layer in line N of the file does: the later one wins; write hours apart from each other, unless that is meant"),
		one("layers beside each other", layers, layers+"\n"+`      - { hours: { sat: "08:00-09:00", mon: "09:00-18:00" }, people: [ada] }`),
	})
}

// TestWhoseTurnNowChanges is noted at the rota, where the rotas in force before are known.
func TestWhoseTurnNowChanges(t *testing.T) {
	in, problems := parse(staffed(t), env(), config.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) // ada's week
	for people, want := range map[string]string{
		"[ada, ben, cleo]": "", "[ada, cleo, ben]": "", "[cleo, ada, ben]": "in the rota primary it is now Cleo Lind's turn, until 2026-12-07 09:00; before its people or turns were changed it was Ada Moreau's",
	} {
		text, _ := marked(staffed(t, "    people: [ada, ben, cleo]", "    people: "+people))
		c, problems := config.Parse(name, []byte(text), env(), config.Options{Now: now, Before: oncall.TurnsOf(in.Rotas)})
		noted := strings.Join(problemLines(c.Notes), "\n")
		if len(problems) > 0 || (noted != "") != (want != "") || !strings.Contains(noted, want) {
			t.Errorf("%s: %v, noted %q", people, problems, noted)
		}
	}
}

// TestOverridesOfOneWhoLeftAreNoted at their rota, with how to take them back; those that are over are not.
func TestOverridesOfOneWhoLeftAreNoted(t *testing.T) {
	text, places := marked(staffed(t, "\n  primary:", "\n  ^primary:"))
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	override := func(number int, who policy.PersonID, hours int) oncall.Override {
		return oncall.Override{Number: number, Person: who, From: now.Add(-time.Hour), Until: now.Add(time.Duration(hours) * time.Hour)}
	}
	c, problems := config.Parse(name, []byte(text), env(), config.Options{Now: now, Overrides: []oncall.Revision{
		{Rota: "primary", Overrides: []oncall.Override{override(2, "zoe", 0), override(3, "ben", 9), override(5, "zoe", 9)}}, {Rota: "late", Overrides: []oncall.Override{override(1, "zoe", 9)}},
	}})
	want := []string{places[0] + "note: override 5 of the rota primary names zoe, who is not in specialists: nobody is on call by it, from 2026-12-01 11:00 to 2026-12-01 21:00; " +
		`take it back by "supportline oncall undo primary 5", or put somebody else there by another override`}
	if diff := cmp.Diff(want, problemLines(c.Notes)); diff != "" || len(problems) > 0 {
		t.Errorf("%v, noted (-want +got):\n%s", problems, diff)
	}
}

// TestARotaThatHasNotBegun is noted where the time is known, as it is to the commands.
func TestARotaThatHasNotBegun(t *testing.T) {
	first := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	for now, want := range map[time.Time]string{
		first.Add(-time.Second): "nobody is on call in the rota primary before its first hand-over, on 2026-11-30 09:00", first: "", {}: "",
	} {
		c, problems := config.Parse(name, []byte(staffed(t)), env(), config.Options{Now: now})
		noted := strings.Join(problemLines(c.Notes), "\n")
		if len(problems) > 0 || (noted != "") != (want != "") || !strings.Contains(noted, want) {
			t.Errorf("at %s: %v, noted %q", now, problems, noted)
		}
	}
}

// The commented blocks at the end of the example, without their comment signs, are right together, with and without an environment.
func TestPeopleOfTheExample(t *testing.T) {
	_, end, found := strings.Cut(string(config.Example()), "# The specialists by name")
	blocks, inTwilio, both := strings.Cut("# The"+end, "# What texts and call-backs need")
	if !found || !both {
		t.Fatal("the example ends with something else")
	}
	_, inTwilio, _ = strings.Cut(inTwilio, "\n")
	var text strings.Builder
	for _, l := range strings.Split(blocks, "\n") {
		if settings := strings.TrimPrefix(l, "# "); !sentence.MatchString(settings) {
			text.WriteString(settings + "\n")
		}
	}
	all := changed(t, "  calls_per_second: 1 ", strings.ReplaceAll(inTwilio, "#   ", "  ")+"  calls_per_second: 1 ",
		`["+15550100001"], for: 20s`, `["rota:primary", ben], for: 20s`) + told()[len(config.Example()):] + text.String()
	environment := env("NIGHT_CALENDAR", "https://calendar.example.com/night.ics", "SLACK_TOKEN", "xoxb-0123456789-abcdef", "PAGERDUTY_KEY", "0123456789abcdef0123456789abcdef",
		"PAGERDUTY_WEBHOOK_SECRET", "0123456789abcdef", "HOOK_SECRET", "0123456789abcdef")
	c, problems := parse(all, environment, config.Options{})
	if diff := cmp.Diff([]string{}, problems); diff != "" {
		t.Fatal(diff)
	}
	if len(c.Settings.People) != 2 || len(c.Rotas) != 2 || len(c.Alarms) != 2 || len(c.Notices.Named) != 4 || c.Twilio.SMSFrom == "" || len(c.Notes) > 0 {
		t.Errorf("%d people, %d rotas, %d rules, %d channels, noted %v", len(c.Settings.People), len(c.Rotas), len(c.Alarms), len(c.Notices.Named), c.Notes)
	}
	if diff := cmp.Diff(followup.UsualClock(), c.FollowUps); diff != "" {
		t.Errorf("the usual times are others (-want +got):\n%s", diff)
	}
	if _, problems := parse(all, nothing, config.Options{Offline: true}); len(problems) > 0 {
		t.Errorf("offline: %q", problems)
	}
}

// sentence matches a line of the example that explains something.
var sentence = regexp.MustCompile(`^([A-Z]|voicemail, |as notices says)`)

// TestEveryKeyIsDocumented in the example or in the manual.
func TestEveryKeyIsDocumented(t *testing.T) {
	manual, err := os.ReadFile("../../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	keys := config.FileKeys()
	if len(keys) < 100 {
		t.Errorf("only %d keys were found", len(keys))
	}
	for _, key := range keys {
		if !regexp.MustCompile(`\b`+key+`:`).Match(config.Example()) && !regexp.MustCompile("[`.]"+key+"[`.:]").Match(manual) {
			t.Errorf("%s is neither in the example nor in docs/configuration.md", key)
		}
	}
}
