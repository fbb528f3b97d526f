package browsertest

import (
	"bytes"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// Client is one person's browser, without scripts.
type Client struct {
	t    testing.TB
	HTTP *http.Client
	base string // the address of the server
}

// NewClient returns the browser of somebody who is not signed in to the console at an address.
func NewClient(t testing.TB, address string) *Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Client{t, &http.Client{Jar: jar}, address}
}

// SignIn sends the form of the sign-in.
func (c *Client) SignIn(name, password string) Page {
	return c.Post("/signin", "name", name, "password", password)
}

// Page is an answer.
type Page struct {
	Status int
	Path   string // where redirects led to, with its query
	Header http.Header
	Body   string
}

// Get opens a path, and follows redirects.
func (c *Client) Get(path string) Page {
	c.t.Helper()
	response, err := c.HTTP.Get(c.base + path)
	return c.read(response, err)
}

// Post sends a form as the console's own pages do, with names and values in turn.
func (c *Client) Post(path string, pairs ...string) Page {
	c.t.Helper()
	return c.Send(path, map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": c.base}, pairs...)
}

// Send sends a form with headers of its own.
func (c *Client) Send(path string, header map[string]string, pairs ...string) Page {
	c.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	request, err := http.NewRequest(http.MethodPost, c.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := c.HTTP.Do(request)
	return c.read(response, err)
}

func (c *Client) read(response *http.Response, err error) Page {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return Page{response.StatusCode, response.Request.URL.RequestURI(), response.Header, string(body)}
}

// Want fails the test unless the page has a status and texts.
func (p Page) Want(t testing.TB, status int, texts ...string) Page {
	t.Helper()
	if p.Status != status {
		t.Errorf("%s: status %d, want %d", p.Path, p.Status, status)
	}
	for _, text := range texts {
		if !p.Has(text) {
			t.Errorf("%s: no %q in\n%s", p.Path, text, p.Body)
		}
	}
	return p
}

// Has reports whether a text is in a page, as it was sent or as a person reads it.
func (p Page) Has(text string) bool {
	return strings.Contains(p.Body, text) || strings.Contains(html.UnescapeString(p.Body), text)
}

// Without fails the test if a text is in the page.
func (p Page) Without(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if p.Has(text) {
			t.Errorf("%s: %q is in\n%s", p.Path, text, p.Body)
		}
	}
}

// Upload sends a file as the form of a path does.
func (c *Client) Upload(path, name, text string) Page {
	c.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := part.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		c.t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, c.base+path, &body)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := c.HTTP.Do(request)
	return c.read(response, err)
}

// Link returns the address behind a link's text.
func (p Page) Link(t testing.TB, text string) string {
	t.Helper()
	before, _, found := strings.Cut(p.Body, ">"+text+"</a>")
	start := strings.LastIndex(before, `href="`)
	if !found || start < 0 {
		t.Fatalf("%s: no link %q", p.Path, text)
	}
	address, _, _ := strings.Cut(before[start+len(`href="`):], `"`)
	return strings.ReplaceAll(address, "&amp;", "&")
}

// Between returns the texts between two others, of most characters at most; 0 is no bound.
func (p Page) Between(before, after string, most int) (all []string) {
	for _, piece := range strings.Split(p.Body, before)[1:] {
		found, _, ok := strings.Cut(piece, after)
		if ok && !strings.Contains(found, ">") && (most == 0 || len(found) <= most && !strings.Contains(found, "?")) {
			all = append(all, found)
		}
	}
	return all
}
