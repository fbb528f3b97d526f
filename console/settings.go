package console

import (
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// Settings are the company's decisions about the console, checked.
type Settings struct {
	signin.Settings
	Permissions users.Permissions
	TestLines   []policy.Phone // that an admin may call from the console; in a demo, all may be
}
