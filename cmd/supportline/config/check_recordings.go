package config

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/notices"
	kept "github.com/officernd/supportline/cmd/supportline/recordings"
)

// bucketName matches names that every store accepts: the rules of S3, without dots, which certificates do not cover.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

var (
	bucketPrefix = regexp.MustCompile(`^[0-9A-Za-z._-]+(/[0-9A-Za-z._-]+)*$`)
	region       = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
)

const likeABucket = "write it like s3:https://s3.eu-west-1.amazonaws.com/bucket/prefix?region=eu-west-1"

func (c *checker) recordings(r recordings) kept.Settings {
	if r.At == (place{}) {
		return kept.Settings{}
	}
	s := kept.Settings{DeleteAtProvider: c.oneOf(r.DeleteAtProvider, "off", "on") == "on"}
	path, folder := strings.CutPrefix(r.Keep.Value, "folder:")
	address, bucket := strings.CutPrefix(r.Keep.Value, "s3:")
	keys := bucketKeys{r.At, "recordings", r.AccessKey, r.SecretKey}
	switch {
	case r.Keep.silent() || r.Keep.Value == "" && c.offline:
	case folder && path != "":
		s.Folder = c.path(path)
		c.noKeys(keys, "recordings are kept in a folder")
	case bucket:
		s.S3 = c.bucket(r.Keep, address)
		c.keys(keys)
		s.S3.AccessKey, s.S3.SecretKey = r.AccessKey.Value, r.SecretKey.Value
	default:
		c.wrong(r.Keep, "is neither a folder nor a bucket", "write folder:data/recordings, or s3:https://host/bucket")
	}
	return s
}

// bucket reads an address such as https://host/bucket/prefix?region=eu-west-1. Its problems do not show it, because it may hold keys.
func (c *checker) bucket(t text, address string) kept.S3 {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || u.Fragment != "" || u.Port() != "" && !validPort(u.Port()) {
		c.wrong(t, "has no address of a bucket", likeABucket)
		return kept.S3{}
	}
	name, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	query := u.Query()
	s := kept.S3{Endpoint: u.Host, Plain: u.Scheme == "http", Bucket: name, Prefix: prefix, Region: query.Get("region")}
	query.Del("region")
	switch {
	case u.User != nil:
		c.wrong(t, "has a user in its address", "write the keys as access_key and secret_key")
	case u.Scheme != "https" && (u.Scheme != "http" || !notices.Loopback(u.Hostname())):
		c.wrong(t, "does not go to https:// (http:// is for this machine only)", likeABucket)
	case !bucketName.MatchString(name):
		c.wrong(t, "names no bucket after the host", likeABucket)
	case prefix != "" && (!bucketPrefix.MatchString(prefix) || strings.Contains("/"+prefix+"/", "/../") || strings.Contains("/"+prefix+"/", "/./")):
		c.wrong(t, "has characters in its prefix that are not allowed", "write letters, digits, dots, dashes, underscores, and slashes between them")
	case len(query) > 0:
		c.wrong(t, "has another parameter than region after the ?", likeABucket)
	case s.Region != "" && !region.MatchString(s.Region):
		c.wrong(t, "has an invalid region", "write it like region=eu-west-1, or leave it out")
	default:
		return s
	}
	return kept.S3{}
}

// bucketKeys are the keys to a bucket, as a block of the file has them.
type bucketKeys struct {
	at             place
	block          string
	access, secret text
}

func (c *checker) keys(k bucketKeys) {
	for _, t := range []text{k.access, k.secret} {
		c.credential(t, secret, false, "the key, without spaces")
	}
	switch {
	case c.offline || k.access.Value != "" && k.secret.Value != "" || wrongShape(k.access) || wrongShape(k.secret):
	case k.access.Given && k.access.Value == "":
		c.wrong(k.access, "is empty", "write the key that the store gave you")
	case k.secret.Given && k.secret.Value == "":
		c.wrong(k.secret, "is empty", "write the key that the store gave you")
	default:
		name := strings.ToUpper(k.block)
		c.add(k.at, k.block+" has no access_key and secret_key for the bucket", "add access_key: ${"+name+"_ACCESS_KEY}, and secret_key: ${"+name+"_SECRET_KEY}")
	}
}

// noKeys reports keys where there is no bucket.
func (c *checker) noKeys(k bucketKeys, why string) {
	for _, t := range []text{k.access, k.secret} {
		if t.Given && t.Value != "" {
			c.wrong(t, "is for a bucket, and "+why, "remove it")
		}
	}
}

// wrongShape reports whether a value is there that is not a text, which has been reported.
func wrongShape(t text) bool { return !t.Given && t.At != (place{}) }
