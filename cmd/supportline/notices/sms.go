package notices

import (
	"context"
	"iter"
	"maps"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// SMS is the channel by which specialists are told by text message. The function sends a text to n.To and returns once the provider has it; an Unsent
// where it could not be. It may be asked again for a text that was sent without an answer, and does not send it twice.
type SMS func(ctx context.Context, n policy.Notice, body string) error

// Name returns the channel's name.
func (s SMS) Name() policy.Channel { return policy.ChannelSMS }

// Address returns the event for the number that it names. What names none is texted to nobody.
func (s SMS) Address(event policy.Notice) []policy.Notice { return personal(event, s.Name()) }

// Pauses returns those of channels that people look at while they work.
func (s SMS) Pauses() []time.Duration { return oneDay }

// Send has the subject of the notice sent, with the link by which its receiver takes the alarm.
func (s SMS) Send(ctx context.Context, n policy.Notice, w Words, _ time.Time) error {
	return placed(s(ctx, n, textOf(w.Subject, n.Facts["account"], n.Facts[takeLink])))
}

// The longest texts, in the units that carriers count: two parts, or three where a letter is beyond the alphabet of text messages, whose parts then
// hold 67 letters instead of 153.
const (
	maxPlain = 2 * 153
	maxWide  = 3 * 67
)

// takeLink is the fact that holds the address by which the receiver takes an alarm (alarm.TakeLink).
const takeLink = "take_link"

// leastName is how much of a name is left when it is cut.
const leastName = 8

// textOf returns a text of bounded length: what it says, and the link, which is never cut. The account's name is cut first.
func textOf(says, account, link string) string {
	says = strings.Join(strings.Fields(says), " ")
	for name := []rune(account); unitsOver(says, link) > 0 && len(name) > leastName; {
		shorter := name[:max(leastName, len(name)-unitsOver(says, link)-len(cutMark))]
		says = strings.Replace(says, marked(name, len([]rune(account))), marked(shorter, len([]rune(account))), 1)
		name = shorter
	}
	for unitsOver(says, link) > 0 && says != cutMark {
		letters := []rune(strings.TrimSuffix(says, cutMark))
		says = string(letters[:max(0, len(letters)-max(1, unitsOver(says, link)))]) + cutMark
	}
	return withLink(says, link)
}

// cutMark stands where a text was cut. The one character for it is beyond the alphabet of text messages.
const cutMark = ".."

// marked returns a name as it stands in a text, with a mark if it was cut.
func marked(name []rune, whole int) string {
	if len(name) == whole {
		return string(name)
	}
	return strings.TrimSpace(string(name)) + cutMark
}

func withLink(says, link string) string { return strings.TrimSpace(says + " " + link) }

// unitsOver returns by how many units a text is too long.
func unitsOver(says, link string) int {
	text, units, plain := withLink(says, link), 0, true
	for _, r := range text {
		plain = plain && (strings.ContainsRune(alphabet, r) || strings.ContainsRune(doubled, r))
		if units++; strings.ContainsRune(doubled, r) {
			units++
		}
	}
	if plain {
		return units - maxPlain
	}
	units = 0
	for _, r := range text {
		if units++; r > 0xFFFF { // two in UTF-16
			units++
		}
	}
	return units - maxWide
}

// alphabet is the alphabet of text messages (GSM 03.38), and doubled the signs that take two units in it.
const (
	alphabet = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	doubled  = "^{}\\[~]|€"
)

// Unreached returns the numbers that texts don't reach, each with its last notice, which says why. A text that went out since makes a number reached.
func Unreached(all iter.Seq2[policy.Notice, error]) (map[string]policy.Notice, error) {
	last := map[string]policy.Notice{}
	for n, err := range all {
		if err != nil {
			return nil, err
		}
		tried := n.Channel == policy.ChannelSMS && !(n.SentAt.IsZero() && n.FailedAt.IsZero())
		if before, ok := last[n.To]; tried && (!ok || endOf(n).After(endOf(before))) {
			last[n.To] = n
		}
	}
	maps.DeleteFunc(last, func(_ string, n policy.Notice) bool {
		return n.FailedAt.IsZero() || !strings.HasPrefix(n.Error, policy.TextsDontReach)
	})
	return last, nil
}

// endOf returns when the last attempt of a notice ended.
func endOf(n policy.Notice) time.Time {
	if !n.FailedAt.IsZero() {
		return n.FailedAt
	}
	return n.SentAt
}
