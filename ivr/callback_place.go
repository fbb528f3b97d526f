package ivr

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/twilio"
)

// CallBackLog keeps the follow-ups whose callers are to be called back. A change under a lease that was lost fails.
type CallBackLog interface {
	// CallBacksUnderWay returns the follow-ups with a call-back that has not ended.
	CallBacksUnderWay(ctx context.Context) ([]followup.FollowUp, error)
	ChangeFollowUp(ctx context.Context, id followup.ID, change func(followup.FollowUp) (followup.FollowUp, error)) (followup.FollowUp, error)
	Advance(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error)
	callsBySID
	customers
}

// PlacedCalls knows the calls that were placed over the provider's REST API. A twilio.Account is one.
type PlacedCalls interface {
	// FindPlaced returns the call that was placed to somebody since a time, if the provider lists one.
	FindPlaced(ctx context.Context, to, from string, since time.Time) (call twilio.ListedCall, found bool, err error)
	// Call returns a call. If the provider does not know it, the error is a *twilio.Err with status 404.
	Call(ctx context.Context, sid string) (twilio.ListedCall, error)
}

// CallBackPace is how often call-backs are looked at. It is the longest wait of a specialist who has asked for one, if the provider's queue is empty.
const CallBackPace = 2 * time.Second

// The bounds of a call-back.
const (
	placeCallBackWithin = 2 * time.Minute               // from the ask: nobody expects their phone to ring later
	listedWithin        = 30 * time.Second              // in which the provider lists a call whose create was not answered
	askAfter            = 45 * time.Second              // after the start: the leg has rung for its whole time, and no callback came
	pickUpWithin        = 3 * time.Minute               // after the start, if the provider does not say what came of it
	askEndEvery         = time.Minute                   // once somebody picked up: the provider reports the end, and that may be lost
	callBackWithin      = 4*time.Hour + 15*time.Minute  // no call lasts longer at the provider
	callBackLookWithin  = actionWithin + 20*time.Second // for all that is done about one call-back in one go, its place in the queue included
)

// CallBacker places the call-backs that people ask for: each once, whatever is lost or stops meanwhile, or not at all, with a word in the follow-up. One
// process does it at a time. What a call-back does once somebody picked up is the webhooks' part; that it is over is found out at the provider, if their
// reports are lost. A CallBacker is for one goroutine.
type CallBacker struct {
	log       CallBackLog
	queue     *Queue
	placed    PlacedCalls
	publicURL string
	now       func() time.Time
	logger    *zap.Logger
	asked     map[policy.CallSID]time.Time // for the end of the calls under way that were picked up
}

// NewCallBacker returns a CallBacker that places calls through the queue of the process.
func NewCallBacker(log CallBackLog, queue *Queue, placed PlacedCalls, publicURL string, now func() time.Time, logger *zap.Logger) *CallBacker {
	return &CallBacker{log: log, queue: queue, placed: placed, publicURL: publicURL, now: now, logger: logger, asked: map[policy.CallSID]time.Time{}}
}

// Once carries all call-backs under way on by a step, one after the other.
func (b *CallBacker) Once(ctx context.Context) error {
	list, err := b.log.CallBacksUnderWay(ctx)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		clear(b.asked)
	}
	var failed error
	for _, f := range list {
		c, under := f.UnderWay()
		if !under {
			continue
		}
		within, cancel := context.WithTimeout(ctx, callBackLookWithin)
		if err := b.carryOn(within, f, c); err != nil {
			failed = errors.Join(failed, err)
		}
		cancel()
	}
	return failed
}

func (b *CallBacker) carryOn(ctx context.Context, f followup.FollowUp, c followup.CallBack) error {
	now := b.now()
	late := now.Sub(c.AskedAt) > placeCallBackWithin
	switch {
	case !c.PickedUp.IsZero() && now.Sub(c.PickedUp) > callBackWithin:
		return b.end(ctx, f, c, "its end was never reported")
	case !c.PickedUp.IsZero():
		return b.followTalk(ctx, f, c)
	case c.SID != "":
		return b.followPlaced(ctx, f, c)
	case f.State == followup.Done && c.TriedAt.IsZero():
		return b.end(ctx, f, c, settledMeanwhile(f).Why)
	case c.TriedAt.IsZero() && late:
		return b.end(ctx, f, c, "it could not be placed in time; ask for it again")
	case c.TriedAt.IsZero():
		return b.place(ctx, f, c)
	}
	return b.lookUp(ctx, f, c, late)
}

// place places a call-back when it is its turn, unless it is no longer wanted then. That it is tried is written first: whoever comes after a crash
// looks it up at the provider before anything is placed again.
func (b *CallBacker) place(ctx context.Context, f followup.FollowUp, c followup.CallBack) error {
	call := CallBackCall{FollowUp: f.ID, Number: c.Number, To: c.Phone, From: f.Line}
	placed, err := b.queue.Place(ctx, ForCallBack, call.OutboundLeg(b.publicURL), func(ctx context.Context) (bool, error) {
		wanted := false
		_, err := b.log.ChangeFollowUp(ctx, f.ID, func(f followup.FollowUp) (followup.FollowUp, error) {
			now, is := f.UnderWay()
			if wanted = is && now.Number == c.Number && now.TriedAt.Equal(c.TriedAt) && now.SID == "" && f.State != followup.Done; wanted {
				now.TriedAt = b.now().UTC()
				f = f.WithCallBack(now)
			}
			return f, nil
		})
		return wanted, err
	})
	refused, isRefused := errors.AsType[*twilio.Err](err)
	switch {
	case errors.Is(err, ErrUnwanted):
		return nil
	case isRefused && refused.Status < http.StatusInternalServerError && refused.Status != http.StatusTooManyRequests:
		return b.end(ctx, f, c, "the provider refused to ring the specialist: "+refused.Error())
	case err != nil: // it may have been placed
		return err
	}
	return b.started(ctx, f, c, placed.SID)
}

