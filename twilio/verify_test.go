package twilio_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
)

// attempt is one request with the settings of its verifier. Each row of a table starts from a valid one and changes one thing.
type attempt struct {
	publicURL, account string
	tokens             []string

	token, url, params string // what the provider signs, and its token
	method, target     string
	contentType, body  string
	headers            []string // signature headers instead of the right one
	change             func(*http.Request)
}

func validAttempt() attempt {
	return attempt{
		publicURL: "https://phone.example.com", account: "AC1", tokens: []string{"current", "next"},
		token: "current", url: "https://phone.example.com/voice/menu/2?line=uk%20a",
		params: "AccountSidAC1CallSidCA1Digits1 2From+442079460018FromCityTo+448000668187",
		method: http.MethodPost, target: "/voice/menu/2?line=uk%20a", contentType: "application/x-www-form-urlencoded",
		body: "To=%2B448000668187&CallSid=CA1&Digits=1+2&FromCity=&From=%2b442079460018&AccountSid=AC1",
	}
}

func (a attempt) request() *http.Request {
	r := httptest.NewRequest(a.method, a.target, strings.NewReader(a.body))
	r.Header.Set("Content-Type", a.contentType)
	r.Header[twilio.SignatureHeader] = []string{signText(a.token, a.url+a.params)}
	if a.headers != nil {
		r.Header[twilio.SignatureHeader] = a.headers
	}
	if a.change != nil {
		a.change(r)
	}
	return r
}

func (a attempt) verify(tb testing.TB) (url.Values, error) {
	tb.Helper()
	return mustVerifier(tb, a.publicURL, a.account, a.tokens...).Verify(a.request())
}

// overGET turns an attempt into the provider's GET form: the parameters are in the URL.
func (a *attempt) overGET() {
	a.method, a.contentType = http.MethodGet, ""
	a.target, a.body = "/voice?Digits=2;1&Digits=1&AccountSid=AC1", ""
	a.url, a.params = "https://phone.example.com"+a.target, ""
}

// withBody replaces the parameters.
func (a *attempt) withBody(body, params string) { a.account, a.body, a.params = "", body, params }

