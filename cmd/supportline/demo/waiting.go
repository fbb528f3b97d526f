package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
)

// maxWaiting is how many callers of a log that is made up wait for a person.
const maxWaiting = 3

// callWithoutAnswer adds so many calls of the last hours to the log that nobody answered. None is critical: a demo rings nobody at its start.
func callWithoutAnswer(ctx context.Context, app *server.App, customers []policy.Customer, waiting int, now time.Time) error {
	log := server.NotifyingLog(app.Store, app.Conf.Settings, app.Conf.Notices)
	intents := [maxWaiting]policy.Intent{policy.Restricted, policy.Question, policy.TicketStatus}
	for i, intent := range intents[:min(waiting, len(customers))] {
		account, ended := customers[i], now.Add(-time.Duration(3*i)*time.Hour-10*time.Minute)
		call := policy.Call{
			SID: policy.CallSID(fmt.Sprintf("CA%030xff", i+1)), Line: account.Line, From: policy.Phone(fmt.Sprintf("+155501002%02d", i)), Answered: true,
			StartedAt: ended.Add(-2 * time.Minute), HuntingAt: ended.Add(-time.Minute), EndedAt: ended, Status: "completed", Exhausted: true,
			Customer: account.Number, Account: account.Name, Intent: intent, Month: policy.MonthOf(ended, time.UTC), Config: app.Conf.Settings.Version,
		}
		if _, err := log.Advance(ctx, call.SID, func(policy.Call) policy.Call { return call }); err != nil {
			return err
		}
	}
	return nil
}
