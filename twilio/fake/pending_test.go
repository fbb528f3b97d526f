package fake_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio/fake"
)

// slow are people who decide while it rings.
type slow struct {
	people
	clock *fake.Virtual
	minds map[string]time.Duration // times of the decisions, from the start of the call
}

func (s *slow) Specialist(to string) fake.Specialist {
	if after, ok := s.minds[to]; !ok || s.clock.Now().Before(start.Add(after)) {
		return fake.Specialist{Pending: true}
	}
	return s.people.Specialist(to)
}

// TestPendingSpecialists: a leg rings until its specialist decides, and rings out otherwise.
func TestPendingSpecialists(t *testing.T) {
	yes := fake.Specialist{Presses: []string{"1"}}
	waits := func() []fake.Act {
		var all []fake.Act
		for range 60 {
			all = append(all, fake.Wait(time.Second))
		}
		return all
	}
	for _, row := range []struct {
		name        string
		specialists map[string]fake.Specialist
		minds       map[string]time.Duration
		want        []string
	}{
		{
			"takes the call at last",
			map[string]fake.Specialist{anna: yes},
			map[string]time.Duration{anna: 7 * time.Second},
			[]string{"10:00:07 " + anna + " picks up", "10:00:07 " + ben + " stops ringing", "10:00:07 " + anna + " is joined with the caller"},
		},
		{
			"the other one was faster",
			map[string]fake.Specialist{anna: yes, ben: yes},
			map[string]time.Duration{anna: 7 * time.Second, ben: 4 * time.Second},
			[]string{"10:00:04 " + ben + " picks up", "10:00:04 " + anna + " stops ringing", "10:00:04 " + ben + " is joined with the caller"},
		},
		{
			"busy after a while",
			map[string]fake.Specialist{anna: {Status: "busy"}},
			map[string]time.Duration{anna: 2 * time.Second},
			[]string{"10:00:02 " + anna + " is busy", "10:00:20 " + ben + " doesn't answer"},
		},
		{
			"picks up later than it rings",
			map[string]fake.Specialist{anna: {PicksUp: time.Minute}},
			map[string]time.Duration{anna: 2 * time.Second},
			[]string{"10:00:20 " + anna + " doesn't answer", "10:00:20 " + ben + " doesn't answer"},
		},
		{"nobody decides", nil, nil, []string{"10:00:20 " + anna + " doesn't answer", "10:00:20 " + ben + " doesn't answer"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			clock := fake.NewVirtual(start)
			p := provider(ringing(t), &people{})
			p.Clock = clock
			p.People = &slow{people{acts: acts{fake.Ringing: waits(), fake.Talking: {fake.HangUp()}}, specialists: row.specialists}, clock, row.minds}
			var got []string
			for _, e := range call(t, p).Events {
				switch e.Did {
				case "picks up", "is busy", "doesn't answer", "stops ringing", "is joined with the caller":
					got = append(got, e.At.Format("15:04:05 ")+e.Who+" "+e.Did)
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
