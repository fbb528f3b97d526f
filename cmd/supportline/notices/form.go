package notices

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/officernd/supportline/policy"
)

// Field is a key of the configuration that a channel asks for.
type Field struct {
	Key     string
	Need    string   // what to write where the key is missing; "": it may be missing
	Default string   // of a key that may be missing
	OneOf   []string // the words that its value can be; nil: any text
	List    bool     // the value is a list of texts
	Secret  bool     // the value is not shown
}

// Form holds the configuration of a channel, and what the channel's check finds wrong with it.
type Form struct {
	Notices   Value          // the whole of notices; its Fields are the shared ones
	Block     Value          // the channel's block
	Name      policy.Channel // of a named channel
	Mail      Email          // the mail server of notices, by which named channels send
	MailGiven bool           // there is one, whatever is wrong with it
	Offline   bool           // secrets may be empty
	Host      string         // of the public URL
	Public    string         // the public URL without its scheme
	Problems  []Problem
}

// Place is where a value is in the configuration; the zero Place is nowhere.
type Place struct {
	File         string
	Line, Column int
}

// Value is a value of the configuration with its default filled in: a text, a list of Items, or a block of Fields.
type Value struct {
	Place
	Key, Text string
	Given     bool // false where the file does not have it, or has it in a wrong shape, which has been reported
	Items     []Value
	Fields    map[string]Value
}

// Silent reports whether there is nothing to check: the value is missing, or what is wrong with it has been reported.
func (v Value) Silent() bool { return !v.Given && v.Text == "" }

// Absent reports whether the file does not have the value at all.
func (v Value) Absent() bool { return v.Place == Place{} }

// reported reports whether the file has the value, and something is wrong with it.
func (v Value) reported() bool { return v.Silent() && !v.Absent() }

// quoted returns the text as a problem shows it, shortened where it is long.
func (v Value) quoted() string {
	if r := []rune(v.Text); len(r) > 60 {
		return fmt.Sprintf("%q", string(r[:60])+"...")
	}
	return fmt.Sprintf("%q", v.Text)
}

// Wrong reports a problem with the text of v: its key, what is the matter with it, and what to write instead.
func (f *Form) Wrong(v Value, what, instead string) { f.Add(v.Place, v.Key+" "+what, instead) }

// Add reports a problem at a place.
func (f *Form) Add(at Place, what, instead string) {
	f.Problems = append(f.Problems, Problem{File: at.File, Line: at.Line, Column: at.Column, What: what, Instead: instead})
}

// Problem is a mistake in a channel's settings, or in a company's own templates. Line and Column count from 1.
type Problem struct {
	File         string // with its folder
	Line, Column int
	What         string
	Instead      string // what to write; may be empty
}

// printable reports whether s consists of visible ASCII characters.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func validPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n > 0 && n <= 65535
}
