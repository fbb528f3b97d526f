package control

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// An OutputWriter is a Command whose output is no text, and may go into a file that the person named; "-" is standard output, and so is "" unless
// that is a terminal.
type OutputWriter interface {
	OutputFile() string
}

// output is a command's output, on the side of the person.
type output struct {
	io.Writer
	file *os.File // nil: standard output
	name string
}

// output opens the file that the person named. It gets its name only when the command has succeeded, so that half of it is not taken for all.
func (r Runner) output(command Command) (*output, error) {
	named, writes := command.(OutputWriter)
	switch {
	case !writes, named.OutputFile() == "-", named.OutputFile() == "" && !IsTerminal(r.Out):
		return &output{Writer: r.Out}, nil
	case named.OutputFile() == "":
		return nil, errors.New("this is sound, which a terminal can't show: add --out FILE, or > FILE")
	}
	name := named.OutputFile()
	if err := intoFolder(name); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(filepath.Dir(name), ".supportline-*")
	if err != nil {
		return nil, FileError("the folder "+filepath.Dir(name), err, "name a file in a folder that this user can write to")
	}
	return &output{Writer: file, file: file, name: name}, nil
}

// end renames the file to its name, or removes it after an error.
func (o *output) end(failed error) error {
	if o.file == nil {
		return nil
	}
	err := o.file.Close()
	if failed == nil && err == nil {
		err = os.Rename(o.file.Name(), o.name)
	}
	if failed != nil || err != nil {
		err = errors.Join(err, os.Remove(o.file.Name()))
	}
	return err
}

// ReplaceFile writes a file in one step, so that no reader sees half of it.
func ReplaceFile(file string, text []byte, mode os.FileMode) error {
	if err := os.WriteFile(file+".new", text, mode); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
