package doctor

import (
	"context"

	"github.com/officernd/supportline/cmd/supportline/config"
)

// probePlace returns what is wrong with the place of recordings as this process sees it; "" if nothing is, or if there is none.
func probePlace(ctx context.Context, conf config.Config) string {
	place, err := conf.Recordings.OpenBucket()
	if err == nil && place != nil {
		err = place.Probe(ctx)
	}
	return problemOf(err)
}

func problemOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// place examines where recordings are stored.
func (d *Doctor) place(state StoreState) []Finding {
	place, err := d.Conf.Recordings.OpenBucket()
	switch {
	case err != nil:
		return []Finding{wrong("recordings", "correct recordings.keep", "%v", err)}
	case place == nil:
		return []Finding{ok("recordings", "they stay at the provider: recordings.keep names no place")}
	case state.Place != "" && d.Conf.Recordings.Folder != "":
		return []Finding{wrong("recordings", "give the server's user the right to write there, and the disk some room", "%s: %s", place.Name(), state.Place)}
	case state.Place != "":
		return []Finding{wrong("recordings", "look whether the bucket is there, and whether its keys may write, read and delete in it",
			"%s: %s", place.Name(), state.Place)}
	}
	return []Finding{ok("recordings", "%s can be written, read and deleted from", place.Name())}
}
