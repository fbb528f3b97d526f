package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
)

// compose is the shipped docker-compose.yml, loaded as Docker Compose does, with an environment of its own.
func compose(t *testing.T, env ...string) *types.Project {
	t.Helper()
	return composeWith(t, env)
}

// composeWith is compose with profiles that the command line names.
func composeWith(t *testing.T, env []string, profiles ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../../docker-compose.yml"}, cli.WithEnv(env), cli.WithResolvedPaths(false), cli.WithDefaultProfiles(profiles...))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// The profile "single" is what starts where nobody names a profile: one process, and no database.
func TestComposeIsForOneMachineUnlessAskedOtherwise(t *testing.T) {
	want := map[string][]string{"": {"caddy", "mail", "supportline"}, "single": {"caddy", "mail", "supportline"}}
	want["ha"] = []string{"caddy", "mail", "postgres", "supportline", "supportline-2", "supportline-3"}
	for profile, services := range want {
		project := compose(t, "COMPOSE_PROFILES="+profile)
		got := slices.Sorted(maps.Keys(project.Services))
		if diff := cmp.Diff(services, got); diff != "" {
			t.Errorf("profile %q starts (-want +got):\n%s", profile, diff)
		}
		file := "caddyfile-single"
		if profile == "ha" {
			file = "caddyfile-ha"
		}
		if source := project.Services["caddy"].Configs[0].Source; source != file || project.Configs[file].Content == "" {
			t.Errorf("profile %q: Caddy runs with %q", profile, source)
		}
	}
}

// The manual says to name the profile in .env: both the services and the proxy's file follow from it there.
func TestComposeReadsTheProfileFromTheEnvironmentFile(t *testing.T) {
	env := regexp.MustCompile("(?s)write into `.env`\n\n```sh\n(COMPOSE_PROFILES=.*?)```").FindStringSubmatch(read(t, "../../docs/operating.md"))
	if env == nil {
		t.Fatal("the manual says nothing of the profile")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(env[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	options, err := cli.NewProjectOptions([]string{"../../docker-compose.yml"}, cli.WithWorkingDirectory(dir), cli.WithEnvFiles(), cli.WithDotEnv,
		cli.WithDefaultProfiles(), cli.WithResolvedPaths(false))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	caddy, password := project.Services["caddy"], project.Services["postgres"].Environment["POSTGRES_PASSWORD"]
	if caddy.Configs[0].Source != "caddyfile-ha" || password == nil || *password != "..." {
		t.Errorf("Caddy runs with %q, the database with the password %v", caddy.Configs[0].Source, password)
	}
	if got := caddy.Environment["SUPPORTLINE_CONSOLE_DOMAIN"]; got == nil || *got != "console.example.com" {
		t.Errorf("the console's domain is %v", got)
	}
}

func TestComposePublishesTLSAndNothingElse(t *testing.T) {
	got := map[string][]string{}
	for name, service := range compose(t, "COMPOSE_PROFILES=ha").Services {
		for _, p := range service.Ports {
			got[name] = append(got[name], strings.Trim(p.HostIP+":"+p.Published+"/"+p.Protocol, ":"))
		}
	}
	want := map[string][]string{
		"caddy":         {"80/tcp", "443/tcp", "443/udp"},
		"supportline":   {"127.0.0.1:8081/tcp", "127.0.0.1:8082/tcp"},
		"supportline-2": {"127.0.0.1:8181/tcp", "127.0.0.1:8182/tcp"},
		"supportline-3": {"127.0.0.1:8281/tcp", "127.0.0.1:8282/tcp"},
		"mail":          {"127.0.0.1:8025/tcp"},
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
		"postgres":    {User: "70:70", ReadOnly: true},
		"caddy":       {Add: []string{"NET_BIND_SERVICE"}},
	}
	want["supportline-2"], want["supportline-3"] = want["supportline"], want["supportline"]
	got := map[string]rights{}
	for name, s := range compose(t, "COMPOSE_PROFILES=ha").Services {
		got[name] = rights{User: s.User, ReadOnly: s.ReadOnly, Add: s.CapAdd}
		if diff := cmp.Diff([]string{"ALL"}, s.CapDrop); diff != "" {
			t.Errorf("%s keeps capabilities:\n%s", name, diff)
		}
		if diff := cmp.Diff([]string{"no-new-privileges:true"}, s.SecurityOpt); diff != "" {
			t.Errorf("%s can get new privileges:\n%s", name, diff)
		}
		if s.Restart != "unless-stopped" {
			t.Errorf("%s is not started again after it died: %q", name, s.Restart)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
}

// The processes differ in their names and in the ports of this machine alone, so that each answers what another one began.
func TestComposeProcessesAreAlike(t *testing.T) {
	services := compose(t, "COMPOSE_PROFILES=ha", "TWILIO_AUTH_TOKEN=secret", "STORE_PASSWORD=secret").Services
	first := services["supportline"]
	if *first.StopGracePeriod < types.Duration(20*time.Second) {
		t.Errorf("a process has %v to finish what is under way", first.StopGracePeriod)
	}
	for _, name := range []string{"supportline-2", "supportline-3"} {
		other := services[name]
		if other.Hostname != name {
			t.Errorf("%s is called %q", name, other.Hostname)
		}
		other.Name, other.Hostname, other.Ports, other.Profiles = first.Name, first.Hostname, first.Ports, first.Profiles
		if diff := cmp.Diff(first, other); diff != "" {
			t.Errorf("%s is not like the first (-want +got):\n%s", name, diff)
		}
	}
}

// The database has its password from the environment and its files on a volume, and a commit that it acknowledged is on the disk.
func TestComposeKeepsTheDatabase(t *testing.T) {
	database := compose(t, "COMPOSE_PROFILES=ha", "STORE_PASSWORD=secret").Services["postgres"]
	if got := database.Environment["POSTGRES_PASSWORD"]; got == nil || *got != "secret" {
		t.Errorf("the database's password is %v", got)
	}
	if v := database.Volumes; len(v) != 1 || v[0].Type+" "+v[0].Source+" "+v[0].Target != "volume database /var/lib/postgresql/data" {
		t.Errorf("the database is on %+v", v)
	}
	for _, setting := range []string{"synchronous_commit=on", "fsync=on", "full_page_writes=on"} {
		if !slices.Contains(database.Command, setting) {
			t.Errorf("the database runs without %s: %q", setting, database.Command)
		}
	}
	if database.HealthCheck == nil || !slices.Contains(database.HealthCheck.Test, "--host=127.0.0.1") {
		t.Error("the database that is being made, on a socket alone, passes for ready")
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
	want := map[string]string{"STORE_PASSWORD": "the value of STORE_PASSWORD"} // of the database of docker-compose.yml itself
	env := []string{"STORE_PASSWORD=the value of STORE_PASSWORD"}
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

// TestComposeConfiguration: the shipped configuration with the lines that docker-compose.yml asks for passes the check, in both profiles.
func TestComposeConfiguration(t *testing.T) {
	said := regexp.MustCompile(`(?m)^#     (listen|store): (.*)$`).FindAllStringSubmatch(read(t, "../../docker-compose.yml"), -1)
	if len(said) != 3 {
		t.Fatalf("docker-compose.yml has other lines for supportline.yaml: %q", said)
	}
	single := map[string]string{"listen": said[0][2]}
	ha := map[string]string{said[1][1]: said[1][2], said[2][1]: said[2][2]}
	env := func(name string) (string, bool) {
		value, ok := map[string]string{"STORE_PASSWORD": "0123abcd", "HOSTNAME": "supportline-2"}[name]
		return value, ok
	}
	for host, lines := range map[string]map[string]string{"supportline": single, "supportline-2": ha} {
		text := read(t, "../../supportline.example.yaml")
		for key, value := range lines {
			text = regexp.MustCompile(`(?m)^`+key+`:.*\n(  .*\n)*`).ReplaceAllLiteralString(text, key+": "+value+"\n")
		}
		file := filepath.Join(t.TempDir(), "supportline.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, problems := config.Load(file, env, config.Options{Offline: true})
		for _, p := range problems {
			t.Error(p)
		}
		if diff := cmp.Diff(config.Listen{Webhooks: ":8080", Console: host + ":8081", Metrics: host + ":8082"}, got.Listen); diff != "" {
			t.Errorf("listeners (-want +got):\n%s", diff)
		}
	}
}

// TestCaddyLetsWebhooksInOnly: the paths are the webhooks', the private listener is not among the upstreams.
func TestCaddyLetsWebhooksInOnly(t *testing.T) {
	project := compose(t, "SUPPORTLINE_DOMAIN=support.example.com")
	if got := project.Services["caddy"].Environment["SUPPORTLINE_DOMAIN"]; got == nil || *got != "support.example.com" {
		t.Errorf("Caddy's domain is %v", got)
	}
	const want = `{$SUPPORTLINE_DOMAIN} {
	@webhooks path /voice /voice/* /status /leg/* /recording/* /conference/* /announce/* /alarm/* /callback/* /message/status /sound/* /fallback /fallback/* /plain /plain/* /hooks/pagerduty /w/*
	handle @webhooks {
		reverse_proxy supportline:8080
	}
	handle {
		respond 404
	}
}
`
	if diff := cmp.Diff(want, project.Configs["caddyfile-single"].Content); diff != "" {
		t.Errorf("Caddyfile (-want +got):\n%s", diff)
	}
}

// TestCaddyLetsEveryWebhookIn: a route that Caddy does not know is answered with 404, and the caller hears the provider's error message.
func TestCaddyLetsEveryWebhookIn(t *testing.T) {
	lists := regexp.MustCompile(`@webhooks path (.*)\n`).FindAllStringSubmatch(read(t, "../../docker-compose.yml"), -1)
	if len(lists) != 2 || lists[0][1] != lists[1][1] {
		t.Fatalf("the profiles let in %q", lists)
	}
	allowed := strings.Fields(lists[0][1])
	lets := func(pattern, path string) bool {
		prefix, below := strings.CutSuffix(pattern, "*")
		return pattern == path || below && strings.HasPrefix(path, prefix)
	}
	routes := server.PublicRoutes()
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
