package control

import (
	"os/user"
	"strconv"
)

// UserName returns the name of one of the operating system's users, or "uid 1000" for one without a name. The environment has no say in it.
func UserName(uid int) string {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil || u.Username == "" {
		return "uid " + strconv.Itoa(uid)
	}
	return u.Username
}
