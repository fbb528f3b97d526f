package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/phone"
)

// ScriptsIn lists the call scripts of a folder, by name.
func ScriptsIn(folder string) ([]string, error) {
	const advice = "name a folder with scripts, or one script with --script"
	info, err := os.Stat(folder)
	switch {
	case err != nil:
		return nil, control.FileError("--scripts "+folder, err, advice)
	case !info.IsDir():
		return nil, fmt.Errorf("--scripts %s: it is no folder: %s", folder, advice)
	}
	if _, err := os.ReadDir(folder); err != nil { // Glob would find nothing in it, without an error
		return nil, control.FileError("--scripts "+folder, err, advice)
	}
	files, err := fs.Glob(os.DirFS(folder), "*.call")
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no scripts are in %s: their names end in .call", folder)
	}
	for i, file := range files {
		files[i] = filepath.Join(folder, file)
	}
	return files, err
}

// PlayAll plays each script in an App of its own and prints a line for each. The answer is no when one differs; a script that cannot be
// played is an error, after all the others were.
func (c Script) PlayAll(ctx context.Context, files []string, out, words io.Writer) error {
	differ := 0
	var unplayed []error
	for _, file := range files {
		took, err := c.play(ctx, file)
		var different *phone.Difference
		switch {
		case err == nil:
			fmt.Fprintf(out, "ok    %s (%d ms)\n", file, took.Milliseconds())
		case errors.As(err, &different):
			differ++
			fmt.Fprintf(out, "DIFF  %s (%d ms)\n      %s\n", file, took.Milliseconds(), err)
		default:
			unplayed = append(unplayed, err)
		}
	}
	if len(unplayed) < len(files) {
		fmt.Fprintf(words, "%s, %d as written\n", control.Plural(len(files), "script"), len(files)-differ-len(unplayed))
	}
	switch {
	case len(unplayed) > 0:
		return errors.Join(unplayed...)
	case differ > 0:
		return control.Exit(control.RefusedExit)
	}
	return nil
}

func (c Script) play(ctx context.Context, file string) (took time.Duration, err error) {
	text, err := config.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("the script %s cannot be read: %w: name a file with a call, as \"supportline call --help\" shows", file, err)
	}
	script, err := phone.Parse(file, text)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	_, err = phone.Play(ctx, script, c.Opener(filepath.Dir(file)))
	return time.Since(began), err
}
