package doctor

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// certificateLeft is when a certificate should have been renewed: those that renew themselves do so a month before.
const certificateLeft = 14 * 24 * time.Hour

// page is the answer of an address.
type page struct {
	status int
	kind   string // media type
	body   []byte
	tls    *tls.ConnectionState
	header http.Header
}

func (d *Doctor) ask(r *http.Request) (page, error) {
	response, err := d.HTTP.Do(r)
	if err != nil {
		return page{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return page{response.StatusCode, kind, body, response.TLS, response.Header}, err
}

// public asks the public URL without a signature, which a server of ours refuses.
func (d *Doctor) public(ctx context.Context) []Finding {
	const check = "public address"
	address, err := url.Parse(d.Conf.PublicURL + "/voice")
	if err != nil {
		return []Finding{wrong(check, "write public_url like https://support.example.com", "%v", err)}
	}
	got, err := d.publicly(ctx)
	if err != nil {
		f := d.unreached(address, err)
		if d.firsts.tells("paths") {
			f.Found += "; without it nobody knows whether the paths, signed requests and the emergency documents are right"
		}
		return []Finding{f}
	}
	found := []Finding{answered(check, address.String(), got.status)}
	if got.tls == nil {
		return append(found, warning("certificate", "put a proxy with a certificate in front, and write public_url with https://",
			"none: %s is for this machine alone, the provider can't reach it", d.Conf.PublicURL))
	}
	return append(found, d.certificate(got.tls.PeerCertificates[0]))
}

func answered(check, address string, status int) Finding {
	switch {
	case status == http.StatusForbidden:
		return ok(check, "%s answers, and refuses who doesn't sign", address)
	case status/100 == 3:
		return wrong(check, "write the address that it redirects to as public_url, to the letter: a redirect loses what the provider sends",
			"%s redirects (%d)", address, status)
	case status == http.StatusNotFound:
		return wrong(check, "let the proxy pass the path on as it is, the path in public_url included",
			"%s is not found: another program answers, or the proxy cuts the path", address)
	case status >= http.StatusInternalServerError:
		return wrong(check, "start the server, and let the proxy pass requests to listen.webhooks",
			"%s answers %d: the proxy is there, the server behind it isn't", address, status)
	}
	return wrong(check, "let the proxy pass requests to listen.webhooks", "%s answers %d: that is not our server", address, status)
}

func (d *Doctor) certificate(leaf *x509.Certificate) Finding {
	left := leaf.NotAfter.Sub(d.Now())
	if days := int(left.Hours() / 24); left < certificateLeft {
		return warning("certificate", "renew it, and look why it doesn't renew itself",
			"it ends in %s, on %s", control.Plural(days, "day"), leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	return ok("certificate", "valid until %s (%d days)", leaf.NotAfter.UTC().Format(time.DateOnly), int(left.Hours()/24))
}

// unreached returns why an address could not be asked. The provider verifies certificates as we do.
func (d *Doctor) unreached(u *url.URL, err error) Finding {
	var name *net.DNSError
	var bad *tls.CertificateVerificationError
	host := u.Hostname()
	switch {
	case errors.As(err, &bad):
		what, fix := d.badCertificate(bad, host)
		return wrong("certificate", fix, "of %s: %s", host, what)
	case errors.As(err, &name):
		return wrong("public address", "make a DNS record for "+host+", or correct public_url", "%s has no address: %v", host, name)
	case errors.Is(err, context.DeadlineExceeded):
		return wrong("public address", "open the port to the proxy; if this machine can't reach its own public address, run doctor elsewhere",
			"%s does not answer in time", u)
	}
	return wrong("public address", "start the server and the proxy, and open the port; if this machine can't reach its own public address, run "+
		"doctor elsewhere", "%s can't be reached: %s", u, cause(err))
}

func (d *Doctor) badCertificate(bad *tls.CertificateVerificationError, host string) (what, fix string) {
	const renewed = "get one from a public authority, Let's Encrypt for example: the provider takes no other"
	var other x509.HostnameError
	var invalid x509.CertificateInvalidError
	leaf := bad.UnverifiedCertificates[0]
	date := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	switch {
	case errors.As(bad, &other):
		return fmt.Sprintf("it is for %s", strings.Join(leaf.DNSNames, ", ")), "get one for " + host + ", or write the name it is for in public_url"
	case errors.As(bad, &invalid) && invalid.Reason == x509.Expired && leaf.NotBefore.After(d.Now()):
		return "it is not valid before " + date(leaf.NotBefore), "look at this machine's clock, or wait"
	case errors.As(bad, &invalid) && invalid.Reason == x509.Expired:
		return "it ended on " + date(leaf.NotAfter), "renew it"
	case bytes.Equal(leaf.RawIssuer, leaf.RawSubject):
		return "it is signed by itself", renewed
	case len(bad.UnverifiedCertificates) == 1:
		return "the certificate of its issuer is not sent along, or not a public one", "let the proxy send the whole chain (fullchain.pem), or " + renewed
	}
	return bad.Err.Error(), renewed
}

// signed sends a request as the provider would.
func (d *Doctor) signed(ctx context.Context) []Finding {
	if d.unreachable(ctx) {
		return nil
	}
	return []Finding{d.Signed(ctx, d.Conf.Twilio.AuthToken)}
}

// Signed sends a request that is signed with a token, for the stateless fallback, which leaves nothing in the log.
func (d *Doctor) Signed(ctx context.Context, token string) Finding {
	const check = "signed request"
	address, line := d.Conf.PublicURL+"/plain", d.Conf.Settings.Lines[0]
	form := url.Values{
		"CallSid": {"CA" + strings.Repeat("0", 32)}, "AccountSid": {d.Conf.Twilio.AccountSID}, "ApiVersion": {"2010-04-01"}, "Direction": {"inbound"},
		"CallStatus": {"in-progress"}, "From": {"anonymous"}, "To": {line.Number.Full()},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return wrong(check, "write public_url like https://support.example.com", "%v", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	r.Header.Set(twilio.SignatureHeader, twilio.Sign(token, asSigned(*r.URL), form))
	got, err := d.ask(r)
	switch {
	case err != nil:
		return wrong(check, "see public address and certificate", "%s could not be asked", address)
	case got.status == http.StatusForbidden:
		return wrong(check, "restart the server with this configuration, and let the proxy keep path and query as they are",
			"refused: the server has another auth_token, account_sid or public_url, or the proxy changes the address")
	case got.status != http.StatusOK:
		return wrong(check, "see public address", "answered with %d", got.status)
	}
	if _, err := twilio.Parse(got.body); err != nil || got.kind != "text/xml" {
		return wrong(check, "let the proxy pass answers on as they are", "the answer (%q) is not TwiML", got.kind)
	}
	return ok(check, "answered with TwiML")
}

// asSigned returns an address as the provider signs it: for https without the port.
func asSigned(u url.URL) string {
	if u.Scheme == "https" {
		u.Host = strings.TrimSuffix(u.Host, ":"+u.Port())
	}
	return u.String()
}

// fallback compares the documents that answer while we are down with what they should be today.
func (d *Doctor) fallback(ctx context.Context) (found []Finding) {
	base, documents := d.Conf.FallbackBase(), d.Conf.Fallback()
	fix := "start the server, which has them; better: host them elsewhere, and name the place as fallback_url"
	if elsewhere, hosted := d.Conf.HostedElsewhere(); hosted {
		fix = "supportline fallback --out DIR, and put what it writes at " + elsewhere + ", where the provider can fetch it with GET"
	}
	if _, hosted := d.Conf.HostedElsewhere(); !hosted && d.unreachable(ctx) {
		return nil
	}
	for _, line := range d.Conf.Settings.Lines {
		number := line.Number.Full()
		address := base + "/" + ivr.FallbackFolder(line.Number) + "/"
		hosted, err := d.hosted(ctx, address, documents, line)
		switch age := d.age(hosted, documents, line); {
		case err != nil:
			found = append(found, wrong("fallback", fix, "%s: %v", number, err))
		case age == 0:
			found = append(found, ok("fallback", "%s: present and current", number))
		case age > 0:
			found = append(found, warning("fallback", fix, "%s: it was written before today, and leaves out a day to come that has other hours", number))
		default:
			found = append(found, wrong("fallback", fix, "%s: %s holds other documents than configuration and edited dates make", number, address))
		}
	}
	return found
}

// hosted fetches a line's documents; all but the one that stands alone in a TwiML Bin.
func (d *Doctor) hosted(ctx context.Context, address string, documents ivr.Fallback, line policy.Line) (map[string][]byte, error) {
	want, err := documents.Documents(line, d.Now())
	if err != nil {
		return nil, err
	}
	delete(want, "bin.xml")
	_, elsewhere := d.Conf.HostedElsewhere()
	hosted := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address+name, nil)
		if err != nil {
			return nil, err
		}
		if !elsewhere { // our own server gives them to the provider alone
			r.URL.RawQuery = url.Values{"AccountSid": {d.Conf.Twilio.AccountSID}}.Encode()
			r.Header.Set(twilio.SignatureHeader, twilio.Sign(d.Conf.Twilio.AuthToken, asSigned(*r.URL), nil))
		}
		got, err := d.ask(r)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s can't be fetched: %s", address+name, cause(err))
		case got.status != http.StatusOK:
			return nil, fmt.Errorf("%s answers %d", address+name, got.status)
		case got.kind != "text/xml" && got.kind != "application/xml":
			return nil, fmt.Errorf("%s is served as %q, which the provider doesn't follow: serve it as text/xml", address+name, got.kind)
		}
		hosted[name] = got.body
	}
	return hosted, nil
}

// age returns how many days ago these documents were written, -1 if that is not within a week. Those of an earlier day are right except for the
// days that have come into sight since.
func (d *Doctor) age(hosted map[string][]byte, documents ivr.Fallback, line policy.Line) int {
	for days := range 7 {
		want, err := documents.Documents(line, d.Now().AddDate(0, 0, -days))
		same := err == nil
		for name, text := range hosted {
			same = same && bytes.Equal(text, want[name])
		}
		if same {
			return days
		}
	}
	return -1
}
