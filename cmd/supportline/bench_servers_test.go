package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
)

// measured is a server in a process of its own, and what was measured of it: by connections, one figure a round.
type measured struct {
	name    string
	address string // of its webhooks
	metrics string // where it counts; "": nowhere
	pid     int    // 0: somebody else's process
	rate    map[int][]float64
	p50     map[int][]float64 // seconds
	p99     map[int][]float64
	work    map[int][]float64 // seconds of the processor for a request, at both ends
	commits map[int][]float64 // a second
	written map[int][]float64 // bytes a request, into the file
	heap    float64           // bytes, at most
}

func newMeasured(name, address, metrics string, pid int) *measured {
	m := &measured{name: name, address: address, metrics: metrics, pid: pid}
	for _, of := range []*map[int][]float64{&m.rate, &m.p50, &m.p99, &m.work, &m.commits, &m.written} {
		*of = map[int][]float64{}
	}
	return m
}

// benchProcess is the variable by which this binary is one of the benchProcesses.
const benchProcess = "SUPPORTLINE_BENCH_PROCESS"

var benchProcesses = map[string]func(){"ours": benchOurs, "theirs": benchTheirs}

// startBench starts the process of a server, and waits until it listens.
func startBench(b *testing.B, name, address, metrics, process string, args ...string) *measured {
	b.Helper()
	cmd := exec.Command(must(os.Executable()), args...)
	cmd.Env = append(os.Environ(), benchProcess+"="+process)
	cmd.Stderr = must(os.Create(filepath.Join(b.TempDir(), "stderr")))
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may be over
		_ = cmd.Wait()
	})
	for end := time.Now().Add(20 * time.Second); ; <-time.After(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			return newMeasured(name, address, metrics, cmd.Process.Pid)
		}
		if time.Now().After(end) {
			b.Fatalf("the server %q does not listen: %s", name, tail(cmd.Stderr.(*os.File).Name()))
		}
	}
}

// benchYAML is the demo's configuration with lines that are always open, for the server at two addresses.
func benchYAML(webhooks, console string, store config.Store) []byte {
	text := string(config.Demo(webhooks, console))
	for key, value := range map[string]string{
		"public_url": "https://bench.example.com", "store": cmp.Or(store.URL, "bolt:"+store.File), "recordings": "{}", "  api_url": "http://127.0.0.1:1",
		"  account_sid": "AC00000000000000000000000000000001", "  auth_token": "00000000000000000000000000000001",
		"    hours": `{ mon-sun: "00:00-24:00" }`, "  tickets_per_month": "100000",
	} {
		text = regexp.MustCompile(`(?m)^`+key+`: .*$`).ReplaceAllLiteralString(text, key+": "+value)
	}
	return []byte(strings.Replace(text, "\nrecordings: {}\n", "\n", 1))
}

// writeBench writes that configuration, and returns the file's name.
func writeBench(b *testing.B, at config.Store) (file string) {
	b.Helper()
	file = filepath.Join(b.TempDir(), "supportline.yaml")
	if err := os.WriteFile(file, benchYAML(freeAddress(b), freeAddress(b), at), 0o600); err != nil {
		b.Fatal(err)
	}
	return file
}

// startOurs starts the program as it is on a store, which has the customers already.
func startOurs(b *testing.B, name string, at config.Store) *measured {
	b.Helper()
	file := writeBench(b, at)
	app := openBench(b, file)
	importExamples(b, app.Store)
	if err := app.Close(); err != nil {
		b.Fatal(err)
	}
	return startBench(b, name, app.Conf.Listen.Webhooks, app.Conf.Listen.Console, "ours", "serve", "--config", file)
}

// openBench opens a server in this process.
func openBench(b *testing.B, file string) *server.App {
	b.Helper()
	conf, problems := config.Load(file, os.LookupEnv, config.Options{})
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	return must(server.Open(conf, time.Now, zap.NewNop(), 0))
}

// benchOurs is the program, which writes a profile of its processor time to the file SUPPORTLINE_BENCH_PROFILE until it is stopped.
func benchOurs() {
	server.TuneRuntime()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if path := os.Getenv("SUPPORTLINE_BENCH_PROFILE"); path != "" {
		if strings.Contains(string(must(os.ReadFile(os.Args[3]))), "\nstore: postgres") {
			path += ".postgresql"
		}
		if err := pprof.StartCPUProfile(must(os.Create(path))); err != nil {
			panic(err)
		}
		defer pprof.StopCPUProfile()
		defer func() { _ = pprof.Lookup("allocs").WriteTo(must(os.Create(path+".allocs")), 0) }()
	}
	p := &program{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.LookupEnv, Now: time.Now}
	p.run(ctx, os.Args[1:])
}

// The counters that are read of a server.
const (
	commitsMetric = "supportline_store_commit_seconds_count"
	heapMetric    = "go_memstats_heap_inuse_bytes"
)

// counters returns what a server counts; nothing if it does not count.
func (m *measured) counters(b *testing.B) map[string]float64 {
	b.Helper()
	found := map[string]float64{}
	if m.metrics == "" {
		return found
	}
	answer := must(http.Get("http://" + m.metrics + "/metrics"))
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if name, value, two := strings.Cut(lines.Text(), " "); two {
			found[name], _ = strconv.ParseFloat(value, 64) // 0 for what is no number
		}
	}
	return found
}

// processor returns the processor time that this process and the server's have used, in user and kernel mode.
func (m *measured) processor(b *testing.B) time.Duration {
	b.Helper()
	return processorTime(b, syscall.RUSAGE_SELF) + m.ticks()
}

func processorTime(b *testing.B, who int) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(who, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// ticks returns the processor time of the server's process; 0 where the system does not tell.
func (m *measured) ticks() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.pid))
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if err != nil || len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// bytesWritten returns how many bytes the server's process has written, to files and connections; 0 where the system does not tell. What it wrote to the
// disk is no better guide: the system counts whole folios there, which may be large.
func (m *measured) bytesWritten() (n float64) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/io", m.pid)) // what is missing is 0
	if _, after, found := strings.Cut(string(text), "wchar: "); found {
		_, _ = fmt.Sscan(after, &n)
	}
	return n
}
