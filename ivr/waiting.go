package ivr

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// tone is the ringing tone of a country: two frequencies in Hertz that sound in the intervals on, in seconds. The silence that follows is a
// Pause.
type tone struct {
	low, high float64
	on        [][2]float64
	length    float64
	pause     int // seconds of silence after it
}

// tones are keyed by the provider's name of the country. The frequencies are those of ITU-T E.180.
var tones = map[string]tone{
	"us": {low: 440, high: 480, on: [][2]float64{{0, 2}}, length: 2, pause: 2},
	"uk": {low: 400, high: 450, on: [][2]float64{{0, 0.4}, {0.6, 1}}, length: 1, pause: 2},
}

const sampleRate = 8000 // in Hertz, of a telephone

// wav returns the tone as a WAV file with one channel of 8 bit samples.
func (t tone) wav() []byte {
	samples := make([]byte, int(t.length*sampleRate))
	for i := range samples {
		at := float64(i) / sampleRate
		samples[i] = 128
		for _, on := range t.on {
			if at >= on[0] && at < on[1] {
				samples[i] += byte(int8(20 * (math.Sin(2*math.Pi*t.low*at) + math.Sin(2*math.Pi*t.high*at))))
			}
		}
	}
	var file bytes.Buffer
	for _, part := range []any{
		[]byte("RIFF"), uint32(36 + len(samples)),
		[]byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(sampleRate), uint32(sampleRate), uint16(1), uint16(8),
		[]byte("data"), uint32(len(samples)), samples,
	} {
		_ = binary.Write(&file, binary.LittleEndian, part) // into memory
	}
	return file.Bytes()
}

// fetchedQuery marks the URL to which the Ringer redirects a caller.
const fetchedQuery = "fetched=1"

// outboundRoutes registers the routes of outbound legs, and of the conferences in which caller and specialist meet.
func (h *webhooks) outboundRoutes(on func(string, func(*hook) error)) {
	on("/leg/:call/:order/screen/:turn", h.leg(stepScreen))
	on("/leg/:call/:order/answer/:turn", h.leg(stepAnswer))
	on("/leg/:call/:order/left/:turn", h.leg(stepLeft))
	on("/leg/:call/:order/ring", h.legStatus)
	on("/conference/:call/wait", h.conferenceWait)
	on("/conference/:call/recording", func(w *hook) error {
		return h.recorded(w, policy.CallSID(w.Param("call")), policy.Report{Recording: completed(w)})
	})
	on("/announce/:line", h.announce)
}

// waitRounds is how often a party that is alone in a conference is asked for patience. The other comes within seconds. If REST fails it can take
// longer, and after three minutes whoever still waits has been told twenty times to hang up.
const waitRounds = 20

// conferenceWait answers the party that is alone in a conference, until the other comes. The provider does not ask for the document again, and silence
// follows its end, so it says the same again and again.
func (h *webhooks) conferenceWait(w *hook) error {
	var verbs []twilio.Verb
	for range waitRounds {
		verbs = append(append(verbs, h.form.say(w.line, phrase("conference-wait"))...), twilio.Pause{Seconds: 5})
	}
	return h.send(w, document(verbs))
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
