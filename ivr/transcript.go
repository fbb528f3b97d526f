package ivr

import (
	"encoding/json"
	"strings"

	"github.com/officernd/supportline/policy"
)

// Heard is what somebody heard after a webhook of a logged call, for people who look at it afterwards.
type Heard struct {
	Specialist bool     // on a specialist's leg; else it was the caller
	Sentences  []string // as today's words have it: a company may have changed them since
}

// Transcript gives the words that a turn of a call was answered with. line is the dialled one. A reply that another version wrote has none.
func (w Words) Transcript(line policy.Line, turn policy.Exchange) Heard {
	h := Heard{Specialist: strings.HasPrefix(turn.Key, stepScreen+"/") || strings.HasPrefix(turn.Key, stepAnswer+"/")}
	var reply Reply
	if json.Unmarshal(turn.Reply, &reply) != nil {
		return h
	}
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
