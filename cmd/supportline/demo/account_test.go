package demo

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/twilio/fake"
)

// The demo's provider keeps no body on the disk, and reads little of a long one.
func TestTheDemosAccountHasABound(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	handler := WithAccount(http.NotFoundHandler(), fake.NewAccount("AC1", "token", time.Now))
	for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=b"} {
		head := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n"
		body := &io.LimitedReader{R: io.MultiReader(strings.NewReader(head), strings.NewReader(strings.Repeat("x", 20<<20))), N: 20 << 20}
		r := httptest.NewRequest(http.MethodPost, config.DemoAccount+"/2010-04-01/Accounts/AC1/Calls.json", body)
		r.Header.Set("Content-Type", kind)
		r.SetBasicAuth("AC1", "token")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if read := 20<<20 - body.N; read > 128<<10 || w.Code < http.StatusBadRequest {
			t.Errorf("%s: %d bytes were read, status %d", kind, read, w.Code)
		}
		if left, _ := os.ReadDir(folder); len(left) > 0 {
			t.Fatalf("%s: %s is left behind", kind, left[0].Name())
		}
	}
}
