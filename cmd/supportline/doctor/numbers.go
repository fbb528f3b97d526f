package doctor

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/twilio"
)

// NumberAccount reads and changes the account's numbers. A twilio.Account is one.
type NumberAccount interface {
	Numbers(context.Context) ([]twilio.OwnedNumber, error)
	Number(ctx context.Context, sid string) (twilio.OwnedNumber, error)
	ChangeNumber(ctx context.Context, sid string, c twilio.NumberChange) (twilio.OwnedNumber, error)
}

// WantedNumbers returns the lines as they should stand at the provider.
func WantedNumbers(conf config.Config) []twilio.Wanted {
	base := strings.TrimSuffix(conf.PublicURL, "/")
	var all []twilio.Wanted
	for _, l := range conf.Settings.Lines {
		s := twilio.VoiceSettings{
			VoiceURL: base + "/voice" + twilio.Overrides, VoiceMethod: http.MethodPost,
			FallbackURL: base + "/fallback" + twilio.FallbackOverrides, FallbackMethod: http.MethodPost,
			StatusURL: base + "/status", StatusMethod: http.MethodPost,
		}
		if elsewhere, hosted := conf.HostedElsewhere(); hosted {
			s.FallbackURL, s.FallbackMethod = elsewhere+"/"+ivr.FallbackFolder(l.Number)+"/voice.xml"+twilio.FallbackOverrides, http.MethodGet
		}
		all = append(all, twilio.Wanted{Number: string(l.Number), Name: l.Name, VoiceSettings: s})
	}
	return all
}

// CallsUs reports whether an owned number that is none of our lines sends its calls here all the same.
func CallsUs(wanted []twilio.Wanted, n twilio.OwnedNumber) bool {
	for _, w := range wanted {
		ours, _, _ := strings.Cut(w.VoiceURL, "#")
		if at, _, _ := strings.Cut(n.VoiceURL, "#"); at == ours {
			return true
		}
	}
	return false
}

// Apply writes the differences of one number, reads it back, and returns what is left to do.
func Apply(ctx context.Context, at NumberAccount, plan twilio.NumberPlan) (twilio.NumberPlan, error) {
	answered, err := at.ChangeNumber(ctx, plan.Owned.SID, plan.Change())
	if err != nil {
		return plan, err
	}
	if err := taken(plan.Wanted, answered); err != nil {
		return plan, err
	}
	now, err := at.Number(ctx, plan.Owned.SID)
	if err != nil {
		return plan, fmt.Errorf("it was written, but could not be read back: %w", err)
	}
	if err := taken(plan.Wanted, now); err != nil {
		return plan, err
	}
	return twilio.PlanOne(plan.Wanted, now), nil
}

// taken returns an error if the provider's answer to a write is not what was wanted.
func taken(w twilio.Wanted, n twilio.OwnedNumber) error {
	for _, d := range twilio.PlanOne(w, n).Differences {
		return fmt.Errorf("the provider did not take its %s: it is %q and should be %q", d.Setting, d.Is, d.Want)
	}
	return nil
}

// numbers compares the account's numbers with the configuration, as provision does.
func (d *Doctor) numbers(ctx context.Context) (found []Finding) {
	if d.unasked(ctx) {
		return nil
	}
	owned, err := d.Account.Numbers(ctx)
	if err != nil {
		return []Finding{unasked("numbers", err)}
	}
	wanted := WantedNumbers(d.Conf)
	plans, others := twilio.Plan(wanted, owned)
	for _, plan := range plans {
		found = append(found, planned(plan)...)
	}
	for _, n := range others {
		if CallsUs(wanted, n) {
			found = append(found, warning("numbers", "add it to lines, or send its calls elsewhere",
				"%s is no line of the configuration, and its calls come to us", n.Number))
		}
	}
	return found
}

func planned(plan twilio.NumberPlan) (found []Finding) {
	name := fmt.Sprintf("%s %s", plan.Number, plan.Name)
	switch {
	case plan.Missing():
		return []Finding{wrong("numbers", "buy it in the console under Phone Numbers, Buy a number, or take the line out of the configuration",
			"%s is not in the account", name)}
	case plan.Done():
		return []Finding{ok("numbers", "%s is as it should be", name)}
	}
	for _, d := range plan.Differences {
		found = append(found, wrong("numbers", "supportline provision --apply",
			"%s: %s is %s and should be %s", name, d.Setting, cmp.Or(d.Is, nothing), cmp.Or(d.Want, nothing)))
	}
	for _, why := range plan.Blocked {
		what, fix, _ := strings.Cut(why, ": ")
		found = append(found, wrong("numbers", fix, "%s: %s", name, what))
	}
	return found
}

// nothing stands for a setting that is empty.
const nothing = "(nothing)"
