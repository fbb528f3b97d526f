package oncall

import (
	"fmt"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// Gaps returns the times between two at which nobody is on call in a rota.
func (r *Roster) Gaps(name string, from, until time.Time) (gaps []Shift) {
	for _, s := range r.Shifts(name, from, until) {
		switch n := len(gaps); {
		case len(s.People) > 0:
		case n > 0 && gaps[n-1].Until.Equal(s.From):
			gaps[n-1].Until = s.Until
		default:
			gaps = append(gaps, s)
		}
	}
	return gaps
}

// Turns are the turns of a rota in a form that is stored and sent.
type Turns struct {
	Rota   string  `json:"rota"`
	Zone   string  `json:"zone"`
	Layers []Layer `json:"layers"`
}

// TurnsOf returns the turns of the rotas that have some of their own.
func TurnsOf(rotas []Rota) []Turns {
	all := []Turns{}
	for _, r := range rotas {
		if r.Feed == "" {
			all = append(all, Turns{r.Name, r.Zone.String(), r.Layers})
		}
	}
	return all
}

// TurnChange is a turn that a change of the configuration gives to another person while it goes on.
type TurnChange struct {
	Rota     string
	Was, Now policy.PersonID // "": nobody
	Until    time.Time       // when the turn ends
}

// Words returns the change in a sentence; name returns what a person is called.
func (c TurnChange) Words(name func(policy.PersonID) string) string {
	whose := func(id policy.PersonID) string {
		if id == "" {
			return "nobody's"
		}
		return name(id) + "'s"
	}
	until := ""
	if !c.Until.IsZero() {
		until = ", until " + c.Until.Format("2006-01-02 15:04")
	}
	return fmt.Sprintf("in the rota %s it is now %s turn%s; before its people or turns were changed it was %s", c.Rota, whose(c.Now), until, whose(c.Was))
}

// TurnChanges returns whose turns that go on at a time are changed by other rotas, such as those with a person in front of the others. It looks at turns
// alone, of each layer, since an override only hides for a while what they are. Rotas that only one of the two has are left out, and so are those in a
// zone that this machine does not know.
func TurnChanges(before []Turns, after []Rota, at time.Time) (changes []TurnChange) {
	for _, now := range after {
		i := slices.IndexFunc(before, func(t Turns) bool { return t.Rota == now.Name })
		if i < 0 || now.Feed != "" {
			continue
		}
		if zone, err := time.LoadLocation(before[i].Zone); err == nil {
			changes = append(changes, turnChanges(Rota{Name: now.Name, Zone: zone, Layers: before[i].Layers}, now, at)...)
		}
	}
	return changes
}

func turnChanges(before, now Rota, at time.Time) (changes []TurnChange) {
	add := func(was, is policy.PersonID, until time.Time) {
		if c := (TurnChange{now.Name, was, is, until.In(now.Zone)}); was != is && !slices.Contains(changes, c) {
			changes = append(changes, c)
		}
	}
	if len(before.Layers) != len(now.Layers) { // which layer was which is not known
		was, _ := turnOf(before, at)
		is, until := turnOf(now, at)
		add(was, is, until)
		return changes
	}
	for i := range now.Layers {
		was, _, _ := before.Layers[i].prepared(before.Zone).at(at)
		is, until, _ := now.Layers[i].prepared(now.Zone).at(at)
		add(was, is, until)
	}
	return changes
}

// turnOf returns whose turn decides in a rota at a moment, and until when.
func turnOf(r Rota, at time.Time) (who policy.PersonID, until time.Time) {
	var all layered
	for _, l := range r.Layers {
		all = append(all, l.prepared(r.Zone))
	}
	if on := all.at(at).People; len(on) > 0 {
		who = on[0]
	}
	return who, all.next(at)
}