func TestVerifyTakesWhatTheProviderSigned(t *testing.T) {
	rows := map[string]func(*attempt){
		"a valid request":                       func(*attempt) {},
		"the next token":                        func(a *attempt) { a.token = "next" },
		"an empty token beside":                 func(a *attempt) { a.tokens = []string{"", "current"} },
		"no account configured":                 func(a *attempt) { a.account = "" },
		"a path in the public URL":              func(a *attempt) { a.publicURL += "/voice" },
		"a slash behind the public URL":         func(a *attempt) { a.publicURL += "/" },
		"user and password in the public URL":   func(a *attempt) { a.publicURL = "https://u:p@phone.example.com" },
		"https, signed with its port":           func(a *attempt) { a.url = strings.Replace(a.url, ".com", ".com:443", 1) },
		"https, port dropped by the provider":   func(a *attempt) { a.publicURL += ":8443" },
		"https, other port kept":                func(a *attempt) { a.publicURL += ":8443"; a.url = strings.Replace(a.url, ".com", ".com:8443", 1) },
		"https, own port configured":            func(a *attempt) { a.publicURL += ":443" },
		"http, port kept by the provider":       func(a *attempt) { a.publicURL = "http://h:8080"; a.url = "http://h:8080" + a.target },
		"http, port dropped":                    func(a *attempt) { a.publicURL = "http://h:8080"; a.url = "http://h" + a.target },
		"http, signed with its port":            func(a *attempt) { a.publicURL = "http://h"; a.url = "http://h:80" + a.target },
		"an IPv6 host":                          func(a *attempt) { a.publicURL = "http://[::1]:8080"; a.url = "http://[::1]" + a.target },
		"another Host header":                   func(a *attempt) { a.change = func(r *http.Request) { r.Host = "10.0.0.1" } },
		"a charset in the content type":         func(a *attempt) { a.contentType += "; charset=UTF-8" },
		"a content type in capitals":            func(a *attempt) { a.contentType = strings.ToUpper(a.contentType) + " ;" },
		"a path with escapes":                   func(a *attempt) { a.target = "/a%2Fb%20c'd"; a.url = "https://phone.example.com/a%2Fb%20c'd" },
		"a path that was rewritten":             func(a *attempt) { a.change = func(r *http.Request) { r.URL.Path = "/other" } },
		"a request for a proxy":                 func(a *attempt) { a.target = "http://10.0.0.1" + a.target },
		"a request without a network":           func(a *attempt) { a.change = func(r *http.Request) { r.RequestURI = "" } },
		"a parameter that nobody knows":         func(a *attempt) { a.body += "&Zone=x"; a.params += "Zonex" },
		"names sorted by bytes":                 func(a *attempt) { a.withBody("a=1&Z=2&B=3", "B3Z2a1") },
		"a repeated name, all values":           func(a *attempt) { a.withBody("b=2&a=0&b=1&b=2", "a0b1b2") },
		"a repeated name, only the first value": func(a *attempt) { a.withBody("b=2&a=0&b=1&b=2", "a0b2") },
		"a repeated name, one value":            func(a *attempt) { a.withBody("b=2&b=2", "b2") },
		"a semicolon in a value":                func(a *attempt) { a.withBody("a=1;b=2&c=3", "a1;b=2c3") },
		"an equals sign in a value":             func(a *attempt) { a.withBody("a=b=c", "ab=c") },
		"a name without a value":                func(a *attempt) { a.withBody("a&b=", "ab") },
		"empty parts":                           func(a *attempt) { a.withBody("&&a=1&", "a1") },
		"bytes that are not UTF-8":              func(a *attempt) { a.withBody("a=%ff%00", "a\xff\x00") },
		"letters beyond ASCII":                  func(a *attempt) { a.withBody("a=%C3%BC&ü=é", "aüüé") },
		"no parameters at all":                  func(a *attempt) { a.withBody("", "") },
		"no body at all":                        func(a *attempt) { a.withBody("", ""); a.change = func(r *http.Request) { r.Body = nil } },
		"a body of unknown length":              func(a *attempt) { a.change = func(r *http.Request) { r.ContentLength = -1 } },
		"a body of 64 KiB":                      func(a *attempt) { s := strings.Repeat("x", 65534); a.withBody("a="+s, "a"+s) },
		"1000 parameters":                       func(a *attempt) { a.withBody(strings.Repeat("a=1&", 999)+"a=1", "a1") },
		"GET":                                   (*attempt).overGET,
		"GET with a body that nobody signed":    func(a *attempt) { a.overGET(); a.body = "Digits=9" },
	}
	for name, change := range rows {
		t.Run(name, func(t *testing.T) {
			a := validAttempt()
			change(&a)
			if _, err := a.verify(t); err != nil {
				t.Error(err)
			}
		})
	}
}

// refuse runs a table of attempts that all end in one error, which must not reveal a signature.
func refuse(t *testing.T, want error, rows map[string]func(*attempt)) {
	t.Helper()
	for name, change := range rows {
		t.Run(name, func(t *testing.T) {
			a := validAttempt()
			change(&a)
			params, err := a.verify(t)
			if !errors.Is(err, want) || params != nil {
				t.Fatalf("error %v with parameters %v, want %v", err, params, want)
			}
			for _, secret := range []string{signText(a.token, a.url+a.params), "current"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error tells a secret: %v", err)
				}
			}
		})
	}
}

