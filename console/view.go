package console

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed view/*.html
var viewFiles embed.FS

// views are the templates by name: each of view/*.html within the layout. A file whose name begins with _ has parts that others use.
type views map[string]*template.Template

// newViews parses the templates. It panics if one is wrong, because they are part of the program.
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

// part writes one template of a view, for the part of a page that changes by itself.
func (v views) part(w io.Writer, name, part string, p page) error {
	t, ok := v[name]
	if !ok {
		return fmt.Errorf("there is no view %s", name)
	}
	return t.ExecuteTemplate(w, part, p)
}

func (v views) write(w io.Writer, name string, p page) error { return v.part(w, name, "layout", p) }

//go:embed static/*.css static/*.js static/*.svg
var staticFiles embed.FS

// assetsPath is where static files are. The address of each holds a hash of its content, so that browsers keep it.
const assetsPath = "/static/"

// assets are the static files by their addresses, and their addresses by their names.
type assets struct {
	files map[string]asset
	paths map[string]string
}

type asset struct {
	kind   string
	plain  []byte
	zipped func() []byte // compressed once, on demand
}

func newAssets() assets {
	files, err := staticFiles.ReadDir("static")
	if err != nil {
		panic(err) // they are part of the program
	}
	all := assets{map[string]asset{}, map[string]string{}}
	for _, f := range files {
		text, err := staticFiles.ReadFile("static/" + f.Name())
		if err != nil {
			panic(err)
		}
		at := address(f.Name(), text)
		all.paths[f.Name()] = at
		all.files[at] = asset{mime.TypeByExtension(path.Ext(f.Name())), text, sync.OnceValue(func() []byte { return zipped(text) })}
	}
	return all
}

// address puts the hash of its content into a file's name: /static/own.0123456789ab.css.
func address(name string, text []byte) string {
	sum := sha256.Sum256(text)
	extension := path.Ext(name)
	return assetsPath + strings.TrimSuffix(name, extension) + "." + hex.EncodeToString(sum[:6]) + extension
}

func zipped(text []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid, and a buffer takes everything
	_, _ = w.Write(text)
	_ = w.Close()
	return b.Bytes()
}

// path returns the address of a file by its name, or the name itself if there is no such file.
func (a assets) path(name string) string { return cmp.Or(a.paths[name], name) }

// ServeHTTP serves a static file to anybody: none is secret.
func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h, text := w.Header(), file.plain
	h.Set("Content-Type", file.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		text = file.zipped()
	}
	_, _ = w.Write(text) // a client that is gone needs no answer
}
