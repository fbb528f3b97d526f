package twilio

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// maxParams bounds the work that an unsigned request can cause. The provider sends about 35.
const maxParams = 1000

// param is one name and value of a form, decoded.
type param struct{ key, value string }

type form []param

// parseForm decodes text of type application/x-www-form-urlencoded. It splits at "&" alone: to the provider ";" is a character like
// any other, where url.ParseQuery refuses it.
func parseForm(text string) (form, error) {
	n := strings.Count(text, "&") + 1
	if n > maxParams {
		return nil, fmt.Errorf("%d parameters, more than %d", n, maxParams)
	}
	f := make(form, 0, n)
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		rawKey, rawValue, _ := strings.Cut(part, "=")
		key, err := url.QueryUnescape(rawKey)
		if err != nil {
			return nil, fmt.Errorf("parameter %d: bad escape in its name", len(f)+1)
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			return nil, fmt.Errorf("parameter %d: bad escape in its value", len(f)+1)
		}
		f = append(f, param{key, value})
	}
	return f, nil
}

// readings are the ways in which the provider may have signed f, each sorted by name: all values of a repeated name, sorted and each
// once (its Node library), or only the first one (its Go library). Its documentation does not say which, so both are right here. A
// reading holds nothing that its signature leaves out, so whoever adds or reorders values of a captured request gains nothing.
// Without a repeated name there is one reading. f is sorted in place.
func (f form) readings() []form {
	slices.SortStableFunc(f, func(a, b param) int { return cmp.Compare(a.key, b.key) })
	sameKey := func(a, b param) bool { return a.key == b.key }
	if !f.repeats() {
		return []form{f}
	}
	first := slices.CompactFunc(slices.Clone(f), sameKey)
	slices.SortFunc(f, func(a, b param) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.value, b.value)) })
	return []form{slices.Compact(f), first}
}

// repeats says whether a sorted f has a name twice.
func (f form) repeats() bool {
	for i := 1; i < len(f); i++ {
		if f[i].key == f[i-1].key {
			return true
		}
	}
	return false
}

// appendTo appends what is signed of f: names and values without anything between.
func (f form) appendTo(out []byte) []byte {
	for _, p := range f {
		out = append(append(out, p.key...), p.value...)
	}
	return out
}

// values is f as a map; the values of a name keep their order.
func (f form) values() url.Values {
	values := make(url.Values, len(f))
	backing := make([]string, len(f))
	for i, p := range f {
		if old, ok := values[p.key]; ok {
			values[p.key] = append(old, p.value)
			continue
		}
		backing[i] = p.value
		values[p.key] = backing[i : i+1 : i+1]
	}
	return values
}