func TestVerifyRefusesWhatIsSignedOtherwise(t *testing.T) {
	valid := validAttempt()
	right := signText(valid.token, valid.url+valid.params)
	refuse(t, twilio.ErrSignature, map[string]func(*attempt){
		"an unknown token":            func(a *attempt) { a.token = "old" },
		"the empty token":             func(a *attempt) { a.token, a.tokens = "", []string{"", "current"} },
		"no signature":                func(a *attempt) { a.headers = []string{} },
		"an empty signature":          func(a *attempt) { a.headers = []string{""} },
		"two signatures":              func(a *attempt) { a.headers = []string{right, right} },
		"a signature, not base64":     func(a *attempt) { a.headers = []string{strings.Repeat("!", 28)} },
		"a signature cut short":       func(a *attempt) { a.headers = []string{right[:24]} },
		"a signature with a space":    func(a *attempt) { a.headers = []string{right + " "} },
		"a signature, no padding":     func(a *attempt) { a.headers = []string{strings.TrimRight(right, "=")} },
		"another host":                func(a *attempt) { a.publicURL = "https://evil.example.com" },
		"another scheme":              func(a *attempt) { a.publicURL = "http://phone.example.com" },
		"another port":                func(a *attempt) { a.url = strings.Replace(a.url, ".com", ".com:8443", 1) },
		"another path":                func(a *attempt) { a.target = "/voice/menu/3?line=uk%20a" },
		"a slash behind the path":     func(a *attempt) { a.target = "/voice/menu/2/?line=uk%20a" },
		"another escape of a path":    func(a *attempt) { a.target = "/voice/menu/%32?line=uk%20a" },
		"another query":               func(a *attempt) { a.target += "&x=1" },
		"user and password signed":    func(a *attempt) { a.url = strings.Replace(a.url, "//", "//u:p@", 1) },
		"another value":               func(a *attempt) { a.body = strings.Replace(a.body, "1+2", "1+3", 1) },
		"a parameter added":           func(a *attempt) { a.body += "&A=1" },
		"a parameter left out":        func(a *attempt) { a.body = strings.Replace(a.body, "Digits=1+2&", "", 1) },
		"an empty value left out":     func(a *attempt) { a.withBody("a=1", "a1b"); a.account = "" },
		"a repeated name, the last":   func(a *attempt) { a.withBody("b=2&b=1", "b1") },
		"a name of other case":        func(a *attempt) { a.withBody("A=1", "a1") },
		"GET signed with params":      func(a *attempt) { a.overGET(); a.params = "AccountSidAC1Digits1" },
		"POST signed like GET":        func(a *attempt) { a.params = "" },
		"a signature spelt otherwise": func(a *attempt) { a.headers = []string{respelt(right)} },
		"white space around":          func(a *attempt) { a.withBody("a=1%20", "a1") },
	})
}

func TestVerifyRefusesOtherAccounts(t *testing.T) {
	refuse(t, twilio.ErrAccount, map[string]func(*attempt){
		"another account":        func(a *attempt) { a.account = "AC2" },
		"no account named":       func(a *attempt) { a.body, a.params = "a=1", "a1" },
		"two accounts":           func(a *attempt) { a.body, a.params = "AccountSid=AC1&AccountSid=AC2", "AccountSidAC1AccountSidAC2" },
		"GET of another account": func(a *attempt) { a.overGET(); a.account = "AC2" },
		"the account only in a POST": func(a *attempt) {
			a.target += "&AccountSid=AC1"
			a.url += "&AccountSid=AC1"
			a.body, a.params = "a=1", "a1"
		},
	})
}

func TestVerifyRefusesWhatIsTooLarge(t *testing.T) {
	refuse(t, twilio.ErrTooLarge, map[string]func(*attempt){
		"a body over 64 KiB":   func(a *attempt) { s := strings.Repeat("x", 65535); a.withBody("a="+s, "a"+s) },
		"a length without end": func(a *attempt) { a.change = func(r *http.Request) { r.ContentLength = 1 << 50 } },
		"a body without end": func(a *attempt) {
			a.body = strings.Repeat("x", 1<<20)
			a.change = func(r *http.Request) { r.ContentLength = -1 }
		},
		"a body over the server's bound": func(a *attempt) { a.change = func(r *http.Request) { r.Body = http.MaxBytesReader(nil, r.Body, 8) } },
		"an address without end":         func(a *attempt) { a.target = "/" + strings.Repeat("x", 1<<17) },
	})
}

