package browsertest

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// The widths at which pages are looked at: a desk's and a telephone's, and between them the one at which tables are not cards yet.
const (
	wide   = 1280
	middle = 800
	narrow = 390
)

//go:embed testdata/axe.min.js
var axe string

// audit runs axe with the rules of WCAG 2.2 AA and axe's best practice, and returns a sentence for each violation.
const audit = `(async () => {
	const found = await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]});
	return found.violations.flatMap(v => v.nodes.map(n => v.id + ": " + v.help + ": " + n.html.slice(0, 200) + " " + (n.any[0]?.message ?? "")));
})()`

// legible returns a sentence for each field that is too narrow for what it shows (a date, a month, any of its choices, its placeholder), and for each
// figure of a drawing that leaves the drawing or lies under the line of a limit.
const legible = `(() => {
	const found = [], about = e => e.outerHTML.slice(0, 160);
	const shown = [...document.querySelectorAll("input, select")].filter(e => e.offsetWidth > 1);
	for (const e of shown.filter(e => e.tagName === "SELECT" || ["date", "month", "datetime-local", "time"].includes(e.type))) {
		const free = e.cloneNode(true);
		free.removeAttribute("id");
		free.style.cssText = "position: absolute; visibility: hidden; width: max-content; min-width: 0; max-width: none";
		e.after(free);
		if (free.offsetWidth > e.offsetWidth) found.push("clipped: " + e.offsetWidth + " of " + free.offsetWidth + " pixels: " + about(e));
		free.remove();
	}
	const pen = document.createElement("canvas").getContext("2d");
	for (const e of shown.filter(e => e.placeholder)) {
		const style = getComputedStyle(e), room = e.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
		pen.font = style.font;
		const needs = pen.measureText(e.placeholder).width;
		if (needs > room + 1) found.push("clipped placeholder: " + room + " of " + Math.ceil(needs) + " pixels: " + about(e));
	}
	for (const drawing of document.querySelectorAll("svg[role=img]")) {
		const whole = drawing.getBoundingClientRect(), limits = [...drawing.querySelectorAll(".limit")].map(l => l.getBoundingClientRect());
		for (const figure of drawing.querySelectorAll("text")) {
			const box = figure.getBoundingClientRect(), high = box.height / 5; // the box has room above and below the digits
			if (box.left < whole.left - 1 || box.right > whole.right + 1 || box.top + high < whole.top || box.bottom - high > whole.bottom + 1) found.push("out of the drawing: " + about(figure));
			if (limits.some(l => l.top > box.top + high && l.top < box.bottom - high)) found.push("under the limit: " + about(figure));
		}
	}
	return found;
})()`

// Check checks the page wide and narrow, light and dark: axe must find nothing, what fields and drawings show must be legible, and the page must not be
// wider than the window. It looks at the last two between these widths as well. If SUPPORTLINE_SCREENSHOTS names a folder, it leaves a picture of each there under the name.
func (tab *Tab) Check(name string) {
	tab.t.Helper()
	_, err := chromedp.Run(tab.ctx, chromedp.Evaluate[any](axe+"; true"))
	tab.must("axe", err)
	for _, width := range []int{wide, narrow} {
		for _, dark := range []bool{false, true} {
			tab.Size(width, 900)
			tab.Dark(dark)
			what := fmt.Sprintf("%s-%d-%s", name, width, map[bool]string{false: "light", true: "dark"}[dark])
			tab.accessible(what)
			tab.legible(what)
			tab.shoot(what)
		}
	}
	tab.Dark(false)
	tab.Size(middle, 900)
	tab.legible(fmt.Sprintf("%s-%d", name, middle))
	tab.Size(wide, 900)
}

func (tab *Tab) accessible(what string) {
	tab.t.Helper()
	violations, err := chromedp.Run(tab.ctx, chromedp.Evaluate[[]string](audit, chromedp.EvalAwaitPromise))
	tab.must("axe on "+what, err)
	for _, v := range violations {
		tab.t.Errorf("%s: axe: %s", what, v)
	}
}

// legible checks that nothing is clipped or wider than the window.
func (tab *Tab) legible(what string) {
	tab.t.Helper()
	illegible, err := chromedp.Run(tab.ctx, chromedp.Evaluate[[]string](legible))
	tab.must("fields of "+what, err)
	for _, v := range illegible {
		tab.t.Errorf("%s: %s", what, v)
	}
	over, err := chromedp.Run(tab.ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
	tab.must("width of "+what, err)
	if over > 0 {
		tab.t.Errorf("%s: the page is %d pixels wider than the window", what, over)
	}
}

func (tab *Tab) shoot(what string) {
	tab.t.Helper()
	folder := os.Getenv("SUPPORTLINE_SCREENSHOTS")
	if folder == "" {
		return
	}
	picture, err := chromedp.Run(tab.ctx, chromedp.FullScreenshot(100))
	tab.must("picture of "+what, err)
	tab.must("pictures", os.MkdirAll(folder, 0o755))
	tab.must("picture of "+what, os.WriteFile(filepath.Join(folder, strings.ReplaceAll(what, "/", "-")+".png"), picture, 0o644))
}

// thumb is the width of a small telephone, and a thumb the least size of what a person presses there, in CSS pixels.
const thumb = 360

// small returns a sentence for each button and field of the page itself that a thumb would miss.
const small = `[...document.querySelectorAll("main button, main [role=button], main select, main textarea, main input:not([type=checkbox], [type=radio], [type=hidden])")].filter(e => e.offsetWidth > 0 && (e.offsetHeight < 44 || e.offsetWidth < 44))
	.map(e => e.offsetWidth + " x " + e.offsetHeight + ": " + e.outerHTML.slice(0, 160))`

// Thumb checks the page on a small telephone: it is not wider than the window, and its buttons and fields have 44 pixels in each direction. If
// SUPPORTLINE_SCREENSHOTS names a folder, it leaves a picture there under the name.
func (tab *Tab) Thumb(name string) {
	tab.t.Helper()
	tab.Size(thumb, 780)
	what := fmt.Sprintf("%s-%d", name, thumb)
	tab.legible(what)
	found, err := chromedp.Run(tab.ctx, chromedp.Evaluate[[]string](small))
	tab.must("buttons of "+what, err)
	for _, b := range found {
		tab.t.Errorf("%s: too small for a thumb: %s", what, b)
	}
	tab.shoot(what)
	tab.Size(wide, 900)
}
