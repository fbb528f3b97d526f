package fake

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/officernd/supportline/twilio"
)

// listCalls answers with the calls and legs, newest first. Its filters on the start are UTC days.
func (a *Account) listCalls(w http.ResponseWriter, r *http.Request, _ string) {
	now := a.state.Now()
	calls := slices.Clone(a.state.Calls)
	slices.SortStableFunc(calls, func(x, y twilio.ListedCall) int { return y.StartedAt.Compare(x.StartedAt) })
	var found []any
	for _, c := range calls {
		listed := !c.StartedAt.Add(a.state.ListLag).After(now)
		if listed && within(r.Form, "StartTime", c.StartedAt) && matches(r.Form, "To", c.To) && matches(r.Form, "From", c.From) &&
			matches(r.Form, "Status", c.Status) && matches(r.Form, "ParentCallSid", c.ParentSID) {
			found = append(found, c)
		}
	}
	a.page(w, r, "calls", found)
}

func matches(f url.Values, name, value string) bool { return !f.Has(name) || f.Get(name) == value }

// within reports whether t is not before the first day of a filter and before the other.
func within(f url.Values, name string, t time.Time) bool {
	day := func(text string) (time.Time, bool) {
		at, err := time.Parse(time.DateOnly, text[:min(len(text), len(time.DateOnly))])
		return at, err == nil
	}
	from, bounded := day(f.Get(name + ">"))
	if bounded && t.Before(from) {
		return false
	}
	to, bounded := day(f.Get(name + "<"))
	return !bounded || t.Before(to)
}

func (a *Account) fetchCall(w http.ResponseWriter, _ *http.Request, sid string) {
	if c := a.callBySID(sid); c != nil && !c.StartedAt.Add(a.state.ListLag).After(a.state.Now()) {
		reply(w, http.StatusOK, a.call(*c))
		return
	}
	Refuse(w, http.StatusNotFound, 20404, "The requested resource was not found")
}

func (a *Account) callBySID(sid string) *twilio.ListedCall {
	i := slices.IndexFunc(a.state.Calls, func(c twilio.ListedCall) bool { return c.SID == sid })
	if i < 0 {
		return nil
	}
	return &a.state.Calls[i]
}

// call returns the JSON of a call. It has its end and duration only EndLag after the end, and a duration only if it was answered.
func (a *Account) call(c twilio.ListedCall) map[string]any {
	ended := !c.EndedAt.IsZero() && !c.EndedAt.Add(a.state.EndLag).After(a.state.Now())
	duration, end, status := any(nil), any(nil), c.Status
	switch {
	case !ended && !c.EndedAt.IsZero():
		status = "in-progress"
	case ended:
		end = listTime(c.EndedAt)
		if c.Seconds != nil {
			duration = strconv.Itoa(*c.Seconds)
		}
	}
	return map[string]any{
		"sid": c.SID, "account_sid": a.state.SID, "parent_call_sid": orNull(c.ParentSID), "from": c.From, "to": c.To, "direction": c.Direction,
		"status": status, "start_time": listTime(c.StartedAt), "end_time": end, "duration": duration, "date_created": listTime(c.StartedAt),
		"date_updated": listTime(a.state.Now()), "price": nil, "price_unit": "USD", "api_version": "2010-04-01",
		"uri": fmt.Sprintf("/2010-04-01/Accounts/%s/Calls/%s.json", a.state.SID, c.SID),
	}
}

// listTime formats a time as the API does, in whole seconds.
func listTime(t time.Time) string { return t.UTC().Format(time.RFC1123Z) }

// page answers with one page of a list and the address of the next.
func (a *Account) page(w http.ResponseWriter, r *http.Request, name string, all []any) {
	size, err := strconv.Atoi(r.Form.Get("PageSize"))
	if err != nil || size < 1 {
		size = 50
	}
	size = min(size, 1000)
	number, _ := strconv.Atoi(r.Form.Get("Page")) // 0, the first, if there is none
	from := min(max(0, number)*size, len(all))
	to := min(from+size, len(all))
	shown := make([]any, 0, to-from)
	for _, item := range all[from:to] {
		if c, ok := item.(twilio.ListedCall); ok {
			item = a.call(c)
		}
		shown = append(shown, item)
	}
	uri := func(page int) string {
		q := r.URL.Query()
		q.Set("Page", strconv.Itoa(page))
		q.Set("PageToken", "PA"+strconv.Itoa(page))
		return r.URL.Path + "?" + q.Encode()
	}
	next := any(nil)
	if to < len(all) {
		next = uri(number + 1)
	}
	reply(w, http.StatusOK, map[string]any{
		name: shown, "page": number, "page_size": size, "start": from, "end": max(0, to-1), "first_page_uri": uri(0), "next_page_uri": next,
		"previous_page_uri": nil, "uri": r.URL.RequestURI(),
	})
}
