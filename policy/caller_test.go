package policy_test

import (
	"testing"

	"github.com/officernd/supportline/policy"
)

// TestSpellingsOfACaller holds that one caller is known, and counted, as one however the address is spelled, and that all who withhold their
// number share one count.
func TestSpellingsOfACaller(t *testing.T) {
	for want, spellings := range map[string][]policy.Phone{
		"": { // withheld
			"", " ", "anonymous", "Anonymous", "ANONYMOUS", "blocked", "withheld", "Restricted", "Unavailable", "unknown", "private",
			"+266696687", "+7378742833", "+86282452253", "+2562533", "+8656696", "266696687", "00266696687", "tel:+266696687",
			"sip:anonymous@anonymous.invalid", "sip:Anonymous@pbx.example.com;user=phone", "sips:x1y2@anonymous.invalid:5061;transport=tls",
			"sip:+266696687@sip.example.com", "sip:@pbx.example.com", "client:Anonymous",
		},
		"+442079460018": {
			"+442079460018", "442079460018", "00442079460018", "tel:+442079460018", "tel:442079460018", "TEL:+44-20-7946-0018",
			"tel:+442079460018;phone-context=example.com", "sip:+442079460018@example.com", "sip:+442079460018@example.com;user=phone",
			"sip:442079460018@10.0.0.6:5060", "sip:+442079460018;npdi@example.com", "sips:+442079460018:secret@example.com",
			"sip:442079460018", "+44 20 7946 0018", "+44 (0)20 7946-0018", "+44.20.7946.0018",
		},
		// None of these can be told to be that number, and each is a caller of its own.
		"2079460018":                       {"2079460018"},
		"02079460018":                      {"02079460018"},
		"sip:02079460018@example.com":      {"sip:02079460018@example.com"},
		"sip:1001@pbx.example.com":         {"sip:1001@pbx.example.com"},
		"client:442079460018":              {"client:442079460018"},
		"4420794600180018":                 {"4420794600180018"},
		"sip:jo+442079460018@example.com":  {"sip:jo+442079460018@example.com"},
		"Jo Bloggs":                        {"Jo Bloggs"},
		"jo@example.com":                   {"jo@example.com"},
		"anonymously yours":                {"anonymously yours"},
		"+2666966871":                      {"+2666966871"},
		"sip:anonymous.jo@pbx.example.com": {"sip:anonymous.jo@pbx.example.com"},
	} {
		for _, p := range spellings {
			if got := p.Caller(); got != want {
				t.Errorf("%q is the caller %q, want %q", p.Full(), got, want)
			}
			if p.Withheld() != (want == "") {
				t.Errorf("%q: withheld is %t", p.Full(), p.Withheld())
			}
			number := policy.Phone(want)
			if !number.IsNumber() {
				number = ""
			}
			if got := p.Number(); got != number && want != "" {
				t.Errorf("%q is the number %q, want %q", p.Full(), got.Full(), number.Full())
			}
		}
	}
}

// FuzzCaller holds that whatever the provider sends has one key, which is the key of itself, and that no printed address shows more of a number
// than its ends.
func FuzzCaller(f *testing.F) {
	for _, seed := range []string{"", "+442079460018", "tel:+44-20-7946-0018;x", "sip:0044@h", "client:a", "+266696687", "+44 (0)20 7946 0018", "sip:a:b@c;d?e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := policy.Phone(text)
		key := policy.Phone(p.Caller())
		if key.Caller() != key.Full() {
			t.Errorf("%q has the key %q, whose key is %q", text, key.Full(), key.Caller())
		}
		if p.Withheld() != (key == "") {
			t.Errorf("%q: withheld is %t, and the key %q", text, p.Withheld(), key.Full())
		}
		if key != "" && key != p && !key.IsNumber() {
			t.Errorf("%q has the key %q, which is neither itself nor a number", text, key.Full())
		}
		if len(key) > 8 && key.IsNumber() && policy.Phone(p.String()).Caller() == key.Full() {
			t.Errorf("%q is printed as %q", text, p.String())
		}
	})
}
