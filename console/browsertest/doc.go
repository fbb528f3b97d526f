// Package browsertest browses the console in tests: NewPlace opens a console over a store in a temporary folder, Client is a person's browser without
// scripts, Program uses the API with a token, and Tab is a real Chromium.
//
//	p := browsertest.NewPlace(t)
//	p.As(t, users.Operator).Get("/calls").Want(t, http.StatusOK, "Calls")
//
//	tab := browsertest.Open(t)
//	tab.Go(p.Server.URL + "/calls")
//	tab.SignIn("operator")
//	tab.See("Calls")
//	tab.Check("calls") // accessible, and in a picture
//
// Each client and each tab is a browser of its own: it shares no cookies with another. Everything that goes wrong ends the test with a sentence. A tab
// also fails the test for what the browser complains of: a violation of the content security policy, an exception, a script that did not load.
//
// Chromium comes from the distribution (the package chromium); .ci/packages installs it if it is missing. If SUPPORTLINE_SCREENSHOTS names a folder,
// Check leaves pictures there of each page, wide and narrow, light and dark.
//
// It is a package, and no test file, because the tests of several rooms use it.
package browsertest
