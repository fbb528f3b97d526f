package policy

import "strings"

// testPrefix begins the address of whoever tries a line from the console. No number begins so, and no customer's telephone has such an address.
const testPrefix = "client:test-"

// TestCaller is the address from which a user of the console calls a line to try it.
func TestCaller(user string) Phone { return Phone(testPrefix + user) }

// Test says that the call was made to try the line, by a user of the console. It is logged and explained as every call is, and nothing follows from
// it for an account: it adds no ticket, is never over-long, and nobody is told of it.
func (c Call) Test() bool { return strings.HasPrefix(string(c.From), testPrefix) }
