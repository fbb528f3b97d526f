//go:build !linux

package control

import (
	"net"
	"os"
)

// peerUser returns the name of this process's own user: the socket is closed to all others but the superuser (Listen).
func peerUser(net.Conn) (string, error) { return UserName(os.Getuid()), nil }
