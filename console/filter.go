package console

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// callFilter is what the address of the calls page selects, as it was written: the address is the filter. Days are in the person's zone.
type callFilter struct {
	Since, Until, Line, Customer, Intent, Outcome string
	// Before is the last call of the page before: its start and SID. Calls come after it, in the order of the list.
	Before string
}

func (r *request) callFilter() callFilter {
	get := func(name string) string { return strings.TrimSpace(r.QueryParam(name)) }
	return callFilter{
		Since: get("since"), Until: get("until"), Line: get("line"), Customer: get("customer"), Intent: get("intent"), Outcome: get("outcome"),
		Before: get("before"),
	}
}

// query is the filter as the end of an address.
func (f callFilter) query() string {
	return query("since", f.Since, "until", f.Until, "line", f.Line, "customer", f.Customer, "intent", f.Intent, "outcome", f.Outcome, "before", f.Before)
}

// Narrow says whether the filter leaves anything out.
func (f callFilter) Narrow() bool {
	f.Before = ""
	return f != callFilter{}
}

// parse makes the filter of the log. Its error is errWrongInput with what to write instead.
func (f callFilter) parse(zone *time.Location) (filter policy.Filter, after place, err error) {
	filter = policy.Filter{
		Line: policy.Phone(f.Line), Customer: policy.CustomerNumber(f.Customer), Intent: policy.Intent(f.Intent), Outcome: policy.Outcome(f.Outcome),
	}
	if filter.Since, err = day("since", f.Since, zone, 0); err != nil {
		return filter, after, err
	}
	if filter.Until, err = day("until", f.Until, zone, 1); err != nil {
		return filter, after, err
	}
	if after, err = parsePlace(f.Before); err != nil {
		return filter, after, err
	}
	switch {
	case filter.Intent != "" && !slices.Contains(policy.Intents(), filter.Intent):
		return filter, after, fmt.Errorf("%w: there is no reason to call %q", errWrongInput, f.Intent)
	case filter.Outcome != "" && !slices.Contains(policy.Outcomes(), filter.Outcome):
		return filter, after, fmt.Errorf("%w: no call ends as %q", errWrongInput, f.Outcome)
	}
	return filter, after, nil
}

// day is the start of a day in a zone, or of one that is some days later; zero where none is given.
func day(name, text string, zone *time.Location, later int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return at, fmt.Errorf("%w: %s is %q; write a date such as 2026-11-24", errWrongInput, name, text)
	}
	return at.AddDate(0, 0, later), nil
}

// place is where a call stands in the list: newest first, those with one start by SID from the last.
type place struct {
	at  time.Time
	sid policy.CallSID
}

func placeOf(c policy.Call) place { return place{c.StartedAt, c.SID} }

// String is the place in an address.
func (p place) String() string { return p.at.UTC().Format(time.RFC3339Nano) + "," + string(p.sid) }

func parsePlace(text string) (place, error) {
	if text == "" {
		return place{}, nil
	}
	at, sid, found := strings.Cut(text, ",")
	start, err := time.Parse(time.RFC3339Nano, at)
	if err != nil || !found {
		return place{}, fmt.Errorf("%w: there is no place %q in the list; begin at its first page", errWrongInput, text)
	}
	return place{start, policy.CallSID(sid)}, nil
}

// reached says whether a call comes before this place in the list, or is the one at it.
func (p place) reached(c policy.Call) bool {
	return p.sid != "" && (c.StartedAt.After(p.at) || c.StartedAt.Equal(p.at) && c.SID >= p.sid)
}

// query is names and values in turn as the end of an address, without those that are empty.
func query(pairs ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}
