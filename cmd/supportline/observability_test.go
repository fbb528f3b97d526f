package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
)

// observed is docker-compose.yml as "docker compose --profile observability" and further profiles loads it.
func observed(t *testing.T, compose string, profiles ...string) *types.Project {
	t.Helper()
	return composeWith(t, []string{"COMPOSE_PROFILES=" + compose}, append(profiles, "observability")...)
}

// TestComposeObserves: Prometheus and Grafana come beside what runs, for this machine alone, without rights, and with the files that are shipped.
func TestComposeObserves(t *testing.T) {
	for compose, want := range map[string][]string{
		"":   {"caddy", "grafana", "mail", "prometheus", "supportline"},
		"ha": {"caddy", "grafana", "mail", "postgres", "prometheus", "supportline", "supportline-2", "supportline-3"},
	} {
		project := observed(t, compose, slices.DeleteFunc([]string{compose}, func(p string) bool { return p == "" })...)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(project.Services))); diff != "" {
			t.Errorf("beside %q (-want +got):\n%s", compose, diff)
		}
	}
	services := observed(t, "").Services
	for name, port := range map[string]string{"prometheus": "127.0.0.1:9090", "grafana": "127.0.0.1:3000"} {
		s := services[name]
		if len(s.Ports) != 1 || s.Ports[0].HostIP+":"+s.Ports[0].Published != port {
			t.Errorf("%s is published at %+v", name, s.Ports)
		}
		if s.User == "" || !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) || s.Restart != "unless-stopped" {
			t.Errorf("%s has rights that it does not need, or is not started again", name)
		}
		for _, v := range s.Volumes {
			if v.Type != "bind" {
				continue
			}
			if _, err := os.Stat(filepath.Join("../..", v.Source)); err != nil || !v.ReadOnly {
				t.Errorf("%s: %s: read-only is %v, %v", name, v.Source, v.ReadOnly, err)
			}
		}
	}
}

// TestPrometheusReachesEveryProcess at the port of the metrics' listener, which nobody outside of this machine reaches, with the rules beside its configuration.
func TestPrometheusReachesEveryProcess(t *testing.T) {
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is missing: install the package prometheus, or run .ci/packages")
	}
	if out, err := exec.CommandContext(t.Context(), path, "check", "config", "../../docs/prometheus.yml").CombinedOutput(); err != nil || !strings.Contains(string(out), "alerts.yaml") {
		t.Errorf("%v: %s", err, out)
	}
	configured := read(t, "../../docs/prometheus.yml")
	port := regexp.MustCompile(`metrics: "supportline:(\d+)"`).FindStringSubmatch(read(t, "../../docker-compose.yml"))
	if port == nil {
		t.Fatal("docker-compose.yml has no line for listen.metrics")
	}
	for name, s := range observed(t, "ha", "ha").Services {
		if !strings.HasPrefix(name, "supportline") {
			continue
		}
		static, found := strings.Contains(configured, `"`+s.Hostname+":"+port[1]+`"`), regexp.MustCompile(`names: \[.*\b`+s.Hostname+`\b.*port: `+port[1]).MatchString(configured)
		if !static && !found {
			t.Errorf("%s is not scraped at port %s", s.Hostname, port[1])
		}
		for _, p := range s.Ports {
			if p.HostIP != "127.0.0.1" {
				t.Errorf("%s is reached at %s from outside", name, p.Published)
			}
		}
	}
	for _, mount := range []string{"./docs/prometheus.yml:/etc/prometheus/prometheus.yml", "./docs/alerts.yaml:/etc/prometheus/alerts.yaml"} {
		if !strings.Contains(read(t, "../../docker-compose.yml"), mount) {
			t.Errorf("%s is not mounted", mount)
		}
	}
}

// TestUnitIsHardened: the unit that is shipped stops no later than a server does, keeps nothing that it does not need, and is what systemd takes, where there is one.
func TestUnitIsHardened(t *testing.T) {
	text := read(t, "../../docs/supportline.service")
	for _, line := range []string{
		"ExecStart=/usr/local/bin/supportline serve --config /etc/supportline/supportline.yaml", "Restart=always", "TimeoutStopSec=20", "DynamicUser=yes",
		"StateDirectory=supportline", "ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "SystemCallFilter=@system-service",
		"RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "Environment=GOMEMLIMIT=640MiB", "MemoryMax=1G", "LimitNOFILE=65536", "EnvironmentFile=/etc/supportline/environment",
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("the unit lacks %s", line)
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("there is no systemd here: the unit was read, and systemd was not asked")
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "supportline.service")
	if err := os.WriteFile(unit, []byte(strings.ReplaceAll(text, "/usr/local/bin/supportline", self)), 0o600); err != nil {
		t.Fatal(err)
	}
	const exposure = "--threshold=15" // 1.5 of 10
	for _, args := range [][]string{{"verify", "--man=no", unit}, {"security", "--offline=true", exposure, unit}} {
		if out, err := exec.CommandContext(t.Context(), analyze, args...).CombinedOutput(); err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
}
