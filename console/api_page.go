package console

import (
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"
)

// apiNoun is the API's document as a page to read. It is made from the document that programs get, so that there is one.
func (s *site) apiNoun() noun {
	page := sync.OnceValue(func() apiPage { return newAPIPage(apiDocument) })
	return noun{path: "/api", route: func(r routes) {
		r.get("/api", func(r *request) error { return r.render(http.StatusOK, "api", page()) })
	}}
}

// apiPage is what the page shows.
type apiPage struct {
	About    []template.HTML // paragraphs
	Groups   []apiGroup
	Shapes   []apiShape
	Problems []problem
}

// apiGroup is the operations on one subject.
type apiGroup struct {
	Name       string
	About      template.HTML
	Operations []apiOperation
}

// apiOperation is one thing that the API answers, to read.
type apiOperation struct {
	ID, Method, Path, Summary string
	About                     []template.HTML
	Params, Body              []apiField
	Answers                   []apiAnswer
}

// apiField is a parameter, or a name in a body or in a shape.
type apiField struct {
	Name, Place string
	Needed      bool
	Type, About template.HTML
}

// apiAnswer is what comes back.
type apiAnswer struct {
	Status string
	About  template.HTML
	Fields []apiField
}

// apiShape is one of the things that bodies and answers are made of.
type apiShape struct {
	Name   string
	About  template.HTML
	Type   template.HTML
	Fields []apiField
}

// newAPIPage reads the document. It is part of the program, and tests read it.
func newAPIPage(text []byte) apiPage {
	var d apiFile
	if err := yaml.Unmarshal(text, &d); err != nil {
		panic(fmt.Errorf("openapi.yaml: %w", err))
	}
	page := apiPage{About: paragraphs(d.Info.Description)}
	for _, tag := range d.Tags {
		page.Groups = append(page.Groups, apiGroup{Name: tag.Name, About: inline(tag.Description), Operations: d.operations(tag.Name)})
	}
	for _, name := range keys(d.Components.Schemas) {
		schema := d.Components.Schemas.at(name)
		page.Shapes = append(page.Shapes, apiShape{Name: name, About: inline(schema.Description), Type: schema.words(), Fields: schema.fields()})
	}
	seen := map[string]bool{}
	for _, p := range problems {
		if !seen[p.name] {
			seen[p.name] = true
			page.Problems = append(page.Problems, problem{p.name, p.title, p.status, p.detail})
		}
	}
	page.Problems = append(page.Problems, problem{"internal", internalProblem.Title, internalProblem.Status, internalProblem.Detail})
	return page
}

// apiFile is what the page shows of the document.
type apiFile struct {
	Info       struct{ Description string }
	Tags       []struct{ Name, Description string }
	Paths      ordered[map[string]apiEntry]
	Components struct {
		Parameters map[string]apiParam
		Responses  map[string]apiResponse
		Schemas    ordered[apiSchema]
	}
}

type apiEntry struct {
	Tags                 []string
	OperationID          string `yaml:"operationId"`
	Summary, Description string
	Parameters           []apiParam
	RequestBody          struct{ Content map[string]apiContent } `yaml:"requestBody"`
	Responses            ordered[apiResponse]
}

type apiParam struct {
	Ref                   string `yaml:"$ref"`
	Name, In, Description string
	Required              bool
	Schema                apiSchema
}

type apiResponse struct {
	Ref         string `yaml:"$ref"`
	Description string
	Content     map[string]apiContent
}

type apiContent struct{ Schema apiSchema }

// operations are those of a tag, in the order of the document.
func (d apiFile) operations(tag string) (all []apiOperation) {
	for _, path := range keys(d.Paths) {
		entries := d.Paths.at(path)
		for _, method := range []string{"get", "post"} {
			e, there := entries[method]
			if !there || !slices.Contains(e.Tags, tag) {
				continue
			}
			o := apiOperation{ID: e.OperationID, Method: strings.ToUpper(method), Path: path, Summary: e.Summary, About: paragraphs(e.Description)}
			for _, p := range e.Parameters {
				if p.Ref != "" {
					p = d.Components.Parameters[last(p.Ref)]
				}
				o.Params = append(o.Params, apiField{p.Name, p.In, p.Required, p.Schema.words(), inline(p.Description)})
			}
			o.Body = e.RequestBody.Content["application/json"].Schema.fields()
			for _, status := range keys(e.Responses) {
				o.Answers = append(o.Answers, d.answer(status, e.Responses.at(status)))
			}
			all = append(all, o)
		}
	}
	return all
}

func (d apiFile) answer(status string, r apiResponse) apiAnswer {
	if r.Ref != "" {
		r = d.Components.Responses[last(r.Ref)]
	}
	schema := r.Content["application/json"].Schema
	a := apiAnswer{Status: status, About: inline(r.Description), Fields: schema.fields()}
	if schema.Ref != "" {
		a.About += template.HTML(" ") + schema.words()
	}
	return a
}

// paragraphs are a text of the document, inline one paragraph of it: what stands between backquotes is code.
func paragraphs(text string) (all []template.HTML) {
	for _, p := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if p != "" {
			all = append(all, inline(p))
		}
	}
	return all
}

var code = regexp.MustCompile("`([^`]*)`")

func inline(text string) template.HTML {
	return template.HTML(code.ReplaceAllString(template.HTMLEscapeString(text), "<code>$1</code>"))
}

// last is the name at the end of a reference.
func last(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }
