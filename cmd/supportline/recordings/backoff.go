package recordings

import "time"

// pauses are the times between the attempts of one step; the last one is used from then on. The first are short, because the provider has the
// sound only some seconds after it reports the recording.
var pauses = []time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// A sound that the provider does not have hopeless after it was recorded will hardly come. It is asked for once in seldom, in case somebody
// restores it.
const (
	hopeless = 3 * 24 * time.Hour
	seldom   = 24 * time.Hour
)

// again returns how long to wait after so many failed attempts. random is in [0, 1): it spreads the pause by a tenth to both sides, so that
// what failed together does not come back together.
func again(failed int, random float64) time.Duration {
	pause := pauses[min(max(failed, 1), len(pauses))-1]
	return spread(pause, random)
}

func spread(pause time.Duration, random float64) time.Duration {
	return pause + time.Duration((random*2-1)*float64(pause)/10)
}
