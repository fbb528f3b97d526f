//go:build !linux

package server

// yieldThread does nothing where the operating system is not known to need it.
func yieldThread() {}
