package config_test

import "testing"

func TestLines(t *testing.T) {
	const ukHours = "time_zone: Europe/London\n    hours: { mon-fri: \"08:00-19:00\" }"
	check(t, []mistake{
		one("a number with spaces", `"+448000668187"`, `^"+44 800 066 8187"`,
			`number is "+44 800 066 8187", which is not how the provider writes it; write "+448000668187"`),
		one("a number without country", `"+448000668187"`, `^"08000668187"`,
			`number is "08000668187", which is not a telephone number; write + and the country code, then the rest, such as +448000668187`),
		one("a number too short", `"+448000668187"`, `^"+4480"`,
			`number is "+4480", which is not a telephone number; write + and the country code, then the rest, such as +448000668187`),
		one("a number without quotes", `"+448000668187"`, `+448000668187`),
		one("a line twice", `"+448000668187"`, `^"+18883071053"`, "number +18883071053 is a line already, in line 34 of the file; keep one of the two"),
		one("an empty name", "name: United Kingdom", `name: ^" "`, "name is empty; write what people call the line, such as United Kingdom"),
		one("no name", "    name: United Kingdom\n", ""),
		one("what people call the clock (rule 1)", "time_zone: America/New_York", "time_zone: ^EDT",
			`time_zone is "EDT", which does not say how the clock changes over the year; write America/New_York, or a fixed offset such as Etc/GMT+4 or Etc/UTC`),
		one("a fixed offset (rule 1)", "time_zone: America/New_York", "time_zone: Etc/GMT+4"),
		one("a zone misspelt", "time_zone: Europe/London", "time_zone: ^Europe/Londn", `time_zone is "Europe/Londn", which is not a time zone; write Europe/London`),
		one("the machine's own zone", "time_zone: Europe/London", "time_zone: ^Local",
			`time_zone is "Local", which is not a time zone; write a name of the IANA list, such as America/New_York or Europe/London`),
		one("an empty zone", "time_zone: Europe/London", `time_zone: ^""`,
			`time_zone is "", which is not a time zone; write a name of the IANA list, such as America/New_York or Europe/London`),
		one("a language without words", "language: en-GB", "language: ^de-DE", `language is "de-DE"; write en-GB or en-US`),
		one("the code that is none", "language: en-GB", "language: ^en-UK", `language is "en-UK", which is not the code of British English; write en-GB`),
		one("no language", "    language: en-US                        # or en-GB\n", ""),
		one("a voice misspelt", "Polly.Joanna-Neural", "^Polly.Johanna-Neural", `voice is "Polly.Johanna-Neural", which is not a voice for en-US; write Polly.Joanna-Neural`),
		one("a voice of another language", "Polly.Amy-Neural", "^Polly.Joanna-Neural",
			`voice is "Polly.Joanna-Neural", which is not a voice for en-GB; write Polly.Amy, Polly.Brian, Polly.Emma, Polly.Amy-Neural, `+
				`Polly.Brian-Neural, Polly.Emma-Neural, Polly.Arthur-Neural, Polly.Amy-Generative or one of Google.en-GB-...`),
		one("a voice of Google's", "Polly.Amy-Neural", "Google.en-GB-Chirp3-HD-Aoede"),
		one("a line open on no day", `{ mon-fri: "08:00-19:00" }`, "^{}", `hours has no day, so the line is never open; write hours: { mon-fri: "08:00-20:00" }`),
		one("a line open on single dates only", ukHours, "time_zone: Europe/London\n    hours: {}\n    special: [{ date: 2026-12-31, hours: \"08:00-12:00\" }]"),
	})
}

func TestHours(t *testing.T) {
	const week = `{ mon-fri: "08:00-19:00" }`
	check(t, []mistake{
		one("several spans", week, `{ "mon,wed": "08:00-12:00, 13:00-20:00", sat: "10:00-24:00" }`),
		one("no such day", week, `{ ^fry: "08:00-19:00" }`,
			`hours: "fry" is not a day; write mon, tue, wed, thu, fri, sat or sun, a range (mon-fri) or a list (mon,wed)`),
		one("a day in two keys", week, `{ mon-fri: "08:00-19:00", ^wed: "08:00-12:00" }`,
			`hours names Wednesday in "mon-fri" and in "wed"; write each day once; several spans of a day go into one text: "08:00-12:00, 13:00-20:00"`),
		one("no such time", week, `{ mon-fri: ^"08:00-25:00" }`, `mon-fri: "25:00" is not a time of day; write HH:MM from 00:00 to 24:00, for example 08:00`),
		one("spans that overlap", week, `{ mon-fri: ^"08:00-12:00, 11:00-19:00" }`, "mon-fri: 08:00-12:00 and 11:00-19:00 overlap; write 08:00-19:00"),
		one("across midnight", week, `{ mon-fri: ^"20:00-04:00" }`, `mon-fri: "20:00-04:00" crosses midnight; write 20:00-24:00, and 00:00-04:00 on the next day`),
		one("day and time wrong at once", week, `{ ^monday: ^"8-19" }`,
			`hours: "monday" is not a day; write mon, tue, wed, thu, fri, sat or sun, a range (mon-fri) or a list (mon,wed)`,
			`monday: "8" is not a time of day; write HH:MM from 00:00 to 24:00, for example 08:00`),
		one("no such calendar (rule 2)", "holidays: []", "holidays: [us, ^uk]", `holidays: "uk" is not a holiday calendar; write us, ca or gb-eng`),
		one("a calendar twice", "holidays: []", "holidays: [us, ^us]", "holidays names us twice; keep one of the two"),
		one("a date that does not exist", "closed: []", "closed: [{ date: ^2026-02-30 }]", `date: "2026-02-30" is not a date; write YYYY-MM-DD, for example 2026-12-24`),
		one("a date closed twice", "closed: []", "closed: [{ date: 2026-12-24 }, { date: ^2026-12-24 }]", "date 2026-12-24 is in this list twice; keep one of the two"),
		one("special hours misspelt", "special: []", `special: [{ date: 2026-12-31, hours: ^"8am" }]`,
			`hours: "8am" is not a span of hours; write HH:MM-HH:MM, several with commas ("08:00-12:00, 13:00-20:00"), or closed`),
		one("special hours that are missing", "special: []", "special: [^{ date: 2026-12-31 }]", `the key hours is missing; write hours: "08:00-12:00"`),
		{"special hours of a closed date (rule 2)", []string{
			"closed: [] ", "closed: [{ date: 2026-12-31 }] ",
			"special: [] ", `special: [{ date: 2026-12-31, hours: "08:00-12:00" }] `,
		}, nil},
	})
}
