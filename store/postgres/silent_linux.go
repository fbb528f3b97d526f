package postgres

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// control bounds how long what was sent may stay without the peer's acknowledgement.
func control(network, _ string, c syscall.RawConn) (err error) {
	if network == "unix" {
		return nil
	}
	controlErr := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(userTimeout.Milliseconds()))
	})
	if err == nil {
		err = controlErr
	}
	return err
}