func TestVerifyRefusesOtherForms(t *testing.T) {
	refuse(t, twilio.ErrForm, map[string]func(*attempt){
		"JSON":                    func(a *attempt) { a.contentType = "application/json" },
		"a multipart form":        func(a *attempt) { a.contentType = "multipart/form-data; boundary=x" },
		"no content type":         func(a *attempt) { a.contentType = "" },
		"the form of JSON bodies": func(a *attempt) { a.target += "&bodySHA256=00"; a.url += "&bodySHA256=00" },
		"a bad escape in a value": func(a *attempt) { a.withBody("a=%zz", "a%zz") },
		"a bad escape in a name":  func(a *attempt) { a.withBody("%=1", "%1") },
		"1001 parameters":         func(a *attempt) { a.withBody(strings.Repeat("a=1&", 1000)+"a=1", "a1") },
		"PUT":                     func(a *attempt) { a.method = http.MethodPut },
		"HEAD":                    func(a *attempt) { a.method = http.MethodHead },
		"a body that breaks off": func(a *attempt) {
			a.change = func(r *http.Request) { r.Body = io.NopCloser(iotest.TimeoutReader(r.Body)) }
		},
	})
}

// respelt returns another base64 text of the same bytes: the two unused bits of its last letter are set.
func respelt(signature string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := len(signature) - 2
	return signature[:last] + string(letters[strings.IndexByte(letters, signature[last])|3]) + "="
}

func TestVerifyReturnsOnlyWhatWasSigned(t *testing.T) {
	rows := map[string]struct {
		change func(*attempt)
		want   url.Values
	}{
		"the body and not the query": {
			func(*attempt) {},
			url.Values{
				"AccountSid": {"AC1"}, "CallSid": {"CA1"}, "Digits": {"1 2"}, "From": {"+442079460018"}, "FromCity": {""},
				"To": {"+448000668187"},
			},
		},
		"all values in the signed order, however they came": {
			func(a *attempt) { a.withBody("b=2&b=1&a=0", "a0b1b2") },
			url.Values{"a": {"0"}, "b": {"1", "2"}},
		},
		"the first value, if only that is signed": {
			func(a *attempt) { a.withBody("b=2&b=1&a=0", "a0b2") },
			url.Values{"a": {"0"}, "b": {"2"}},
		},
		"the query of a GET, in its order": {
			(*attempt).overGET,
			url.Values{"AccountSid": {"AC1"}, "Digits": {"2;1", "1"}},
		},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			a := validAttempt()
			row.change(&a)
			got, err := a.verify(t)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestVerifyDropsTheBodyOfAGET(t *testing.T) {
	a := validAttempt()
	a.overGET()
	a.body = "Digits=9"
	r := a.request()
	if _, err := mustVerifier(t, a.publicURL, a.account, a.tokens...).Verify(r); err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(r.Body); err != nil || len(body) > 0 {
		t.Errorf("body %q, error %v: nobody signed it", body, err)
	}
}

// With a real server and client, a handler reads after Verify what was signed.
func TestVerifyPutsTheBodyBackAndKeepsTheQueryOutOfTheForm(t *testing.T) {
	var seen struct{ Body, Form, PostForm string }
	var v *twilio.Verifier
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := v.Verify(r); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		body, _ := io.ReadAll(r.Body)
		seen.Body, seen.Form, seen.PostForm = string(body), r.FormValue("Digits"), r.PostFormValue("Digits")
	}))
	defer server.Close()
	v = mustVerifier(t, server.URL, "", "current")

	target := server.URL + "/voice?Digits=9"
	params := url.Values{"Digits": {"1"}}
	request, err := http.NewRequest(http.MethodPost, target, strings.NewReader(params.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set(twilio.SignatureHeader, twilio.Sign("current", target, params))
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	want := struct{ Body, Form, PostForm string }{"Digits=1", "1", "1"}
	if diff := cmp.Diff(want, seen); diff != "" || response.StatusCode != http.StatusOK {
		t.Errorf("status %d (-want +got):\n%s", response.StatusCode, diff)
	}
}
