package browsertest

import (
	"os"
	"path/filepath"
	"regexp"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Choose puts a file of this machine into a form's field.
func (tab *Tab) Choose(selector, file string) {
	tab.t.Helper()
	tab.must("choose for "+selector, chromedp.Do(tab.ctx, chromedp.SetUploadFiles(chromedp.CSS(selector), []string{file})))
}

// sheet begins a page of a PDF.
var sheet = regexp.MustCompile(`/Type\s*/Page\b`)

// Print prints the page on paper of a size in inches, with the margins of its own style, and returns the number of sheets. If
// SUPPORTLINE_SCREENSHOTS names a folder, it leaves the print there under the name.
func (tab *Tab) Print(name string, width, height float64) (sheets int) {
	tab.t.Helper()
	own := true
	printed, err := chromedp.Call(tab.ctx, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: width, PaperHeight: height, PrintBackground: &own})
	tab.must("print "+name, err)
	if folder := os.Getenv("SUPPORTLINE_SCREENSHOTS"); folder != "" {
		tab.must("prints", os.MkdirAll(folder, 0o755))
		tab.must("print "+name, os.WriteFile(filepath.Join(folder, name+".pdf"), printed.Data, 0o644))
	}
	return len(sheet.FindAll(printed.Data, -1))
}
