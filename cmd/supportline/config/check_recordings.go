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
	switch {
	case r.Keep.silent() || r.Keep.Value == "" && c.offline:
	case folder && path != "":
		s.Folder = c.path(path)
		for _, t := range []text{r.AccessKey, r.SecretKey} {
			if t.Given && t.Value != "" {
				c.wrong(t, "is for a bucket, and recordings are kept in a folder", "remove it")
			}
		}
	case bucket:
		s.S3 = c.bucket(r.Keep, address)
		c.keys(r)
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

func (c *checker) keys(r recordings) {
	for _, t := range []text{r.AccessKey, r.SecretKey} {
		c.credential(t, secret, false, "the key, without spaces")
	}
	switch {
	case c.offline || r.AccessKey.Value != "" && r.SecretKey.Value != "" || wrongShape(r.AccessKey) || wrongShape(r.SecretKey):
	case r.AccessKey.Given && r.AccessKey.Value == "":
		c.wrong(r.AccessKey, "is empty", "write the key that the store gave you")
	case r.SecretKey.Given && r.SecretKey.Value == "":
		c.wrong(r.SecretKey, "is empty", "write the key that the store gave you")
	default:
		c.add(r.At, "recordings has no access_key and secret_key for the bucket", "add access_key: ${RECORDINGS_ACCESS_KEY}, and secret_key: ${RECORDINGS_SECRET_KEY}")
	}
}

// wrongShape reports whether a value is there that is not a text, which has been reported.
func wrongShape(t text) bool { return !t.Given && t.At != (place{}) }
