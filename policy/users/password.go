package users

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The bounds of a password. The upper one keeps the work of hashing small.
const (
	minPassword = 12 // characters
	maxPassword = 256
)

// commonPasswords are the passwords of sufficient length that are guessed first, the product's name among them.
var commonPasswords = []string{
	"123456789012", "1234567890123", "12345678901234", "123456123456", "123123123123", "111111111111", "000000000000", "012345678901",
	"qwertyuiop12", "qwertyuiop123", "qwertyuiop[]", "qwertyqwerty", "1q2w3e4r5t6y", "1qaz2wsx3edc", "qazwsxedcrfv", "zxcvbnmasdfg",
	"passwordpassword", "password1234", "password12345", "password123456", "passw0rd1234", "p@ssw0rd1234", "administrator", "administrator1",
	"welcome12345", "welcome123456", "letmein12345", "iloveyou1234", "changeme1234", "changemenow1", "supportline", "supportline1", "supportline123",
	"supportsupport", "abcdefghijkl", "abcdefghijklm", "abcd1234abcd", "abc123abc123", "trustno1trustno1", "correcthorsebatterystaple",
}

// CheckPassword returns an error if a user's new password has fewer than 12 characters or more than 256 bytes, is the name or the
// name repeated, or is one of those that are guessed first. The error is ErrPassword, and never holds the password.
func CheckPassword(name, password string) error {
	lower := strings.ToLower(password)
	user, _, _ := strings.Cut(strings.ToLower(name), "@")
	switch {
	case !utf8.ValidString(password):
		return fmt.Errorf("%w: it is no text", ErrPassword)
	case utf8.RuneCountInString(password) < minPassword:
		return fmt.Errorf("%w: it is shorter than %d characters; several words in a row are long and easy to keep", ErrPassword, minPassword)
	case len(password) > maxPassword:
		return fmt.Errorf("%w: it is longer than %d bytes", ErrPassword, maxPassword)
	case repeats(lower, strings.ToLower(name)), repeats(lower, user):
		return fmt.Errorf("%w: it is the name", ErrPassword)
	case slices.Contains(commonPasswords, lower), sameLetter(lower):
		return fmt.Errorf("%w: it is one of those that are guessed first", ErrPassword)
	}
	return nil
}

// repeats reports whether a text is a word, once or several times, with only digits and signs around it.
func repeats(text, word string) bool {
	return word != "" && strings.Contains(text, word) && strings.Trim(strings.ReplaceAll(text, word, ""), "0123456789.,-_+*!?#$%&@ ") == ""
}

func sameLetter(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return strings.Trim(text, string(first)) == ""
}
