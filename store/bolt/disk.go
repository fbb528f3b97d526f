package bolt

import "fmt"

// Warning returns what a file may not hold where it lies, "" for a disk of this machine.
func Warning(path string) string { return warning(network(path)) }

func warning(kind string) string {
	if kind == "" {
		return ""
	}
	return fmt.Sprintf("the file is on a network disk (%s): its lock may not keep a second process out, and what was acknowledged may be lost there", kind)
}
