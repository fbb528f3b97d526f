package demo

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// A Generator makes up a log as a company's would look: accounts of different profiles on the company's lines, at the lines' hours, with every
// outcome there is. The same Generator with the same seed makes the same log.
type Generator struct {
	Seed     uint64
	Settings policy.Settings
	Calls    int
	Months   int // of the log, the current one included
	Accounts int
	Until    time.Time // no call starts at this time or later
}

// callsPerAccountMonth is a usual account's load, well under any sensible limit.
const callsPerAccountMonth = 5

// AccountsFor returns how many accounts make so many calls at the usual load.
func AccountsFor(calls, months int) int {
	return min(max(4, calls/(callsPerAccountMonth*months)), 500_000)
}

// A profile is how an account calls.
type profile int

const (
	steady     profile = iota
	burst              // has one bad month
	heavy              // is over in month after month
	longTalker         // has calls that do not end
	trainee            // takes the line for a training
)

// profileOf returns the profile of the i-th account: of each hundred accounts two are heavy, two talk too long, four had a bad month and two want
// to be trained. The first accounts show one of each, so that a small log has them too.
func profileOf(i int) profile {
	switch i % 100 {
	case 1, 51:
		return heavy
	case 2, 52:
		return longTalker
	case 3, 23, 43, 63:
		return burst
	case 5, 55:
		return trainee
	}
	return steady
}

// Customers returns the accounts, by number.
func (g Generator) Customers() []policy.Customer {
	digits := g.Settings.Identification.Digits
	accounts := make([]policy.Customer, g.Accounts)
	for i := range accounts {
		line := g.Settings.Lines[(i+i/50)%len(g.Settings.Lines)]
		accounts[i] = policy.Customer{
			Number: policy.CustomerNumber(fmt.Sprintf("%0*d", digits, 600_000+i)), Name: accountName(i), Package: g.Settings.Packages[0],
			Line: line.Number, AccountHolder: "Office manager", Email: fmt.Sprintf("office@account-%d.example", i),
		}
	}
	return accounts
}

var (
	namesFirst  = []string{"Harbour", "Maple", "North", "Loft", "Canal", "Copper", "Willow", "Beacon", "Foundry", "Garden", "Summit", "Quay"}
	namesSecond = []string{"Desks", "Cowork", "Offices", "Hub", "Studios", "Works", "Collective"}
)

func accountName(i int) string {
	name := namesFirst[i%len(namesFirst)] + " " + namesSecond[i/len(namesFirst)%len(namesSecond)]
	if round := i / (len(namesFirst) * len(namesSecond)); round > 0 {
		name += fmt.Sprintf(" %d", round+1)
	}
	return name
}

// Log returns the calls in the order of their starts. customers are those of Customers, or others that take their place.
func (g Generator) Log(customers []policy.Customer) iter.Seq[policy.Call] {
	return func(yield func(policy.Call) bool) {
		m := &maker{Generator: g, customers: customers, random: rand.New(rand.NewPCG(g.Seed, 0))}
		days := g.days()
		total := 0.0
		for _, d := range days {
			total += d.weight
		}
		made, passed := 0, 0.0
		for _, d := range days {
			m.prepare(d)
			passed += d.weight
			upTo := int(math.Round(passed / total * float64(g.Calls)))
			for _, start := range m.starts(d, upTo-made) {
				made++
				if !yield(m.call(made, start)) {
					return
				}
			}
		}
	}
}

// workday is one day of the log, in UTC, and how busy it is.
type workday struct {
	from, until time.Time
	month       int // of the log, from 0
	weight      float64
}

// days returns the days of the log. Weekends are nearly silent.
func (g Generator) days() []workday {
	y, m, _ := g.Until.UTC().Date()
	first := time.Date(y, m, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 1-g.Months, 0)
	var days []workday
	for from := first; from.Before(g.Until); from = from.AddDate(0, 0, 1) {
		d := workday{from: from, until: from.AddDate(0, 0, 1), weight: 1}
		d.month = (from.Year()-first.Year())*12 + int(from.Month()-first.Month())
		if d.until.After(g.Until) {
			d.until = g.Until
			d.weight = float64(d.until.Sub(from)) / float64(24*time.Hour)
		}
		if from.Weekday() == time.Saturday || from.Weekday() == time.Sunday {
			d.weight *= 0.02
		}
		days = append(days, d)
	}
	return days
}

// maker makes one call after the other.
type maker struct {
	Generator
	customers []policy.Customer
	random    *rand.Rand
	month     int
	weights   []float64 // of the accounts in the month, added up
}

// prepare distributes the load of the day's month over the accounts.
func (m *maker) prepare(d workday) {
	if m.weights != nil && m.month == d.month {
		return
	}
	m.month, m.weights = d.month, m.weights[:0]
	sum := 0.0
	for i := range m.customers {
		sum += m.load(i)
		m.weights = append(m.weights, sum)
	}
}

// load returns an account's share in the month; 1 is usual. An account that is heavy became so half-way through the log.
func (m *maker) load(i int) float64 {
	usual := 0.4 + float64(i*7919%13)/10 // from 0.4 to 1.6
	switch profileOf(i) {
	case heavy:
		if m.month >= m.Months/2 {
			return 6
		}
	case burst:
		if m.month == (i*31)%m.Months {
			return 6
		}
	}
	return usual
}

// account returns a random account, weighted by load.
func (m *maker) account() int {
	if len(m.weights) == 0 {
		return -1
	}
	at := m.random.Float64() * m.weights[len(m.weights)-1]
	i, _ := slices.BinarySearch(m.weights, at)
	return min(i, len(m.customers)-1)
}

// tries bounds the search for a time at which a line is open; a call that finds none hears that it is closed.
const tries = 12

// starts returns n times of the day, in order, most of them while one of the lines is open.
func (m *maker) starts(d workday, n int) []time.Time {
	starts := make([]time.Time, n)
	for i := range starts {
		for range tries {
			starts[i] = d.from.Add(time.Duration(m.random.Int64N(max(1, int64(d.until.Sub(d.from)/time.Second)))) * time.Second)
			if slices.ContainsFunc(m.Settings.Lines, func(l policy.Line) bool { return l.At(starts[i]).Open }) {
				break
			}
		}
	}
	slices.SortFunc(starts, time.Time.Compare)
	return starts
}
