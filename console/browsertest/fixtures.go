package browsertest

import (
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

// Monday is when the tests' people look at the console.
var Monday = time.Date(2026, time.November, 23, 15, 0, 0, 0, time.UTC)

// Password is everybody's password.
const Password = "blue horse battery"

const (
	UKLine     = policy.Phone("+448000668187")
	Caller     = policy.Phone("+442079460018")
	Specialist = policy.Phone("+15550100001")
)

// Company returns the settings of a company with two lines.
func Company(t testing.TB) policy.Settings {
	t.Helper()
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	var week policy.Hours
	for d := time.Monday; d <= time.Friday; d++ {
		week.Week[d] = []policy.Span{{From: 8 * 60, To: 19 * 60}}
	}
	return policy.Settings{
		Lines: []policy.Line{
			{Number: "+18883071053", Name: "USA and Canada", Zone: newYork, Hours: week},
			{Number: UKLine, Name: "United Kingdom", Zone: london, Hours: week},
		},
		Identification: policy.Identification{Digits: 6}, Packages: []string{"Ultimate"}, Texts: true, Mail: true,
		FairUse: policy.FairUse{
			CallLimit: 20 * time.Minute, TicketsPerMonth: 16, OverLongCallsPerMonth: 4, SustainedMonths: 3, SustainedWithin: 6,
			TrainingCallsPerMonth: 2, WarnAt: []int{80, 100}, Currency: "GBP", PerTicket: 12.5, PerMinute: 0.5,
		},
	}
}

// Northwind is a customer, and its calls are those of the tests.
var Northwind = policy.Customer{Number: "204518", Name: "Northwind Flex Offices", Package: "Ultimate", Line: UKLine}

// Served returns a critical call of Northwind's that a specialist took, with so many seconds of talk.
func Served(sid policy.CallSID, at time.Time, talked int) policy.Call {
	accepted := at.Add(40 * time.Second)
	ended := accepted.Add(time.Duration(talked) * time.Second)
	total := 40 + talked
	return policy.Call{
		SID: sid, Line: UKLine, From: Caller, StartedAt: at, Answered: true, Customer: Northwind.Number, Account: Northwind.Name,
		Month: policy.MonthOf(at, time.UTC), Intent: policy.Critical, Ticket: "4711", HuntingAt: at.Add(20 * time.Second),
		Exchanges: []policy.Exchange{{Key: "number/1", At: at.Add(8 * time.Second), Heard: "204518"}, {Key: "menu/2", At: at.Add(15 * time.Second), Heard: "1"}},
		Trace: []policy.Decision{
			{At: at, Rule: "hours.week", Result: "open: Monday to Friday 08:00-19:00", Inputs: []policy.Fact{{Name: "zone", Value: "Europe/London"}}},
			{At: at.Add(20 * time.Second), Rule: "ring.step", Result: "rings +15550100001", Inputs: []policy.Fact{{Name: "team", Value: "critical"}}},
		},
		Legs: []policy.Leg{{
			SID: "CAleg" + sid, To: Specialist, RangAt: at.Add(22 * time.Second), AnsweredAt: at.Add(30 * time.Second), ScreenedAt: at.Add(31 * time.Second),
			AcceptedAt: accepted, EndedAt: ended, Status: "completed",
		}},
		EndedAt: ended, TotalSeconds: &total, Status: "completed",
	}
}

// Harbor is a customer without an e-mail address.
var Harbor = policy.Customer{Number: "310022", Name: "Harbor Cowork", Package: "Ultimate", Line: "+18883071053", CallerNumbers: []policy.Phone{"+12125550142"}}
