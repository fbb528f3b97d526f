package directory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/officernd/supportline/policy"
)

// Without is a package without phone support, and the rows of a file that have it.
type Without struct {
	Package string // as the first of the rows has it
	Rows    int
	Meant   string // the package with phone support that was probably meant, or ""
}

// packages finds the package that a cell names, each spelling once: a file has few.
type packages struct {
	settings policy.Settings
	known    map[string]spelled
}

type spelled struct {
	name  string // as the configuration spells it, or as it is written where it has no phone support
	phone bool
	meant string
}

func (p packages) find(written string) spelled {
	found, known := p.known[written]
	if !known {
		written = strings.Clone(written)
		if found.name = p.settings.PackageWithPhone(written); found.name != "" {
			found.phone = true
		} else {
			found.name, found.meant = written, p.settings.MeantPackage(written)
		}
		p.known[written] = found
	}
	return found
}

// check is the check of a cell with a package.
func (p packages) check(cell string) reading {
	if cell == "" {
		return wrong("the field is empty", "fill it in")
	}
	found := p.find(cell)
	if found.meant == "" {
		return reading{kept: found.name}
	}
	return reading{kept: found.name, warning: Problem{
		What: fmt.Sprintf("%s is no package with phone support", quoted(found.name)), Instead: fmt.Sprintf("write %s if that is meant", found.meant),
	}}
}

// without counts the customers without phone support by package, in any case and with any blanks.
func (p packages) without(customers []policy.Customer) []Without {
	rows := map[string]*Without{}
	for _, c := range customers {
		found := p.find(c.Package)
		if found.phone {
			continue
		}
		key := strings.ToLower(strings.Join(strings.Fields(found.name), " "))
		if rows[key] == nil {
			rows[key] = &Without{Package: found.name, Meant: found.meant}
		}
		rows[key].Rows++
	}
	var list []Without
	for _, w := range rows {
		list = append(list, *w)
	}
	slices.SortFunc(list, func(a, b Without) int {
		return cmp.Or(strings.Compare(b.Meant, a.Meant), b.Rows-a.Rows, strings.Compare(a.Package, b.Package))
	})
	return list
}

// maxPackagesNamed bounds the sentence about rows without phone support. A file with more packages has something else in that column.
const maxPackagesNamed = 10

// Notes returns what there is to know before the import, in sentences: how many rows have no phone support, by package, and how many were skipped.
func (f File) Notes() []string {
	var notes []string
	if note := f.withoutNote(); note != "" {
		notes = append(notes, note)
	}
	if f.Empty > 0 {
		notes = append(notes, fmt.Sprintf("%s skipped.", counted(f.Empty, "empty row was", "empty rows were")))
	}
	return notes
}

func (f File) withoutNote() string {
	if len(f.Without) == 0 {
		return ""
	}
	rows, others := 0, 0
	var named strings.Builder
	for i, w := range f.Without {
		if rows += w.Rows; i < maxPackagesNamed {
			named.WriteString(w.words())
		} else {
			others += w.Rows
		}
	}
	if others > 0 {
		fmt.Fprintf(&named, " %s one of %d other packages;", counted(others, "has", "have"), len(f.Without)-maxPackagesNamed)
	}
	verb := "have"
	if rows == 1 {
		verb = "has"
	}
	list := named.String()
	if strings.HasSuffix(list, ";") {
		list = strings.TrimSuffix(list, ";") + "."
	}
	return fmt.Sprintf("%d of %s %s no phone support, because of the package:%s", rows, counted(len(f.Customers), "row", "rows"), verb, list)
}

// words returns the package in a list, with a blank before it and its punctuation behind it.
func (w Without) words() string {
	text := fmt.Sprintf(" %s %s", counted(w.Rows, "has", "have"), quoted(w.Package))
	if w.Meant == "" {
		return text + ";"
	}
	return text + fmt.Sprintf(": is %s meant?", quoted(w.Meant))
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
