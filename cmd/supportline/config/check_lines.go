package config

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

func (c *checker) lines(l list[line]) []policy.Line {
	if l.Given && len(l.Items) == 0 {
		c.add(l.At, "lines names no number, so nobody can call", "write at least one line with its number, time_zone and hours")
	}
	seen := map[string]place{}
	lines := make([]policy.Line, len(l.Items))
	for i, raw := range l.Items {
		number := raw.Number
		if before, twice := seen[number.Value]; twice && !number.silent() {
			c.wrong(number, fmt.Sprintf("%s is a line already, in line %d of the file", number.Value, before.Line), "keep one of the two")
		}
		seen[number.Value] = number.At
		lines[i] = c.line(raw)
	}
	return lines
}

func (c *checker) line(l line) policy.Line {
	checked := policy.Line{
		Number:   c.number(l.Number),
		Name:     l.Name.Value,
		Zone:     c.zone(l.Zone),
		Hours:    policy.Hours{Week: c.week(l.Hours), Special: c.special(l.Special), Closed: c.closed(l.Closed), Calendars: c.calendars(l.Holidays)},
		Language: c.language(l.Language),
	}
	if l.Hours.Given && len(l.Hours.Rows) == 0 && len(l.Special.Items) == 0 {
		c.add(l.Hours.At, "hours has no day, so the line is never open", `write hours: { mon-fri: "08:00-20:00" }`)
	}
	if strings.TrimSpace(l.Name.Value) == "" && !l.Number.silent() {
		c.wrong(l.Name, "is empty", "write what people call the line, such as United Kingdom")
	}
	if checked.Language != "" {
		checked.Voice = c.voice(l.Voice, checked.Language)
	}
	return checked
}

// abbreviations maps the abbreviations of clocks to the zones whose wall time people mean by them (rule 1).
var abbreviations = map[string]string{
	"EST": "America/New_York", "EDT": "America/New_York", "ET": "America/New_York",
	"CST": "America/Chicago", "CDT": "America/Chicago", "CT": "America/Chicago",
	"MST": "America/Denver", "MDT": "America/Denver", "MT": "America/Denver",
	"PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "PT": "America/Los_Angeles",
	"GMT": "Europe/London", "BST": "Europe/London", "UK": "Europe/London",
}

// commonZones are suggested for a similar name.
var commonZones = []string{
	"America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Toronto", "America/Vancouver", "America/Halifax",
	"Europe/London", "Europe/Dublin", "Europe/Sofia", "Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Asia/Singapore", "Australia/Sydney", "Etc/UTC",
}

func (c *checker) zone(t text) *time.Location {
	if t.silent() {
		return nil
	}
	if near, ok := abbreviations[strings.ToUpper(t.Value)]; ok {
		c.wrong(t, "is "+quoted(t.Value)+", which does not say how the clock changes over the year",
			"write "+near+", or a fixed offset such as Etc/GMT+4 or Etc/UTC")
		return nil
	}
	zone, err := time.LoadLocation(t.Value)
	if err != nil || zone == time.Local || t.Value == "" {
		near := cmp.Or(policy.Nearest(t.Value, commonZones, 3), "a name of the IANA list, such as America/New_York or Europe/London")
		c.wrong(t, "is "+quoted(t.Value)+", which is not a time zone", "write "+near)
		return nil
	}
	return zone
}

// week returns the hours of each day, by time.Weekday.
func (c *checker) week(hours table[text]) [7][]policy.Span {
	var week [7][]policy.Span
	named := map[time.Weekday]string{}
	for _, r := range hours.Rows {
		days, _ := parsed(c, r.Key, policy.ParseDays)
		for _, day := range days {
			if before, twice := named[day]; twice {
				c.wrong(r.Key, fmt.Sprintf("names %s in %s and in %s", day, quoted(before), quoted(r.Key.Value)),
					`write each day once; several spans of a day go into one text: "08:00-12:00, 13:00-20:00"`)
				break
			}
			named[day] = r.Key.Value
		}
		spans, _ := parsed(c, r.Value, policy.ParseSpans)
		for _, day := range days {
			week[day] = slices.Clone(spans)
		}
	}
	return week
}

// date reads a date, and reports one that the list has already: one of the two would be silently ignored.
func (c *checker) date(t text, seen map[policy.Date]bool) (policy.Date, bool) {
	date, ok := parsed(c, t, policy.ParseDate)
	if ok && seen[date] {
		c.wrong(t, t.Value+" is in this list twice", "keep one of the two")
	}
	seen[date] = ok
	return date, ok
}

