// Package console is the pages of the ops web console: they show the log of calls to people who sign in, explain each call, and let them act on it.
// It is an http.Handler over small interfaces (Deps); the program serves it on its private listener, beside health and metrics. Its JSON API is
// package console/api, and what decides who may enter is package console/signin.
//
//	handler := console.New(console.Deps{Settings: settings, Policy: company, Lines: lines, Calls: store, Users: store, Sessions: store, Audit: store, Now: time.Now})
//
// # What every page keeps to
//
// Pages are made on the server, work without scripts, and weigh less than 60 kB with everything. Scripts improve what is there already: htmx is on
// each page for parts that change by themselves. The content security policy allows no inline script or style; a picture is SVG with classes. Times
// are in the viewer's own zone, which the foot of the page names. A telephone number is masked ($.Phone, and $.Text for texts that may hold one)
// until a person who may see numbers asks for those of one call, which the audit notes. A change is a POST from the console's own pages, answered
// with 303, or with the page itself and what is wrong.
//
// # How to add a page
//
// A section has a file: its routes, its handlers, the data of its page. The steps, for a section called lines:
//
//  1. lines.go: the table of its routes, and one entry in console.all, at its place in the navigation, which shows it to those who have the
//     permission that its first page needs.
//
//     var linesRoutes = []route{
//     {http.MethodGet, "/lines", (*request).lines, ""},
//     {http.MethodPost, "/lines/:number/closures", (*request).close, users.ManageLines},
//     }
//
//  2. A handler parses, calls one method, and renders a struct of its own, linesPage: r.render(http.StatusOK, "lines", body) shows view/lines.html.
//     It has r.user, r.zone, r.now (read once), r.may(permission), r.ctx(), r.note(act, subject, detail) for the audit, and r.seeOther(path) after
//     a change. An error that it returns becomes a page by the table failures in request.go: a new kind of refusal is one more entry.
//
//  3. view/lines.html defines "title" and "main". "$" is the page everywhere in it, .Body what the handler rendered: $.Time, $.Clock, $.Day, $.In,
//     $.Minutes, $.Phone, $.Text, $.Can "lines", $.Asset. Parts that several pages use are in view/_parts.html: {{template "marks" ($.With .)}}.
//     A part that moves by itself is a template "live" in a div with {{template "moves" ADDRESS}}, whose address answers with request.live. The focus and what is
//     typed stay. Rows, and forms that take each other's place, have an id there: without one, a button becomes another under whoever is about to press it.
//     A form that somebody may be writing into has hx-morph-skip.
//     A table for small screens has class "cards" and a data-label on each cell; one that scrolls is in a div with class "scroll", role "region", a
//     label and tabindex 0. Signs (class "sign ok", "warn", "bad") are a word first, a colour second.
//
//  4. What it reads is a small interface in ports.go, with its promises, and a field in Deps. The program's wiring fills it in.
//
//  5. A new permission is in policy/users (Permission), in Grantable if a configuration can give it, and in the example and the manual.
//
//  6. Tests: a table over browsertest.NewPlace(t).As(t, role).Get(path).Want(t, status, texts...), with refusals and the audit among the rows; and a
//     visit in browser_test.go with tab.Check(name), which runs axe in both sizes and colours and takes pictures (package browsertest).
package console
