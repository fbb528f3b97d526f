package store

import "github.com/officernd/supportline/policy"

// maxRecent bounds the memory of the calls that are kept decoded, in bytes of their encoding; decoded they take two to three times that.
const maxRecent = 2 << 20

// recentCall is a call, the numbers of the steps of its story, and the encoding of its record.
type recentCall struct {
	call  policy.Call
	steps []uint64
	value []byte // nil: there is no such call
	story int    // bytes of the story's encoding
	live  bool   // in the search's index
}

// recentCalls keeps the calls that were changed last decoded, for the next step of each. What is not in the file yet is here for sure. A
// call that is over stays too, since the reports of its end are still to come. Only the goroutine that applies uses it.
type recentCalls struct {
	calls map[policy.CallSID]*recentCall
	size  int
}

// keep takes in how a call stands now.
func (l *recentCalls) keep(c recentCall) {
	kept, known := l.calls[c.call.SID]
	if !known {
		kept = new(recentCall)
		l.calls[c.call.SID] = kept
	}
	l.size += c.bytes() - kept.bytes()
	*kept = c
}

func (c *recentCall) bytes() int { return len(c.value) + c.story }

// shrink forgets calls beyond the bound, in no order: which ones go matters little. Those that are not in the file yet stay.
func (l *recentCalls) shrink(waiting map[policy.CallSID]bool) {
	for sid := range l.calls {
		if l.size <= maxRecent {
			return
		}
		if !waiting[sid] {
			l.drop(sid)
		}
	}
}

func (l *recentCalls) forget() { *l = recentCalls{calls: map[policy.CallSID]*recentCall{}} }

func (l *recentCalls) drop(sid policy.CallSID) {
	l.size -= l.calls[sid].bytes()
	delete(l.calls, sid)
}
