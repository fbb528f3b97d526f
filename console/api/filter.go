package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/officernd/supportline/policy"
)

// ErrWrongInput is wrapped by the errors that say which value of a query, a body or a form is wrong, and what to write instead.
var ErrWrongInput = errors.New("the input is not as it must be")

// Sentence returns an error as a sentence for a person. The words of ErrWrongInput are left out.
func Sentence(err error) string {
	text := strings.TrimPrefix(err.Error(), ErrWrongInput.Error()+": ")
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}

// CallFilter is which calls a query selects, as it is written there. Days are in the person's zone.
type CallFilter struct {
	Since, Until, Line, Customer, Intent, Outcome, Specialist, Ticket string
	OverLong, Waived, Training, Unidentified                          string // "yes" or ""
	TalkFrom, TalkTo                                                  string // minutes, 20 or 20:30
	Text                                                              string
}

// Param is the name of a value in a query, and the value.
type Param struct {
	Name  string
	Value *string
}

// Params returns the values of the filter in their order.
func (f *CallFilter) Params() []Param {
	return []Param{
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
		{"unidentified", &f.Unidentified},
		{"talk_from", &f.TalkFrom},
		{"talk_to", &f.TalkTo},
		{"text", &f.Text},
	}
}

// ReadCallFilter returns the filter in a query.
func ReadCallFilter(query url.Values) (f CallFilter) {
	for _, p := range f.Params() {
		*p.Value = strings.TrimSpace(query.Get(p.Name))
	}
	return f
}

// Values returns the filter as a query, without what is empty.
func (f CallFilter) Values() url.Values {
	values := url.Values{}
	for _, p := range f.Params() {
		if *p.Value != "" {
			values.Set(p.Name, *p.Value)
		}
	}
	return values
}

// filterParams returns the names of the filter's values, and more.
func filterParams(more ...string) []string {
	for _, p := range (&CallFilter{}).Params() {
		more = append(more, p.Name)
	}
	return more
}

// Words returns the filter as the audit tells it: which conditions there were, without names and numbers of people and customers.
func (f CallFilter) Words() string {
	var words []string
	for _, p := range f.Params() {
		switch value := *p.Value; {
		case value == "":
		case p.Name == "customer": // the entry has it in a place of its own, from which an erasure removes it
			words = append(words, "one customer")
		case p.Name == "specialist":
			words = append(words, "one specialist")
		case p.Name == "text":
			words = append(words, "a text")
		case value == "yes":
			words = append(words, p.Name)
		default:
			words = append(words, p.Name+" "+value)
		}
	}
	if len(words) == 0 {
		return "all calls"
	}
	return strings.Join(words, ", ")
}

// Parse returns the log's filter. secret is the key of the specialists' signs; numbers reports whether the person may find calls by telephone numbers
// and parts of them. The error is ErrWrongInput or policy.ErrInput.
func (f CallFilter) Parse(s policy.Settings, secret []byte, zone *time.Location, numbers bool) (policy.Filter, error) {
	read := reading{zone: zone}
	for _, p := range f.Params() {
		if _, err := policy.WrittenLine(p.Name, *p.Value); err != nil && read.wrong == nil {
			read.wrong = fmt.Errorf("%w: %w", ErrWrongInput, err)
		}
	}
	filter := policy.Filter{
		Since: read.day("since", f.Since, 0), Until: read.day("until", f.Until, 1),
		Line: policy.Phone(f.Line), Customer: policy.CustomerNumber(f.Customer), Ticket: policy.Ticket(f.Ticket),
		Intent:  oneOf(&read, "there is no reason to call", f.Intent, policy.Intents()),
		Outcome: oneOf(&read, "no call ends as", f.Outcome, append(policy.Outcomes(), policy.InProgress)),
		Waived:  read.yes("waived", f.Waived), Training: read.yes("training", f.Training), Unidentified: read.yes("unidentified", f.Unidentified),
		TalkAtLeast: read.minutes("talk_from", f.TalkFrom), TalkAtMost: read.minutes("talk_to", f.TalkTo),
		Text: f.Text, Numbers: numbers,
	}
	filter.Person, filter.Specialist = read.specialist(s, Specialists(s, secret), f.Specialist, numbers)
	filter.Texts = s.TextsOf(filter.Person)
	if read.yes("over_long", f.OverLong) {
		filter.OverLong = s.FairUse.CallLimit
	}
	return filter, read.wrong
}

