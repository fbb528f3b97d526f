package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Overlay replaces one value of a configuration before it is checked. Problems in it name its path as their file.
type Overlay struct {
	// Path holds the keys that lead to the value, with dots between them: "identification.caller_id". An element of a list is named by its
	// index from 0, a line also by its number: "lines.+448000668187.closed". Missing keys on the way are created.
	Path string
	Text string // the value, in YAML
}

func (d *decoder) overlay(root *yaml.Node, o Overlay) {
	value := document(d.findings, o.Path, []byte(o.Text), "write a value")
	if value == nil {
		return
	}
	d.overlaid[value] = o.Path
	n, keys := root, strings.Split(o.Path, ".")
	for i, key := range keys {
		var next *yaml.Node
		if i == len(keys)-1 {
			next = value
		}
		child, err := d.child(n, o.Path, key, next)
		if err != nil {
			d.add(place{File: o.Path}, err.Error(), "write a path such as identification.caller_id")
			return
		}
		n = child
	}
}

// child returns the value under a key of n. If a new value is given it replaces the old one; otherwise a missing value becomes an empty mapping.
func (d *decoder) child(n *yaml.Node, path, key string, put *yaml.Node) (*yaml.Node, error) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return stepInto(&n.Content[i+1], put), nil
			}
		}
		name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key, Line: 1, Column: 1}
		fresh := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1, Column: 1}
		d.overlaid[name], d.overlaid[fresh] = path, path
		n.Content = append(n.Content, name, fresh)
		return stepInto(&n.Content[len(n.Content)-1], put), nil
	case yaml.SequenceNode:
		i, err := strconv.Atoi(key)
		if err != nil || strings.HasPrefix(key, "+") {
			i = slices.IndexFunc(n.Content, func(item *yaml.Node) bool { return numbered(item, key) })
		}
		if i >= 0 && i < len(n.Content) {
			return stepInto(&n.Content[i], put), nil
		}
	}
	return nil, fmt.Errorf("the path %s leads nowhere: there is no %s", path, quoted(key))
}

// stepInto returns the value in a slot. The target of an alias is copied first, so that its other uses stay unchanged.
func stepInto(slot **yaml.Node, put *yaml.Node) *yaml.Node {
	if put != nil {
		*slot = put
	} else if (*slot).Kind == yaml.AliasNode {
		own := *(*slot).Alias
		own.Content = slices.Clone(own.Content)
		*slot = &own
	}
	return *slot
}

// numbered reports whether an element of a list is the line with this number.
func numbered(n *yaml.Node, number string) bool {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "number" && n.Content[i+1].Value == number {
			return true
		}
	}
	return false
}
