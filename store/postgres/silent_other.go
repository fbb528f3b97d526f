//go:build !linux

package postgres

import "syscall"

// control does nothing: keep-alives notice a silent peer.
func control(string, string, syscall.RawConn) error { return nil }
