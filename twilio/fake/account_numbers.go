package fake

import (
	"net/http"
	pathpkg "path"
	"slices"
	"strings"

	"github.com/officernd/supportline/twilio"
)

func (a *Account) listNumbers(w http.ResponseWriter, r *http.Request, _ string) {
	var found []any
	for _, n := range a.state.Numbers {
		// The filter is a part of the number, in which * stands for any digits.
		if ok, _ := pathpkg.Match("*"+r.Form.Get("PhoneNumber")+"*", n.Number); ok {
			found = append(found, a.number(n))
		}
	}
	a.page(w, r, "incoming_phone_numbers", found)
}

func (a *Account) fetchNumber(w http.ResponseWriter, _ *http.Request, sid string) {
	if n := a.numberBySID(sid); n != nil {
		reply(w, http.StatusOK, a.number(*n))
		return
	}
	Refuse(w, http.StatusNotFound, 20404, "The requested resource was not found")
}

func (a *Account) numberBySID(sid string) *twilio.OwnedNumber {
	i := slices.IndexFunc(a.state.Numbers, func(n twilio.OwnedNumber) bool { return n.SID == sid })
	if i < 0 {
		return nil
	}
	return &a.state.Numbers[i]
}

// updateNumber changes the settings that were sent. Setting an application clears the trunk, and the reverse.
func (a *Account) updateNumber(w http.ResponseWriter, r *http.Request, sid string) {
	n := a.numberBySID(sid)
	if n == nil {
		Refuse(w, http.StatusNotFound, 20404, "The requested resource was not found")
		return
	}
	for name := range r.PostForm {
		if value := r.PostForm.Get(name); strings.HasSuffix(name, "Method") && value != "GET" && value != "POST" {
			Refuse(w, http.StatusBadRequest, 21403, name+" is not valid: "+value)
			return
		}
	}
	for name, field := range map[string]*string{
		"VoiceUrl": &n.VoiceURL, "VoiceMethod": &n.VoiceMethod, "VoiceFallbackUrl": &n.FallbackURL, "VoiceFallbackMethod": &n.FallbackMethod,
		"StatusCallback": &n.StatusURL, "StatusCallbackMethod": &n.StatusMethod, "VoiceReceiveMode": &n.ReceiveMode, "FriendlyName": &n.Name,
		"VoiceApplicationSid": &n.ApplicationSID, "TrunkSid": &n.TrunkSID,
	} {
		if r.PostForm.Has(name) {
			*field = r.PostForm.Get(name)
		}
	}
	if r.PostForm.Get("VoiceApplicationSid") != "" {
		n.TrunkSID = ""
	} else if r.PostForm.Get("TrunkSid") != "" {
		n.ApplicationSID = ""
	}
	if r.PostForm.Has("SmsUrl") {
		a.state.SMSURLs[sid] = r.PostForm.Get("SmsUrl")
	}
	reply(w, http.StatusOK, a.number(*n))
}

func (a *Account) number(n twilio.OwnedNumber) map[string]any {
	return map[string]any{
		"sid": n.SID, "account_sid": a.state.SID, "phone_number": n.Number, "friendly_name": n.Name, "voice_url": n.VoiceURL, "voice_method": n.VoiceMethod,
		"voice_fallback_url": n.FallbackURL, "voice_fallback_method": n.FallbackMethod, "status_callback": n.StatusURL,
		"status_callback_method": n.StatusMethod, "voice_application_sid": orNull(n.ApplicationSID), "trunk_sid": orNull(n.TrunkSID),
		"voice_receive_mode": n.ReceiveMode, "capabilities": map[string]bool{"voice": n.Voice, "sms": n.SMS, "mms": n.SMS, "fax": n.Fax},
		"address_requirements": n.AddressNeeded, "address_sid": orNull(n.AddressSID), "bundle_sid": orNull(n.BundleSID),
		"emergency_status": n.EmergencyStatus, "emergency_address_status": n.EmergencyAddress, "status": n.Status, "origin": "twilio",
		"sms_url": a.state.SMSURLs[n.SID], "sms_method": "POST", "api_version": "2010-04-01", "beta": false,
	}
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (a *Account) country(w http.ResponseWriter, _ *http.Request, iso string) {
	reply(w, http.StatusOK, map[string]any{"iso_code": iso, "low_risk_numbers_enabled": a.state.Countries[iso]})
}
