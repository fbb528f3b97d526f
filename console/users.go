package console

import (
	"fmt"
	"net/http"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy/users"
)

const usersPath = "/users"

var usersRoutes = []route{
	{http.MethodGet, usersPath, (*request).users, users.ManageUsers},
	{http.MethodPost, usersPath, (*request).addUser, users.ManageUsers},
	{http.MethodPost, usersPath + "/:name", (*request).changeUser, users.ManageUsers},
}

type usersPage struct {
	Users          []users.User
	Roles          []users.Role
	Name, Problem  string // of a user who could not be added
	Done, DoneName string
}

func (r *request) users() error {
	return r.showUsers(http.StatusOK, usersPage{Done: usersDone[r.QueryParam("done")], DoneName: r.QueryParam("name")})
}

// usersDone are the ends of sentences about what was done, by the word in the address.
var usersDone = map[string]string{
	"add": "was added", "role": "has a new role", "disable": "is disabled and signed out everywhere", "enable": "may sign in again",
	"signout": "is signed out everywhere",
}

func (r *request) showUsers(status int, body usersPage) error {
	body.Roles = users.Roles()
	for u, err := range r.console.Users.Users(r.ctx()) {
		if err != nil {
			return err
		}
		body.Users = append(body.Users, u)
	}
	return r.render(status, "users", body)
}

func (r *request) addUser() error {
	typed := r.FormValue("name")
	name, err := users.ParseName(typed)
	var hash string
	var role users.Role
	if err == nil {
		role, err = users.ParseRole(r.FormValue("role"))
	}
	if err == nil {
		hash, err = r.console.signin.HashPassword(r.ctx(), name, r.FormValue("password"))
	}
	if err == nil {
		err = r.console.Users.AddUser(r.ctx(), users.User{Name: name, Role: role, Password: hash, CreatedAt: r.now}, r.user.Name)
	}
	return r.answerForm(err, userDone("add", name), func(status int, problem string) error {
		return r.showUsers(status, usersPage{Name: typed, Problem: problem})
	})
}

// changeUser changes a user's role or access. Nobody can take the console away from themselves.
func (r *request) changeUser() error {
	name, act := r.Param("name"), r.FormValue("act")
	if name == r.user.Name && act != "signout" {
		return fmt.Errorf("%w: this is you; another admin can change your role or disable you", api.ErrWrongInput)
	}
	var change users.Change
	switch act {
	case "role":
		role, err := users.ParseRole(r.FormValue("role"))
		if err != nil {
			return fmt.Errorf("%w: %w", api.ErrWrongInput, err)
		}
		change = users.WithRole(role, r.user.Name, r.now)
	case "disable":
		change = users.WithDisabled(r.user.Name, r.now)
	case "enable":
		change = users.WithEnabled(r.user.Name, r.now)
	case "signout":
		change = users.SignedOutEverywhere(r.user.Name, r.now)
	default:
		return fmt.Errorf("%w: choose what to do to the user", api.ErrWrongInput)
	}
	if _, err := r.console.Users.ChangeUser(r.ctx(), name, change); err != nil {
		return err
	}
	return r.seeOther(userDone(act, name))
}

func userDone(act, name string) string { return usersPath + query("done", act, "name", name) }
