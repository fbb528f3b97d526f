package policy

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxWritten is how many characters a text has at most that a person writes: a note, a reason, a word about a case. A page of a book has about as many.
const MaxWritten = 2000

// WrittenText returns what a person wrote, without the blanks around it. An empty text is none, which is for the caller to refuse. The error
// matches ErrInput for a text of more than MaxWritten characters, and for one with characters that are no text; what names it ("the note").
func WrittenText(what, text string) (string, error) {
	text = strings.TrimSpace(text)
	switch n := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, notWritten):
		return "", inputError(what + " has characters that are no text: write it again")
	case n > MaxWritten:
		return "", inputError(fmt.Sprintf("%s has %d characters: write at most %d", what, n, MaxWritten))
	}
	return text, nil
}

// notWritten reports whether a character is none that people write: a control character other than those of lines.
func notWritten(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }
