package console

import (
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/officernd/supportline/policy"
)

const exportsPath = "/exports"

// maxRemembered is how many exports are remembered once they are over.
const maxRemembered = 20

// exporting are the exports that are under way, and the last that were. Only those of this process: a restart cuts them all.
type exporting struct {
	mu   sync.Mutex
	list []*underWay // in the order in which they began
}

// underWay is one export.
type underWay struct {
	User, Words, Format string
	BeganAt             time.Time
	calls               atomic.Int64
	reached             atomic.Int64 // the start of the last call, in Unix seconds
	state               atomic.Pointer[string]
}

// What an export is.
var (
	exportRuns = "under way"
	exportDone = "done"
	exportCut  = "cut off"
)

// begin gives an export a place, nil where there is none.
func (e *exporting) begin(u *underWay) *underWay {
	e.mu.Lock()
	defer e.mu.Unlock()
	runs := 0
	for _, other := range e.list {
		if other.Runs() {
			runs++
		}
	}
	if runs >= maxExports {
		return nil
	}
	u.state.Store(&exportRuns)
	e.list = append(e.list, u)
	if over := slices.IndexFunc(e.list, func(u *underWay) bool { return !u.Runs() }); len(e.list) > maxRemembered && over >= 0 {
		e.list = slices.Delete(e.list, over, over+1)
	}
	return u
}

// of are a person's, newest first.
func (e *exporting) of(user string) (found []*underWay) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, u := range slices.Backward(e.list) {
		if u.User == user {
			found = append(found, u)
		}
	}
	return found
}

func (u *underWay) took(c policy.Call) {
	u.calls.Add(1)
	u.reached.Store(c.StartedAt.Unix())
}

// end says that the export is over; one that is not whole was cut off.
func (u *underWay) end(whole bool) {
	state := &exportCut
	if whole {
		state = &exportDone
	}
	u.state.CompareAndSwap(&exportRuns, state)
}

// Runs says whether the export is under way.
func (u *underWay) Runs() bool { return u.state.Load() == &exportRuns }

// State is in words what the export is.
func (u *underWay) State() string { return *u.state.Load() }

// Calls is how many calls were written.
func (u *underWay) Calls() int64 { return u.calls.Load() }

// ReachedAt is how far back the export is; zero before its first call.
func (u *underWay) ReachedAt() time.Time {
	if u.Calls() == 0 {
		return time.Time{}
	}
	return time.Unix(u.reached.Load(), 0)
}

// exportsPage is what the page shows.
type exportsPage struct {
	List []*underWay
	Runs bool // one of them
}

// showExports is how far the person's own exports are.
func (r *request) showExports() error {
	body := exportsPage{List: r.site.exporting.of(r.user.Name)}
	body.Runs = slices.ContainsFunc(body.List, (*underWay).Runs)
	return r.render(http.StatusOK, "exports", body)
}
