package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	_ "time/tzdata"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/ivr"
)

// compose is the shipped docker-compose.yml, loaded as Docker Compose does, with an environment of its own.
func compose(t *testing.T, env ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../../docker-compose.yml"}, cli.WithEnv(env), cli.WithResolvedPaths(false))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestComposePublishesTLSAndNothingElse(t *testing.T) {
	got := map[string][]string{}
	for name, service := range compose(t).Services {
		for _, p := range service.Ports {
			got[name] = append(got[name], strings.Trim(p.HostIP+":"+p.Published+"/"+p.Protocol, ":"))
		}
	}
	want := map[string][]string{
		"caddy":       {"80/tcp", "443/tcp", "443/udp"},
		"supportline": {"127.0.0.1:8081/tcp", "127.0.0.1:8082/tcp"},
		"mail":        {"127.0.0.1:8025/tcp"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("published ports (-want +got):\n%s", diff)
	}
}

func TestComposeRunsWithoutRights(t *testing.T) {
	type rights struct {
		User     string
		ReadOnly bool
		Add      []string
	}
	want := map[string]rights{
		"supportline": {User: "65532:65532", ReadOnly: true},
		"mail":        {User: "65534:65534", ReadOnly: true},
		"caddy":       {Add: []string{"NET_BIND_SERVICE"}},
	}
	got := map[string]rights{}
	for name, s := range compose(t).Services {
		got[name] = rights{User: s.User, ReadOnly: s.ReadOnly, Add: s.CapAdd}
		if diff := cmp.Diff([]string{"ALL"}, s.CapDrop); diff != "" {
			t.Errorf("%s keeps capabilities:\n%s", name, diff)
		}
		if diff := cmp.Diff([]string{"no-new-privileges:true"}, s.SecurityOpt); diff != "" {
			t.Errorf("%s can get new privileges:\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
}

// TestComposeKeepsTheLog: the store is on a named volume, the configuration cannot be written, and both are where the image looks.
func TestComposeKeepsTheLog(t *testing.T) {
	project := compose(t)
	var got []string
	for _, v := range project.Services["supportline"].Volumes {
		got = append(got, v.Type+" "+v.Source+" "+v.Target)
		if v.ReadOnly != (v.Target == "/srv/supportline.yaml") {
			t.Errorf("%s: read-only is %v", v.Target, v.ReadOnly)
		}
	}
	want := []string{"bind ./supportline.yaml /srv/supportline.yaml", "volume log /srv/data"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("volumes (-want +got):\n%s", diff)
	}
	dockerfile := read(t, "../../Dockerfile")
	for _, line := range []string{
		"WORKDIR /srv\n", "VOLUME /srv/data\n", "USER 65532:65532\n", "--chown=65532:65532 /out/data /srv/data\n", "CGO_ENABLED=0 ",
		`CMD ["/usr/local/bin/supportline", "health"]`,
	} {
		if !strings.Contains(dockerfile, line) {
			t.Errorf("the Dockerfile lacks %q", line)
		}
	}
}

// TestComposePassesSecretsOn: what the shipped configuration reads from the environment reaches the container, and nothing else does.
func TestComposePassesSecretsOn(t *testing.T) {
	want := map[string]string{}
	var env []string
	for _, name := range regexp.MustCompile(`\$\{([A-Z_]+)`).FindAllStringSubmatch(read(t, "../../supportline.example.yaml"), -1) {
		if name[1] == "NAME" { // in a comment that explains it
			continue
		}
		want[name[1]] = "the value of " + name[1]
		env = append(env, name[1]+"="+want[name[1]])
	}
	got := map[string]string{}
	for name, value := range compose(t, append(env, "OTHER=secret")...).Services["supportline"].Environment {
		got[name] = *value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

// TestComposeConfiguration: the shipped configuration with the listeners that docker-compose.yml asks for passes the check.
func TestComposeConfiguration(t *testing.T) {
	listen := regexp.MustCompile(`(?m)^#     (listen: .*)$`).FindStringSubmatch(read(t, "../../docker-compose.yml"))
	if listen == nil {
		t.Fatal("docker-compose.yml does not say how to listen")
	}
	text := regexp.MustCompile(`(?m)^listen:\n(  .*\n)+`).ReplaceAllString(read(t, "../../supportline.example.yaml"), listen[1]+"\n")
	file := filepath.Join(t.TempDir(), "supportline.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	none := func(string) (string, bool) { return "", false }
	got, problems := config.Load(file, none, config.Options{Offline: true})
	for _, p := range problems {
		t.Error(p)
	}
	if diff := cmp.Diff(config.Listen{Webhooks: ":8080", Console: "supportline:8081", Metrics: "supportline:8082"}, got.Listen); diff != "" {
		t.Errorf("listeners (-want +got):\n%s", diff)
	}
}

// TestCaddyLetsWebhooksInOnly: the paths are the webhooks', the private listener is not among the upstreams.
func TestCaddyLetsWebhooksInOnly(t *testing.T) {
	project := compose(t, "SUPPORTLINE_DOMAIN=support.example.com")
	if got := project.Services["caddy"].Environment["SUPPORTLINE_DOMAIN"]; got == nil || *got != "support.example.com" {
		t.Errorf("Caddy's domain is %v", got)
	}
	const want = `{$SUPPORTLINE_DOMAIN} {
	@webhooks path /voice /voice/* /status /leg/* /recording/* /conference/* /announce/* /sound/* /fallback /fallback/* /plain /plain/*
	handle @webhooks {
		reverse_proxy supportline:8080
	}
	handle {
		respond 404
	}
}
`
	if diff := cmp.Diff(want, project.Configs["caddyfile"].Content); diff != "" {
		t.Errorf("Caddyfile (-want +got):\n%s", diff)
	}
}

// TestCaddyLetsEveryWebhookIn: a route that Caddy does not know is answered with 404, and the caller hears the provider's error message.
func TestCaddyLetsEveryWebhookIn(t *testing.T) {
	_, rest, _ := strings.Cut(read(t, "../../docker-compose.yml"), "@webhooks path ")
	line, _, _ := strings.Cut(rest, "\n")
	allowed := strings.Fields(line)
	lets := func(pattern, path string) bool {
		prefix, below := strings.CutSuffix(pattern, "*")
		return pattern == path || below && strings.HasPrefix(path, prefix)
	}
	routes := ivr.Routes()
	if len(routes) < 20 {
		t.Errorf("only %d routes were found", len(routes))
	}
	for _, route := range routes {
		if !slices.ContainsFunc(allowed, func(pattern string) bool { return lets(pattern, route) }) {
			t.Errorf("the webhooks serve %s, which Caddy does not let in", route)
		}
	}
	for _, pattern := range allowed {
		if !slices.ContainsFunc(routes, func(route string) bool { return lets(pattern, route) }) {
			t.Errorf("Caddy lets in %s, and no webhook is there", pattern)
		}
		for _, inside := range []string{"/", "/healthz", "/readyz", "/metrics", "/signin", "/calls", "/phone", "/api/v1/calls", "/static/app.css", config.DemoAccount} {
			if lets(pattern, inside) {
				t.Errorf("Caddy lets in %s by %s, which is for the company alone", inside, pattern)
			}
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
