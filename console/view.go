package console

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"path"
	"strings"
)

//go:embed view/*.html
var viewFiles embed.FS

// views are the templates by name: each of view/*.html within the layout. A file whose name begins with _ is a part that others use.
type views map[string]*template.Template

// newViews reads the templates. They are part of the program, so one that is wrong ends it at the start.
func newViews() views {
	base := template.Must(template.ParseFS(viewFiles, "view/_*.html"))
	files, err := viewFiles.ReadDir("view")
	if err != nil {
		panic(err)
	}
	all := views{}
	for _, f := range files {
		name, isPage := strings.CutSuffix(f.Name(), ".html")
		if isPage && !strings.HasPrefix(name, "_") {
			all[name] = template.Must(template.Must(base.Clone()).ParseFS(viewFiles, path.Join("view", f.Name())))
		}
	}
	return all
}

// part writes one of the templates of a view alone, for what changes on a page by itself.
func (v views) part(w io.Writer, name, part string, p page) error {
	t, ok := v[name]
	if !ok {
		return fmt.Errorf("there is no view %s", name)
	}
	return t.ExecuteTemplate(w, part, p)
}

func (v views) write(w io.Writer, name string, p page) error {
	t, ok := v[name]
	if !ok {
		return fmt.Errorf("there is no view %s", name)
	}
	return t.ExecuteTemplate(w, "layout", p)
}
