package demo

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
)

// TestDemoMovesWhereAPortIsTaken: either of its ports may have been taken by another program since; what else is in the file stays.
func TestDemoMovesWhereAPortIsTaken(t *testing.T) {
	load := func(file string) (config.Config, error) {
		text, err := os.ReadFile(file)
		if err != nil {
			return config.Config{}, err
		}
		conf, problems := config.Parse(file, text, func(string) (string, bool) { return "", false }, config.Options{})
		for _, p := range problems {
			t.Error(p)
		}
		return conf, nil
	}
	for name, port := range map[string]func(config.Config) string{
		"webhooks": func(c config.Config) string { return c.Listen.Webhooks }, "console": func(c config.Config) string { return c.Listen.Console },
		"mail": mailServer,
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			first, err := Configure(folder, load)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(folder, ConfigFile)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, append(text, "# ours\n"...), 0o600); err != nil {
				t.Fatal(err)
			}
			other, err := net.Listen("tcp", port(first))
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			moved, err := Configure(folder, load)
			if err != nil {
				t.Fatal(err)
			}
			if !free(moved.Listen.Webhooks) || !free(moved.Listen.Console) || !free(mailServer(moved)) {
				t.Errorf("it listens on %+v, and another program on %s", moved.Listen, port(first))
			}
			if again, err := os.ReadFile(file); err != nil || string(again[len(again)-7:]) != "# ours\n" {
				t.Errorf("the file became, with %v,\n%s", err, again)
			}
		})
	}
}

// TestEverybodyOfADemoCanBeReached by each way that its alarms take.
func TestEverybodyOfADemoCanBeReached(t *testing.T) {
	text := withPeople(string(config.Demo("127.0.0.1:1", "127.0.0.1:2")), "127.0.0.1:2", "127.0.0.1:3")
	conf, problems := config.Parse("supportline.yaml", []byte(text), func(string) (string, bool) { return "", false }, config.Options{})
	for _, p := range problems {
		t.Error(p)
	}
	if conf.Twilio.SMSFrom == "" || len(conf.Settings.People) != 3 || len(conf.Rotas) != 2 || mailServer(conf) != "127.0.0.1:3" {
		t.Errorf("texts are from %q to %d people of %d rotas, mail goes to %s", conf.Twilio.SMSFrom, len(conf.Settings.People), len(conf.Rotas), mailServer(conf))
	}
	if to := conf.Settings.Links; to.ScreenSharing != "http://127.0.0.1:2/demo/pages/screen-sharing" || to.Training == "" || to.CustomerNumber == "" {
		t.Errorf("specialists send the pages %+v", to)
	}
	for _, c := range conf.Notices.All() {
		if pager, is := c.(notices.PagerDuty); is && pager.Secret == "" {
			t.Error("what people do at the pager has no secret")
		}
	}
	elsewhere := strings.ReplaceAll(text, `server: "127.0.0.1:3"`, `server: "smtp.example.com:587"`)
	if conf, _ = config.Parse("supportline.yaml", []byte(elsewhere), func(string) (string, bool) { return "", false }, config.Options{}); mailServer(conf) != noMailServer {
		t.Error("a demo plays the mail server of another machine")
	}
}
