package control

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// peerUser returns the name of the operating system's user at the other end of a socket, by the kernel's own word.
func peerUser(conn net.Conn) (string, error) {
	local, ok := conn.(*net.UnixConn)
	if !ok {
		return "", fmt.Errorf("commands come over a socket of this machine, not over %s", conn.LocalAddr().Network())
	}
	raw, err := local.SyscallConn()
	if err != nil {
		return "", err
	}
	var peer *syscall.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		peer, failed = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err := errors.Join(err, failed); err != nil {
		return "", fmt.Errorf("who sends the command is not known: %w", err)
	}
	return UserName(int(peer.Uid)), nil
}
