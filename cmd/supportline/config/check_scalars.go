package config

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

var (
	currency = regexp.MustCompile(`^[A-Z]{3}$`)
	period   = regexp.MustCompile(`^([0-9]{1,5})([dwy])$`)
	plain    = regexp.MustCompile(`^[0-9]{1,9}$`)
)

// oneOf returns the word, or "" after a problem.
func (c *checker) oneOf(t text, words ...string) string {
	if t.silent() {
		return ""
	}
	if slices.Contains(words, t.Value) {
		return t.Value
	}
	c.wrong(t, "is "+quoted(t.Value), meant(t.Value, words))
	return ""
}

func (c *checker) whole(t text, low, high int) int {
	if t.silent() {
		return 0
	}
	n, err := strconv.Atoi(t.Value)
	if err != nil || !plain.MatchString(t.Value) || n < low || n > high {
		c.wrong(t, "is "+quoted(t.Value), fmt.Sprintf("write a whole number from %d to %d", low, high))
		return 0
	}
	return n
}

// amount returns an amount of money: not negative, not too large to be multiplied, and in whole units of the smallest coin.
func (c *checker) amount(t text, currency string) float64 {
	if t.silent() {
		return 0
	}
	n, err := strconv.ParseFloat(t.Value, 64)
	if err != nil || math.IsNaN(n) || n < 0 || n > 1e6 {
		c.wrong(t, "is "+quoted(t.Value), "write an amount from 0 to 1000000, such as 2.50")
		return 0
	}
	places := policy.Decimals(currency)
	if scaled := n * math.Pow10(places); math.Abs(scaled-math.Round(scaled)) > 1e-6 {
		c.wrong(t, "is "+quoted(t.Value), fmt.Sprintf("write an amount in %s with at most %d decimals", currency, places))
		return 0
	}
	return n
}

func (c *checker) seconds(t text, low, high int) time.Duration {
	if t.silent() {
		return 0
	}
	d, err := time.ParseDuration(t.Value)
	if err != nil || d%time.Second != 0 || d < time.Duration(low)*time.Second || d > time.Duration(high)*time.Second {
		instead := fmt.Sprintf("write a time from %s to %s", short(low), short(high))
		if n, bare := strconv.Atoi(t.Value); bare == nil && n >= low && n <= high {
			instead = fmt.Sprintf("write the unit too: %ds", n)
		}
		c.wrong(t, "is "+quoted(t.Value), instead)
		return 0
	}
	return d
}

func short(seconds int) string {
	switch {
	case seconds%3600 == 0:
		return fmt.Sprintf("%dh", seconds/3600)
	case seconds%60 == 0:
		return fmt.Sprintf("%dm", seconds/60)
	}
	return fmt.Sprintf("%ds", seconds)
}

// retention returns a time in days, weeks, or years of 365 days.
func (c *checker) retention(t text) time.Duration {
	if t.silent() {
		return 0
	}
	const day = 24 * time.Hour
	m := period.FindStringSubmatch(t.Value)
	days := 0
	if m != nil {
		n, _ := strconv.Atoi(m[1]) // five digits at most
		days = n * map[string]int{"d": 1, "w": 7, "y": 365}[m[2]]
	}
	if days < 1 || days > 36_500 {
		c.wrong(t, "is "+quoted(t.Value), "write days, weeks or years from 1d to 100y, such as 400d")
		return 0
	}
	return time.Duration(days) * day
}

// parsed reads a value by a parser of policy, whose error ends in what to write, after the last colon.
func parsed[T any](c *checker, t text, parse func(string) (T, error)) (value T, ok bool) {
	if t.silent() {
		return value, false
	}
	value, err := parse(t.Value)
	if err == nil {
		return value, true
	}
	what, instead := err.Error(), ""
	if i := strings.LastIndex(what, ": write "); i >= 0 {
		what, instead = what[:i], what[i+len(": "):]
	}
	c.add(t.At, t.Key+": "+what, instead)
	return value, false
}
