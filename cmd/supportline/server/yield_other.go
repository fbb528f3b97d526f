//go:build !linux

package server

// yieldThread does nothing on operating systems that are not known to need it.
func yieldThread() {}
