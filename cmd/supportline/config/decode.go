package config

import (
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxValues bounds how many values are read, far above any company's lines and teams: with aliases of aliases a few lines of text could become
// millions.
const maxValues = 20_000

// decoder turns nodes into raw structs. It reports wrong shapes; the check looks at the meaning.
type decoder struct {
	*findings
	env      func(string) (string, bool)
	offline  bool
	overlaid map[*yaml.Node]string // nodes that an overlay put in -> its path
	values   int                   // decoded so far
}

// node is a YAML node together with what a problem in it must name.
type node struct {
	*yaml.Node
	file string
	key  string // the key it is the value of
}

func (n node) place() place { return place{File: n.file, Line: n.Line, Column: n.Column} }

// raw is a part of the file that decodes itself. Every other part is a struct with tags, as file is.
type raw interface{ decode(*decoder, node) }

// node returns a node of the tree with its alias resolved, and the overlay that it comes from as its file.
func (d *decoder) node(n *yaml.Node, file, key string) node {
	if path, ok := d.overlaid[n]; ok {
		file = path
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return node{Node: n, file: file, key: key}
}

// decode reads a node into what a pointer leads to.
func (d *decoder) decode(into any, n node) {
	d.values++
	if d.values == maxValues {
		d.add(n.place(), fmt.Sprintf("the file holds more than %d values", maxValues), "write fewer, with fewer aliases")
	}
	if d.values >= maxValues {
		return
	}
	if part, ok := into.(raw); ok {
		part.decode(d, n)
		return
	}
	at := reflect.ValueOf(into).Elem().FieldByName("At").Addr().Interface().(*place)
	d.fields(n, at, keys(into))
}

// text is a single value as written, with references to the environment replaced.
type text struct {
	At    place
	Key   string
	Value string
	Given bool   // false: the file does not have it, or in a wrong shape; Value is then the default
	Env   string // the environment variable that the value comes from, or the first of several; "": none
	Unset string // the first such variable that is not set, which is no problem offline; "": all are
	// Template is the value with a mark in the place of each reference, and Replaced holds what they were replaced by.
	Template string
	Replaced []string
	// Secret is set where the value must not be shown, and advice must not lead to it being written into the file.
	Secret bool
}

// origin returns the key, and the environment variable that the value comes from.
func (t text) origin() string {
	if t.Env == "" {
		return t.Key
	}
	return t.Key + " (environment variable " + t.Env + ")"
}

func (t *text) decode(d *decoder, n node) {
	t.At, t.Key = n.place(), n.key
	if n.Kind != yaml.ScalarNode {
		d.add(t.At, fmt.Sprintf("%s is %s where a single value belongs", n.key, shape(n.Node)), "write one value after "+n.key+":")
		return
	}
	if null(n.Node) {
		t.Given = true
		return
	}
	if value, ok := d.replaced(t, n.Value); ok {
		t.Value, t.Given = value, true
	}
}

type list[T any] struct {
	At    place
	Given bool
	Items []T
}

func (l *list[T]) decode(d *decoder, n node) {
	l.At = n.place()
	if n.Kind != yaml.SequenceNode {
		d.add(l.At, fmt.Sprintf("%s is %s where a list belongs", n.key, shape(n.Node)), "write "+n.key+": [...]")
		return
	}
	l.Given = true
	l.Items = make([]T, len(n.Content))
	for i, c := range n.Content {
		d.decode(&l.Items[i], d.node(c, n.file, n.key))
	}
}

// table is a mapping whose keys the user chooses, in the order of the file.
type table[T any] struct {
	At    place
	Given bool
	Rows  []row[T]
}

type row[T any] struct {
	Key   text
	Value T
}

func (t *table[T]) decode(d *decoder, n node) {
	t.At = n.place()
	if n.Kind != yaml.MappingNode {
		d.add(t.At, fmt.Sprintf("%s is %s where keys and values belong", n.key, shape(n.Node)), "write "+n.key+": { key: value }")
		return
	}
	t.Given = true
	d.pairs(n, func(key text, value node) {
		r := row[T]{Key: key}
		d.decode(&r.Value, value)
		t.Rows = append(t.Rows, r)
	})
}

// pairs calls each for the pairs of a mapping. It reports keys that are not a word, and keys that come twice.
func (d *decoder) pairs(n node, each func(key text, value node)) {
	seen := map[string]place{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := d.node(n.Content[i], n.file, n.key)
		at := k.place()
		if k.Kind != yaml.ScalarNode {
			d.add(at, "a key must be a single word", "write key: value")
			continue
		}
		if before, ok := seen[k.Value]; ok {
			d.add(at, fmt.Sprintf("%s is written twice, first in line %d", quoted(k.Value), before.Line), "keep one of the two")
			continue
		}
		seen[k.Value] = at
		each(text{At: at, Key: n.key, Value: k.Value, Given: true}, d.node(n.Content[i+1], n.file, k.Value))
	}
}

// field is one key of a mapping with known keys.
type field struct {
	key  string
	into any
	need string // what to write where the key is missing; "": it may be missing
	// secret is set for a value that must not be shown.
	secret bool
}

// keys returns the keys that a struct has by its tags.
func keys(of any) []field {
	var fields []field
	v := reflect.ValueOf(of).Elem()
	for i := range v.NumField() {
		if tag := v.Type().Field(i).Tag; tag.Get("key") != "" {
			_, secret := tag.Lookup("secret")
			fields = append(fields, field{key: tag.Get("key"), into: v.Field(i).Addr().Interface(), need: tag.Get("need"), secret: secret})
		}
	}
	return fields
}

// fields decodes a mapping with known keys. A key without a value counts as missing.
func (d *decoder) fields(n node, at *place, fields []field) {
	if n.Kind != yaml.MappingNode {
		d.add(n.place(), fmt.Sprintf("%s is %s where keys and values belong", n.key, shape(n.Node)), "write "+n.key+": { "+fields[0].key+": ... }")
		return
	}
	*at = n.place()
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.key
	}
	present := map[string]bool{}
	d.pairs(n, func(key text, value node) {
		i := slices.Index(known, key.Value)
		if i < 0 {
			d.add(key.At, fmt.Sprintf("the key %s is not known here", quoted(key.Value)), meant(key.Value, known))
			return
		}
		if !null(value.Node) {
			present[key.Value] = true
			if t, single := fields[i].into.(*text); single {
				t.Secret = fields[i].secret
			}
			d.decode(fields[i].into, value)
		}
	})
	for _, f := range fields {
		if f.need != "" && !present[f.key] {
			d.add(*at, "the key "+f.key+" is missing", "write "+f.key+": "+f.need)
		}
	}
}

func null(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func shape(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a group of keys"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case null(n):
		return "empty"
	}
	return "a single value"
}

var (
	reference = regexp.MustCompile(`\$?\$\{[^}]*\}?`)
	variable  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// replaced returns a value of t with its references replaced from the environment. ok is false after a problem.
func (d *decoder) replaced(t *text, value string) (result string, ok bool) {
	ok = true
	t.Template = reference.ReplaceAllStringFunc(value, func(ref string) string {
		if strings.HasPrefix(ref, "$$") {
			return ref[1:]
		}
		inner, closed := strings.CutSuffix(ref[len("${"):], "}")
		name, fallback, optional := strings.Cut(inner, ":-")
		if !closed || !variable.MatchString(name) {
			d.add(t.At, fmt.Sprintf("%s holds %s, which is no reference to the environment", t.Key, t.shown(ref)),
				"write ${NAME} or ${NAME:-default}; $${ stands for ${ itself")
			ok = false
			return ""
		}
		got, set := d.env(name)
		switch {
		case optional && got == "":
			return fallback
		case !set && !d.offline:
			d.add(t.At, fmt.Sprintf("%s needs the environment variable %s, which is not set", t.Key, name), t.howToSet(name))
			ok = false
		case !set:
			t.Unset = cmp.Or(t.Unset, name)
		}
		t.Env = cmp.Or(t.Env, name)
		t.Replaced = append(t.Replaced, got)
		return mark(len(t.Replaced) - 1)
	})
	return unmarked(t.Template, t.Replaced), ok
}

// mark returns what stands for a reference in a template: characters that mean nothing in a URL.
func mark(n int) string { return markBegin + strconv.Itoa(n) + "~" }

const markBegin = "~supportline-reference-"

// unmarked returns a template with its marks replaced.
func unmarked(template string, replaced []string) string {
	for i, value := range slices.Backward(replaced) {
		template = strings.Replace(template, mark(i), value, 1)
	}
	return template
}

// shown returns a part of the value as a problem shows it.
func (t *text) shown(part string) string {
	if t.Secret {
		return "${"
	}
	return quoted(part)
}

// howToSet returns the advice where an environment variable is missing. A default would put a secret into the file.
func (t *text) howToSet(name string) string {
	if t.Secret {
		return fmt.Sprintf("export %s=..., or write that line into the env file that the service is started with", name)
	}
	return fmt.Sprintf("set %s, or write ${%s:-default}", name, name)
}
