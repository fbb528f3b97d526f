package demo

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/officernd/supportline/cmd/supportline/config"
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
	for name, port := range map[string]func(config.Listen) string{
		"webhooks": func(l config.Listen) string { return l.Webhooks }, "console": func(l config.Listen) string { return l.Console },
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
			other, err := net.Listen("tcp", port(first.Listen))
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			moved, err := Configure(folder, load)
			if err != nil {
				t.Fatal(err)
			}
			if !free(moved.Listen.Webhooks) || !free(moved.Listen.Console) {
				t.Errorf("it listens on %+v, and another program on %s", moved.Listen, port(first.Listen))
			}
			if again, err := os.ReadFile(file); err != nil || string(again[len(again)-7:]) != "# ours\n" {
				t.Errorf("the file became, with %v,\n%s", err, again)
			}
		})
	}
}
