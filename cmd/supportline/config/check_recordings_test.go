package config_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/recordings"
)

const bucketBlock = `
recordings:
  keep: s3:https://s3.example.com:9000/bucket/calls/2026?region=eu-west-1
  access_key: hush-access
  secret_key: hush-secret
  delete_at_provider: on
`

// keeping returns the example with a recordings block, in which the first text of each pair was replaced by the second.
func keeping(block string, pairs ...string) string {
	return string(config.Example()) + strings.NewReplacer(pairs...).Replace(block)
}

func TestRecordingsAsTheFileSays(t *testing.T) {
	for name, row := range map[string]struct {
		text string
		want recordings.Settings
	}{
		"nothing": {string(config.Example()), recordings.Settings{}},
		"a folder": {
			keeping("\nrecordings: { keep: \"folder:data/recordings\" }\n"),
			recordings.Settings{Folder: filepath.Join(filepath.Dir(name), "data/recordings")},
		},
		"a folder from the root": {keeping("\nrecordings: { keep: \"folder:/srv/r\" }\n"), recordings.Settings{Folder: "/srv/r"}},
		"a bucket": {
			keeping(bucketBlock),
			recordings.Settings{DeleteAtProvider: true, S3: recordings.S3{
				Endpoint: "s3.example.com:9000", Bucket: "bucket", Prefix: "calls/2026", Region: "eu-west-1", AccessKey: "hush-access", SecretKey: "hush-secret",
			}},
		},
		"a bucket on this machine": {
			keeping(bucketBlock, "s3:https://s3.example.com:9000/bucket/calls/2026?region=eu-west-1", "s3:http://127.0.0.1:9000/bucket/"),
			recordings.Settings{DeleteAtProvider: true, S3: recordings.S3{
				Endpoint: "127.0.0.1:9000", Plain: true, Bucket: "bucket", AccessKey: "hush-access", SecretKey: "hush-secret",
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := parse(row.text, env(), config.Options{})
			if diff := cmp.Diff([]string{}, problems); diff != "" {
				t.Fatal(diff)
			}
			if diff := cmp.Diff(row.want, got.Recordings); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The commented block of the example, without its comment signs, is right once it names one place.
func TestRecordingsOfTheExample(t *testing.T) {
	_, block, found := strings.Cut(string(config.Example()), "# recordings:")
	block, _, ends := strings.Cut(block, "\n\n")
	if !found || !ends {
		t.Fatal("the example shows no recordings")
	}
	block = "\nrecordings:" + strings.ReplaceAll(block, "\n# ", "\n") + "\n"
	bucket := strings.Replace(block, "folder:data/recordings ", "s3:https://s3.eu-west-1.amazonaws.com/bucket/prefix?region=eu-west-1 ", 1)
	keys := env("RECORDINGS_ACCESS_KEY", "x", "RECORDINGS_SECRET_KEY", "y")
	for name, row := range map[string]struct {
		block string
		env   func(string) (string, bool)
		o     config.Options
	}{
		"a folder":         {block, env("RECORDINGS_ACCESS_KEY", "", "RECORDINGS_SECRET_KEY", ""), config.Options{}},
		"a bucket":         {bucket, keys, config.Options{}},
		"a bucket offline": {bucket, nothing, config.Options{Offline: true}},
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := parse(string(config.Example())+row.block, row.env, row.o)
			if diff := cmp.Diff([]string{}, problems); diff != "" {
				t.Fatal(diff)
			}
			if got.Recordings.DeleteAtProvider || (got.Recordings.Folder == "") == (got.Recordings.S3.Endpoint == "") {
				t.Errorf("%+v", got.Recordings)
			}
		})
	}
}

func TestRecordingsAreChecked(t *testing.T) {
	const keep = "s3:https://s3.example.com:9000/bucket/calls/2026?region=eu-west-1"
	like := "; write it like s3:https://s3.eu-west-1.amazonaws.com/bucket/prefix?region=eu-west-1"
	for _, row := range []struct{ name, old, changed, want string }{
		{"no place", "  keep: " + keep + "\n  access_key", "  ^access_key", "the key keep is missing; write keep: folder:data/recordings"},
		{"another place", keep, "^ftp://host", "keep is neither a folder nor a bucket; write folder:data/recordings, or s3:https://host/bucket"},
		{"an empty folder", keep, `^"folder:"`, "keep is neither a folder nor a bucket; write folder:data/recordings, or s3:https://host/bucket"},
		{"no host", keep, "^s3:bucket", "keep has no address of a bucket" + like},
		{"in clear", "https://s3.example.com", "http://s3.example.com", "keep does not go to https:// (http:// is for this machine only)" + like},
		{"no bucket", keep, "^s3:https://s3.example.com/", "keep names no bucket after the host" + like},
		{"a bucket that none can be", "/bucket/", "/Bucket/", "keep names no bucket after the host" + like},
		{"a prefix that leads out", "/calls/2026", "/../calls", "keep has characters in its prefix that are not allowed; write letters, digits, dots, dashes, underscores, and slashes between them"},
		{"keys in the address", "https://s3", "https://a:hush@s3", "keep has a user in its address; write the keys as access_key and secret_key"},
		{"another question", "?region=eu-west-1", "?key=hush", "keep has another parameter than region after the ?" + like},
		{"a region that is none", "eu-west-1", "EU", "keep has an invalid region; write it like region=eu-west-1, or leave it out"},
		{"no keys", "  keep: " + keep + "\n  access_key: hush-access\n  secret_key: hush-secret", "  ^keep: " + keep, "recordings has no access_key and secret_key for the bucket; " +
			"add access_key: ${RECORDINGS_ACCESS_KEY}, and secret_key: ${RECORDINGS_SECRET_KEY}"},
		{"one key empty", "hush-secret", `^""`, "secret_key is empty; write the key that the store gave you"},
		{"a key with spaces", "hush-secret", `^"hush secret"`, "secret_key has a blank in it; write the key, without spaces"},
		{"deleted perhaps", "delete_at_provider: on", "delete_at_provider: ^true", `delete_at_provider is "true"; write off or on`},
	} {
		t.Run(row.name, func(t *testing.T) {
			changed := row.changed
			if !strings.Contains(changed, "^") { // a part of the address, whose place is that of all of it
				changed = strings.Replace(keep, row.old, row.changed, 1)
				row.old, changed = keep, "^"+changed
			}
			text, places := marked(keeping(bucketBlock, row.old, changed))
			_, got := parse(text, env(), config.Options{})
			if len(places) != 1 || len(got) == 0 {
				t.Fatalf("%d places, problems %v", len(places), got)
			}
			if diff := cmp.Diff(places[0]+row.want, got[0]); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	text, places := marked(keeping("\nrecordings: { keep: \"folder:r\", access_key: ^hush }\n"))
	_, got := parse(text, env(), config.Options{})
	if diff := cmp.Diff([]string{places[0] + "access_key is for a bucket, and recordings are kept in a folder; remove it"}, got); diff != "" {
		t.Errorf("keys to a folder: -want +got:\n%s", diff)
	}
}

func TestKeysOfTheBucketAreNotPrinted(t *testing.T) {
	c, _ := parse(keeping(bucketBlock), env(), config.Options{})
	for _, printed := range []string{fmt.Sprint(c.Recordings), fmt.Sprintf("%+v", c.Recordings), fmt.Sprintf("%#v", c.Recordings)} {
		if strings.Contains(printed, "hush") || !strings.Contains(printed, "s3:https://s3.example.com:9000/bucket/calls/2026?region=eu-west-1") {
			t.Errorf("printed: %s", printed)
		}
	}
}
