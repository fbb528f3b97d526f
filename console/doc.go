// Package console is the ops web console: it shows the log of calls to people who sign in, explains each call, and lets them act on it. It is
// an http.Handler over small interfaces (Deps); the program serves it on its private listener, beside health and metrics.
//
//	handler := console.New(console.Deps{Settings: settings, Policy: company, Lines: lines, Calls: store, Users: store, Sessions: store, Audit: store, Now: time.Now})
//
// # What holds for every page
//
// Pages are made on the server, work without scripts, and weigh under 60 kB with everything. Scripts add to what is there already: htmx is on
// each page for parts that change by themselves. The content security policy lets nothing run or style that stands in a page; a picture is SVG
// with classes. Times are in the viewer's own zone. A telephone number is masked ($.Phone, and $.Text for words that may hold one) until a
// person who may see numbers asks for those of one call, which the audit notes. Whatever changes something is a POST from the console's own
// pages, answered with 303, or with the page itself and what is wrong.
//
// Sessions are kept in the store under a hash of their token. They end after Settings.Idle without a page, after Settings.Session whatever
// happens, and all at once when a person signs out everywhere, is shut out, or has a new password (users.User.Generation). A request for
// events is no sign of life. Guesses at passwords are slowed down by name and by address, in memory; hashing is done one at a time.
//
// # How to add a page
//
// A noun has a file: its routes, its handlers, what its page shows. The steps, for a noun called lines:
//
//  1. lines.go: a method on site that gives the noun, and one line for it in site.all, at its place in the navigation. The navigation shows it
//     to those who have what it needs.
//
//     func (s *console) linesSection() section {
//     return section{title: "Lines", path: "/lines", route: func(r routes) {
//     r.get("/lines", (*request).lines)
//     r.post("/lines/:number/closures", (*request).close, users.ManageLines)
//     }}
//     }
//
//  2. A handler parses, calls one method, and renders a struct of its own, linesPage:
//     r.render(http.StatusOK, "lines", body) shows view/lines.html. Around it are r.user, r.zone, r.now (read once), r.may(permission), r.ctx(),
//     r.note(act, subject, detail) for the audit, and r.seeOther(path) after something was done. An error that it returns becomes a page by the
//     table in failure.go: a new kind of refusal is one more line there.
//
//  3. view/lines.html defines "title" and "main". "$" is the page in all of it, .Body what the handler rendered: $.Time, $.Clock, $.Day, $.In,
//     $.Minutes, $.Phone, $.Text, $.Can "lines", $.Asset. Parts that several pages use are in view/_parts.html and get {{template "marks" ($.With .)}}.
//     A table that is to be read on a telephone has class "cards" and a data-label on each cell; one that scrolls stands in a div with class
//     "scroll", role "region", a label and tabindex 0. Signs (class "sign ok", "warn", "bad") say a word first.
//
//  4. What it reads is a small interface in ports.go, with its promises, and a field in Deps. The program's console.go fills it in.
//
//  5. A permission that is new stands in policy (Permission), in Grantable if a configuration can give it, and in the example and README.
//
//  6. Tests: a table over mustPlace(t).as(t, role).get(path).want(t, status, texts...) (must_test.go), refusals and the audit among the rows; and a
//     visit in browser_test.go with tab.Check(name), which runs axe in both sizes and colours and takes pictures (package browsertest).
package console
