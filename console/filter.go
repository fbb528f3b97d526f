package console

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// callFilter is what the address of the calls page selects, as it was written: the address is the filter. Days are in the person's zone.
type callFilter struct {
	Since, Until, Line, Customer, Intent, Outcome, Specialist, Ticket string
	OverLong, Waived, Training                                        string // "yes", or nothing
	TalkFrom, TalkTo                                                  string // minutes, 20 or 20:30
	Text                                                              string
	Order                                                             string // longest, or nothing: newest first
	Older, Newer                                                      string // a place in the list (policy.Mark)
}

// param is one of the filter's names in an address, and where its value is.
type param struct {
	name  string
	value *string
}

// params are all of them, of the page, of an export and of the API, in their order.
func (f *callFilter) params() []param {
	return []param{
		{"since", &f.Since},
		{"until", &f.Until},
		{"line", &f.Line},
		{"customer", &f.Customer},
		{"intent", &f.Intent},
		{"outcome", &f.Outcome},
		{"specialist", &f.Specialist},
		{"ticket", &f.Ticket},
		{"over_long", &f.OverLong},
		{"waived", &f.Waived},
		{"training", &f.Training},
		{"talk_from", &f.TalkFrom},
		{"talk_to", &f.TalkTo},
		{"text", &f.Text},
		{"order", &f.Order},
		{"older", &f.Older},
		{"newer", &f.Newer},
	}
}

func (r *request) callFilter() (f callFilter) {
	for _, p := range f.params() {
		*p.value = strings.TrimSpace(r.QueryParam(p.name))
	}
	return f
}

// values are the filter as the values of an address.
func (f callFilter) values() url.Values {
	values := url.Values{}
	for _, p := range f.params() {
		if *p.value != "" {
			values.Set(p.name, *p.value)
		}
	}
	return values
}

// query is the filter as the end of an address.
func (f callFilter) query() string {
	if values := f.values(); len(values) > 0 {
		return "?" + values.Encode()
	}
	return ""
}

// at is the filter at another place in its list.
func (f callFilter) at(older, newer policy.Mark) callFilter {
	f.Older, f.Newer = older.String(), newer.String()
	return f
}

// whole is the filter at the newest of its list.
func (f callFilter) whole() callFilter { return f.at(policy.Mark{}, policy.Mark{}) }

// Narrow says whether the filter leaves anything out.
func (f callFilter) Narrow() bool {
	f.Order = ""
	return f.whole() != callFilter{}
}

// ordered is the filter in another order.
func (f callFilter) ordered(order string) callFilter {
	f = f.whole()
	f.Order = order
	return f
}

// on is the filter on some days, or without any.
func (f callFilter) on(since, until string) callFilter {
	f = f.whole()
	f.Since, f.Until = since, until
	return f
}

// parse makes the filter of the log, and which page of it is wanted. numbers says that the person may find calls by parts of telephone numbers.
// Its error is errWrongInput with what to write instead.
func (f callFilter) parse(s policy.Settings, zone *time.Location, numbers bool) (filter policy.Filter, page policy.Page, err error) {
	read := reading{zone: zone}
	filter = policy.Filter{
		Since: read.day("since", f.Since, 0), Until: read.day("until", f.Until, 1),
		Line: policy.Phone(f.Line), Customer: policy.CustomerNumber(f.Customer), Ticket: policy.Ticket(f.Ticket),
		Intent:  oneOf(&read, "there is no reason to call", f.Intent, policy.Intents()),
		Outcome: oneOf(&read, "no call ends as", f.Outcome, append(policy.Outcomes(), policy.InProgress)),
		Waived:  read.yes("waived", f.Waived), Training: read.yes("training", f.Training),
		TalkAtLeast: read.minutes("talk_from", f.TalkFrom), TalkAtMost: read.minutes("talk_to", f.TalkTo),
		Text: f.Text, Numbers: numbers, Specialist: read.specialist(s, f.Specialist, numbers),
	}
	if read.yes("over_long", f.OverLong) {
		filter.OverLong = s.FairUse.CallLimit
	}
	oneOf(&read, "calls have no order", f.Order, []string{longestFirst})
	page = policy.Page{Length: callsOnPage, Older: read.mark(f.Older), Newer: read.mark(f.Newer)}
	return filter, page, read.wrong
}