func (c *checker) special(l list[special]) []policy.SpecialHours {
	seen := map[policy.Date]bool{}
	var dates []policy.SpecialHours
	for _, s := range l.Items {
		date, ok := c.date(s.Date, seen)
		spans, _ := parsed(c, s.Hours, policy.ParseSpans)
		if ok {
			dates = append(dates, policy.SpecialHours{Date: date, Spans: spans})
		}
	}
	return dates
}

func (c *checker) closed(l list[closure]) []policy.Closure {
	seen := map[policy.Date]bool{}
	var dates []policy.Closure
	for _, s := range l.Items {
		if date, ok := c.date(s.Date, seen); ok {
			dates = append(dates, policy.Closure{Date: date, Reason: s.Reason.Value})
		}
	}
	return dates
}

func (c *checker) calendars(l list[text]) []policy.Calendar {
	return distinct(c, l, func(t text) (policy.Calendar, string, bool) {
		calendar, ok := parsed(c, t, policy.ParseCalendar)
		return calendar, t.Value, ok
	})
}

func (c *checker) language(t text) string {
	if strings.EqualFold(t.Value, "en-UK") {
		c.wrong(t, "is "+quoted(t.Value)+", which is not the code of British English", "write en-GB")
		return ""
	}
	return c.oneOf(t, languages()...)
}

// voice checks a voice against the provider's list, because one that does not speak the language makes the whole sentence fail.
func (c *checker) voice(t text, language string) string {
	known := voices[language]
	if t.silent() || slices.Contains(known, t.Value) || googleVoice(t.Value, language) {
		return t.Value
	}
	var typo string
	if !slices.Contains(slices.Concat(slices.Collect(maps.Values(voices))...), t.Value) {
		typo = policy.Nearest(t.Value, known, 2)
	}
	instead := cmp.Or(typo, strings.Join(known, ", ")+" or one of Google."+language+"-...")
	c.wrong(t, fmt.Sprintf("is %s, which is not a voice for %s", quoted(t.Value), language), "write "+instead)
	return ""
}

// words returns the sentences with the company's own, where the file names some, and their text, which is part of the version. Problems in them
// are reported under the name of their own file.
func (c *checker) words(t text, company string) (ivr.Words, []byte) {
	shipped, _ := ivr.ParseWords(company, "", nil)
	name := c.named(t, "file")
	if name == "" {
		return shipped, nil
	}
	own, err := ReadFile(name)
	if err != nil {
		c.wrong(t, fmt.Sprintf("names the file %s, which cannot be read: %v", name, err), "write the name of a file of words, relative to the folder of this file")
		return shipped, nil
	}
	words, problems := ivr.ParseWords(company, name, own)
	for _, p := range problems {
		at := place{File: p.File, Line: p.Line, Column: p.Column}
		if p.Note {
			c.note(at, p.What, p.Instead)
		} else {
			c.add(at, p.What, p.Instead)
		}
	}
	return words, own
}

// voices holds the voices that the provider's Say verb accepts, for each language that has words.
var voices = map[string][]string{
	"en-US": slices.Concat(
		polly("", "Joanna", "Matthew", "Ivy", "Joey", "Justin", "Kendra", "Kevin", "Kimberly", "Salli"),
		polly("-Neural", "Joanna", "Matthew", "Danielle", "Gregory", "Ruth", "Stephen", "Ivy", "Joey", "Justin", "Kendra", "Kevin", "Kimberly", "Salli"),
		polly("-Generative", "Joanna", "Matthew", "Danielle", "Ruth", "Stephen"),
	),
	"en-GB": slices.Concat(
		polly("", "Amy", "Brian", "Emma"),
		polly("-Neural", "Amy", "Brian", "Emma", "Arthur"),
		polly("-Generative", "Amy"),
	),
}

func polly(engine string, names ...string) []string {
	voices := make([]string, len(names))
	for i, n := range names {
		voices[i] = "Polly." + n + engine
	}
	return voices
}

// Google's voices are many and change. The form of their names shows the language.
var googleName = regexp.MustCompile(`^(Chirp3-HD|Neural2|Wavenet|Standard)-[A-Za-z]+$`)

func googleVoice(voice, language string) bool {
	name, ok := strings.CutPrefix(voice, "Google."+language+"-")
	return ok && googleName.MatchString(name)
}

func languages() []string { return slices.Sorted(maps.Keys(voices)) }
