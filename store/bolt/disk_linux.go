package bolt

import (
	"path/filepath"
	"syscall"
)

// networks are the file systems whose files lie elsewhere, by the numbers that Linux has for them (statfs(2)).
var networks = map[int64]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xff534d42: "SMB",
	0xfe534d42: "SMB",
	0x01021997: "9p, as a folder that a virtual machine shares with its host",
	0x65735546: "FUSE, as sshfs or a folder that Docker Desktop shares",
	0x786f4256: "a shared folder of VirtualBox",
	0xbacbacbc: "a shared folder of VMware",
	0x00c36400: "Ceph",
	0x5346414f: "AFS",
	0x0bd00bd0: "Lustre",
}

// network returns the kind of the network disk that a file is on, "" if it is on none.
func network(path string) string {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &disk); err != nil {
		return "" // opening the file has a better error
	}
	return networks[int64(uint32(disk.Type))]
}
