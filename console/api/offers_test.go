package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
)

// Who was sent a link stands in full for those who may see numbers, and then the audit says so; it is masked for all others, and an e-mail address is left
// out. What somebody offers by a program is in the name of the token's user.
func TestReceiversOfOffersAreMasked(t *testing.T) {
	p := browsertest.NewFilled(t)
	c := browsertest.Served("CA91", browsertest.Monday.Add(-time.Hour), 60)
	c.From = "+447400123456"
	p.Load(t, c)
	if _, err := p.Store.ImportCustomers(t.Context(), []policy.Customer{{Number: c.Customer, Name: c.Account, Email: "dana@example.com"}}, "test"); err != nil {
		t.Fatal(err)
	}
	operator, viewer := p.Program(t, "operator"), p.Program(t, "viewer")
	operator.Post("/api/v1/calls/CA91/offers", `{"page":"screen-sharing"}`).Want(t, http.StatusOK, `"to":"+447400123456"`, `"by":"operator"`, `"via":"api"`, `"state":"waiting"`)
	operator.Post("/api/v1/offers/1/take-back", `{}`).Want(t, http.StatusOK, `"state":"taken-back"`, `"taken_back_by":"operator"`)
	operator.Post("/api/v1/calls/CA91/offers", `{"page":"screen-sharing", "channel":"email"}`).Want(t, http.StatusOK, `"to":"dana@example.com"`)
	for _, at := range []string{"/api/v1/calls/CA91", "/api/v1/customers/" + string(c.Customer) + "/offers"} {
		operator.Get(at).Want(t, http.StatusOK, "+447400123456", "dana@example.com")
		viewer.Get(at).Want(t, http.StatusOK, `"to":"+44********56"`, `"channel":"email","to":null`).Without(t, "447400123456", "dana@")
	}
	viewer.Get("/api/v1/calls/CA91/explanation").Want(t, http.StatusOK, "call.offered", "operator offered a screen-sharing session by text; taken back by operator").Without(t, "447400123456", "dana@")
}
