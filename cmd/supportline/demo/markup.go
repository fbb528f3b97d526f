package demo

import (
	"html"
	"regexp"
)

// piece is a piece of a text as people see it.
type piece struct {
	Text string
	Link string // where it leads; "": nowhere
	Bold bool
}

var (
	// webAddress is an address in a text. What ends a sentence is no part of it.
	webAddress = regexp.MustCompile(`https?://[^\s<>|"]*[^\s<>|".,:;!?)]`)
	// slackMarkup is a link with a text, an address, or bold text, as Slack writes them.
	slackMarkup = regexp.MustCompile(`<(https?://[^\s<>|]+)(?:\|([^<>]*))?>|\*([^\s*](?:[^*\n]*[^\s*])?)\*`)
)

// plainPieces returns a text with its addresses as links, as mail programs and telephones show it.
func plainPieces(text string) (pieces []piece) {
	from := 0
	for _, at := range webAddress.FindAllStringIndex(text, -1) {
		link := text[at[0]:at[1]]
		pieces = append(pieces, piece{Text: text[from:at[0]]}, piece{Text: link, Link: link})
		from = at[1]
	}
	return append(pieces, piece{Text: text[from:]})
}

// slackPieces returns a message as Slack shows it.
func slackPieces(text string) (pieces []piece) {
	from := 0
	for _, at := range slackMarkup.FindAllStringSubmatchIndex(text, -1) {
		pieces = append(pieces, plainPieces(html.UnescapeString(text[from:at[0]]))...)
		group := func(n int) string {
			if at[2*n] < 0 {
				return ""
			}
			return html.UnescapeString(text[at[2*n]:at[2*n+1]])
		}
		link, words, bold := group(1), group(2), group(3)
		if words == "" {
			words = link
		}
		pieces = append(pieces, piece{Text: words + bold, Link: link, Bold: bold != ""})
		from = at[1]
	}
	return append(pieces, plainPieces(html.UnescapeString(text[from:]))...)
}
