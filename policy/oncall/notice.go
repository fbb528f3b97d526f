package oncall

import (
	"fmt"
	"time"

	"github.com/officernd/supportline/policy"
)

// Notice returns the event that the feed began to fail: one after each good answer, however often it is told.
func (a Answer) Notice() policy.Notice {
	facts := map[string]string{"rota": a.Rota, "since": a.FailedAt.UTC().Format(time.RFC3339), "cause": a.Error}
	if !a.FetchedAt.IsZero() {
		facts["fetched_at"] = a.FetchedAt.UTC().Format(time.RFC3339)
	}
	return policy.Notice{
		Key: fmt.Sprintf("%s/%s/%s/%d", policy.NoticeFeedFailed, a.Rota, a.Source, max(0, a.FetchedAt.Unix())), Kind: policy.NoticeFeedFailed,
		At: a.FailedAt, Facts: facts,
	}
}

// GapNotice returns the event that a rota will have nobody: one for each gap and day.
func GapNotice(rota string, gap Shift, now time.Time) policy.Notice {
	facts := map[string]string{"rota": rota, "from": gap.From.UTC().Format(time.RFC3339)}
	if !gap.Until.IsZero() {
		facts["until"] = gap.Until.UTC().Format(time.RFC3339)
	}
	if gap.Note != "" {
		facts["written"] = gap.Note
	}
	return policy.Notice{
		Key: fmt.Sprintf("%s/%s/%s", policy.NoticeRotaGap, rota, now.UTC().Format(time.DateOnly)), Kind: policy.NoticeRotaGap,
		At: now, Facts: facts,
	}
}
