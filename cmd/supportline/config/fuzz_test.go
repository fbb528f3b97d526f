package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/oncall"
)

// Any text gives problems at places in the text, or settings that a call can rely on.
func FuzzParse(f *testing.F) {
	f.Add(string(config.Example()))
	f.Add(staffed(f))
	f.Add("lines: [&a { number: *a }]")
	f.Add("&r { teams: *r, lines: [*r], menu: *r }")
	if ten, err := os.ReadFile(filepath.Join("testdata", "ten-mistakes.yaml")); err == nil {
		f.Add(string(ten))
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, problems := config.Parse(name, []byte(text), env(), config.Options{})
		if len(problems) == 0 {
			usable(t, c)
			answerable(t, c)
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

// answerable checks the promises about people, rotas and alarms.
func answerable(t *testing.T, c config.Config) {
	known := func(target policy.Target) bool {
		_, person := c.Settings.Person(policy.PersonID(target))
		rota, isRota := target.Rota()
		_, bare := target.Phone()
		return person || bare || isRota && slices.ContainsFunc(c.Rotas, func(r oncall.Rota) bool { return r.Name == rota })
	}
	for _, r := range c.Rotas {
		if (r.Feed == "") != (len(r.Layers) > 0 && r.Zone != nil) {
			t.Errorf("a rota of nothing: %+v", r)
		}
		for _, l := range r.Layers {
			who := slices.ContainsFunc(l.People, func(id policy.PersonID) bool { return !known(policy.Target(id)) })
			if l.Days != 1 && l.Days != 7 || len(l.People) == 0 || who || l.Starts.Date.Year < 1900 {
				t.Errorf("turns of nobody: %+v", l)
			}
		}
	}
	for _, rule := range c.Alarms {
		steps := append([]alarm.Step{{After: time.Minute, To: rule.To}}, rule.Then...)
		for _, s := range steps {
			lost := func(r alarm.Receiver) bool { return r.Channel == "" || r.Target != "" && !known(r.Target) }
			if s.After < time.Minute || s.After > 24*time.Hour || len(s.To) == 0 || slices.ContainsFunc(s.To, lost) {
				t.Errorf("a step that tells nobody: %+v", s)
			}
		}
		if len(rule.On) == 0 || rule.Quiet != nil && (rule.Quiet.Zone == nil || rule.Quiet.From == rule.Quiet.To) {
			t.Errorf("a rule of nothing: %+v", rule)
		}
	}
	for _, team := range c.Settings.Teams {
		for _, step := range team.Steps {
			if slices.ContainsFunc(step.To, func(target policy.Target) bool { return !known(target) }) {
				t.Errorf("a step that names nobody: %+v", step)
			}
		}
	}
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
