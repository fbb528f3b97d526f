package link_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy/link"
)

var (
	linkKey  = []byte("0123456789abcdef0123456789abcdef")
	linkTime = time.Date(2026, 11, 30, 2, 0, 0, 0, time.UTC)
)

func TestLinkIsReadAsItWasSigned(t *testing.T) {
	for _, want := range []link.Link{
		{To: link.Alarm, ID: "17", Person: "ada", Expires: linkTime.Add(7 * 24 * time.Hour)},
		{To: link.FollowUp, ID: "9", Expires: linkTime.Add(time.Second)},
	} {
		token := link.Sign(linkKey, want)
		got, err := link.Read(linkKey, token, linkTime)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v, -want +got:\n%s", err, diff)
		}
		if len(token.Full()) > 48 {
			t.Errorf("a token of %d letters takes a third of a text message", len(token.Full()))
		}
	}
}

// A letter that is lost, added or changed anywhere makes a link forged, a line's end that a mail program put into it too: in tokens of every length, since
// the last letter of some stands for fewer bits than it has.
func TestAlteredLinkIsRefused(t *testing.T) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for _, id := range []string{"7", "17", "117"} {
		token := link.Sign(linkKey, link.Link{To: link.Alarm, ID: id, Person: "ada", Expires: linkTime.Add(time.Hour)}).Full()
		altered := []string{"", token[:len(token)-1], token + ".", token + "A", token + "\n", token[:9] + "\r\n" + token[9:], strings.ToUpper(token), "%"}
		for i := range token {
			for _, letter := range letters {
				if other := token[:i] + string(letter) + token[i+1:]; other != token {
					altered = append(altered, other)
				}
			}
		}
		for _, bad := range altered {
			if l, err := link.Read(linkKey, link.Token(bad), linkTime); !errors.Is(err, link.ErrForged) {
				t.Errorf("%q was read as %+v, %v", bad, l, err)
			}
		}
		if _, err := link.Read([]byte("another"), link.Token(token), linkTime); !errors.Is(err, link.ErrForged) {
			t.Errorf("under another key: %v", err)
		}
	}
}

func TestOldLinkIsRefused(t *testing.T) {
	token := link.Sign(linkKey, link.Link{To: link.Alarm, ID: "17", Person: "ada", Expires: linkTime})
	if _, err := link.Read(linkKey, token, linkTime.Add(-time.Second)); err != nil {
		t.Error(err)
	}
	if l, err := link.Read(linkKey, token, linkTime); !errors.Is(err, link.ErrOld) || l.Person != "ada" {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestLinkIsMaskedWherePrinted(t *testing.T) {
	token := link.Sign(linkKey, link.Link{To: link.Alarm, ID: "17", Expires: linkTime})
	for _, format := range []string{"%s", "%v", "%+v", "%#v", "%q"} {
		if said := fmt.Sprintf(format, token); strings.Contains(said, token.Full()) {
			t.Errorf("%s shows the token", format)
		}
	}
}

func TestKeyOfLinksIsNotTheSecret(t *testing.T) {
	key, err := link.Key(linkKey)
	if err != nil || string(key) == string(linkKey) || len(key) != 32 {
		t.Errorf("%x, %v", key, err)
	}
}
