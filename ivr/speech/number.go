package speech

import (
	"slices"
	"strconv"
	"strings"
)

// zeros are said for 0. "Oh" and the letter are too, but only among digits.
var zeros = []string{"zero", "nought", "naught", "aught", "nil", "zeros", "zeroes"}

// small are the words for the numbers from 1 to 19.
var small = map[string]int{
	"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "niner": 9, "ten": 10, "eleven": 11,
	"twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}

var tens = map[string]int{
	"twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}

// alike are the words that recognisers write for digits that sound like them. They are digits only where a digit is expected.
var alike = map[string]string{
	"oh": "0", "o": "0", "owe": "0", "won": "1", "wan": "1", "to": "2", "too": "2", "tu": "2", "tree": "3", "free": "3", "for": "4", "fore": "4", "fife": "5",
	"sicks": "6", "sics": "6", "ate": "8", "hate": "8", "nein": "9",
}

var repeats = map[string]int{"double": 2, "triple": 3, "treble": 3, "quadruple": 4}

// digit returns the digit that a word is or stands for, and "" if none; also a word that only sounds like one.
func digit(word string) string {
	switch n := small[word]; {
	case n > 0 && n < 10:
		return strconv.Itoa(n)
	case len(word) == 1 && isFigure(word):
		return word
	case slices.Contains(zeros, word):
		return "0"
	}
	return alike[word]
}

// isDigitWord reports whether a word is a number for itself.
func isDigitWord(word string) bool {
	return isFigure(word) || small[word] > 0 || tens[word] > 0 || repeats[word] > 0 || slices.Contains(zeros, word)
}

// group is a number as it is said in one go: "204", "double five", "two hundred and four".
type group struct {
	from, to int // its tokens
	// readings are the digits that it may stand for, likeliest first: "twenty four" is 24, and 204 only where the length of the number says so.
	readings []string
	doubt    bool // whether all readings are equally likely
	dropped  bool // left out as a word of the sentence, although it may be a digit: only a known length can tell
	weak     bool // a word that is a digit only among digits: "to", "oh"
	kind     kind
}

// groups finds the numbers in what was said, from left to right.
func groups(said []token) (found []group) {
	for i := 0; i < len(said); {
		g := groupAt(said, i)
		if g.to == i {
			i++
			continue
		}
		found, i = append(found, g), g.to
	}
	return found
}

func groupAt(said []token, i int) group {
	g := group{from: i, to: i}
	word := said[i].text
	if n := repeats[word]; n > 0 {
		if d := digit(at(said, i+1)); d != "" && !said[i+1].pauses() {
			g.to, g.readings = i+2, []string{strings.Repeat(d, n)}
		}
		return g
	}
	if alike[word] != "" {
		g.to, g.readings, g.weak = i+1, []string{alike[word]}, true
		return g
	}
	if slices.Contains(zeros, word) {
		g.to, g.readings = i+1, []string{"0"}
		return g
	}
	if a := thousands(said, i); a.used > 0 {
		g.to, g.readings = i+a.used, a.readings
		next := i + a.used
		g.doubt = a.value > 100 && len(a.readings) > 1 && isDigitWord(at(said, next)) && !said[next].pauses() // "four thousand seven eleven"
	} else if isFigure(word) {
		g.to, g.readings = i+1, []string{word}
	}
	return g
}

// at returns the word at a place, and "" outside.
func at(said []token, i int) string {
	if i < 0 || i >= len(said) {
		return ""
	}
	return said[i].text
}

// amount is a number that is put together: its value, how its digits may be meant, and how many tokens it used; 0: there is none.
type amount struct {
	value    int
	readings []string
	used     int
}

func exactly(value, used int) amount { return amount{value, []string{strconv.Itoa(value)}, used} }

// thousands reads "two hundred and four thousand, five hundred and eighteen", and what has no thousand in it.
func thousands(said []token, i int) amount {
	a := hundreds(said, i)
	if a.used == 0 || a.value >= 1000 || at(said, i+a.used) != "thousand" || said[i+a.used].pauses() {
		return a
	}
	whole := exactly(a.value*1000, a.used+1)
	return whole.with(rest(said, i+whole.used, hundreds, 1000))
}

// hundreds reads "two hundred and four", "47 hundred and 11", "200 and 4", and what has no hundred in it.
func hundreds(said []token, i int) amount {
	a := below100(said, i)
	switch {
	case a.used == 0:
		return roundFigure(said, i)
	case at(said, i+a.used) != "hundred" || said[i+a.used].pauses():
		return a
	}
	whole := exactly(a.value*100, a.used+1)
	return whole.with(rest(said, i+whole.used, below100, 100))
}

// roundFigure reads figures that a recogniser wrote for a part only: "500 and 18".
func roundFigure(said []token, i int) amount {
	word := at(said, i)
	if !isFigure(word) || len(word) > 5 || word[0] == '0' {
		return amount{}
	}
	value, _ := strconv.Atoi(word)
	whole := exactly(value, 1)
	if value%100 == 0 && at(said, i+1) == "and" {
		return whole.with(rest(said, i+1, below100, 100))
	}
	return whole
}

// remainder is the part of a number behind its hundreds or thousands.
type remainder struct {
	amount
	and bool // it was joined with "and"
}

func rest(said []token, i int, read func([]token, int) amount, below int) (r remainder) {
	if at(said, i) == "and" {
		i, r.and = i+1, true
	}
	// A pause divides two numbers, unless the first one waits for the rest: "204 thousand, 518".
	if i >= len(said) || (said[i].pauses() && !r.and && below == 100) {
		return remainder{}
	}
	a := read(said, i)
	if a.used == 0 || a.value == 0 || a.value >= below || len(a.readings[0]) != len(strconv.Itoa(a.value)) {
		return remainder{}
	}
	r.amount = a
	return r
}

// with adds the rest of a number. Without an "and" it may also be the next number.
func (a amount) with(r remainder) amount {
	if r.used == 0 {
		return a
	}
	sum := exactly(a.value+r.value, a.used+r.used)
	if r.and {
		sum.used++
	} else {
		sum.readings = append(sum.readings, a.readings[0]+r.readings[0])
	}
	return sum
}

// below100 reads "seven", "eighteen", "forty five", "47".
func below100(said []token, i int) amount {
	word := at(said, i)
	if n := tens[word]; n > 0 {
		next := at(said, i+1)
		one := small[next]
		if len(next) == 1 && isFigure(next) {
			one = int(next[0] - '0')
		}
		if one == 0 || one > 9 || said[i+1].pauses() {
			return exactly(n, 1)
		}
		a := exactly(n+one, 2)
		if said[i+1].before != "-" {
			a.readings = append(a.readings, strconv.Itoa(n)+strconv.Itoa(one))
		}
		return a
	}
	if n := small[word]; n > 0 {
		return exactly(n, 1)
	}
	if isFigure(word) && len(word) <= 2 && word[0] != '0' {
		n, _ := strconv.Atoi(word)
		return exactly(n, 1)
	}
	return amount{}
}
