package config

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/copies"
)

// The bounds of backups.every, in seconds.
const (
	oftenest = 3600
	rarest   = 31 * 24 * 3600
)

var wallTime = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])$`)

func (c *checker) backups(b backups) copies.Settings {
	if b.At == (place{}) {
		return copies.Settings{}
	}
	s := copies.Settings{Every: c.seconds(b.Every, oftenest, rarest), Keep: c.whole(b.Keep, copies.MinKept, 1000)}
	s.At = c.timeOfDay(b.Time, s.Every)
	path, folder := strings.CutPrefix(b.To.Value, "folder:")
	address, bucket := strings.CutPrefix(b.To.Value, "s3:")
	keys := bucketKeys{b.At, "backups", b.AccessKey, b.SecretKey}
	switch {
	case b.To.silent() || b.To.Value == "" && c.offline:
	case folder && path != "":
		s.Folder = c.path(path)
		c.noKeys(keys, "backups go to a folder")
	case bucket:
		s.S3 = c.bucket(b.To, address)
		c.keys(keys)
		s.S3.AccessKey, s.S3.SecretKey = b.AccessKey.Value, b.SecretKey.Value
	default:
		c.wrong(b.To, "is neither a folder nor a bucket", "write folder:data/backups, or s3:https://host/bucket")
	}
	return s
}

// timeOfDay returns a time after midnight, -1 where there is none.
func (c *checker) timeOfDay(t text, every time.Duration) time.Duration {
	if t.silent() {
		return -1
	}
	m := wallTime.FindStringSubmatch(t.Value)
	if m == nil {
		c.wrong(t, "is "+quoted(t.Value), `write a time of the day, such as "03:30"`)
		return -1
	}
	if every%(24*time.Hour) != 0 {
		c.wrong(t, "needs whole days between two backups", "write every: 24h, or remove the key")
	}
	hours, _ := strconv.Atoi(m[1])
	minutes, _ := strconv.Atoi(m[2])
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
}
