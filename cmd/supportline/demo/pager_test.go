package demo

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/twilio/fake"
)

var ourPager = notices.PagerDuty{Called: "pager", Key: strings.Repeat("0", 32), Secret: "secret-of-the-demos-pager", Public: "demo"}

// hooked lets an outside post to webhooks that accept what a pager signed, and returns what people did there.
func hooked(o *Outside, pager notices.PagerDuty) *[]notices.PagerAct {
	acts := &[]notices.PagerAct{}
	o.app.Conf = config.Config{PublicURL: "http://127.0.0.1:1/line"}
	o.app.Conf.Notices.Named = []notices.Channel{pager}
	o.app.Webhooks = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		act, ours := pager.Read(body)
		if r.Method != http.MethodPost || r.URL.Path != "/line/hooks/pagerduty" || !ourPager.Signed(r.Header, body) || !ours {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		*acts = append(*acts, act)
		w.WriteHeader(http.StatusAccepted)
	})
	return acts
}

func enqueue(o *Outside, action string) {
	body := `{"routing_key":"` + ourPager.Key + `","event_action":"` + action + `","dedup_key":"demo/alarm/7","payload":{"summary":"Critical call missed","severity":"critical"}}`
	o.pager(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/v2/enqueue", strings.NewReader(body)))
}

// click presses a button of the page as a browser without scripts does.
func click(o *Outside, path, by string) (status int) {
	r := httptest.NewRequest(http.MethodPost, OutsidePage+path, strings.NewReader(url.Values{"by": {by}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	o.With(http.NotFoundHandler()).ServeHTTP(w, r)
	return w.Code
}

// TestPagerPostsWhatPeopleDo as PagerDuty does: signed, in the name of whoever did it, and once.
func TestPagerPostsWhatPeopleDo(t *testing.T) {
	o := newOutside()
	acts := hooked(o, ourPager)
	enqueue(o, "trigger")
	for _, button := range []string{"/1/acknowledge", "/1/acknowledge", "/1/resolve", "/1/resolve"} {
		if status := click(o, button, "Ben Okafor"); status != http.StatusSeeOther {
			t.Errorf("%s: status %d", button, status)
		}
	}
	want := []notices.PagerAct{{Alarm: "7", By: "Ben Okafor"}, {Alarm: "7", By: "Ben Okafor", Done: true}}
	if !slices.Equal(*acts, want) {
		t.Errorf("posted were %+v, want %+v", *acts, want)
	}
	for _, none := range []string{"/1/trigger", "/x/resolve", "/1/nothing"} {
		if status := click(o, none, ""); status != http.StatusNotFound {
			t.Errorf("%s: status %d", none, status)
		}
	}
	enqueue(o, "trigger")
	if got := o.shown(); len(got) != 2 || got[0].State != "triggered" || got[1].State != "resolved" {
		t.Errorf("an event after the end opens another incident; there are %+v", got)
	}
}

// TestPagerSaysThatNobodyIsTold where the configuration has no secret, or another one than the webhook.
func TestPagerSaysThatNobodyIsTold(t *testing.T) {
	without, other := ourPager, ourPager
	without.Secret, other.Secret = "", "another-secret-than-that"
	for want, pager := range map[string]notices.PagerDuty{"no webhook_secret": without, "answered 403": other} {
		o := newOutside()
		hooked(o, pager)
		enqueue(o, "trigger")
		click(o, "/1/resolve", "Ben Okafor")
		if got := o.shown()[0].State; !strings.HasPrefix(got, "resolved, ") || !strings.Contains(got, want) {
			t.Errorf("the incident is %q, want %q", got, want)
		}
	}
}

// TestSlackIsShownAsSlackShowsIt and its text as it was before it was escaped.
func TestSlackIsShownAsSlackShowsIt(t *testing.T) {
	var got strings.Builder
	for _, p := range slackPieces("*Taken by Ben*\nA &lt;!channel&gt; &amp; 2 * 3 * 4, see https://a.example/b.\n<http://127.0.0.1/w/x|I take it>  ·  <https://c.example>") {
		switch {
		case p.Link != "":
			got.WriteString("[" + p.Text + "](" + p.Link + ")")
		case p.Bold:
			got.WriteString("**" + p.Text + "**")
		default:
			got.WriteString(p.Text)
		}
	}
	const want = "**Taken by Ben**\nA <!channel> & 2 * 3 * 4, see [https://a.example/b](https://a.example/b).\n[I take it](http://127.0.0.1/w/x)  ·  [https://c.example](https://c.example)"
	if got.String() != want {
		t.Errorf("it is shown as\n%s\nwant\n%s", &got, want)
	}
}

// The page is accessible, in each size and colour; what arrives appears by itself, and its buttons work with scripts and without.
func TestOutsideInTheBrowser(t *testing.T) {
	o := newOutside()
	acts := hooked(o, ourPager)
	page := mustServe(t, o).URL + OutsidePage
	tab := browsertest.Open(t)
	tab.Go(page)
	tab.See("Nothing yet.")
	tab.Check("outside-empty")
	o.arrived(arrival{Kind: kindMail, To: "ops@example.com", Subject: "Call missed: Harbor Cowork, waited 12 s", Text: "Account:  Harbor Cowork (310022)\nReason:   question\n\nI take it, so that nobody else is told:\nhttp://support.example.com/telephone/w/YWsOmqY0L2NsZW_8wiYzzPQobjqZBBLmADb6"})
	tab.Wait("#a-1")
	o.arrived(arrival{Kind: kindSlack, To: "#support-line", Text: "*Critical call missed: Northwind Flex Offices*\nNobody took this critical call. Call the customer back now.\n<http://127.0.0.1:8080/w/abc|I take it>"})
	enqueue(o, "trigger")
	go telephones{o, t.Context()}.Specialist("+15550100002")
	o.account.Change(func(s *fake.State) {
		s.Texts = append(s.Texts, fake.Text{SID: "SM1", To: "+15550100002", At: noon, Status: "delivered", Body: "Critical call missed: Northwind http://127.0.0.1:8080/w/abc"})
	})
	tab.Wait(`#a-SM1 a[href="http://127.0.0.1:8080/w/abc"]`)
	tab.Wait(`.rings [formaction$="/1"]`)
	tab.Check("outside")
	tab.Click(`[formaction$="/acknowledge"]`)
	tab.Wait(`.PagerDuty form button:only-of-type`)
	tab.See("acknowledged", "Call to Ben Okafor")
	tab.Scripts(false)
	tab.Go(page)
	tab.Follow(`[formaction$="/resolve"]`)
	tab.See("resolved", "Look again")
	if len(*acts) != 2 || (*acts)[0].By != "Ben Okafor" || !(*acts)[1].Done {
		t.Errorf("posted were %+v", *acts)
	}
}
