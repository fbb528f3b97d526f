package remedy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
)

var (
	noon   = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	mobile = policy.Phone("+447400123456")
	here   = policy.Settings{
		Lines: []policy.Line{{Number: "+448000668187"}}, Countries: []string{"GB", "US", "CA"}, FairUse: policy.FairUse{CallLimit: 20 * time.Minute},
		Texts: true, Mail: true,
		Links:  policy.Links{ScreenSharing: "https://example.com/session"},
		People: []policy.Person{{ID: "ada", Name: "Ada Moreau", Phone: "+447400000001", SMS: "+447400000001"}}, WrapUp: policy.ChannelSMS,
	}
	holder = &policy.Customer{Number: "204518", Name: "Northwind", Email: "dana@example.com"}
)

func ask(page remedy.Page, by policy.Channel) remedy.Ask {
	return remedy.Ask{Page: page, By: by, Act: followup.Act{At: noon, By: "Ada Moreau"}}
}

// A page goes by text to a caller whose number may be a mobile, else by e-mail to the account holder; where neither can be, the sentence has both reasons.
func TestWhomAPageIsSentTo(t *testing.T) {
	for name, c := range map[string]struct {
		from   policy.Phone
		by     policy.Channel
		holder *policy.Customer
		to     string
		refuse string
	}{
		"a mobile":                           {from: mobile, holder: holder, to: "sms " + mobile.Full()},
		"a mobile, and mail is asked for":    {from: mobile, by: policy.ChannelEmail, holder: holder, to: "email dana@example.com"},
		"a landline":                         {from: "+442079460018", holder: holder, to: "email dana@example.com"},
		"a landline, and a text is wanted":   {from: "+442079460018", by: policy.ChannelSMS, holder: holder, refuse: "it is a landline, which takes no texts"},
		"what may be a mobile or a landline": {from: "+12127363100", holder: holder, to: "sms +12127363100"},
		"withheld":                           {from: "anonymous", by: policy.ChannelSMS, holder: holder, refuse: "it is withheld"},
		"withheld, and nobody's account":     {from: "anonymous", refuse: "it is withheld; nothing can be sent by e-mail: the call has no account"},
		"foreign":                            {from: "+18765550123", by: policy.ChannelSMS, holder: holder, refuse: "it is of the country JM"},
		"one of our own lines":               {from: "+448000668187", by: policy.ChannelSMS, refuse: "one of our own lines"},
		"no address on file":                 {from: "+442079460018", holder: &policy.Customer{Number: "204518"}, refuse: "the account 204518 has no e-mail address on file"},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := remedy.Of(ask(remedy.ScreenSharing, c.by), policy.Call{SID: "CA1", From: c.from}, c.holder, nil, here)
			switch {
			case c.refuse != "":
				if !errors.Is(err, remedy.ErrNoReceiver) || !strings.Contains(err.Error(), c.refuse) {
					t.Errorf("%+v, %v; want %q", o, err, c.refuse)
				}
			case err != nil || string(o.Channel)+" "+o.To != c.to:
				t.Errorf("%s %s, %v; want %s", o.Channel, o.To, err, c.to)
			}
		})
	}
}

