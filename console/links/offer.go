package links

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/officernd/supportline/policy/link"
	"github.com/officernd/supportline/policy/remedy"
)

// offerView is what the page of an offer shows: where it leads, and one button.
type offerView struct {
	view
	Company string
	Page    remedy.Page
	Host    string // of the company's page
}

// offer answers at the link of an offer. GET and HEAD show a page with one button, since chats and scanners fetch every link; the button's POST counts that
// somebody went on, and leads to the page of the company.
func (p *pages) offer(w http.ResponseWriter, r *http.Request, to link.Link, v view) error {
	o, err := p.Store.Offer(r.Context(), remedy.ID(to.ID))
	switch {
	case err != nil:
		return err
	case !o.TakenBackAt.IsZero():
		return remedy.ErrTakenBack
	}
	address, err := url.Parse(o.Address)
	if err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		if _, err := p.Store.OpenOffer(r.Context(), o.ID, p.Now()); err != nil {
			return err
		}
		w.Header().Set("Location", o.Address)
		w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	// A browser follows a form's answer to addresses that the policy names alone.
	w.Header().Set("Content-Security-Policy", strings.Replace(contentPolicy, "form-action 'self'", "form-action 'self' "+address.Scheme+"://"+address.Host, 1))
	v.Title = titles[o.Page]
	p.write(w, "offer.html", http.StatusOK, offerView{v, p.Settings().Company, o.Page, address.Host})
	return nil
}

// titles are what the pages of offers are called.
var titles = map[remedy.Page]string{
	remedy.ScreenSharing: "A screen-sharing session", remedy.Training: "A training session", remedy.CustomerNumber: "Your customer number",
}
