package ivr

// recorded takes the end of a voicemail.
func (t *turn) recorded() Reply {
	left := t.in.Message != nil && t.in.Message.Seconds > 0
	if left {
		t.call = t.call.Learn(message(*t.in.Message))
		t.note("voicemail.left", "a message was left", "seconds", count(t.in.Message.Seconds))
	} else {
		t.note("voicemail.empty", "no message was left")
	}
	switch {
	case t.in.Gone:
		return t.gone()
	case left:
		return t.leave(phrase("voicemail-saved"))
	}
	return t.leave(phrase("voicemail-empty"))
}
