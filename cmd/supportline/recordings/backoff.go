package recordings

import "time"

// pauses are the times between the tries of one step; the last one comes again and again. The first are short, since the provider makes the
// sound some seconds after it told us of the recording.
var pauses = []time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// What the provider does not have so long after it was recorded, it hardly ever gets: it is asked for seldom, in case somebody brings it back.
const (
	hopeless = 3 * 24 * time.Hour
	seldom   = 24 * time.Hour
)

// again says how long to wait after so many failed tries. random is in [0, 1): it spreads the pause by a tenth to both sides, so that what
// failed together does not come back together.
func again(failed int, random float64) time.Duration {
	pause := pauses[min(max(failed, 1), len(pauses))-1]
	return spread(pause, random)
}

func spread(pause time.Duration, random float64) time.Duration {
	return pause + time.Duration((random*2-1)*float64(pause)/10)
}
