package store

import "github.com/officernd/supportline/policy"

// maxLive bounds the memory of calls in progress, in bytes of their encoding; decoded they take two to three times that.
const maxLive = 4 << 20

// liveCall is a call as it was last encoded.
type liveCall struct {
	call policy.Call
	size int // of the encoding; 0: there is no such call in the file
}

// liveCalls keeps the calls in progress decoded, for the next step of each: they are as the file has them. Only the writer uses it.
type liveCalls struct {
	calls map[policy.CallSID]liveCall
	size  int
}

// settle takes over what a batch changed, once it is in the file. After a commit that failed nobody knows what the file holds until it
// is read again, so everything goes.
func (l *liveCalls) settle(b *batch, err error) {
	if err != nil {
		l.forget()
		return
	}
	if !b.dirty {
		return
	}
	for sid, c := range b.changed {
		l.drop(sid)
		if c.call.End().IsZero() {
			l.calls[sid] = c
			l.size += c.size
		}
	}
	for sid := range l.calls {
		if l.size <= maxLive {
			return
		}
		l.drop(sid)
	}
}

func (l *liveCalls) forget() { *l = liveCalls{calls: map[policy.CallSID]liveCall{}} }

func (l *liveCalls) drop(sid policy.CallSID) {
	l.size -= l.calls[sid].size
	delete(l.calls, sid)
}
