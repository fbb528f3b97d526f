package twilio

import (
	"errors"
	"fmt"
	"net/http"
)

// Meaning is what an error code of the provider means for a call or a text message that was to be placed.
type Meaning struct {
	Words string // what is wrong, and what helps: a part of a sentence
	// Number is whether it lies with the number that was called or texted: others can be reached.
	Number bool
	// ForGood is whether another attempt fails as well, as long as nobody changes something.
	ForGood bool
}

// Meanings of the provider's error codes, from its pages about them.
var meanings = map[int]Meaning{
	// The number that is called or texted.
	21211: {"the number is not valid: correct it in the configuration", true, true},
	21214: {"the number can't be reached: correct it in the configuration", true, true},
	21217: {"the number is not valid: correct it in the configuration", true, true},
	21610: {"the person has answered STOP to our texts: have them text START to the sender's number", true, true},
	21612: {"the number can't be texted from this sender: try another sms_from, or another number for texts (sms)", true, true},
	21614: {"the number is no mobile number, so texts don't reach it: give the person another number for texts (sms)", true, true},
	30003: {"the phone is off, or out of reach", true, false},
	30004: {"the phone refuses our texts", true, true},
	30005: {"the number is unknown to its carrier: correct it in the configuration", true, true},
	30006: {"the number is a landline, or of a carrier that takes no texts: give the person another number for texts (sms)", true, true},

	// Our own account and sender.
	20003: {"the provider refuses our credentials: check them with \"supportline doctor\"", false, true},
	20005: {"the account at the provider is not active", false, true},
	21210: {"the number that we call from is not in our account", false, true},
	21212: {"the number that we call from is not valid", false, true},
	21213: {"no number to call from was sent", false, true},
	21215: {"calls to the number's country are not allowed: allow them under the provider's voice geographic permissions", false, true},
	21216: {"the provider doesn't let our account call this number", true, true},
	21219: {"a trial account calls verified numbers only: upgrade it, or verify the number", false, true},
	21408: {"texts to the number's country are not allowed: allow them under the provider's messaging geographic permissions", false, true},
	21601: {"sms_from can't send texts: its number has no SMS", false, true},
	21603: {"no sender is configured: set twilio.sms_from", false, true},
	21606: {"sms_from is no number of our account that can send texts", false, true},
	21608: {"a trial account texts verified numbers only: upgrade it, or verify the number", false, true},
	21617: {"the text is longer than the provider allows", false, true},
	21659: {"sms_from is no number of our account", false, true},
	21660: {"sms_from belongs to another account", false, true},
	21703: {"the messaging service of sms_from has no sender: add a number to it", false, true},
	30002: {"the account at the provider is suspended", false, true},
	30007: {"a carrier took the text for spam and dropped it", false, true},
	30032: {"the toll-free number of sms_from is not verified yet, so it can't send texts: verify it in the provider's console", false, true},
	30034: {"the number of sms_from is not registered for texts to the USA (A2P 10DLC): register it in the provider's console", false, true},

	// The moment.
	20429: {"the provider has too many of our requests at once", false, false},
	21611: {"too many texts wait at the provider for this sender", false, false},
	30001: {"too many texts wait at the provider for this sender", false, false},
	30008: {"the provider doesn't know why", false, true},
	63038: {"our account has sent as many texts as it may in a day", false, false},
}

// MeaningOf returns what one of the provider's error codes means. A code that is not known is for good if it refuses what was asked; its words are
// its number and where to read about it.
func MeaningOf(code int) Meaning {
	if m, known := meanings[code]; known {
		return m
	}
	return Meaning{Words: fmt.Sprintf("error %d, see https://www.twilio.com/docs/errors/%d", code, code), ForGood: true}
}

// WhyNot returns what it means that a call or a text message could not be placed. Without an answer of the provider it may have been placed: maybe
// is then true.
func WhyNot(err error) (why Meaning, maybe bool) {
	refused, ok := errors.AsType[*Err](err)
	switch {
	case heldBack(err):
		return Meaning{Words: "the provider doesn't answer, so it is not asked for half a minute"}, false
	case !ok:
		return Meaning{Words: "the provider didn't answer"}, true
	case refused.Status >= http.StatusInternalServerError:
		return Meaning{Words: fmt.Sprintf("the provider failed (HTTP %d)", refused.Status)}, true
	case refused.Status == rateLimitCode:
		return meanings[20429], false
	case refused.Code == 0:
		return Meaning{Words: fmt.Sprintf("the provider refused it (HTTP %d)", refused.Status), ForGood: true}, false
	}
	return MeaningOf(refused.Code), false
}
