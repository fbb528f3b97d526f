package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

func TestParseDays(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []time.Weekday
		err  string // a part of it
	}{
		"one day":                      {text: "mon", want: []time.Weekday{1}},
		"range":                        {text: "mon-fri", want: []time.Weekday{1, 2, 3, 4, 5}},
		"range over the weekend":       {text: "fri-mon", want: []time.Weekday{5, 6, 0, 1}},
		"range to sunday":              {text: "sat-sun", want: []time.Weekday{6, 0}},
		"whole week":                   {text: "mon-sun", want: []time.Weekday{1, 2, 3, 4, 5, 6, 0}},
		"list":                         {text: "mon,wed", want: []time.Weekday{1, 3}},
		"list of ranges, spaced":       {text: "mon - tue, thu-fri", want: []time.Weekday{1, 2, 4, 5}},
		"empty":                        {text: "", err: `"" is not a day: write mon, tue,`},
		"long name":                    {text: "monday", err: `"monday" is not a day: write mon,`},
		"capital":                      {text: "Mon", err: `"Mon" is not a day`},
		"trailing comma":               {text: "mon,", err: `"" is not a day`},
		"open range":                   {text: "mon-", err: `"" is not a day`},
		"two dashes":                   {text: "mon-wed-fri", err: `"wed-fri" is not a day`},
		"range of one could be a week": {text: "mon-mon", err: "write mon for the one day, mon-sun for all"},
		"day twice":                    {text: "mon,mon", err: "names mon twice"},
		"day in two ranges":            {text: "mon-wed,wed-fri", err: "names wed twice: write each day once"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := policy.ParseDays(c.text)
			checkError(t, err, c.err)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("ParseDays(%q) (-want +got):\n%s", c.text, diff)
			}
		})
	}
}

func TestParseSpans(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []policy.Span
		err  string
	}{
		"one":                  {text: "08:00-20:00", want: []policy.Span{{480, 1200}}},
		"two":                  {text: "08:00-12:00, 13:00-20:00", want: []policy.Span{{480, 720}, {780, 1200}}},
		"no space":             {text: "08:00-12:00,13:00-20:00", want: []policy.Span{{480, 720}, {780, 1200}}},
		"sorted":               {text: "13:00-20:00, 08:00-12:00", want: []policy.Span{{480, 720}, {780, 1200}}},
		"touching become one":  {text: "12:00-20:00, 08:00-12:00", want: []policy.Span{{480, 1200}}},
		"to midnight":          {text: "20:00-24:00", want: []policy.Span{{1200, 1440}}},
		"all day":              {text: "00:00-24:00", want: []policy.Span{{0, 1440}}},
		"last minute":          {text: "23:59-24:00", want: []policy.Span{{1439, 1440}}},
		"closed":               {text: "closed"},
		"empty is unfinished":  {text: "", err: `no hours: write HH:MM-HH:MM, several with commas ("08:00-12:00, 13:00-20:00"), or closed`},
		"blank is unfinished":  {text: "  ", err: "no hours"},
		"trailing comma":       {text: "08:00-12:00,", err: `"" is not a span of hours`},
		"word":                 {text: "open", err: `"open" is not a span of hours: write HH:MM-HH:MM`},
		"one digit":            {text: "8:00-20:00", err: `"8:00" is not a time of day: write HH:MM from 00:00 to 24:00, for example 08:00`},
		"twelve-hour clock":    {text: "08:00-8pm", err: `"8pm" is not a time of day`},
		"no such minute":       {text: "08:60-20:00", err: `"08:60" is not a time of day`},
		"no such hour":         {text: "08:00-25:00", err: `"25:00" is not a time of day`},
		"past midnight":        {text: "08:00-24:01", err: `"24:01" is not a time of day`},
		"begins at its end":    {text: "24:00-24:00", err: "can only end a span: write 00:00 on the next day"},
		"empty span":           {text: "08:00-08:00", err: `"08:00-08:00" is empty: write 00:00-24:00 for the whole day, or closed`},
		"to 00:00":             {text: "08:00-00:00", err: "write 08:00-24:00"},
		"crosses midnight":     {text: "20:00-08:00", err: `crosses midnight: write 20:00-24:00, and 00:00-08:00 on the next day`},
		"overlap":              {text: "13:00-20:00, 08:00-13:30", err: "08:00-13:30 and 13:00-20:00 overlap: write 08:00-20:00"},
		"one inside the other": {text: "08:00-20:00, 09:00-10:00", err: "overlap: write 08:00-20:00"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := policy.ParseSpans(c.text)
			checkError(t, err, c.err)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("ParseSpans(%q) (-want +got):\n%s", c.text, diff)
			}
		})
	}
}

func TestParseDate(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want policy.Date
		err  string
	}{
		"day":              {text: "2026-12-24", want: policy.Date{Year: 2026, Month: 12, Day: 24}},
		"leap day":         {text: "2028-02-29", want: policy.Date{Year: 2028, Month: 2, Day: 29}},
		"no such leap day": {text: "2026-02-29", err: `"2026-02-29" is not a date: write YYYY-MM-DD, for example 2026-12-24`},
		"British order":    {text: "24-12-2026", err: "is not a date"},
		"one digit":        {text: "2026-1-2", err: "is not a date"},
		"with a time":      {text: "2026-12-24T00:00:00Z", err: "is not a date"},
		"empty":            {text: "", err: `"" is not a date`},
		"the first year":   {text: "1900-01-01", want: policy.Date{Year: 1900, Month: 1, Day: 1}},
		"the last year":    {text: "2999-12-31", want: policy.Date{Year: 2999, Month: 12, Day: 31}},
		"too early":        {text: "1899-12-31", err: "the year 1899 is out of reach: write a time of the years 1900 to 2999"},
		"too late":         {text: "3000-01-01", err: "the year 3000 is out of reach"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := policy.ParseDate(c.text)
			checkError(t, err, c.err)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("ParseDate(%q) (-want +got):\n%s", c.text, diff)
			}
		})
	}
}

// checkError wants an error that holds the text, or none where the text is empty.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("unexpected error: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("error %v, want one with %q", err, want)
	}
}
