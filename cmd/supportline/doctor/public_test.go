package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// signedBy makes a certificate for 127.0.0.1, or what change makes of it; by nil it signs itself.
func signedBy(t *testing.T, by *authority, change func(*x509.Certificate)) *authority {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	serial := must(rand.Int(rand.Reader, big.NewInt(1<<62)))
	cert := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: serial.String()}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().AddDate(0, 0, 60), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(cert)
	}
	parent := &authority{cert, key}
	if by != nil {
		parent = by
	}
	made := must(x509.CreateCertificate(rand.Reader, cert, parent.cert, &key.PublicKey, parent.key))
	return &authority{must(x509.ParseCertificate(made)), key}
}

func asAuthority(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
}

// TestCertificates are told apart by what is wrong with them, on real connections.
func TestCertificates(t *testing.T) {
	root := signedBy(t, nil, asAuthority)
	between := signedBy(t, root, asAuthority)
	roots := x509.NewCertPool()
	roots.AddCert(root.cert)
	now := time.Now()
	soon := signedBy(t, root, func(c *x509.Certificate) { c.NotAfter = now.Add(73 * time.Hour) })
	ended := signedBy(t, root, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Hour) })
	early := signedBy(t, root, func(c *x509.Certificate) { c.NotBefore = now.Add(time.Hour) })
	other := signedBy(t, root, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"www.example.com"} })
	for name, row := range map[string]struct {
		leaf  *authority
		chain []*authority
		want  string // "": all is well
	}{
		"right":          {signedBy(t, between, nil), []*authority{between}, ""},
		"ends soon":      {soon, nil, "warning certificate: it ends in 3 days, on "},
		"ended":          {ended, nil, "wrong certificate: of 127.0.0.1: it ended on "},
		"not begun":      {early, nil, "it is not valid before "},
		"other host":     {other, nil, "it is for www.example.com"},
		"of itself":      {signedBy(t, nil, nil), nil, "it is signed by itself"},
		"chain cut":      {signedBy(t, between, nil), nil, "the certificate of its issuer is not sent along"},
		"nobody's chain": {signedBy(t, signedBy(t, nil, asAuthority), nil), []*authority{between}, "certificate signed by unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
			served := tls.Certificate{Certificate: [][]byte{row.leaf.cert.Raw}, PrivateKey: row.leaf.key}
			for _, c := range row.chain {
				served.Certificate = append(served.Certificate, c.cert.Raw)
			}
			server.TLS = &tls.Config{Certificates: []tls.Certificate{served}}
			server.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshakes that fail are the test's
			server.StartTLS()
			defer server.Close()
			d := newInstallation(t).doctor()
			d.Conf.PublicURL, d.Now = server.URL, time.Now
			d.HTTP = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
			got := strings.Join(sick(d.public(t.Context())), "\n")
			if (got == "") != (row.want == "") || !strings.Contains(got, row.want) {
				t.Errorf("found %q, want %q", got, row.want)
			}
		})
	}
}

// answering is a client to whom everything answers the same.
func answering(status int, kind, body string) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: fake.Straight(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Location", "https://elsewhere.example.com")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})),
	}
}

func TestWhatAnswersAtThePublicAddress(t *testing.T) {
	for name, row := range map[string]struct {
		status       int
		kind, body   string
		public, sign string // what is found wrong; "": nothing
	}{
		"another site":   {200, "text/html", "<h1>It works!", "answers 200: that is not our server", `the answer ("text/html") is not TwiML`},
		"a redirect":     {301, "text/html", "", "redirects (301)", "answered with 301"},
		"a cut path":     {404, "text/html", "", "is not found", "answered with 404"},
		"no server":      {502, "text/html", "", "answers 502: the proxy is there", "answered with 502"},
		"another token":  {403, "text/plain", "", "", "refused: the server has another auth_token"},
		"words of XML":   {200, "application/json", "<Response/>", "answers 200", `the answer ("application/json") is not TwiML`},
		"broken answers": {200, "text/xml", "<Response>", "answers 200", `the answer ("text/xml") is not TwiML`},
	} {
		t.Run(name, func(t *testing.T) {
			d := newInstallation(t).doctor()
			d.HTTP = answering(row.status, row.kind, row.body)
			public := strings.Join(sick(d.public(t.Context())[:1]), "\n")
			if (public == "") != (row.public == "") || !strings.Contains(public, row.public) {
				t.Errorf("public address: %q, want %q", public, row.public)
			}
			if signed := strings.Join(sick(d.signed(t.Context())), "\n"); !strings.Contains(signed, "wrong signed request: "+row.sign) {
				t.Errorf("signed request: %q, want %q", signed, row.sign)
			}
		})
	}
}

