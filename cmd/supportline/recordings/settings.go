package recordings

import "strings"

// Settings say where recordings are stored. The zero Settings leave them at the provider.
type Settings struct {
	Folder           string // a path; "": not in a folder
	S3               S3     // without Endpoint: not in a bucket
	DeleteAtProvider bool   // once there is a copy
}

// S3 is a bucket of any store that speaks S3, and the keys to it.
type S3 struct {
	Endpoint  string // host, or host:port
	Plain     bool   // http instead of https
	Bucket    string
	Prefix    string // of the names in the bucket: empty, or without slashes at its ends
	Region    string // "": the store knows
	AccessKey string `json:"-"`
	SecretKey string `json:"-"`
}

// String returns the bucket as the configuration writes it, without the keys.
func (s S3) String() string {
	if s.Endpoint == "" {
		return ""
	}
	text := "s3:https://"
	if s.Plain {
		text = "s3:http://"
	}
	text += strings.TrimSuffix(s.Endpoint+"/"+s.Bucket+"/"+s.Prefix, "/")
	if s.Region != "" {
		text += "?region=" + s.Region
	}
	return text
}

// GoString keeps the keys out of %#v as well.
func (s S3) GoString() string { return s.String() }

// OpenBucket returns the bucket that the settings name; nil where they name none.
func (s Settings) OpenBucket() (Bucket, error) {
	switch {
	case s.Folder != "":
		return NewFolder(s.Folder), nil
	case s.S3.Endpoint != "":
		return NewS3Bucket(s.S3)
	}
	return nil, nil
}
