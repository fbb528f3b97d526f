package ivr_test

import (
	"strconv"
	"strings"

	"github.com/officernd/supportline/ivr"
)

func cutNext(reply ivr.Reply) (step string, turn int, ok bool) {
	step, number, _ := strings.Cut(reply.Next, "/")
	turn, err := strconv.Atoi(number)
	return step, turn, err == nil
}
