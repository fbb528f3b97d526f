package console

import (
	"fmt"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
)

// would is what would happen to a call at a time.
type would struct {
	At             time.Time // in the line's zone
	Skipped, Twice bool      // the line's clock does not show the time, or does so twice; At is then as policy.Line.Wall says
	Opening        policy.Opening
	Prospects      []policy.Prospect
	NoAnswer       policy.Ending
}

// would answers the question in the address, a time on the line's own clock; nil where there is none. Its error is api.ErrWrongInput.
func (r *request) would(s policy.Settings, l policy.Line) (*would, error) {
	text := r.QueryParam("at")
	if text == "" {
		return nil, nil
	}
	typed, err := time.Parse(wallLayout, text)
	if err != nil {
		if typed, err = time.Parse(wallLayout+":05", text); err != nil {
			return nil, fmt.Errorf("%w: %q is no time on the line's clock; write one such as 2026-12-24T10:00", api.ErrWrongInput, text)
		}
	}
	w := &would{NoAnswer: s.NoAnswer}
	w.At, w.Skipped, w.Twice = l.Wall(typed)
	w.Opening = l.Opening(w.At)
	w.Prospects = s.Prospects(l, w.Opening.Open)
	return w, nil
}

// wall is the time in the form: the one that was asked for, else now.
func (w *would) wall(now time.Time) string {
	if w == nil {
		return now.Format(wallLayout)
	}
	return w.At.Format(wallLayout)
}

// Gets is what a caller gets, in words.
func (w would) Gets(p policy.Prospect) string {
	switch p.Ending {
	case policy.Connect:
		return "is connected"
	case policy.Voicemail:
		return "hears the hours, and can leave a voicemail"
	}
	return "hears the hours, and goodbye"
}

// Unanswered is what a caller gets whom nobody accepts.
func (w would) Unanswered() string {
	if w.NoAnswer == policy.Voicemail {
		return "can leave a voicemail"
	}
	return "hears that nobody is free, and goodbye"
}
