package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
)

// Any text gives problems at places in the text, or settings that a call can rely on.
func FuzzParse(f *testing.F) {
	f.Add(string(config.Example()))
	f.Add("lines: [&a { number: *a }]")
	f.Add("&r { teams: *r, lines: [*r], menu: *r }")
	if ten, err := os.ReadFile(filepath.Join("testdata", "ten-mistakes.yaml")); err == nil {
		f.Add(string(ten))
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, problems := config.Parse(name, []byte(text), env(), config.Options{})
		if len(problems) == 0 {
			usable(t, c)
			return
		}
		lines := 1 + strings.Count(text, "\n") + strings.Count(text, "\r") + strings.Count(text, "\u0085") + // all that YAML takes for line ends
			strings.Count(text, "\u2028") + strings.Count(text, "\u2029")
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.What == "" || strings.Contains(p.String(), "\n") || p.File == name && p.Line > lines {
				t.Errorf("a problem nowhere in %d lines: %s", lines, p)
			}
		}
	})
}

// usable checks the promises of policy.Settings.
func usable(t *testing.T, c config.Config) {
	s := c.Settings
	if len(s.Lines) == 0 || len(s.Packages) == 0 || len(s.Menu) == 0 || c.PublicURL == "" || c.Twilio.AuthToken == "" {
		t.Errorf("something is missing: %+v", c)
	}
	for _, l := range s.Lines {
		if !l.Number.IsNumber() || l.Zone == nil || l.Language == "" || l.Voice == "" {
			t.Errorf("the line is not complete: %+v", l)
		}
		for _, m := range append(s.Menu, policy.MenuKey{Intent: policy.Question}) {
			team := s.Team(l, m.Intent)
			if len(team.Steps) == 0 || team.Rounds < 1 {
				t.Errorf("%s rings nobody on %s", m.Intent, l.Number.Full())
			}
			for _, step := range team.Steps {
				if len(step.To) == 0 || len(step.To) > 10 || step.For <= 0 {
					t.Errorf("a step that cannot ring: %+v", step)
				}
			}
		}
	}
}
