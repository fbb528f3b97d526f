package storetest

import (
	"maps"
	"slices"

	"github.com/officernd/supportline/store"
)

// entriesModel is an engine in its simplest form: the entries of each bucket, in memory.
type entriesModel map[store.Bucket]map[string]string

func newModel() entriesModel {
	m := entriesModel{}
	for _, b := range store.Buckets() {
		m[b] = map[string]string{}
	}
	return m
}

func (m entriesModel) clone() entriesModel {
	c := entriesModel{}
	for b, entries := range m {
		c[b] = maps.Clone(entries)
	}
	return c
}

// get returns a value as text.
func (m entriesModel) get(b store.Bucket, key string) string {
	if v, found := m[b][key]; found {
		return v
	}
	return absent
}

// keys returns the keys of a span, in its direction.
func (m entriesModel) keys(s store.Span) (keys []string) {
	for k := range m[s.Bucket] {
		if k >= string(s.From) && (s.To == nil || k < string(s.To)) {
			keys = append(keys, k)
		}
	}
	if slices.Sort(keys); s.Back {
		slices.Reverse(keys)
	}
	return keys
}

// scan returns the entries of a span.
func (m entriesModel) scan(s store.Span) (entries []string) {
	for _, k := range m.keys(s) {
		entries = append(entries, shown([]byte(k), []byte(m[s.Bucket][k])))
	}
	return entries
}

// edit writes one entry.
func (m entriesModel) edit(e store.Edit) {
	if e.Gone {
		delete(m[e.Bucket], string(e.Key))
	} else {
		m[e.Bucket][string(e.Key)] = string(e.Value)
	}
}

// commit applies the changes that hold, one after the other.
func (m entriesModel) commit(changes []store.Change) (held []bool) {
	for _, c := range changes {
		holds := true
		for _, x := range c.Expect {
			holds = holds && m.get(x.Bucket, string(x.Key)) == text(x.Value)
		}
		if held = append(held, holds); !holds {
			continue
		}
		for _, e := range c.Edits {
			m.edit(e)
		}
	}
	return held
}
