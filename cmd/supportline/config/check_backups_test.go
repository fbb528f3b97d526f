package config_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/copies"
	"github.com/officernd/supportline/cmd/supportline/recordings"
)

const backupsBlock = `
backups:
  to: s3:https://s3.example.com/backups/line?region=eu-west-1
  access_key: hush-access
  secret_key: hush-secret
  every: 48h
  at: "03:30"
  keep: 14
`

func TestBackupsAsTheFileSays(t *testing.T) {
	for name, row := range map[string]struct {
		text string
		want copies.Settings
	}{
		"nothing":  {string(config.Example()), copies.Settings{}},
		"a folder": {keeping("\nbackups: { to: \"folder:data/backups\" }\n"), copies.Settings{Folder: filepath.Join(".", "data/backups"), Every: 24 * time.Hour, At: -1, Keep: 7}},
		"midnight": {keeping("\nbackups: { to: \"folder:/b\", at: \"00:00\" }\n"), copies.Settings{Folder: "/b", Every: 24 * time.Hour, Keep: 7}},
		"a bucket": {keeping(backupsBlock), copies.Settings{
			S3:    recordings.S3{Endpoint: "s3.example.com", Bucket: "backups", Prefix: "line", Region: "eu-west-1", AccessKey: "hush-access", SecretKey: "hush-secret"},
			Every: 48 * time.Hour, At: 3*time.Hour + 30*time.Minute, Keep: 14,
		}},
	} {
		got, problems := parse(row.text, env(), config.Options{})
		if diff := cmp.Diff([]string{}, problems); diff != "" {
			t.Fatalf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(row.want, got.Backups); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The commented block of the example, without its comment signs, is right, with keys or without, and as a folder or a bucket.
func TestBackupsOfTheExample(t *testing.T) {
	_, block, found := strings.Cut(string(config.Example()), "# backups:")
	if !found {
		t.Fatal("the example shows no backups")
	}
	block, _, _ = strings.Cut(block, "\n\n")
	block = "\nbackups:" + strings.ReplaceAll(block, "\n# ", "\n")
	bucket := strings.Replace(block, "folder:data/backups ", "s3:https://s3.eu-west-1.amazonaws.com/bucket/prefix?region=eu-west-1 ", 1)
	for name, row := range map[string]struct {
		block string
		keys  func(string) (string, bool)
		want  string
	}{
		"a folder": {block, env("BACKUPS_ACCESS_KEY", "", "BACKUPS_SECRET_KEY", ""), ""},
		"a bucket": {bucket, env("BACKUPS_ACCESS_KEY", "x", "BACKUPS_SECRET_KEY", "y"), "bucket"},
	} {
		got, problems := parse(string(config.Example())+row.block, row.keys, config.Options{})
		if diff := cmp.Diff([]string{}, problems); diff != "" {
			t.Fatalf("%s: %s", name, diff)
		}
		if b := got.Backups; b.S3.Bucket != row.want || b.Every != 24*time.Hour || b.At != 3*time.Hour+30*time.Minute || b.Keep != 7 {
			t.Errorf("%s: %+v", name, b)
		}
	}
}

func TestBackupsAreChecked(t *testing.T) {
	const to = "s3:https://s3.example.com/backups/line?region=eu-west-1"
	for _, row := range []struct{ name, old, changed, want string }{
		{"no place", "  to: " + to + "\n  access_key", "  ^access_key", "the key to is missing; write to: folder:data/backups"},
		{"another place", to, "^/backups", "to is neither a folder nor a bucket; write folder:data/backups, or s3:https://host/bucket"},
		{
			"no keys", "  to: " + to + "\n  access_key: hush-access\n  secret_key: hush-secret", "  ^to: " + to,
			"backups has no access_key and secret_key for the bucket; add access_key: ${BACKUPS_ACCESS_KEY}, and secret_key: ${BACKUPS_SECRET_KEY}",
		},
		{"too often", "48h", "^10m", `every is "10m"; write a time from 1h to 744h`},
		{"too few", "keep: 14", "keep: ^2", `keep is "2"; write a whole number from 3 to 1000`},
		{"no time", `"03:30"`, "^noon", `at is "noon"; write a time of the day, such as "03:30"`},
		{"a time that is none", `"03:30"`, `^"24:00"`, `at is "24:00"; write a time of the day, such as "03:30"`},
		{"a time of half days", "48h\n  at: ", "36h\n  at: ^", "at needs whole days between two backups; write every: 24h, or remove the key"},
	} {
		t.Run(row.name, func(t *testing.T) {
			text, places := marked(keeping(backupsBlock, row.old, row.changed))
			_, got := parse(text, env(), config.Options{})
			if len(places) != 1 || len(got) == 0 {
				t.Fatalf("%d places, problems %v", len(places), got)
			}
			if diff := cmp.Diff(places[0]+row.want, got[0]); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	text, places := marked(keeping("\nbackups: { to: \"folder:b\", secret_key: ^hush }\n"))
	_, got := parse(text, env(), config.Options{})
	if diff := cmp.Diff([]string{places[0] + "secret_key is for a bucket, and backups go to a folder; remove it"}, got); diff != "" {
		t.Errorf("keys to a folder: -want +got:\n%s", diff)
	}
}
