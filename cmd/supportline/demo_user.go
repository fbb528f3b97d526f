package main

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy/users"
)

// The console's user of a demo, and the file in its folder that keeps the password for the next start.
const (
	demoUser     = "demo"
	demoPassword = "console-password"
)

// firstUser makes the demo's console user, an admin, on the first start, and gives the password that the folder keeps. A file that was removed
// means a new password.
func (d demoCommand) firstUser(ctx context.Context, h *house) (password string, err error) {
	file := filepath.Join(d.Dir, demoPassword)
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	password = strings.TrimSpace(string(text))
	if password == "" {
		password = rand.Text()
		if err := replaceFile(file, []byte(password+"\n"), 0o600); err != nil {
			return "", err
		}
	}
	hash, err := signin.HashPassword(demoUser, password)
	if err != nil {
		return "", err
	}
	user := users.User{Name: demoUser, Role: users.Admin, Password: hash, CreatedAt: h.now()}
	err = h.store.AddUser(ctx, user, "demo")
	if errors.Is(err, users.ErrExists) && len(text) == 0 { // the file was lost
		_, err = h.store.ChangeUser(ctx, demoUser, users.WithPassword(hash, "demo", h.now()))
	}
	if errors.Is(err, users.ErrExists) {
		err = nil
	}
	return password, err
}
