package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/officernd/supportline/policy"
)

// A text that a person writes has at most 2,000 characters, however many bytes those take.
func TestTextsOfPeopleAreBounded(t *testing.T) {
	longest := strings.Repeat("ä", policy.MaxWritten)
	tests := []struct {
		name, text, want string
		ok               bool
	}{
		{"as it was written", "the site was down\nsince nine", "the site was down\nsince nine", true},
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
