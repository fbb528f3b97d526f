package policy

import (
	"slices"
	"strings"
	"time"
)

// withheldWords are the words that the provider, a carrier or a telephone system sends in place of a number that the caller withholds.
var withheldWords = []string{"", "anonymous", "blocked", "private", "restricted", "unavailable", "unknown", "withheld"}

func withheldWord(s string) bool {
	return slices.Contains(withheldWords, strings.ToLower(strings.TrimSpace(s)))
}

// withheldNumbers are the withheldWords that the provider spells on a telephone's keys, as if they were numbers: ANONYMOUS, RESTRICTED,
// UNAVAILABLE, BLOCKED and UNKNOWN. Nobody has such a number: each is too short for the country that it seems to be of.
var withheldNumbers = []string{"266696687", "7378742833", "86282452253", "2562533", "8656696"}

// Withheld reports whether the address stands for a number that the caller withholds, in any of the ways in which that is said.
func (p Phone) Withheld() bool {
	user, host := p.user()
	digits, _ := withoutPrefix(undecorated(user))
	return withheldWord(user) || slices.Contains(withheldNumbers, digits) || strings.EqualFold(host, "anonymous.invalid") // RFC 3323
}

// Caller returns what all spellings of one caller's address have in common: the E.164 number where the address is one in another spelling
// ("442079460018", "tel:+44-20-7946-0018", "sip:+442079460018@example.com;user=phone"), "" where the number is withheld, and else the address
// as it came. Known numbers are looked up and wrong customer numbers counted by it. It proves nothing: no carrier vouches for a number in
// another spelling (see IsNumber).
func (p Phone) Caller() string {
	scheme, _, named := p.scheme()
	switch {
	case p.Withheld():
		return ""
	case p.IsNumber(), named && strings.EqualFold(scheme, "client"): // a client's name is a name, whatever it looks like
		return string(p)
	}
	user, _ := p.user()
	if number := international(undecorated(user)); number != "" {
		return number
	}
	return string(p)
}

// Number returns the E.164 number of an address in any spelling, and "" for any other address.
func (p Phone) Number() Phone {
	if p.IsNumber() {
		return p
	}
	if number := Phone(p.Caller()); number.IsNumber() {
		return number
	}
	return ""
}

// Withheld reports whether the caller withheld the number. An erased call, and one of which there are only reports, may have none for another
// reason.
func (c Call) Withheld() bool { return c.From.Withheld() && !c.Erased && (c.From != "" || c.Answered) }

// Caller returns who called as those who may see numbers read it in a list: the address as it came, and all ways of withholding a number as one.
func (c Call) Caller() string {
	if c.Withheld() {
		return "withheld"
	}
	return c.From.Full()
}

// asksWithheld reports whether a typed text asks for the callers who withhold their number. Of the words for that only those two are taken that no
// account has in its name.
func asksWithheld(typed string) bool {
	word := strings.ToLower(typed)
	return word == "withheld" || word == "anonymous" || !withheldWord(typed) && Phone(typed).Withheld()
}

// SameCaller reports whether two addresses are spellings of one, and neither is withheld.
func (p Phone) SameCaller(as Phone) bool { return p.Caller() != "" && p.Caller() == as.Caller() }

// SameParty reports whether two addresses are of one specialist, as we ring it and as the provider shows it: without the parameters of a SIP
// address.
func (p Phone) SameParty(as Phone) bool {
	return p.SameCaller(as) || strings.EqualFold(p.bare(), as.bare())
}

func (p Phone) bare() string {
	text, _, _ := strings.Cut(string(p), ";")
	return text
}

// user returns the user of an address with a scheme, without its parameters, and its host. Any other address is all user.
func (p Phone) user() (user, host string) {
	_, rest, ok := p.scheme()
	if !ok {
		return string(p), ""
	}
	user, host, _ = strings.Cut(rest, "@")
	return user[:untilAny(user, ";:?")], host[:untilAny(host, ";:?>")]
}

// undecorated returns a number without what people and telephone systems write between its digits.
func undecorated(number string) string {
	number = strings.Replace(strings.TrimSpace(number), "(0)", "", 1) // +44 (0)20 7946 0018
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(" -.()", c) {
			return -1
		}
		return c
	}, number)
}

// The digits of a number with its country. A shorter run without a plus may be an extension, or lack the country: it can't be told.
const (
	fewestDigits = 11
	mostDigits   = 15
)

// withoutPrefix returns a number without the + or 00 that marks one with its country. marked is whether it had one.
func withoutPrefix(s string) (digits string, marked bool) {
	if digits, marked = strings.CutPrefix(s, "+"); marked {
		return digits, true
	}
	return strings.CutPrefix(s, "00")
}

// international returns the E.164 number of digits that begin with their country, after +, 00 or nothing, and "" for anything else.
func international(s string) string {
	digits, marked := withoutPrefix(s)
	if number := Phone("+" + digits); !number.IsNumber() || digits[0] == '0' || len(digits) > mostDigits || !marked && len(digits) < fewestDigits {
		return ""
	}
	return "+" + digits
}

// WrongNumbers is how many customer numbers that nobody has were entered within some time, on any call (rule 12).
type WrongNumbers struct {
	ByCaller int // by one caller; those who withhold their number share one count (Phone.Caller)
	InAll    int // by all callers
	// Texted is that the caller's number is sent no other text, where the count asks for that: it was sent one, or is known to take none.
	Texted bool
}

// WrongNumberCount asks for WrongNumbers: those of Caller and of all, at Since or later. What has come to its bound in AtMost is counted no
// further, so that counting never costs more than the limit that it is for. The zero WrongNumberCount counts nothing.
type WrongNumberCount struct {
	Caller Phone
	Since  time.Time
	AtMost WrongNumbers
	// TextedSince asks whether Caller was sent a text at this time or later, or takes none; zero: that is not asked.
	TextedSince time.Time
}
