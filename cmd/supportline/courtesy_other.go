//go:build !linux

package main

// yieldThread does nothing where the operating system is not known to need it.
func yieldThread() {}