// reading takes values of a form, and keeps the first that is none.
type reading struct {
	zone  *time.Location
	wrong error
}

func (r *reading) fail(format string, args ...any) {
	if r.wrong == nil {
		r.wrong = fmt.Errorf("%w: %s", errWrongInput, fmt.Sprintf(format, args...))
	}
}

// day is the start of a day in the zone, or of one that is some days later; zero where none is given.
func (r *reading) day(name, text string, later int) time.Time {
	at, err := day(name, text, r.zone, later)
	if err != nil && r.wrong == nil {
		r.wrong = err
	}
	return at
}

func (r *reading) yes(name, text string) bool {
	if text != "" && text != "yes" {
		r.fail("%s is %q; write yes, or leave it out", name, text)
	}
	return text == "yes"
}

// minutes are whole seconds, written as minutes or as minutes and seconds; 0 where nothing is given.
func (r *reading) minutes(name, text string) int {
	if text == "" {
		return 0
	}
	whole, rest, parted := strings.Cut(text, ":")
	m, err := strconv.ParseUint(whole, 10, 16)
	seconds := uint64(0)
	if err == nil && parted {
		seconds, err = strconv.ParseUint(rest, 10, 16)
	}
	if err != nil || seconds > 59 {
		r.fail("%s is %q; write minutes, such as 20 or 20:30", name, text)
		return 0
	}
	return int(m*60 + seconds)
}

func (r *reading) mark(text string) policy.Mark {
	m, err := policy.ParseMark(text)
	if err != nil {
		r.fail("there is no place %q in the list; begin at its first page", text)
	}
	return m
}

func oneOf[T ~string](r *reading, what, text string, all []T) T {
	if text != "" && !slices.Contains(all, T(text)) {
		r.fail("%s %q", what, text)
	}
	return T(text)
}

// specialist is who is meant by a specialist's sign, or, for those who may see numbers, by the number itself.
func (r *reading) specialist(s policy.Settings, text string, numbers bool) policy.Phone {
	if text == "" {
		return ""
	}
	for _, known := range specialists(s) {
		if known.Sign == text {
			return known.To
		}
	}
	if !numbers {
		r.fail("no specialist of the teams has the sign %q", text)
	}
	return policy.Phone(text)
}

// specialistChoice is a specialist of the teams in a choice. The sign stands for the number, which not everybody may see.
type specialistChoice struct {
	Sign string
	Team string
	To   policy.Phone
}

// specialists are those of the teams, each once, by team.
func specialists(s policy.Settings) (all []specialistChoice) {
	names := make([]string, 0, len(s.Teams))
	for name := range s.Teams {
		names = append(names, name)
	}
	slices.Sort(names)
	seen := map[policy.Phone]bool{}
	for _, name := range names {
		for _, step := range s.Teams[name].Steps {
			for _, to := range step.To {
				if sum := sha256.Sum256([]byte(to.Full())); !seen[to] {
					seen[to] = true
					all = append(all, specialistChoice{"s-" + hex.EncodeToString(sum[:5]), name, to})
				}
			}
		}
	}
	return all
}

// day is the start of a day in a zone, or of one that is some days later, or a moment in RFC 3339; zero where none is given.
func day(name, text string, zone *time.Location, later int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return at, fmt.Errorf("%w: %s is %q; write a date such as 2026-11-24", errWrongInput, name, text)
	}
	return at.AddDate(0, 0, later), nil
}

// query is names and values in turn as the end of an address, without those that are empty.
func query(pairs ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}
