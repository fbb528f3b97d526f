package ivr

import "github.com/officernd/supportline/policy"

// Heard holds what the caller or a specialist heard in answer to a webhook of a logged call.
type Heard struct {
	Specialist bool     // a specialist heard it; else the caller
	Sentences  []string // in today's words, which the company may have changed since
}

// Transcript returns the words of the reply in an exchange of a call to line. A reply that another version wrote has none.
func (w Words) Transcript(line policy.Line, e policy.Exchange) Heard {
	h := Heard{Specialist: ofLeg(e)}
	reply, _ := replyOf(e)
	for _, p := range reply.Say {
		if text := w.Speak(line, p); text != "" {
			h.Sentences = append(h.Sentences, text)
		}
	}
	switch reply.Then {
	case ThenRing, ThenWait:
		h.Sentences = append(h.Sentences, "(ringing)")
	case ThenRecord:
		h.Sentences = append(h.Sentences, "(tone)")
	}
	return h
}
