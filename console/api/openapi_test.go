package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
)

// document is what is looked at of the API's own description.
type document struct {
	text       any // all of it
	Paths      map[string]map[string]described
	Components struct {
		Parameters map[string]parameter
		Responses  map[string]response
		Schemas    map[string]struct {
			Properties map[string]struct{ Enum []string }
		}
	}
}

type described struct {
	OperationID string `json:"operationId"`
	Security    []any
	Parameters  []parameter
	RequestBody *struct {
		Content map[string]struct {
			Examples map[string]struct{ Value any }
		}
	} `json:"requestBody"`
	Responses map[string]response
}

type parameter struct {
	Ref      string `json:"$ref"`
	Name, In string
	Schema   struct{ Minimum, Maximum *int }
}

type response struct {
	Ref     string `json:"$ref"`
	Content map[string]any
}

// mustDocument returns the document as the server sends it to anybody.
func mustDocument(t testing.TB, p *browsertest.Place) document {
	t.Helper()
	served := browsertest.NewProgram(t, p.Server.URL, "").Get("/api/v1/openapi.yaml")
	served.Want(t, http.StatusOK, "openapi: 3.1")
	var d document
	if err := yaml.Unmarshal([]byte(served.Body), &d.text); err != nil {
		t.Fatal(err)
	}
	plain, err := json.Marshal(d.text) // the library of schemas wants the types of JSON
	if err == nil {
		err = errors.Join(json.Unmarshal(plain, &d), json.Unmarshal(plain, &d.text))
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// whole returns a parameter that may stand elsewhere.
func (d document) whole(q parameter) parameter {
	if q.Ref != "" {
		return d.Components.Parameters[q.Ref[strings.LastIndex(q.Ref, "/")+1:]]
	}
	return q
}

// schema is the one at a place of the document, such as paths, /api/v1, get.
func (d document) schema(t testing.TB, place ...string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("openapi.yaml", d.text); err != nil {
		t.Fatal(err)
	}
	pointer := ""
	for _, name := range place {
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D", "+", "%2B").Replace(name)
	}
	s, err := c.Compile("openapi.yaml#" + pointer)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fits returns how an answer differs from the document.
func (d document) fits(t testing.TB, path, method string, got browsertest.Page) error {
	t.Helper()
	status := fmt.Sprint(got.Status)
	r, there := d.Paths[path][method].Responses[status]
	if !there {
		return fmt.Errorf("status %s is not described", status)
	}
	at := []string{"paths", path, method, "responses", status}
	if r.Ref != "" {
		name := r.Ref[strings.LastIndex(r.Ref, "/")+1:]
		r, at = d.Components.Responses[name], []string{"components", "responses", name}
	}
	kind := strings.Split(got.Header.Get("Content-Type"), ";")[0]
	if _, there := r.Content[kind]; !there {
		return fmt.Errorf("status %s comes as %s, which is not described", status, kind)
	}
	if kind == "text/csv" || kind == "application/yaml" {
		return nil
	}
	body, err := jsonschema.UnmarshalJSON(strings.NewReader(got.Body))
	if err != nil {
		return err
	}
	return d.schema(t, append(at, "content", kind, "schema")...).Validate(body)
}

var echoPart = regexp.MustCompile(`:(\w+)`)

// Every operation that there is is described, with its parameters, and every one that is described is there.
func TestEveryOperationIsDescribed(t *testing.T) {
	p := browsertest.NewFilled(t)
	d := mustDocument(t, p)
	index := browsertest.Decode[struct {
		Operations []struct {
			Method, Path string
			Params       []string
		}
	}](t, p.Program(t, "viewer").Get("/api/v1"))
	there, told := map[string][]string{"GET /api/v1/openapi.yaml": nil}, map[string][]string{}
	for _, o := range index.Operations {
		there[o.Method+" "+echoPart.ReplaceAllString(o.Path, "{$1}")] = slices.Sorted(slices.Values(o.Params))
	}
	for path, methods := range d.Paths {
		for method, o := range methods {
			var params []string
			for _, q := range o.Parameters {
				q = d.whole(q)
				if q.In == "query" {
					params = append(params, q.Name)
				} else if !strings.Contains(path, "{"+q.Name+"}") {
					t.Errorf("%s has no part %s", path, q.Name)
				}
			}
			slices.Sort(params)
			told[strings.ToUpper(method)+" "+path] = params
		}
	}
	if diff := cmp.Diff(there, told); diff != "" {
		t.Errorf("what is there and what is described differ (-there +described):\n%s", diff)
	}
}

// A number in a query may be as small and as large as is described, and no smaller or larger.
func TestNumbersAreBoundedAsDescribed(t *testing.T) {
	p := browsertest.NewFilled(t)
	d, admin, bounds := mustDocument(t, p), p.Program(t, "admin"), 0
	for path, methods := range d.Paths {
		for _, q := range methods["get"].Parameters {
			q = d.whole(q)
			least, most := q.Schema.Minimum, q.Schema.Maximum
			if q.In != "query" || least == nil || most == nil {
				continue
			}
			bounds++
			for n, status := range map[int]int{*least - 1: 422, *least: 200, *most: 200, *most + 1: 422} {
				p.Now = p.Now.Add(1e9) // no program is too fast
				at := strings.Replace(somewhere(path), "/lines/204518", "/lines/+448000668187", 1) + "?" + q.Name + "=" + fmt.Sprint(n)
				if got := admin.Get(at); got.Status != status {
					t.Errorf("%s: %d, want %d", at, got.Status, status)
				}
			}
		}
	}
	if bounds < 6 {
		t.Errorf("%d bounds are described", bounds)
	}
}

// tried is one request, and what has to come back.
type tried struct {
	who, method, path string // path is the document's
	at                string // what is asked for
	body              string
	status            int
	kind              string
	prepare           func() // what goes before
}

// missed makes calls that nobody answered.
func missed(t testing.TB, p *browsertest.Place, calls ...policy.CallSID) {
	t.Helper()
	log := store.NotifyingLog{Store: p.Store, Link: func(policy.CallSID) string { return "" }}
	for _, sid := range calls {
		_, err := log.Advance(t.Context(), sid, func(c policy.Call) policy.Call {
			c.Line, c.From, c.StartedAt, c.Answered, c.Intent = "+448000668187", "+442079460018", p.Now.Add(-time.Minute), true, policy.Critical
			c.HuntingAt, c.LeftAt, c.Exhausted = c.StartedAt, p.Now, true
			return c
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Every answer that is described can be got, each kind of problem too, and what really comes back is as described.
func TestEveryAnswerIsAsDescribed(t *testing.T) {
	broken := false
	p := browsertest.NewFilled(t, func(d *console.Deps) {
		d.Ready = func(context.Context) error {
			if broken {
				return errors.New("the disk is gone")
			}
			return nil
		}
	})
	d := mustDocument(t, p)
	programs := map[string]browsertest.Program{
		"viewer": p.Program(t, "viewer"), "operator": p.Program(t, "operator"), "admin": p.Program(t, "admin"), "nobody": browsertest.NewProgram(t, p.Server.URL, ""),
		"wrong": browsertest.NewProgram(t, p.Server.URL, "sl_WRONG"), "over": p.Program(t, "viewer", func(k *users.Token) { k.ExpiresAt = p.Now }),
	}
	p.Add(t, users.User{Name: "left", Role: users.Admin, Subject: "https://id.example.com|17", UnvouchedAt: p.Now})
	programs["left"] = p.Program(t, "left")
	p.Add(t, users.User{Name: "gone", Role: users.Admin})
	programs["gone"] = p.Program(t, "gone")
	if _, err := p.Store.ChangeUser(t.Context(), "gone", users.WithDisabled("test", p.Now)); err != nil {
		t.Fatal(err)
	}
	call, acts, one, moves := "/api/v1/calls/{sid}", "/api/v1/calls/{sid}/acts", "/api/v1/cases/{id}", "/api/v1/cases/{id}/moves"
	follow, offers, back := "/api/v1/followups", "/api/v1/calls/{sid}/offers", "/api/v1/offers/{id}/take-back"
	line, hours, long := "/api/v1/lines/{number}", "/api/v1/lines/{number}/hours", strings.Repeat("x", 70<<10)
	tries := []tried{
		{"viewer", "get", "/api/v1", "/api/v1", "", 200, "", nil},
		{"nobody", "get", "/api/v1/openapi.yaml", "/api/v1/openapi.yaml", "", 200, "", nil},
		{"viewer", "get", "/api/v1/health", "/api/v1/health", "", 200, "", nil},
		{"viewer", "get", "/api/v1/health", "/api/v1/health", "", 503, "not-ready", func() { broken = true }},
		{"viewer", "get", "/api/v1/calls", "/api/v1/calls?limit=2", "", 200, "", func() { broken = false }},
		{"operator", "get", "/api/v1/calls", "/api/v1/calls", "", 200, "", nil},
		{"viewer", "get", "/api/v1/calls", "/api/v1/calls?custmer=204518", "", 422, "wrong-input", nil},
		{"viewer", "get", "/api/v1/calls", "/api/v1/calls?limit=201", "", 422, "wrong-input", nil},
		{"viewer", "get", "/api/v1/calls", "/api/v1/calls?since=soon", "", 422, "wrong-input", nil},
		{"viewer", "get", "/api/v1/calls", "/api/v1/calls?outcome=lost", "", 422, "wrong-input", nil},
		{"viewer", "get", "/api/v1/calls", "/api/v1/calls?intent=sev1", "", 422, "wrong-input", nil},
		{"viewer", "get", "/api/v1/calls", "/api/v1/calls?before=here", "", 422, "wrong-input", nil},
		{"viewer", "get", "/api/v1/calls", "/api/v1/calls?zone=Mars/Base", "", 422, "wrong-input", nil},
		{"operator", "get", "/api/v1/calls/export", "/api/v1/calls/export?format=json", "", 200, "", nil},
		{"operator", "get", "/api/v1/calls/export", "/api/v1/calls/export?format=csv", "", 200, "", nil},
		{"operator", "get", "/api/v1/calls/export", "/api/v1/calls/export?format=xlsx", "", 422, "wrong-input", nil},
		{"viewer", "get", "/api/v1/calls/export", "/api/v1/calls/export?format=csv", "", 403, "not-permitted", nil},
		{"operator", "get", call, "/api/v1/calls/CA3", "", 200, "", nil},
		{"viewer", "get", call, "/api/v1/calls/CA4", "", 200, "", nil},
		{"viewer", "get", call, "/api/v1/calls/CA9", "", 404, "no-call", nil},
		{"viewer", "get", call + "/explanation", "/api/v1/calls/CA1/explanation", "", 200, "", nil},
		{"viewer", "get", call + "/explanation", "/api/v1/calls/CA9/explanation", "", 404, "no-call", nil},
		{"operator", "post", acts, "/api/v1/calls/CA1/acts", `{"kind":"waive","reason":"outage","seen":0}`, 200, "", nil},
		{"operator", "post", acts, "/api/v1/calls/CA1/acts", `{"kind":"attach","value":"310022","seen":1}`, 200, "", nil},
		{"operator", "post", acts, "/api/v1/calls/CA1/acts", `{"kind":"attach","undo":true}`, 200, "", nil},
		{"operator", "post", acts, "/api/v1/calls/CA1/acts", `{"kind":"training","seen":0}`, 409, "call-changed", nil},
		{"operator", "post", acts, "/api/v1/calls/CA1/acts", `{"kind":"waive","reason":"again"}`, 409, "already", nil},
		{"operator", "post", acts, "/api/v1/calls/CA2/acts", `{"kind":"waive","reason":"short"}`, 409, "nothing-to-waive", nil},
		{"operator", "post", acts, "/api/v1/calls/CA2/acts", `{"kind":"ticket","undo":true}`, 409, "nothing-to-undo", nil},
		{"operator", "post", acts, "/api/v1/calls/CA77/acts", `{"kind":"note","value":"once more"}`, 409, "too-many-acts", func() {
			full := browsertest.Served("CA77", browsertest.Monday.Add(-time.Hour), 60)
			full.Acts = slices.Repeat([]policy.Act{{At: full.StartedAt, By: "mila", Kind: policy.ActNote, Value: "calls back"}}, 200)
			p.Load(t, full)
		}},
		{"operator", "post", acts, "/api/v1/calls/CA9/acts", `{"kind":"training"}`, 404, "no-call", nil},
		{"operator", "post", acts, "/api/v1/calls/CA1/acts", `{"kind":"attach","value":"999999"}`, 404, "no-customer", nil},
		{"operator", "post", acts, "/api/v1/calls/CA1/acts", `{"kind":"waive"}`, 422, "wrong-input", nil},
		{"operator", "post", acts, "/api/v1/calls/CA1/acts", `{"kind":"note"}`, 422, "wrong-input", nil},
		{"operator", "post", acts, "/api/v1/calls/CA1/acts", `{"kind":"delete"}`, 422, "wrong-input", nil},
		{"operator", "post", acts, "/api/v1/calls/CA1/acts", `{"kind":"note","text":"x"}`, 422, "wrong-input", nil},
		{"operator", "post", acts, "/api/v1/calls/CA1/acts", `{"kind":"note","value":"x"} {}`, 422, "wrong-input", nil},
		{"operator", "post", acts, "/api/v1/calls/CA1/acts", `{"kind":"training","seen":-2}`, 422, "wrong-input", nil},
		{"operator", "post", acts, "/api/v1/calls/CA1/acts", `{"kind":"note","value":"` + long + `"}`, 413, "too-large", nil},
		{"operator", "post", acts, "/api/v1/calls/CA1/acts", "form", 415, "not-json", nil},
		{"viewer", "post", acts, "/api/v1/calls/CA1/acts", `{"kind":"training"}`, 403, "not-permitted", nil},
		{"viewer", "get", "/api/v1/specialists", "/api/v1/specialists", "", 200, "", nil},
		{"operator", "get", "/api/v1/specialists", "/api/v1/specialists?month=2026-10", "", 200, "", nil},
		{"viewer", "get", "/api/v1/specialists", "/api/v1/specialists?month=november", "", 422, "wrong-input", nil},
		{"viewer", "get", "/api/v1/usage", "/api/v1/usage", "", 200, "", nil},
		{"viewer", "get", "/api/v1/usage", "/api/v1/usage?customer=999999", "", 404, "no-customer", nil},
		{"viewer", "get", "/api/v1/usage", "/api/v1/usage?month=november", "", 422, "wrong-input", nil},
		{"viewer", "get", "/api/v1/usage/explanation", "/api/v1/usage/explanation?customer=204518", "", 200, "", nil},
		{"viewer", "get", "/api/v1/usage/explanation", "/api/v1/usage/explanation?customer=999999", "", 404, "no-customer", nil},
		{"viewer", "get", "/api/v1/usage/explanation", "/api/v1/usage/explanation", "", 422, "wrong-input", nil},
		{"operator", "post", "/api/v1/cases", "/api/v1/cases", `{"customer":"310022","note":"asked for"}`, 201, "", nil},
		{"operator", "post", "/api/v1/cases", "/api/v1/cases", `{"customer":"310022","note":"again"}`, 409, "case-open", nil},
		{"operator", "post", "/api/v1/cases", "/api/v1/cases", `{"customer":"999999","note":"who"}`, 404, "no-customer", nil},
		{"operator", "post", "/api/v1/cases", "/api/v1/cases", `{"customer":"204518"}`, 422, "wrong-input", nil},
		{"operator", "post", "/api/v1/cases", "/api/v1/cases", `{"customer":"204518","note":"` + long + `"}`, 413, "too-large", nil},
		{"operator", "post", "/api/v1/cases", "/api/v1/cases", "form", 415, "not-json", nil},
		{"viewer", "post", "/api/v1/cases", "/api/v1/cases", `{"customer":"204518","note":"x"}`, 403, "not-permitted", nil},
		{"viewer", "get", "/api/v1/cases", "/api/v1/cases", "", 200, "", nil},
		{"viewer", "get", "/api/v1/cases", "/api/v1/cases?after=77", "", 404, "no-case", nil},
		{"viewer", "get", "/api/v1/cases", "/api/v1/cases?state=lost", "", 422, "wrong-input", nil},
		{"viewer", "get", one, "/api/v1/cases/1", "", 200, "", nil},
		{"viewer", "get", one, "/api/v1/cases/77", "", 404, "no-case", nil},
		{"operator", "post", moves, "/api/v1/cases/1/moves", `{"to":"contacted","via":"email","note":"wrote"}`, 409, "no-email", nil},
		{"operator", "post", moves, "/api/v1/cases/1/moves", `{"to":"watching","note":"x"}`, 409, "move-not-allowed", nil},
		{"operator", "post", moves, "/api/v1/cases/1/moves", `{"to":"contacted","note":"how?"}`, 422, "wrong-input", nil},
		{"operator", "post", moves, "/api/v1/cases/1/moves", `{"to":"contacted","via":"phone"}`, 422, "wrong-input", nil},
		{"operator", "post", moves, "/api/v1/cases/1/moves", `{"to":"lost","note":"x"}`, 422, "wrong-input", nil},
		{"operator", "post", moves, "/api/v1/cases/1/moves", `{"to":"contacted","via":"phone","note":"x","offered":["money"]}`, 422, "wrong-input", nil},
		{"operator", "post", moves, "/api/v1/cases/1/moves", `{"to":"contacted","via":"phone","note":"talked","offered":["plan"]}`, 200, "", nil},
		{"operator", "post", moves, "/api/v1/cases/1/moves", `{"to":"closed","via":"email","silent":true,"note":"x"}`, 422, "wrong-input", nil},
		{"operator", "post", moves, "/api/v1/cases/77/moves", `{"to":"closed","note":"x"}`, 404, "no-case", nil},
		{"operator", "post", moves, "/api/v1/cases/1/moves", `{"to":"closed","note":"` + long + `"}`, 413, "too-large", nil},
		{"operator", "post", moves, "/api/v1/cases/1/moves", "form", 415, "not-json", nil},
		{"viewer", "post", moves, "/api/v1/cases/1/moves", `{"to":"closed","note":"x"}`, 403, "not-permitted", nil},
		{"operator", "get", follow, follow, "", 200, "", func() { missed(t, p, "CA81", "CA82") }},
		{"viewer", "get", follow, follow + "?state=all&severity=critical&reason=unanswered&line=%2B448000668187&customer=204518&owner=mila&late=yes&limit=1", "", 200, "", nil},
		{"viewer", "get", follow, follow + "?state=lost", "", 422, "wrong-input", nil},
		{"viewer", "get", follow, follow + "?late=soon", "", 422, "wrong-input", nil},
		{"viewer", "get", follow, follow + "?after=77", "", 404, "no-followup", nil},
		{"viewer", "get", follow, follow + "?line=%2B1", "", 404, "no-line", nil},
		{"operator", "get", follow + "/export", follow + "/export?format=csv&state=all", "", 200, "", nil},
		{"operator", "get", follow + "/export", follow + "/export?format=json", "", 200, "", nil},
		{"operator", "get", follow + "/export", follow + "/export?format=xlsx", "", 422, "wrong-input", nil},
		{"operator", "get", follow + "/export", follow + "/export?format=csv&line=%2B1", "", 404, "no-line", nil},
		{"viewer", "get", follow + "/export", follow + "/export?format=csv", "", 403, "not-permitted", nil},
		{"viewer", "get", follow + "/{id}", follow + "/1", "", 200, "", nil},
		{"viewer", "get", follow + "/{id}", follow + "/77", "", 404, "no-followup", nil},
		{"operator", "post", follow + "/{id}/take", follow + "/1/take", "{}", 200, "", nil},
		{"operator", "post", follow + "/{id}/take", follow + "/1/take", "{}", 200, "", nil},
		{"admin", "post", follow + "/{id}/take", follow + "/1/take", "{}", 409, "taken", nil},
		{"operator", "post", follow + "/{id}/done", follow + "/1/done", "{}", 422, "wrong-input", nil},
		{"operator", "post", follow + "/{id}/done", follow + "/1/done", `{"note":"called back"}`, 200, "", nil},
		{"admin", "post", follow + "/{id}/done", follow + "/1/done", `{"note":"called back"}`, 409, "done", nil},
		{"operator", "post", follow + "/{id}/reopen", follow + "/1/reopen", "{}", 200, "", nil},
		{"operator", "post", offers, "/api/v1/calls/CA91/offers", `{"page":"screen-sharing"}`, 200, "", func() {
			for _, sid := range []policy.CallSID{"CA91", "CA92"} {
				c := browsertest.Served(sid, browsertest.Monday.Add(-time.Hour), 60)
				c.From = "+447400123456"
				p.Load(t, c)
			}
		}},
		{"operator", "post", offers, "/api/v1/calls/CA91/offers", `{"page":"screen-sharing"}`, 409, "offered", nil},
		{"operator", "post", offers, "/api/v1/calls/CA92/offers", `{"page":"screen-sharing","channel":"sms"}`, 409, "sent-today", nil},
		{"operator", "post", offers, "/api/v1/calls/CA92/offers", `{"page":"training"}`, 409, "no-page", nil},
		{"operator", "post", offers, "/api/v1/calls/CA81/offers", `{"page":"screen-sharing"}`, 409, "no-receiver", nil},
		{"operator", "post", offers, "/api/v1/calls/CA9/offers", `{"page":"training"}`, 404, "no-call", nil},
		{"operator", "post", offers, "/api/v1/calls/CA91/offers", `{"page":"lunch"}`, 422, "wrong-input", nil},
		{"operator", "post", offers, "/api/v1/calls/CA91/offers", `{"page":"training","channel":"fax"}`, 422, "wrong-input", nil},
		{"operator", "get", call, "/api/v1/calls/CA91", "", 200, "", nil},
		{"viewer", "get", call, "/api/v1/calls/CA91", "", 200, "", nil},
		{"viewer", "get", call + "/explanation", "/api/v1/calls/CA91/explanation", "", 200, "", nil},
		{"viewer", "get", "/api/v1/customers/{number}/offers", "/api/v1/customers/204518/offers", "", 200, "", nil},
		{"viewer", "get", "/api/v1/customers/{number}/offers", "/api/v1/customers/999999/offers", "", 404, "no-customer", nil},
		{"operator", "post", back, "/api/v1/offers/1/take-back", "{}", 200, "", nil},
		{"operator", "post", back, "/api/v1/offers/77/take-back", "{}", 404, "no-offer", nil},
		{"operator", "get", "/api/v1/customers", "/api/v1/customers", "", 200, "", nil},
		{"viewer", "get", "/api/v1/customers", "/api/v1/customers?limit=0", "", 422, "wrong-input", nil},
		{"viewer", "get", "/api/v1/customers/{number}", "/api/v1/customers/204518", "", 200, "", nil},
		{"viewer", "get", "/api/v1/customers/{number}", "/api/v1/customers/999999", "", 404, "no-customer", nil},
		{"viewer", "get", "/api/v1/lines", "/api/v1/lines", "", 200, "", nil},
		{"viewer", "get", "/api/v1/lines", "/api/v1/lines?at=noon", "", 422, "wrong-input", nil},
		{"viewer", "get", line, "/api/v1/lines/+448000668187", "", 200, "", nil},
		{"viewer", "get", line, "/api/v1/lines/+1", "", 404, "no-line", nil},
		{"viewer", "get", hours, "/api/v1/lines/%2B448000668187/hours", "", 200, "", nil},
		{"viewer", "get", hours, "/api/v1/lines/+1/hours", "", 404, "no-line", nil},
		{"viewer", "get", hours, "/api/v1/lines/+448000668187/hours?days=0", "", 422, "wrong-input", nil},
		{"viewer", "get", hours, "/api/v1/lines/+448000668187/hours?from=monday", "", 422, "wrong-input", nil},
		{"admin", "get", "/api/v1/audit", "/api/v1/audit", "", 200, "", nil},
		{"admin", "get", "/api/v1/audit", "/api/v1/audit?before=yesterday", "", 422, "wrong-input", nil},
		{"operator", "get", "/api/v1/audit", "/api/v1/audit", "", 403, "not-permitted", nil},
		{"over", "get", "/api/v1", "/api/v1", "", 401, "token-over", nil},
	}
	for _, act := range []string{"take", "done", "reopen"} {
		path, at := follow+"/{id}/"+act, follow+"/1/"+act
		tries = append(
			tries, tried{"operator", "post", path, strings.Replace(at, "/1/", "/77/", 1), map[string]string{"done": `{"note":"x"}`, "take": "{}", "reopen": "{}"}[act], 404, "no-followup", nil},
			tried{"operator", "post", path, at, `{"note":"` + long + `"}`, 413, "too-large", nil},
			tried{"operator", "post", path, at, "form", 415, "not-json", nil}, tried{"viewer", "post", path, at, "{}", 403, "not-permitted", nil},
		)
	}
	for path, at := range map[string]string{offers: "/api/v1/calls/CA91/offers", back: "/api/v1/offers/1/take-back"} {
		tries = append(
			tries, tried{"operator", "post", path, at, `{"page":"` + long + `"}`, 413, "too-large", nil}, tried{"operator", "post", path, at, "form", 415, "not-json", nil},
			tried{"viewer", "post", path, at, "{}", 403, "not-permitted", nil},
		)
	}
	for path, methods := range d.Paths { // what can happen to each
		for method, o := range methods {
			if at := somewhere(path); o.Security == nil {
				tries = append(
					tries, tried{"nobody", method, path, at, "", 401, "no-token", nil}, tried{"gone", method, path, at, "", 403, "shut-out", nil},
					tried{"left", method, path, at, "", 403, "token-suspended", nil},
					tried{"admin", method, path, at + "?surely=not", "", 422, "wrong-input", nil},
				)
			}
		}
	}
	got, kinds := map[string]bool{}, map[string]bool{}
	for _, try := range tries {
		if try.prepare != nil {
			try.prepare()
		}
		p.Now = p.Now.Add(1e9) // no program is too fast
		kind, body := "application/json", try.body
		if body == "form" {
			kind, body = "application/x-www-form-urlencoded", "kind=note"
		}
		answer := programs[try.who].Do(strings.ToUpper(try.method), try.at, kind, body)
		if answer.Status != try.status || answer.Kind(t) != try.kind {
			t.Errorf("%s %s %s %s: %d %s, want %d %s:\n%s", try.who, try.method, try.at, try.body[:min(80, len(try.body))], answer.Status, answer.Kind(t), try.status, try.kind, answer.Body)
		}
		if err := d.fits(t, try.path, try.method, answer); err != nil {
			t.Errorf("%s %s is not as described: %v\n%s", try.method, try.at, err, answer.Body)
		}
		got[fmt.Sprint(try.method, " ", try.path, " ", answer.Status)] = true
		kinds[answer.Kind(t)] = true
	}
	provokeOverload(t, p, d, programs, got, kinds)
	provokeFailure(t, p, d, programs, got, kinds)
	elsewhere(t, programs["viewer"], kinds)

	told := map[string]bool{}
	for path, methods := range d.Paths {
		for method, o := range methods {
			for status := range o.Responses {
				told[method+" "+path+" "+status] = true
			}
		}
	}
	if diff := cmp.Diff(told, got); diff != "" {
		t.Errorf("answers that are described, and those that were got (-described +got):\n%s", diff)
	}
	delete(kinds, "")
	want := map[string]bool{}
	for _, kind := range d.Components.Schemas["Problem"].Properties["type"].Enum {
		want[strings.TrimPrefix(kind, "/api#problem-")] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(kinds))); diff != "" {
		t.Errorf("problems that are described, and those that were got (-described +got):\n%s", diff)
	}
}

// somewhere fills in the parts of a path.
func somewhere(path string) string {
	return strings.NewReplacer("{sid}", "CA1", "{id}", "1", "{number}", "204518").Replace(path)
}

// provokeOverload asks for everything with a token that has used up its rate, and with too many wrong ones.
func provokeOverload(t *testing.T, p *browsertest.Place, d document, programs map[string]browsertest.Program, got, kinds map[string]bool) {
	t.Helper()
	wild := p.Program(t, "admin")
	for wild.Get("/api/v1").Status == 200 {
		continue
	}
	for range 25 {
		kinds[programs["wrong"].Get("/api/v1").Kind(t)] = true
	}
	for path, methods := range d.Paths {
		for method, o := range methods {
			if o.Security != nil {
				continue
			}
			answer := wild.Do(strings.ToUpper(method), somewhere(path), "application/json", "{}")
			if err := d.fits(t, path, method, answer); err != nil || answer.Kind(t) != "too-many-requests" {
				t.Errorf("%s %s too often: %s, %v", method, path, answer.Kind(t), err)
			}
			got[fmt.Sprint(method, " ", path, " ", answer.Status)], kinds[answer.Kind(t)] = true, true
		}
	}
}

// provokeFailure asks for everything while the store cannot be read.
func provokeFailure(t *testing.T, p *browsertest.Place, d document, programs map[string]browsertest.Program, got, kinds map[string]bool) {
	t.Helper()
	kinds[crowdOfExports(t, p)] = true
	if err := p.Store.Close(); err != nil {
		t.Fatal(err)
	}
	for path, methods := range d.Paths {
		for method, o := range methods {
			if o.Security != nil {
				continue
			}
			answer := programs["admin"].Do(strings.ToUpper(method), somewhere(path), "application/json", "{}")
			if err := d.fits(t, path, method, answer); err != nil || answer.Kind(t) != "internal" || strings.Contains(answer.Body, "store") {
				t.Errorf("%s %s without a store: %s, %v", method, path, answer.Body, err)
			}
			got[fmt.Sprint(method, " ", path, " ", answer.Status)], kinds[answer.Kind(t)] = true, true
		}
	}
}

// elsewhere asks for what is not there.
func elsewhere(t *testing.T, viewer browsertest.Program, kinds map[string]bool) {
	t.Helper()
	for _, lost := range []browsertest.Page{viewer.Get("/api/v1/nowhere"), viewer.Do(http.MethodDelete, "/api/v1/calls", "", "")} {
		kinds[lost.Kind(t)] = true
	}
}

// The document's examples of bodies fit its schemas.
func TestExamplesFit(t *testing.T) {
	p := browsertest.NewPlace(t)
	d := mustDocument(t, p)
	n := 0
	for path, methods := range d.Paths {
		for method, o := range methods {
			if o.RequestBody == nil {
				continue
			}
			s := d.schema(t, "paths", path, method, "requestBody", "content", "application/json", "schema")
			for name, e := range o.RequestBody.Content["application/json"].Examples {
				n++
				if err := s.Validate(e.Value); err != nil {
					t.Errorf("%s %s, example %s: %v", method, path, name, err)
				}
			}
		}
	}
	if n == 0 {
		t.Error("there are no examples")
	}
}
