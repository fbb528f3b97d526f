package policy

import (
	"errors"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// ErrNoCustomer reports that the directory has no such customer.
var ErrNoCustomer = errors.New("no such customer")

// Customer is an account in the directory: who pays for support, and how they call.
type Customer struct {
	Number        CustomerNumber `json:"number"`
	Name          string         `json:"name"`
	Package       string         `json:"package"`
	Line          Phone          `json:"line"` // the home line: its zone decides the account's months (rule 4)
	AccountHolder string         `json:"account_holder,omitempty"`
	Email         string         `json:"email,omitempty"`
	Phone         Phone          `json:"phone,omitempty"`
	CallerNumbers []Phone        `json:"caller_numbers,omitempty"` // numbers that the account calls from; they never identify by themselves
	// Restricted is set by the directory: the account's open case stands at restricted (rule 9). It is no part of the profile.
	Restricted bool `json:"-"`
}

// Masked returns the customer for those who may not see telephone numbers: the e-mail address is left out too.
func (c Customer) Masked() Customer {
	mask := func(p Phone) Phone { return Phone(p.String()) }
	c.Phone, c.CallerNumbers, c.Email = mask(c.Phone), mapped(c.CallerNumbers, mask), ""
	return c
}

// Holder returns the name of the account holder, or those words where the directory has no name.
func (c Customer) Holder() string {
	if c.AccountHolder == "" {
		return "the account holder"
	}
	return c.AccountHolder
}

// Phones returns all phone numbers of the profile: the account holder's, and those that the account calls from.
func (c Customer) Phones() []Phone {
	if c.Phone == "" {
		return c.CallerNumbers
	}
	return append([]Phone{c.Phone}, c.CallerNumbers...)
}

// CustomerExport is everything that is stored of one customer.
type CustomerExport struct {
	Customer Customer
	Calls    []Call   // of the account, oldest first
	Cases    []Case   // in the order of their opening
	Notices  []Notice // about the account
}

// FirstMonth returns the first month that calls of the customer belong to, or "" if none do.
func (e CustomerExport) FirstMonth() Month {
	var first Month
	for _, c := range e.Calls {
		if c.Month != "" && (first == "" || c.Month < first) {
			first = c.Month
		}
	}
	return first
}

// IncludesPhone reports whether a package includes phone support. Case, blanks and the forms in which Unicode writes a letter make no difference.
func (s Settings) IncludesPhone(name string) bool { return s.PackageWithPhone(name) != "" }

// PackageWithPhone returns a package that includes phone support as the configuration spells it, or "" for every other one.
func (s Settings) PackageWithPhone(name string) string {
	if slices.Contains(s.Packages, name) { // as nearly every customer has it
		return name
	}
	key := packageKey(name)
	for _, p := range s.Packages {
		if packageKey(p) == key {
			return p
		}
	}
	return ""
}

// minPackagePart is how many letters a part of a package's name needs to name it: "Ulti" does, and "Pro" does not name "Professional".
const minPackagePart = 4

// MeantPackage returns the package with phone support that somebody probably meant who wrote the name of one without: "Ultimate" for "Ultimat" and
// "Ultimate plan". It is "" where none is near, and where the name is that of a package with phone support.
func (s Settings) MeantPackage(name string) string {
	key, words := packageKey(name), strings.FieldsFunc(packageWords(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	keys := make([]string, len(s.Packages))
	for i, p := range s.Packages {
		if keys[i] = packageKey(p); keys[i] == key {
			return ""
		}
	}
	for i, k := range keys {
		begins := strings.HasPrefix(key, k) || strings.HasSuffix(key, k) || strings.HasPrefix(k, key)
		if slices.Contains(words, k) || begins && min(len(key), len(k)) >= minPackagePart {
			return s.Packages[i]
		}
	}
	if i := slices.Index(keys, Nearest(key, keys, len(key)/3)); i >= 0 {
		return s.Packages[i]
	}
	return ""
}

// packageKey returns what two spellings of a package have in common: the letters, without blanks and marks that nobody sees.
func packageKey(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, packageWords(name))
}

// packageWords is packageKey with the blanks.
func packageWords(name string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, norm.NFKC.String(name)))
}
