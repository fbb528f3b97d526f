package console

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// apiSchema is what the readable page shows of a shape.
type apiSchema struct {
	Ref              string `yaml:"$ref"`
	Type             types
	Format           string
	Description      string
	Enum             []string
	Const            string
	Default          string
	Minimum, Maximum *int
	Items            *apiSchema
	AnyOf            []apiSchema `yaml:"anyOf"`
	AllOf            []apiSchema `yaml:"allOf"`
	Required         []string
	Properties       ordered[apiSchema]
}

// types are one or several types.
type types []string

// UnmarshalYAML reads a name, or a list of names.
func (t *types) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.SequenceNode {
		return node.Decode((*[]string)(t))
	}
	*t = types{node.Value}
	return nil
}

// words say what a value is.
func (s apiSchema) words() template.HTML {
	var words []string
	add := func(format string, values ...any) { words = append(words, fmt.Sprintf(format, values...)) }
	switch {
	case s.Ref != "":
		add(`<a href="#shape-%[1]s">%[1]s</a>`, template.HTMLEscapeString(last(s.Ref)))
	case len(s.AnyOf) > 0:
		var any []string
		for _, one := range s.AnyOf {
			any = append(any, string(one.words()))
		}
		add("%s", strings.Join(any, " or "))
	case s.Items != nil:
		add("list of %s", s.Items.words())
	case len(s.Enum) > 0:
		add("%s", template.HTMLEscapeString(strings.Join(s.Enum, ", ")))
	case s.Const != "":
		add("%s", template.HTMLEscapeString(s.Const))
	case len(s.Type) > 0:
		add("%s", template.HTMLEscapeString(strings.Join(s.Type, " or ")))
	}
	if s.Format != "" {
		add("(%s)", template.HTMLEscapeString(s.Format))
	}
	if s.Minimum != nil && s.Maximum != nil {
		add("%d to %d", *s.Minimum, *s.Maximum)
	}
	if s.Default != "" {
		add("(%s unless told)", template.HTMLEscapeString(s.Default))
	}
	return template.HTML(strings.Join(words, " "))
}

// fields are the names of an object, its own.
func (s apiSchema) fields() (all []apiField) {
	for _, base := range s.AllOf {
		if base.Ref != "" {
			all = append(all, apiField{Name: "…", Type: base.words(), About: "with all of its names"})
		}
	}
	for _, name := range keys(s.Properties) {
		p := s.Properties.at(name)
		all = append(all, apiField{Name: name, Needed: slices.Contains(s.Required, name), Type: p.words(), About: inline(p.Description)})
	}
	if s.Items != nil {
		all = append(all, s.Items.fields()...)
	}
	return all
}

// ordered is a mapping that remembers the order in which it is written.
type ordered[T any] struct {
	names  []string
	values map[string]T
}

// UnmarshalYAML reads a mapping.
func (o *ordered[T]) UnmarshalYAML(node *yaml.Node) error {
	o.values = map[string]T{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		var v T
		if err := node.Content[i+1].Decode(&v); err != nil {
			return err
		}
		name := node.Content[i].Value
		o.names, o.values[name] = append(o.names, name), v
	}
	return nil
}

func (o ordered[T]) at(name string) T { return o.values[name] }

func keys[T any](o ordered[T]) []string { return o.names }
