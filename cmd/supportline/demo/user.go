package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
)

// User is the name of the demo's console user.
const User = "demo"

// FirstUser makes the demo's console user, an admin, on the first start, and returns the password, which the folder keeps for the next start. A
// file that was removed means a new password.
func FirstUser(ctx context.Context, folder string, s *store.Store, now time.Time) (password string, err error) {
	file := filepath.Join(folder, passwordFile)
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	password = strings.TrimSpace(string(text))
	if password == "" {
		password = rand.Text()
		if err := control.ReplaceFile(file, []byte(password+"\n"), 0o600); err != nil {
			return "", err
		}
	}
	hash, err := signin.HashPassword(User, password)
	if err != nil {
		return "", err
	}
	err = s.AddUser(ctx, users.User{Name: User, Role: users.Admin, Password: hash, CreatedAt: now}, "demo")
	if errors.Is(err, users.ErrExists) && len(text) == 0 { // the file was lost
		_, err = s.ChangeUser(ctx, User, users.WithPassword(hash, "demo", now))
	}
	if errors.Is(err, users.ErrExists) {
		err = nil
	}
	return password, err
}
