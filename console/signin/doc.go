// Package signin decides who may use the console: people by a password or by single sign-on, programs by a token. It keeps sessions, and
// throttles guessing. It shows no pages: the console turns what it returns into a form, a redirect or a refusal.
//
//	service := signin.New(signin.Deps{Settings: settings, Users: store, Sessions: store, Tokens: store, Audit: store, Logger: logger})
//	user, err := service.Password(ctx, name, password, address, now)
//	if err == nil {
//		err = service.Start(ctx, user, "from "+address, now)
//	}
//
// Sessions are kept in the store under a hash of their token. A session ends after Settings.Idle without a page, Settings.Session after the
// sign-in, and at once when its user signs out everywhere, is disabled or has a new password (users.User.Generation). Everything that reads or
// changes a session must run inside Service.LoadAndSave. Password hashing is done one at a time; throttles are kept in memory.
package signin