// A page that the company does not have, one that was offered already, and an act of nobody are refused, each with what to do.
func TestWhatIsNotOffered(t *testing.T) {
	call := policy.Call{SID: "CA1", From: mobile}
	_, err := remedy.Of(ask(remedy.Training, ""), call, holder, nil, here)
	if !errors.Is(err, remedy.ErrNoPage) || !strings.Contains(err.Error(), "links.training") {
		t.Errorf("no page: %v", err)
	}
	sent := remedy.Offer{Call: "CA1", Page: remedy.ScreenSharing, By: "Ben Okafor", Channel: policy.ChannelSMS, SentAt: noon}
	for name, earlier := range map[string]remedy.Offer{"sent": sent, "opened": {Call: "CA1", Page: remedy.ScreenSharing, By: "Ben Okafor", OpenedAt: noon}} {
		if _, err := remedy.Of(ask(remedy.ScreenSharing, ""), call, holder, []remedy.Offer{earlier}, here); !errors.Is(err, remedy.ErrOffered) || !strings.Contains(err.Error(), "Ben Okafor offered a screen-sharing session") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, earlier := range map[string]remedy.Offer{
		"another page": {Call: "CA1", Page: remedy.Training}, "taken back": {Call: "CA1", Page: remedy.ScreenSharing, TakenBackAt: noon},
		"not delivered": {Call: "CA1", Page: remedy.ScreenSharing, FailedAt: noon}, "on another call": {Call: "CA2", Page: remedy.ScreenSharing, SentAt: noon},
	} {
		if _, err := remedy.Of(ask(remedy.ScreenSharing, ""), call, holder, []remedy.Offer{earlier}, here); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	nobody := ask(remedy.ScreenSharing, "")
	nobody.Act.By = " "
	if _, err := remedy.Of(nobody, call, holder, nil, here); !errors.Is(err, policy.ErrNoName) {
		t.Errorf("nobody: %v", err)
	}
	call.Erased = true
	if _, err := remedy.Of(ask(remedy.ScreenSharing, ""), call, holder, nil, here); !errors.Is(err, remedy.ErrNoReceiver) || !strings.Contains(err.Error(), "erased") {
		t.Errorf("erased: %v", err)
	}
}

// A number that texts did not reach is remembered for a while: the page goes by e-mail at once, until a text arrives there.
func TestANumberThatTakesNoTexts(t *testing.T) {
	text := func(days int, failed string) remedy.Offer {
		o := remedy.Offer{Call: "CA0", Page: remedy.Training, Channel: policy.ChannelSMS, To: mobile.Full(), At: noon.AddDate(0, 0, -days), SentAt: noon.AddDate(0, 0, -days), Error: failed}
		if failed != "" {
			o.FailedAt = o.At
		}
		return o
	}
	landline := policy.TextsDontReach + "the number is a landline"
	elsewhere := text(1, landline)
	elsewhere.To = "+447400999999"
	for name, c := range map[string]struct {
		earlier []remedy.Offer
		to      policy.Channel
	}{
		"nothing was sent":            {nil, policy.ChannelSMS},
		"the last did not arrive":     {[]remedy.Offer{text(9, ""), text(1, landline)}, policy.ChannelEmail},
		"the last arrived":            {[]remedy.Offer{text(9, landline), text(1, "")}, policy.ChannelSMS},
		"it failed for other reasons": {[]remedy.Offer{text(1, "the text was not delivered: the carrier is down")}, policy.ChannelSMS},
		"long ago":                    {[]remedy.Offer{text(91, landline)}, policy.ChannelSMS},
		"another number":              {[]remedy.Offer{elsewhere}, policy.ChannelSMS},
	} {
		o, err := remedy.Of(ask(remedy.ScreenSharing, ""), policy.Call{SID: "CA1", From: mobile}, holder, c.earlier, here)
		if err != nil || o.Channel != c.to {
			t.Errorf("%s: by %s, %v; want %s", name, o.Channel, err, c.to)
		}
	}
	_, err := remedy.Of(ask(remedy.ScreenSharing, policy.ChannelSMS), policy.Call{SID: "CA1", From: mobile}, holder, []remedy.Offer{text(1, landline)}, here)
	if !errors.Is(err, remedy.ErrNoReceiver) || !strings.Contains(err.Error(), "the number is a landline") {
		t.Errorf("a text is wanted all the same: %v", err)
	}
}

// An installation that sends no texts, or no letters, offers by the other, and where it sends neither says what to set up.
func TestWhatAnInstallationCannotSend(t *testing.T) {
	call := policy.Call{SID: "CA1", From: mobile, Customer: "204518"}
	s := here
	s.Texts = false
	if o, err := remedy.Of(ask(remedy.ScreenSharing, ""), call, holder, nil, s); err != nil || o.Channel != policy.ChannelEmail {
		t.Errorf("no texts: %+v, %v", o, err)
	}
	s.Mail = false
	if _, err := remedy.Of(ask(remedy.ScreenSharing, ""), call, holder, nil, s); !errors.Is(err, remedy.ErrNoReceiver) || !strings.Contains(err.Error(), "(twilio.sms_from)") || !strings.Contains(err.Error(), "(notices.smtp)") {
		t.Errorf("neither: %v", err)
	}
	s.Texts = true
	if o, err := remedy.Of(ask(remedy.ScreenSharing, ""), call, holder, nil, s); err != nil || o.Channel != policy.ChannelSMS {
		t.Errorf("no letters: %+v, %v", o, err)
	}
}

// What a letter offers, what a caller asked for and what somebody sent read differently, and end with how far it is.
func TestOfferInWords(t *testing.T) {
	o := remedy.Offer{Page: remedy.Training, Channel: policy.ChannelEmail}
	for want, o := range map[string]remedy.Offer{
		"A letter offered a training session by e-mail; on its way": o,
		"The caller asked for how to find the customer number by text; not delivered: a landline": {
			Page: remedy.CustomerNumber, Channel: policy.ChannelSMS, Via: followup.ViaPhone, FailedAt: noon, Error: "a landline",
		},
		"Ada Moreau offered a screen-sharing session by text; opened": {
			Page: remedy.ScreenSharing, Channel: policy.ChannelSMS, By: "Ada Moreau", SentAt: noon, OpenedAt: noon,
		},
	} {
		if got := o.Words(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
