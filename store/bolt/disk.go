package bolt

import "fmt"

// Warnings returns what the file may not hold where it lies, a sentence each.
func (e *Engine) Warnings() []string { return warnings(e.path, network(e.path)) }

func warnings(path, kind string) []string {
	if kind == "" {
		return nil
	}
	return []string{fmt.Sprintf("store %s is on a network disk (%s): its lock may not keep a second process out, what another machine writes there may not "+
		"be seen, and what was answered may be lost with its server; give a path on a disk of this machine, or use a PostgreSQL", path, kind)}
}
