package browsertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience bounds a test in the browser.
const patience = 2 * time.Minute

// Tab is one person's browser with one page open.
type Tab struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	problems []string
}

// Open starts a browser. It ends with the test. With -short the test is skipped.
func Open(t testing.TB) *Tab {
	t.Helper()
	if testing.Short() {
		t.Skip("tests in a browser are left out with -short")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	// In a container there is neither the kernel's sandbox nor much shared memory. The pages are our own.
	ctx, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true))...)
	t.Cleanup(stop)
	ctx, quit := chromedp.NewContext(ctx)
	t.Cleanup(quit)
	tab := &Tab{t: t, ctx: ctx}
	tab.must("Chromium", chromedp.Listen(ctx, tab.listen))
	tab.Size(wide, 900)
	t.Cleanup(tab.complain)
	return tab
}

// listen keeps the browser's complaints. An answer with an error's status is none: tests ask for some.
func (tab *Tab) listen(event any) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			tab.problems = append(tab.problems, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		tab.problems = append(tab.problems, "exception: "+e.ExceptionDetails.Text)
	}
}

func (tab *Tab) complain() {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	for _, p := range tab.problems {
		tab.t.Errorf("the browser complained: %s", p)
	}
}

func (tab *Tab) must(what string, err error) {
	tab.t.Helper()
	if err != nil {
		tab.t.Fatalf("%s: %v", what, err)
	}
}

// Go opens an address and returns the status of the answer.
func (tab *Tab) Go(url string) (status int) {
	tab.t.Helper()
	response, err := chromedp.Run(tab.ctx, chromedp.NavigateResponse(url))
	tab.must(url, err)
	return tab.status(response, url)
}

func (tab *Tab) status(response *network.Response, what string) int {
	tab.t.Helper()
	if response == nil {
		tab.t.Fatalf("%s led to no other page", what)
	}
	return int(response.Status)
}

// Fill replaces the value of a field, which the page gets as a change: tab.Fill(`[name=name]`, "mila"). A choice is made by its value.
func (tab *Tab) Fill(selector, text string) {
	tab.t.Helper()
	tab.must("fill "+selector, chromedp.Do(tab.ctx, chromedp.SetValue(chromedp.CSS(selector), text)))
}

// SignIn fills in and sends the sign-in form that the tab shows, with everybody's password.
func (tab *Tab) SignIn(name string) {
	tab.t.Helper()
	tab.Fill("[name=name]", name)
	tab.Fill("[name=password]", Password)
	tab.Follow("main button")
}

// Keys presses keys one after another while something has the focus: tab.Keys("[name=note]", "\t\r") leaves a field and presses the button behind it.
func (tab *Tab) Keys(selector, keys string) {
	tab.t.Helper()
	tab.must("focus "+selector, chromedp.Do(tab.ctx, chromedp.Focus(chromedp.CSS(selector))))
	if keys != "" {
		tab.Press(keys)
	}
}

// Press presses keys one after another, wherever the focus is.
func (tab *Tab) Press(keys string) {
	tab.t.Helper()
	tab.must("keys", chromedp.Do(tab.ctx, chromedp.KeyEvent(keys)))
}

// Focused returns the name by which a person knows what has the focus: its label, or its text.
func (tab *Tab) Focused() string {
	tab.t.Helper()
	name, err := chromedp.Run(tab.ctx, chromedp.Evaluate[string](`(e => e.ariaLabel ?? e.labels?.[0]?.innerText ?? e.innerText ?? "")(document.activeElement).trim()`))
	tab.must("the focus", err)
	return name
}

// Value returns what a field holds.
func (tab *Tab) Value(selector string) string {
	tab.t.Helper()
	text, err := chromedp.Run(tab.ctx, chromedp.Value(chromedp.CSS(selector)))
	tab.must("value of "+selector, err)
	return text
}

// Click clicks something that leads to no other page.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	tab.must("click "+selector, chromedp.Do(tab.ctx, chromedp.Click(chromedp.CSS(selector))))
}

// Follow clicks a link or a form's button and waits for the page it leads to. It returns the status of the answer.
func (tab *Tab) Follow(selector string) (status int) {
	tab.t.Helper()
	response, err := chromedp.RunResponse(tab.ctx, chromedp.Click(chromedp.CSS(selector)))
	tab.must("follow "+selector, err)
	return tab.status(response, selector)
}

// Wait waits until something is on the page.
func (tab *Tab) Wait(selector string) {
	tab.t.Helper()
	tab.must("wait for "+selector, chromedp.Do(tab.ctx, chromedp.WaitVisible(chromedp.CSS(selector))))
}

// Gone waits until something is no longer on the page.
func (tab *Tab) Gone(selector string) {
	tab.t.Helper()
	tab.must("wait until "+selector+" is gone", chromedp.Do(tab.ctx, chromedp.WaitNotPresent(chromedp.CSS(selector))))
}

// Refused waits until the page's own request of a path was answered with a status, and one more, so that the page had the time to show what came.
func (tab *Tab) Refused(path string, status int) {
	tab.t.Helper()
	script := fmt.Sprintf(`(async () => {
		while (!performance.getEntriesByType("resource").some(e => new URL(e.name).pathname === %[1]q)) await new Promise(r => setTimeout(r, 20));
		const answer = await fetch(%[1]q);
		await answer.text();
		return answer.status;
	})()`, path)
	got, err := chromedp.Run(tab.ctx, chromedp.Evaluate[int](script, chromedp.EvalAwaitPromise))
	tab.must("ask for "+path, err)
	if got != status {
		tab.t.Errorf("%s was answered with %d, want %d", path, got, status)
	}
}

// Text returns what a person reads on the page.
func (tab *Tab) Text() string {
	tab.t.Helper()
	text, err := chromedp.Run(tab.ctx, chromedp.Evaluate[string](`document.body.innerText`))
	tab.must("the page's text", err)
	return text
}

// See fails the test unless the page has texts.
func (tab *Tab) See(texts ...string) {
	tab.t.Helper()
	page := tab.Text()
	for _, want := range texts {
		if !strings.Contains(page, want) {
			tab.t.Errorf("no %q at %s:\n%s", want, tab.Address(), page)
		}
	}
}

// Address returns the address of the page.
func (tab *Tab) Address() string {
	tab.t.Helper()
	address, err := chromedp.Run(tab.ctx, chromedp.Location())
	tab.must("the page's address", err)
	return address
}

// Scripts sets whether pages run scripts, from the next page on.
func (tab *Tab) Scripts(on bool) {
	tab.t.Helper()
	_, err := chromedp.Call(tab.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	tab.must("scripts", err)
}

// Size sets the size of the window in CSS pixels.
func (tab *Tab) Size(width, height int) {
	tab.t.Helper()
	tab.must("size", chromedp.Do(tab.ctx, chromedp.EmulateViewport(int64(width), int64(height))))
}

// Dark sets whether the person's system is dark or light.
func (tab *Tab) Dark(dark bool) {
	tab.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(tab.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		// Colours in transition would be measured half-way.
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
	tab.must("colour scheme", err)
}
