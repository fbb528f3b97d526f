package demo

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/config"
)

// ShowPeople makes the console lead to the page with what people get, and what they get lead to the console.
func ShowPeople(conf *config.Config) {
	conf.Console.Outside = OutsidePage
	conf.Notices.Console = cmp.Or(conf.Notices.Console, "http://"+conf.Listen.Console)
}

// withPeople returns a demo's configuration with specialists, rotas, the ways by which they are told, and pages of the company, all of them on this machine.
// console and mail are where its console and its mail server listen.
func withPeople(text, console, mail string) string {
	const before = "\n  calls_per_second: 1 "
	text = strings.Replace(text, before, "\n  sms_from: \"+448000668187\"             # of texts to specialists"+before, 1)
	text = strings.Replace(text, "\nlinks: {} ", "\n"+fmt.Sprintf(pages, console)+" ", 1)
	return text + fmt.Sprintf(people, mail)
}

// pages are the company's, which specialists send to callers. The demo has them.
const pages = "links: { screen_sharing: \"http://%[1]s" + pagesPath + "/screen-sharing\", training: \"http://%[1]s" + pagesPath + "/training\", customer_number: \"http://%[1]s" + pagesPath + "/customer-number\" }"

// people are in the configuration of a new demo: the numbers are those that its teams ring.
const people = `
# Who is told of what, and how. In a demo all of it arrives on one page, whose address it prints at its start.
specialists:
  ada: { name: Ada Moreau, phone: "+15550100001", email: ada@example.com, user: demo }
  ben: { name: Ben Okafor, phone: "+15550100002", email: ben@example.com }
  cleo: { name: Cleo Lind, phone: "+15550100003", email: cleo@example.com }

rotas:
  primary: { time_zone: Europe/London, turn: 1w, starts: "2000-01-03 09:00", people: [ada, ben, cleo] }
  backup: { time_zone: Europe/London, turn: 1w, starts: "2000-01-03 09:00", people: [ben, cleo, ada] }

channels:
  ops-slack: { slack: "#support-line", token: xoxb-of-the-demo }
  pager: { pagerduty: "0123456789abcdef0123456789abcdef", webhook_secret: secret-of-the-demos-pager }

alarms:
  - on: [critical-missed]
    to: [ops-slack, pager, "sms:rota:primary"]
    then: [{ after: 1m, to: ["call:rota:primary"] }, { after: 1m, to: ["call:rota:backup"] }]
  - on: [missed, voicemail]
    to: [ops]

# After each talk, and when one passes the limit, its specialist gets a link to say what the call was, and to send one of the pages in links.
wrap_up: { to: sms }

notices:
  from: Support <support@example.com>
  ops: [ops@example.com]
  smtp: { server: "%s", tls: none }
`
