package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/feeds"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/store"
)

// fourWeeks is how far ahead gaps are looked for.
const fourWeeks = 28 * 24 * time.Hour

// gapsOf returns the times of the next four weeks at which nobody is on call in a rota.
func gapsOf(r *oncall.Roster, now time.Time) (gaps []Gap) {
	for _, rota := range r.Rotas() {
		for _, g := range r.Gaps(rota.Name, now, now.Add(fourWeeks)) {
			gaps = append(gaps, Gap{rota.Name, g.From, g.Until, g.Note})
		}
	}
	return gaps
}

// Gap is a time at which nobody is on call in a rota.
type Gap struct {
	Rota  string    `json:"rota"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Note  string    `json:"note,omitempty"` // why
}

// rotas examines whether somebody is on call in each rota in the next four weeks, under the overrides that people made. Where there is no log yet, it
// looks at the configuration alone.
func (d *Doctor) rotas(ctx context.Context) (found []Finding) {
	if len(d.Conf.Rotas) == 0 || d.away(ctx) {
		return nil
	}
	state, err := d.state(ctx)
	switch {
	case errors.Is(err, ErrNoLog):
		state.Gaps = gapsOf(oncall.NewRoster(d.Conf.Rotas, d.Conf.Settings.People, nil, nil), d.Now())
	case err != nil: // which its own examination tells
		return nil
	}
	for _, r := range d.Conf.Rotas {
		if r.Feed != "" && err != nil { // nobody has read its calendar yet
			continue
		}
		found = append(found, rotaFinding(r, state.Gaps))
	}
	return found
}

// texted examines whether the last text to each specialist arrived, as far as the number is to blame.
func (d *Doctor) texted(ctx context.Context) (found []Finding) {
	if d.away(ctx) {
		return nil
	}
	state, err := d.state(ctx)
	if err != nil { // which its own examination tells
		return nil
	}
	for _, p := range d.Conf.Settings.People {
		if why, not := state.Unreached[p.SMS]; not && p.SMS != "" {
			found = append(found, warning("texts", "write a mobile number into specialists."+string(p.ID)+".sms, or alarm by call: instead",
				"%s: texts don't reach %s: %s", p.Name, p.SMS, why))
		}
	}
	return found
}

// wrapUps examines whether each specialist gets the link by which they say what a call was.
func (d *Doctor) wrapUps(context.Context) (found []Finding) {
	if d.Conf.Settings.WrapUp == "" {
		return nil
	}
	chat := slices.ContainsFunc(d.Conf.Notices.All(), func(c notices.Channel) bool { _, is := c.(notices.Slack); return is })
	people := d.Conf.Settings.People
	for _, p := range people {
		if texts := d.Conf.Twilio.SMSFrom != "" && p.SMS.IsNumber(); !texts && !(chat && p.Slack != "") {
			found = append(found, warning("wrap-up", "add sms: with a mobile number to specialists."+string(p.ID)+", or slack: with their member ID",
				"%s is not asked what a call was: neither texts nor Slack reach them", p.Name))
		}
	}
	if len(found) == 0 && len(people) > 0 {
		found = append(found, ok("wrap-up", "each of the %s is asked what their calls were, by %s", control.Plural(len(people), "specialist"), d.Conf.Settings.WrapUp))
	}
	return found
}

func rotaFinding(r oncall.Rota, all []Gap) Finding {
	var gaps []Gap
	for _, g := range all {
		if g.Rota == r.Name {
			gaps = append(gaps, g)
		}
	}
	if len(gaps) == 0 {
		return ok("rotas", "%s: somebody is on call at any time of the next four weeks", r.Name)
	}
	first := gaps[0]
	if r.Zone != nil {
		first.From, first.Until = first.From.In(r.Zone), first.Until.In(r.Zone)
	}
	text := fmt.Sprintf("%s: nobody is on call from %s to %s", r.Name, first.From.Format("Mon 2006-01-02 15:04"), first.Until.Format("Mon 2006-01-02 15:04"))
	if first.Note != "" {
		text += " (" + first.Note + ")"
	}
	if n := len(gaps) - 1; n > 0 {
		text += ", and " + control.Plural(n, "more time") + " within four weeks"
	}
	return warning("rotas", "put somebody there: \"supportline oncall override "+r.Name+" --person WHO --from TIME --until TIME\", or more people or layers", "%s", text)
}

// feeds examines whether the calendar of each rota answers, can be read, and has somebody from now on. They are asked at the same time.
func (d *Doctor) feeds(ctx context.Context) []Finding {
	fed := feeds.Fed(d.Conf.Rotas)
	found, all := make([]Finding, len(fed)), sync.WaitGroup{}
	for i, r := range fed {
		all.Go(func() { found[i] = d.calendar(ctx, r) })
	}
	all.Wait()
	return found
}

func (d *Doctor) calendar(ctx context.Context, r oncall.Rota) Finding {
	const check, kept = "calendars", "; until then the last good answer stays in force"
	how := store.NewRotas(d.Conf.Rotas, d.Conf.Settings, nil).Reading(r)
	switch calendar, err := feeds.Read(ctx, d.HTTP.Transport, r.Feed, how, d.Now()); {
	case feeds.Passes(err):
		return wrong(check, "try again later, and look at its address if it stays so; the server goes on asking"+kept, "%s: %v", r.Name, err)
	case err != nil:
		return wrong(check, "write the address that the calendar gives out for other programs into rotas."+r.Name+".ical"+kept, "%s: %v", r.Name, err)
	case !calendar.Has(d.Now()):
		return wrong(check, "name specialists in the calendar's entries as the configuration does, by name or e-mail"+kept,
			"%s: nobody of the configuration is on call in it from now on", r.Name)
	}
	return ok(check, "%s: it answers, and somebody is on call in it", r.Name)
}
