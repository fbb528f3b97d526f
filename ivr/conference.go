package ivr

import (
	"strconv"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// fetchedQuery marks the URL to which the Ringer redirects a caller.
const fetchedQuery = "fetched=1"

// outboundRoutes registers the routes of outbound legs, and of the conferences in which caller and specialist meet.
func (h *webhooks) outboundRoutes(on func(string, func(*hook) error)) {
	on("/leg/:call/:order/screen/:turn", h.leg(stepScreen))
	on("/leg/:call/:order/answer/:turn", h.leg(stepAnswer))
	on("/leg/:call/:order/ring", h.legStatus)
	on("/conference/:call/wait", h.conferenceWait)
	on("/conference/:call/recording", func(w *hook) error {
		return h.recorded(w, policy.CallSID(w.Param("call")), policy.Report{Recording: completed(w)})
	})
	on("/announce/:line", h.announce)
}

// conferenceWait answers the party that is alone in a conference, until the other comes, which takes a moment.
func (h *webhooks) conferenceWait(w *hook) error {
	return h.send(w, document(h.form.say(w.line, phrase("conference-wait")), twilio.Pause{Seconds: 3}))
}

// announce answers with the announcement at the call limit, which the specialist alone hears.
func (h *webhooks) announce(w *hook) error {
	line := w.line
	for _, l := range w.settings.Lines {
		if digits(l.Number.Full()) == w.Param("line") {
			line = l
		}
	}
	minutes := strconv.Itoa(int(w.settings.FairUse.CallLimit.Minutes()))
	return h.send(w, document(h.form.say(line, phrase("limit-whisper", "minutes", minutes))))
}

// AnnounceURL returns the URL of the announcement at the call limit, for calls to a line.
func AnnounceURL(publicURL string, line policy.Phone) string {
	return trimmed(publicURL) + "/announce/" + digits(line.Full())
}