// reading reads values, and keeps the first error.
type reading struct {
	zone  *time.Location
	wrong error
}

func (r *reading) fail(format string, args ...any) {
	if r.wrong == nil {
		r.wrong = fmt.Errorf("%w: %s", ErrWrongInput, fmt.Sprintf(format, args...))
	}
}

// day is Day, days later.
func (r *reading) day(name, text string, later int) time.Time {
	at, err := Day(name, text, r.zone, later)
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

// minutes returns seconds that are written as minutes, or as minutes and seconds; 0 for none.
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

func oneOf[T ~string](r *reading, what, text string, all []T) T {
	if text != "" && !slices.Contains(all, T(text)) {
		r.fail("%s %q", what, text)
	}
	return T(text)
}

// specialist returns the specialist whose name, ID or sign, or whose number for a person who may see numbers, is written.
func (r *reading) specialist(s policy.Settings, all []Specialist, text string, numbers bool) (policy.PersonID, policy.Phone) {
	if known, ok := Chosen(all, text); ok {
		return known.Person, known.To
	}
	id, to, err := s.ParseSpecialist(text)
	switch {
	case to != "" && !numbers, strings.HasPrefix(text, signed):
		r.fail("no specialist of the teams has the sign %q. Choose one from the list, and keep the link that it makes", text)
	case err != nil:
		r.fail("%s", err)
	}
	return id, to
}

// Chosen returns the one of some specialists whom a text names: by ID, name or sign.
func Chosen(all []Specialist, text string) (Specialist, bool) {
	i := slices.IndexFunc(all, func(known Specialist) bool {
		return text != "" && (known.Sign == text || known.byNumber == text || strings.EqualFold(known.Name, text))
	})
	if i < 0 {
		return Specialist{}, false
	}
	return all[i], true
}

// signed begins a sign.
const signed = "s-"

// Specialist is somebody who is rung, as a filter names one. The sign of a person is the ID; for a number that is nobody's it stands for the number,
// which not everybody may see.
type Specialist struct {
	Sign   string
	Person policy.PersonID
	Name   string // "" for a number that is nobody's
	Team   string // that rings the number; "" for a person
	To     policy.Phone

	byNumber string // the sign of a person's number, which links of before have
}

// Sign returns what stands for a text of a kind where it may not be seen: a number, or an address. Without the secret nobody can tell from which text
// it was made, also not by trying all numbers.
func Sign(secret []byte, kind, text string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(kind + "\x00" + text))
	return hex.EncodeToString(mac.Sum(nil)[:10])
}

// Specialists returns the people of the configuration in its order, then the numbers of the teams that are nobody's, each once, by team. secret is the
// key of their signs.
func Specialists(s policy.Settings, secret []byte) (all []Specialist) {
	sign := func(to policy.Phone) string { return signed + Sign(secret, "specialist", to.Full()) }
	for _, p := range s.People {
		all = append(all, Specialist{Sign: string(p.ID), Person: p.ID, Name: p.Name, To: p.Phone, byNumber: sign(p.Phone)})
	}
	seen := map[policy.Phone]bool{}
	for _, name := range slices.Sorted(maps.Keys(s.Teams)) {
		for _, step := range s.Teams[name].Steps {
			for _, to := range step.Numbers() {
				if _, somebodys := s.PersonAt(to); !somebodys && !seen[to] {
					seen[to] = true
					all = append(all, Specialist{Sign: sign(to), Team: name, To: to})
				}
			}
		}
	}
	return all
}

// Day returns the start of a day in a zone, some days later, or a moment that is written in RFC 3339; zero for an empty text. The error is
// ErrWrongInput and names the value.
func Day(name, text string, zone *time.Location, later int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		if at, err = time.ParseInLocation(time.DateOnly, text, zone); err != nil {
			return at, fmt.Errorf("%w: %s is %q; write a date such as 2026-11-24", ErrWrongInput, name, text)
		}
		at = at.AddDate(0, 0, later)
	}
	if err := policy.WithinReach(at); err != nil {
		return at, fmt.Errorf("%w: %s: %w", ErrWrongInput, name, err)
	}
	return at, nil
}
