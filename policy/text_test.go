package policy_test

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

// A text that a person writes has at most 2,000 characters, however many bytes those take.
func TestTextsOfPeopleAreBounded(t *testing.T) {
	longest := strings.Repeat("ä", policy.MaxWritten)
	tests := []struct {
		name, text, want string
		ok               bool
	}{
		{"as it was written", "the site was\tdown\nsince nine", "the site was\tdown\nsince nine", true},
		{"without the blanks around it", "  down \n", "down", true},
		{"of blanks", " \t\n", "", true},
		{"as long as one can be", " " + longest + " ", longest, true},
		{"one character longer", longest + "a", "", false},
		{"of bytes that are no text", "a\xff", "", false},
		{"with a zero byte", "a\x00b", "", false},
		{"with a sign of a terminal", "a\x1b[31mb", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := policy.WrittenText("the note", test.text)
			if got != test.want || (err == nil) != test.ok {
				t.Errorf("%q, %v", got, err)
			}
			if err != nil && (!errors.Is(err, policy.ErrInput) || !strings.Contains(err.Error(), "the note")) {
				t.Errorf("the error is %q", err)
			}
		})
	}
}

// Rule 13: whoever may not see numbers reads what people said and wrote with every number masked, however it is spelt.
func TestNumbersInTextsAreMasked(t *testing.T) {
	for text, want := range map[string]string{
		"+15550100001 accepted the call":                 "+15*******01 accepted the call",
		"rings +15550100001, sip:oncall@example.com":     "rings +15*******01, sip:***@example.com",
		"rings +15550100001 +15550100002":                "rings +15*******01 +15*******02",
		`mila noted "call back on +442079460018 please"`: `mila noted "call back on +44********18 please"`,
		"Client:anna called":                             "Client:*** called",
		"+290123 called":                                 "*** called",
		"call +29 0123":                                  "call ***",
		"call 020 7946 0018 back":                        "call *********18 back",
		"(888) 307-1053":                                 "********53",
		"the desk (020 7946 0018) knows":                 "the desk (*********18) knows",
		"+1 (888) 307-1053":                              "+18*******53",
		"+44 (0)20 7946 0018":                            "+44*********18",
		"+44207946 0018":                                 "+44********18",
		"0888 000 0":                                     "******00",
		"0044 20 7946 0018 or 00442079460018":            "************18 or ************18",
		"020.7946.0018, 020/7946/0018, 020-7946-0018":    "*********18, *********18, *********18",
		"020–7946–0018":                                  "*********18",
		"020\u00a07946\u00a00018":                        "*********18",
		"\u202a020 7946 0018\u202c":                      "\u202a*********18\u202c",
		strconv.Quote("020\u00a07946\n0018"):             `"*********18"`,
		"٠٢٠ ٧٩٤٦ ٠٠١٨":                                  "*********١٨",
		"０２０７９４６００１８":                                    "*********１８",
		"two oh seven, nine four six oh oh one eight":    "********18",
		"it is oh two oh seven nine four six":            "it is *****46",
		"+15550100001, +15550100002, 20 s, 12 s":         "+15*******01, +15*******02, 20 s, 12 s",
		"20, 7946, 0018, 2079460019, 12":                 "********18, ********19, 12",
		"0207946, 0018":                                  "*********18",
		"020794600, 18":                                  "*********18",
		"020, 7946, 0018":                                "*********18",
		"zero two zero,seven nine four six,nil nil 1 8":  "*********18",
		"oh two oh seven nine double four, double-oh":    "*******00",
		"double two triple three Double four please":     "*****44 please",
		"020      7946      0018":                        "*********18",
		"Oh two oh 79 46 oh oh one eight please":         "*********18 please",
		"22.33.44.55":                                    "******55",
		"tel02079460018":                                 "tel*********18",
		"2026-11-28 020 7946 0018":                       "2026-11-28 *********18",
		"020-2026-11-28-55":                              "***********55",
		"100 0.0.0.0":                                    "*****00",
		"2.7.9.4 6001 8":                                 "*******18",
		"(020) - 7.9.4.6":                                "*****46",
		"1.20.79.46.00.18":                               "*********18",
	} {
		if got := policy.MaskedText(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// What is no number stays as it is, so that the texts can be read.
func TestOtherFiguresInTextsStay(t *testing.T) {
	for _, text := range []string{
		"",
		"talked for 27 s, limit 1200",
		"Mon 2026-11-23 10:00:01 GMT",
		"closed 2026-12-24, open on 2026-12-25 08:00-12:00 and 2026-12-26",
		"at 2026-11-23T14:00:00Z, or 2026-11-23 14:00:00.123456789",
		"since 28/11/2026 10:30, 28.11.2026 and 11/28/2026",
		"on Nov 28 2026 10:30 and November 28, 2026",
		"customer 204518",
		"customers 204518, 204519 and 204520",
		"over in 3 of 6 months, and 3 are sustained load: 2026-09, 2026-10, 2026-11",
		"leg CA00000000000000000000000000000001",
		"€1250000 or $ 1,250,000.00 or 1,250,000.00 GBP",
		"the double room on floor 7, and one double 5 in 2026",
		"Chrome 131.0.6778.86 on Windows 10.0.19045.3803",
		"supportline v0.0.0-20261128123456-0123456789ab, configuration 012345678901",
		"wrong password, from 203.0.113.70",
		"from 192.168.10.20.",
		"5 times from 192.168.10.20, 3 of them today",
		"waited 12.345678912s",
		"one of the two, or three to four of 24 rooms on floor 7",
		"SEV 1: 3 of 5 doors at 08:15, 2nd call",
		"ticket 471100",
	} {
		if got := policy.MaskedText(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// noNumber are the shapes of dates, of addresses of machines and of amounts, which a number can have by chance.
var noNumber = regexp.MustCompile(`(19|20)\d\d[-/.]\d|[-/.](19|20)\d\d|(^|,)\s*(\d{1,3}\.){3}\d{1,3}(,|$)|\d(,\d{3})+\.\d\d`)

// spelledNumbers are numbers of seven digits and more, with anything usual between the digits, in digits of any script.
var spelledNumbers = rapid.Custom(func(t *rapid.T) (spelt string) {
	digits := rapid.StringMatching(`0?[1-9][0-9]{6,14}`).Draw(t, "digits")
	signs := []string{"", "", "", " ", "-", ".", "/", ") ", " (", " - ", "+", "\u00a0", "\u2011", "–", "\u200b", "\n", "_", `\`}
	if len(digits) < 8 { // a comma may be the end of a longer one
		signs = append(signs, ", ", ",")
	}
	between := rapid.SampledFrom(signs)
	zero := rapid.SampledFrom([]rune{'0', '0', '0', '٠', '०', '０', '𝟎'}).Draw(t, "script")
	for i, d := range digits {
		if i > 0 {
			spelt += between.Draw(t, "between")
		}
		spelt += string(zero + d - '0')
	}
	return spelt
}).Filter(func(spelt string) bool { return !noNumber.MatchString(spelt) })

// Whatever stands between its digits, no number of seven digits and more shows more than its last two.
func TestNoNumberShowsMoreThanItsLastTwoDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spelt := spelledNumbers.Draw(t, "number")
		before := rapid.SampledFrom([]string{"", "call ", "(", "tel ", "00", "\""}).Draw(t, "before")
		after := rapid.SampledFrom([]string{"", " please", ")", ", thanks", ".", "\""}).Draw(t, "after")
		text := before + spelt + after
		if rapid.Bool().Draw(t, "quoted") {
			text = strconv.Quote(text)
		}
		left := regexp.MustCompile(`[\p{Nd}]`).FindAllString(policy.MaskedText(text), -1)
		if len(left) != 2 {
			t.Fatalf("%q became %q", text, policy.MaskedText(text))
		}
	})
}

func FuzzMaskedText(f *testing.F) {
	for _, text := range []string{"+15550100001 accepted", "(888) 307-1053", "2026-11-28", "sip:a@b", "\xff0207946\x000018", "((((+", "1.2.3.4.5"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := policy.MaskedText(text)
		if once != text && !strings.Contains(once, "*") && !strings.Contains(once, "withheld") {
			t.Errorf("%q became %q, and nothing is masked", text, once)
		}
	})
}

// TestShortenedBetweenLetters: an accent, a picture of several signs and a flag stay whole or go.
func TestShortenedBetweenLetters(t *testing.T) {
	for text, want := range map[string]string{
		"Ada Moreau": "Ada Moreau", "Wilhelmina Charlotte": "Wilhelmina…", "Wilhelmin Charlotte": "Wilhelmin…", "Zoe\u0301 Zoe\u0301 Zoe\u0301 Zoe\u0301": "Zoe\u0301 Zoe\u0301 Zo…", "": "",
		"👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦": "👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦…", "🇧🇬🇧🇬🇧🇬🇧🇬🇧🇬🇧🇬": "🇧🇬🇧🇬🇧🇬🇧🇬🇧🇬…", "東京都千代田区丸の内": "東京都千代…", "מיכאל אברהמוביץ": "מיכאל אברה…",
	} {
		if got := policy.Shortened(text, 11); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