// lookUp finds out whether a call-back was placed whose create was not answered. Where the provider has listed none for a while, it is placed again.
func (b *CallBacker) lookUp(ctx context.Context, f followup.FollowUp, c followup.CallBack, late bool) error {
	listed, found, err := b.placed.FindPlaced(ctx, c.Phone.Full(), f.Line.Full(), c.TriedAt)
	switch {
	case err == nil && found:
		return b.started(ctx, f, c, listed.SID)
	case late && b.now().Sub(c.TriedAt) > listedWithin:
		return errors.Join(err, b.end(ctx, f, c, "the provider did not say whether it rang the specialist; ask for it again"))
	case err != nil:
		return err
	case b.now().Sub(c.TriedAt) > listedWithin:
		return b.place(ctx, f, c)
	}
	return nil
}

// started notes under which SID the provider has a call-back.
func (b *CallBacker) started(ctx context.Context, f followup.FollowUp, c followup.CallBack, sid string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience) // placing may have used up the time
	defer cancel()
	_, err := b.log.ChangeFollowUp(ctx, f.ID, func(f followup.FollowUp) (followup.FollowUp, error) {
		return f.Progress(c.Number, policy.CallSID(sid), "queued", b.now()), nil
	})
	return err
}

// followPlaced asks the provider what came of a leg of which no callback tells.
func (b *CallBacker) followPlaced(ctx context.Context, f followup.FollowUp, c followup.CallBack) error {
	since := b.now().Sub(c.PlacedAt)
	if since < askAfter {
		return nil
	}
	call, err := b.placed.Call(ctx, string(c.SID))
	switch {
	case err == nil && call.Status == "completed":
		return b.pickedUp(ctx, f, c, call)
	case err == nil:
		_, err = b.log.ChangeFollowUp(ctx, f.ID, func(f followup.FollowUp) (followup.FollowUp, error) {
			return f.Progress(c.Number, c.SID, call.Status, b.now()), nil
		})
	}
	if since > pickUpWithin { // one that picks up after this hears that it is over
		err = errors.Join(err, b.end(ctx, f, c, "nobody picked up, as far as is known"))
	}
	return err
}

// pickedUp notes that the specialist picked up a call that is over by now, and of which nothing was heard.
func (b *CallBacker) pickedUp(ctx context.Context, f followup.FollowUp, c followup.CallBack, listed twilio.ListedCall) error {
	f, err := b.log.ChangeFollowUp(ctx, f.ID, func(f followup.FollowUp) (followup.FollowUp, error) {
		return f.PickedUp(c.Number, c.SID, beforeSeconds(b.ended(listed), listed.Seconds)), nil
	})
	if err != nil {
		return err
	}
	if c, under := f.UnderWay(); under && c.SID == policy.CallSID(listed.SID) {
		return b.learn(ctx, f, c, listed)
	}
	return nil
}

// followTalk asks the provider from time to time whether a call-back is over that was picked up.
func (b *CallBacker) followTalk(ctx context.Context, f followup.FollowUp, c followup.CallBack) error {
	now := b.now()
	if now.Sub(later(c.PickedUp, b.asked[c.SID])) < askEndEvery {
		return nil
	}
	b.asked[c.SID] = now
	listed, err := b.placed.Call(ctx, string(c.SID))
	if err != nil || listed.Status != "completed" {
		return err
	}
	delete(b.asked, c.SID)
	return b.learn(ctx, f, c, listed)
}

// learn brings the end of a call-back into the log, with the call where the log lacks it. The caller's leg, and figures that are not listed yet, come
// with the comparison of the log and the provider's list.
func (b *CallBacker) learn(ctx context.Context, f followup.FollowUp, c followup.CallBack, listed twilio.ListedCall) error {
	in, s := CallBackInput{FollowUp: f, CallBack: c}, b.queue.settings()
	var err error
	if in.Original, in.Month, err = matterOf(ctx, b.log, b.log, s, f, c.PickedUp); err != nil {
		return err
	}
	r := policy.Report{
		At: b.ended(listed), From: policy.Phone(listed.From), To: policy.Phone(listed.To), Status: listed.Status, Seconds: listed.Seconds,
		StartedAt: listed.StartedAt,
	}
	_, err = b.log.Advance(ctx, c.SID, func(call policy.Call) policy.Call { return in.learned(call, s, r, b.now()) })
	return err
}

// ended returns when a call ended that the provider lists as completed. It lists the time late.
func (b *CallBacker) ended(listed twilio.ListedCall) time.Time {
	if listed.EndedAt.IsZero() {
		return b.now()
	}
	return listed.EndedAt
}

// end ends a call-back, and says why.
func (b *CallBacker) end(ctx context.Context, f followup.FollowUp, c followup.CallBack, why string) error {
	_, err := b.log.ChangeFollowUp(ctx, f.ID, func(f followup.FollowUp) (followup.FollowUp, error) {
		return f.CallBackEnded(c.Number, b.now(), why), nil
	})
	if err == nil {
		b.logger.Info("a call-back ended before anybody picked up", zap.String("follow-up", string(f.ID)), zap.String("why", why))
	}
	return err
}
