package notices_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

// texted returns the body of the text by which a notice with such a subject goes out.
func texted(t *testing.T, subject, account, link string) (body string) {
	t.Helper()
	sms := notices.SMS(func(_ context.Context, _ policy.Notice, sent string) error {
		body = sent
		return nil
	})
	n := policy.Notice{To: "+15550100001", Facts: map[string]string{"account": account, "take_link": link}}
	if err := sms.Send(t.Context(), n, notices.Words{Subject: subject}, start); err != nil {
		t.Fatal(err)
	}
	return body
}

// TestTextsAreBoundedAndTheirLinksWhole: the account's name is cut first, then what is said, and the link never.
func TestTextsAreBoundedAndTheirLinksWhole(t *testing.T) {
	link := "https://support.example.com/w/" + strings.Repeat("a", 100)
	for name, row := range map[string]struct {
		account string
		units   int  // at most
		whole   bool // the name is not cut
	}{
		"short":             {"Northwind", 306, true},
		"long":              {strings.Repeat("Northwind Flex Offices ", 20), 306, false},
		"a letter of Łódź":  {"Łódź Biurowiec", 201, true},
		"long, of Łódź":     {strings.Repeat("Łódź Biurowiec ", 20), 201, false},
		"without a space":   {strings.Repeat("ł", 400), 201, false},
		"signs of two":      {strings.Repeat("€", 300), 306, false},
		"letters in pairs":  {strings.Repeat("🏢", 300), 201, false},
		"no account at all": {"", 306, true},
	} {
		t.Run(name, func(t *testing.T) {
			body := texted(t, "Critical call missed: "+row.account+", waited 2:10", row.account, link)
			units := 0
			for _, r := range body {
				if units++; r > 0xFFFF || r == '€' {
					units++
				}
			}
			if units > row.units || !strings.HasSuffix(body, " "+link) || !strings.HasPrefix(body, "Critical call missed: ") || !strings.Contains(body, ", waited 2:10") {
				t.Errorf("%d units: %q", units, body)
			}
			if whole := strings.Contains(body, row.account); whole != row.whole || strings.Contains(body, "..") == row.whole || !utf8.ValidString(body) {
				t.Errorf("the name in %q", body)
			}
		})
	}
	if body := texted(t, strings.Repeat("words ", 200), "", link); !strings.HasSuffix(body, ".. "+link) || len(body) > 306 {
		t.Errorf("%d: %q", len(body), body)
	}
	if body := texted(t, "Backups are overdue", "", ""); body != "Backups are overdue" {
		t.Errorf("%q", body)
	}
}

// TestCallsAndTextsGoToWhomTheEventNames, under a key that does not show the number.
func TestCallsAndTextsGoToWhomTheEventNames(t *testing.T) {
	for _, c := range []notices.Channel{notices.Call(nil), notices.SMS(nil)} {
		if found := c.Address(policy.Notice{Key: "a"}); len(found) > 0 {
			t.Errorf("%s: %+v", c.Name(), found)
		}
		one, other := c.Address(policy.Notice{Key: "a", To: "+15550100001"}), c.Address(policy.Notice{Key: "a", To: "+15550100002"})
		if len(one) != 1 || one[0].Channel != c.Name() || one[0].Key == other[0].Key || strings.Contains(one[0].Key, "0100001") {
			t.Errorf("%s: %+v", c.Name(), one)
		}
	}
}

// TestNumbersThatTextsDontReach: the last text to a number counts, and only a failure that lies with the number.
func TestNumbersThatTextsDontReach(t *testing.T) {
	landline := policy.TextsDontReach + "the number is a landline"
	text := func(to string, sent, failed int, why string) policy.Notice {
		n := policy.Notice{Channel: policy.ChannelSMS, To: to, Error: why}
		if sent > 0 {
			n.SentAt = start.Add(time.Duration(sent) * time.Minute)
		}
		if failed > 0 {
			n.FailedAt = start.Add(time.Duration(failed) * time.Minute)
		}
		return n
	}
	mail := text("f", 0, 1, landline)
	mail.Channel = policy.ChannelEmail
	all := []policy.Notice{
		text("a", 1, 2, landline), text("b", 0, 1, landline), text("c", 0, 1, landline), text("c", 5, 0, ""), text("d", 3, 0, ""), text("d", 0, 4, landline),
		text("e", 0, 1, "the provider can't place it: sms_from is no number of our account"), mail, text("g", 0, 0, ""),
	}
	found, err := notices.Unreached(func(yield func(policy.Notice, error) bool) {
		for _, n := range all {
			if !yield(n, nil) {
				return
			}
		}
	})
	if got := slices.Sorted(maps.Keys(found)); err != nil || !slices.Equal(got, []string{"a", "b", "d"}) {
		t.Errorf("%q, %v", got, err)
	}
}
