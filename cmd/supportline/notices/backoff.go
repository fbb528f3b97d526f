package notices

import "time"

// pauses are the times between the tries of one notice: eleven tries in nearly three days.
var pauses = []time.Duration{
	time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour,
	12 * time.Hour, 12 * time.Hour, 12 * time.Hour, 12 * time.Hour, 12 * time.Hour,
}

// again says how long to wait after so many failed tries, and false when there have been enough. random is in [0, 1): it spreads the
// pause by a tenth to both sides, so that what failed together does not come back together.
func again(failed int, random float64) (time.Duration, bool) {
	if failed > len(pauses) {
		return 0, false
	}
	pause := pauses[max(failed, 1)-1]
	return pause + time.Duration((random*2-1)*float64(pause)/10), true
}
