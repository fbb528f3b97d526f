package ivr

// recorded takes the end of a voicemail.
func (x *exchange) recorded() Reply {
	left := x.in.Message != nil && x.in.Message.Seconds > 0
	if left {
		x.call = x.call.Learn(message(*x.in.Message))
		x.note("voicemail.left", "a message was left", "seconds", count(x.in.Message.Seconds))
	} else {
		x.note("voicemail.empty", "no message was left")
	}
	switch {
	case x.in.Gone:
		return x.gone()
	case left:
		return x.leave(phrase("voicemail-saved"))
	}
	return x.leave(phrase("voicemail-empty"))
}
