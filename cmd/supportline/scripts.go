package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/phone"
)

// scriptsIn lists the call scripts of a folder, by name.
func scriptsIn(folder string) ([]string, error) {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, errors.Join(err, fmt.Errorf("--scripts %s: name a folder with scripts, or one script with --script", folder))
	}
	files, err := filepath.Glob(filepath.Join(globbed(folder), "*.call"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no scripts are in %s: their names end in .call", folder)
	}
	return files, err
}

// globbed is a folder's name as a pattern that means itself.
func globbed(folder string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(folder)
}

// playScripts plays each script in an App of its own and prints a line for each. The answer is no when one differs; a script that cannot be
// played is an error, after all the others were.
func (p *program) playScripts(ctx context.Context, configFile string, files []string) error {
	base, err := p.scriptConfig(configFile)
	if err != nil {
		return err
	}
	differ := 0
	var unplayed []error
	for _, file := range files {
		took, err := p.playScript(ctx, base, file)
		var different *phone.Difference
		switch {
		case err == nil:
			fmt.Fprintf(p.Out, "ok    %s (%d ms)\n", file, took.Milliseconds())
		case errors.As(err, &different):
			differ++
			fmt.Fprintf(p.Out, "DIFF  %s (%d ms)\n      %s\n", file, took.Milliseconds(), err)
		default:
			unplayed = append(unplayed, err)
		}
	}
	fmt.Fprintf(p.Err, "%s, %d as written\n", plural(len(files), "script"), len(files)-differ-len(unplayed))
	switch {
	case len(unplayed) > 0:
		return errors.Join(unplayed...)
	case differ > 0:
		return control.Exit(control.RefusedExit)
	}
	return nil
}

func (p *program) playScript(ctx context.Context, base demo.Script, file string) (took time.Duration, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	script, err := phone.Parse(file, text)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	_, err = phone.Play(ctx, script, base.Opener(filepath.Dir(file)))
	return time.Since(began), err
}

// scriptConfig reads the configuration for scripts: the file, or where the default one is not there the shipped example.
func (p *program) scriptConfig(file string) (demo.Script, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) && file == defaultConfig {
		return demo.Script{Name: "supportline.example.yaml", Text: config.Example(), Env: p.Env}, nil
	}
	return demo.Script{Name: file, Text: text, Env: p.Env}, err
}
