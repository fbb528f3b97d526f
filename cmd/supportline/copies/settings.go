package copies

import (
	"time"

	"github.com/officernd/supportline/cmd/supportline/recordings"
)

// Settings say where the server puts backups, and how often. The zero Settings make none.
type Settings struct {
	Folder string        // a path; "": not in a folder
	S3     recordings.S3 // without Endpoint: not in a bucket
	Every  time.Duration
	At     time.Duration // after midnight, where Every is whole days; negative: at any time
	Keep   int           // how many good ones stay, MinKept at least
}

// MinKept is how many good backups stay in any case, whatever their age.
const MinKept = 3

// On reports whether the settings name a place.
func (s Settings) On() bool { return s.Folder != "" || s.S3.Endpoint != "" }

// OpenBucket returns the place that the settings name; nil where they name none.
func (s Settings) OpenBucket() (recordings.Bucket, error) {
	return recordings.Settings{Folder: s.Folder, S3: s.S3}.OpenBucket()
}

// due returns when the backup after the newest one is due, by the wall clock of a zone. Without a newest one it is the zero time: at once.
func (s Settings) due(newest time.Time, zone *time.Location) time.Time {
	switch {
	case newest.IsZero():
		return newest
	case s.At < 0:
		return newest.Add(s.Every)
	}
	after := newest.In(zone).AddDate(0, 0, int(s.Every/(24*time.Hour))-1)
	y, m, d := after.Date()
	at := time.Date(y, m, d, int(s.At/time.Hour), int(s.At%time.Hour/time.Minute), 0, 0, zone)
	if !at.After(after) {
		at = time.Date(y, m, d+1, int(s.At/time.Hour), int(s.At%time.Hour/time.Minute), 0, 0, zone)
	}
	return at
}

// late returns when people are told that there is no backup since the newest one: a quarter of the pause after it was due, and an hour at least.
func (s Settings) late(newest time.Time, zone *time.Location) time.Time {
	return s.due(newest, zone).Add(max(s.Every/4, time.Hour))
}
