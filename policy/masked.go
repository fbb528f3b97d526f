package policy

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// address finds telephone numbers with their country, and addresses with one of the schemes, in a text.
var address = regexp.MustCompile(`\+[0-9]{6,15}|(?i:\b(?:sips?|client|tel)):[^\s,;"<>]+`)

// MaskedText is a text in which every telephone number and every address is masked as Phone masks itself, for those who may read the text
// and not the numbers in it.
func MaskedText(text string) string {
	return address.ReplaceAllStringFunc(text, func(found string) string { return Phone(found).String() })
}

// MaskedEmail is an e-mail address with all but the first letter of the name masked.
func MaskedEmail(text string) string {
	name, host, _ := strings.Cut(text, "@")
	if name == "" {
		return text
	}
	_, size := utf8.DecodeRuneInString(name)
	if host == "" {
		return name[:size] + "***"
	}
	return name[:size] + "***@" + host
}
