package recordings

import (
	"context"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
)

func (p *pass) removals(ctx context.Context) ([]policy.Removal, error) {
	due, err := p.log.DueRemovals(ctx, p.due, together+len(p.seen))
	return slices.DeleteFunc(due, func(r policy.Removal) bool { return !p.fresh("remove", r.SID) }), err
}

// remove removes one recording, here and, where that is due, at the provider, and then its entry in the log. An error is the log's.
func (p *pass) remove(ctx context.Context, r policy.Removal) error {
	within, cancel := context.WithTimeout(ctx, removedWithin)
	defer cancel()
	failed := p.removeCopy(within, r)
	if failed == nil && (r.Why == policy.RemovalErased || p.deletes) {
		failed = p.provider.DeleteRecording(within, r.SID)
	}
	if failed != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	var err error
	if writing := context.WithoutCancel(ctx); failed == nil {
		err = p.log.Removed(writing, r)
	} else {
		err = p.log.RemovalFailed(writing, r, failed, p.now.Add(again(r.Tries+1, p.o.Random())))
	}
	p.tell("remove", failed, zap.String("recording", r.SID), zap.Int("try", r.Tries+1))
	return err
}

// removeCopy removes our copy, or what there is of one that was begun.
func (p *pass) removeCopy(ctx context.Context, r policy.Removal) error {
	existed := false
	for _, bucket := range p.buckets(r.Bucket) {
		there, err := bucket.Remove(ctx, r.SID+suffix)
		if err != nil {
			return fmt.Errorf("%s: %w", bucket.Name(), err)
		}
		existed = existed || there
	}
	if !existed && !p.reaches(r.Bucket) {
		return p.unreached(r.Bucket)
	}
	return nil
}
