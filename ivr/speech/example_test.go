package speech_test

import (
	"fmt"

	"github.com/officernd/supportline/ivr/speech"
)

func Example() {
	u := speech.Read("No I dont have one on me. Wait, it's two oh for, five one eight")
	fmt.Println(u.Number(6), u.Denies(), u.Match(speech.ParsePhrase("don't have"), speech.Match{}).Words)

	u = speech.Read("Ticket 4711 from the 3rd of May, two people raised it.")
	fmt.Println(u.Ticket())

	u = speech.Read("4711 I think, or 4712")
	fmt.Printf("%q\n", u.Ticket())

	// Output:
	// 204518 true 3
	// 4711
	// ""
}
