// Package signin decides who may use the console: people by a password or by single sign-on, programs by a token. It keeps sessions, and
// throttles guessing. It shows no pages: the console turns what it returns into a form, a redirect or a refusal.
//
//	service := signin.New(signin.Deps{Settings: settings, Users: store, Sessions: store, Tokens: store, Audit: store, Logger: logger})
//	user, err := service.Password(request, name, password, address, now)
//	if err == nil {
//		err = service.Start(response, request, signin.Entry{User: user, Address: address, At: now}, now)
//	}
//
// Sessions are kept in the store under a hash of their token. A session ends after Settings.Idle without a page, Settings.Session after the
// sign-in, and at once when its user ends it, signs out everywhere, is disabled or has a new password (users.User.Generation). Everything that
// reads or changes a session must run inside Service.LoadAndSave. Password hashing is done one at a time.
//
// A try is taken in the store before anything is compared, and given back if it was right (users.Tries): a burst, a restart or another process
// gives no more guesses. A browser that signed in before is known by a cookie (users.Device) and counted by itself.
package signin