// TestSignedRequestIsTheProviders: our own webhooks take it, and refuse one that is signed with another token.
func TestSignedRequestIsTheProviders(t *testing.T) {
	d := newInstallation(t).doctor()
	for address, want := range map[string]string{
		"https://support.example.com:8443/plain": "https://support.example.com/plain", "http://127.0.0.1:8080/plain": "http://127.0.0.1:8080/plain",
	} {
		if got := asSigned(*must(http.NewRequest(http.MethodPost, address, nil)).URL); got != want {
			t.Errorf("%s is signed as %s, want %s", address, got, want)
		}
	}
	if found := sick(d.signed(t.Context())); len(found) > 0 {
		t.Errorf("found %q", found)
	}
	d.Conf.Twilio.AuthToken = "another"
	if found := sick(d.signed(t.Context())); len(found) != 1 || !strings.Contains(found[0], "refused: the server has another auth_token") {
		t.Errorf("found %q", found)
	}
}

// TestHostedFallbackIsCurrent, or it is said how it isn't.
func TestHostedFallbackIsCurrent(t *testing.T) {
	l := newInstallation(t)
	l.conf.FallbackURL = "https://cdn.example.com/lines"
	for i := range l.conf.Settings.Lines {
		l.conf.Settings.Lines[i].Hours.Closed = []policy.Closure{{Date: policy.DateOf(tuesday).Plus(6), Reason: "Moving"}}
	}
	const first = "fallback: +18883071053: "
	for name, row := range map[string]struct {
		ago  int  // days
		week bool // the week has other hours there
		lose bool
		kind string
		want string // of the first line
	}{
		"of today":        {kind: "text/xml"},
		"of yesterday":    {ago: 1, kind: "text/xml", want: "warning " + first + "it was written before today, and leaves out a day"},
		"of other hours":  {week: true, kind: "text/xml", want: "wrong " + first + "https://cdn.example.com/lines/18883071053/ holds other documents"},
		"not there":       {lose: true, kind: "text/xml", want: "wrong " + first + "https://cdn.example.com/lines/18883071053/accept.xml answers 404"},
		"served as bytes": {kind: "application/octet-stream", want: `accept.xml is served as "application/octet-stream"`},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{}
			made := ivr.NewFallback(l.conf.Settings, l.conf.Words, l.conf.FallbackURL)
			for _, line := range l.conf.Settings.Lines {
				if row.week {
					line.Hours.Week = [7][]policy.Span{time.Monday: {{From: 540, To: 600}}}
				}
				for file, text := range must(made.Documents(line, tuesday.AddDate(0, 0, -row.ago))) {
					files["/lines/"+ivr.FallbackFolder(line.Number)+"/"+file] = text
				}
			}
			if row.lose {
				maps.DeleteFunc(files, func(path string, _ []byte) bool { return strings.HasSuffix(path, "accept.xml") })
			}
			d := l.doctor()
			d.HTTP = &http.Client{Transport: fake.Straight(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get(twilio.SignatureHeader) != "" || r.URL.RawQuery != "" {
					t.Errorf("another host is asked as our own server is: %s", r.URL)
				}
				text, there := files[r.URL.Path]
				if !there {
					http.NotFound(w, r)
					return
				}
				w.Header().Set("Content-Type", row.kind)
				_, _ = w.Write(text)
			}))}
			found := d.fallback(t.Context())
			got := strings.Join(sick(found[:1]), "\n")
			if len(found) != 2 || (got == "") != (row.want == "") || !strings.Contains(got, row.want) {
				t.Errorf("found %q, want %q", got, row.want)
			}
		})
	}
}
