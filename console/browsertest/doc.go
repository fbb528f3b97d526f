// Package browsertest looks at pages in a real Chromium, as tests do.
//
//	tab := browsertest.Open(t)
//	tab.Go(server.URL + "/signin")
//	tab.Fill(`[name=name]`, "mila")
//	tab.Follow("main button")
//	tab.See("Calls")
//	tab.Check("calls") // accessible, and in a picture
//
// A tab is a person's own browser: it shares no cookies with another. Whatever goes wrong ends the test with a sentence. When the test ends,
// everything that the browser complained of meanwhile fails it: a violation of the content security policy, an exception, a script that did not
// load.
//
// Chromium comes from the distribution (the package chromium); .ci/packages installs it where it is missing. With SUPPORTLINE_SCREENSHOTS set to
// a folder, Check leaves pictures there of each page, wide and narrow, light and dark.
//
// It is a package of its own, and no test file, because the console's tests and those of the whole program use it.
package browsertest
