package store

import "github.com/officernd/supportline/policy"

// maxRecent bounds the memory of the calls that are kept decoded, in bytes of their encoding; decoded they take two to three times that.
const maxRecent = 4 << 20

// recentCall is a call as it was last encoded.
type recentCall struct {
	call policy.Call
	size int // of the encoding; 0: there is no such call in the file
}

// recentCalls keeps the calls that were written last decoded, for the next step of each: they are as the file has them. A call that is over
// stays too, since the reports of its end are still to come. Only the writer uses it.
type recentCalls struct {
	calls map[policy.CallSID]recentCall
	size  int
}

// settle takes over what a batch changed, once it is in the file. After a commit that failed nobody knows what the file holds until it
// is read again, so everything goes.
func (l *recentCalls) settle(b *batch, err error) {
	if err != nil {
		l.forget()
		return
	}
	if !b.dirty {
		return
	}
	for sid, c := range b.changed {
		l.drop(sid)
		l.calls[sid] = c
		l.size += c.size
	}
	for sid := range l.calls { // in no order: which ones go matters little
		if l.size <= maxRecent {
			return
		}
		l.drop(sid)
	}
}

func (l *recentCalls) forget() { *l = recentCalls{calls: map[policy.CallSID]recentCall{}} }

func (l *recentCalls) drop(sid policy.CallSID) {
	l.size -= l.calls[sid].size
	delete(l.calls, sid)
}
