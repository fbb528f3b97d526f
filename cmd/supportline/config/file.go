package config

import "github.com/officernd/supportline/cmd/supportline/notices"

// file is the configuration as it is written. Each key is a field of its struct, with the tags
//
//	key    its name
//	need   what to write where it is missing; without this tag it may be missing
//	usual  the value where it is missing: the figures are those of the published policy, and supportline.example.yaml shows them
//	secret a value that is not shown, or has a part that is not
type file struct {
	At             place
	PublicURL      text                `key:"public_url" need:"https://support.example.com"`
	FallbackURL    text                `key:"fallback_url"`
	Company        text                `key:"company"`
	Listen         listen              `key:"listen"`
	Console        consoleFile         `key:"console"`
	Store          text                `key:"store" usual:"bolt:data/supportline.db" secret:""`
	Words          text                `key:"words"`
	Twilio         account             `key:"twilio" need:"{ account_sid: ..., auth_token: ... }"`
	Lines          list[line]          `key:"lines" need:"[{ number: ... }]"`
	Identification identification      `key:"identification"`
	Packages       list[text]          `key:"packages" need:"[Ultimate]"`
	Menu           table[text]         `key:"menu"`
	Specialists    table[person]       `key:"specialists"`
	Rotas          table[rota]         `key:"rotas"`
	Teams          table[team]         `key:"teams" need:"{ general: { ring: [...] } }"`
	Routes         table[text]         `key:"routes"`
	NoAnswer       text                `key:"no_answer" usual:"voicemail"`
	AfterHours     table[text]         `key:"after_hours"`
	FairUse        fairUse             `key:"fair_use"`
	Links          links               `key:"links"`
	Notice         text                `key:"notice" usual:"notify"`
	Notices        notice              `key:"notices"`
	Channels       table[namedChannel] `key:"channels"`
	Alarms         list[alarmRule]     `key:"alarms"`
	FollowUps      table[text]         `key:"followups"`
	Recordings     recordings          `key:"recordings"`
	Backups        backups             `key:"backups"`
	Retention      text                `key:"retention" usual:"400d"`
	Recording      text                `key:"recording" usual:"off"`
}

type listen struct {
	At       place
	Webhooks text `key:"webhooks" usual:"127.0.0.1:8080"`
	Console  text `key:"console" usual:"127.0.0.1:8081"`
	Metrics  text `key:"metrics"`
}

type account struct {
	At            place
	AccountSID    text       `key:"account_sid" need:"${TWILIO_ACCOUNT_SID}" secret:""`
	AuthToken     text       `key:"auth_token" need:"${TWILIO_AUTH_TOKEN}" secret:""`
	NextAuthToken text       `key:"next_auth_token" secret:""`
	APIKey        text       `key:"api_key" secret:""`
	APISecret     text       `key:"api_secret" secret:""`
	APIURL        text       `key:"api_url" usual:"https://api.twilio.com"`
	Edge          text       `key:"edge"`
	Region        text       `key:"region"`
	CallsPerSec   text       `key:"calls_per_second" usual:"1"`
	SMSFrom       text       `key:"sms_from"`
	Countries     list[text] `key:"countries"`
}

// links holds the addresses of the company's own pages.
type links struct {
	At             place
	Policy         text `key:"policy"`
	CustomerNumber text `key:"customer_number"`
	Training       text `key:"training"`
	ScreenSharing  text `key:"screen_sharing"`
	Ticket         text `key:"ticket"`
}

type line struct {
	At       place
	Number   text          `key:"number" need:"\"+18883071053\""`
	Name     text          `key:"name"`
	Zone     text          `key:"time_zone" need:"America/New_York"`
	Hours    table[text]   `key:"hours" need:"{ mon-fri: \"08:00-20:00\" }"`
	Holidays list[text]    `key:"holidays"`
	Closed   list[closure] `key:"closed"`
	Special  list[special] `key:"special"`
	Language text          `key:"language" usual:"en-US"`
	Voice    text          `key:"voice"`
	Routes   table[text]   `key:"routes"`
}

type closure struct {
	At     place
	Date   text `key:"date" need:"2026-12-24"`
	Reason text `key:"reason"`
}

type special struct {
	At    place
	Date  text `key:"date" need:"2026-12-31"`
	Hours text `key:"hours" need:"\"08:00-12:00\""`
}

type identification struct {
	At                  place
	Digits              text     `key:"digits" usual:"6"`
	Tries               text     `key:"tries" usual:"3"`
	Unidentified        byIntent `key:"unidentified"`
	CallerID            text     `key:"caller_id" usual:"attested"`
	WrongNumbersPerHour text     `key:"wrong_numbers_per_hour" usual:"10"`
	WrongNumbersInAll   text     `key:"wrong_numbers_in_all" usual:"200"`
}

// person is a specialist.
type person struct {
	At    place
	Name  text `key:"name" need:"Ada Moreau"`
	Phone text `key:"phone"`
	SMS   text `key:"sms"`
	Email text `key:"email"`
	Slack text `key:"slack"`
	User  text `key:"user"`
}

// rota has turns of its own, with layers over them, or those of a calendar.
type rota struct {
	At       place
	People   list[text]  `key:"people"`
	Zone     text        `key:"time_zone"`
	Turn     text        `key:"turn"`
	Starts   text        `key:"starts"`
	Layers   list[layer] `key:"layers"`
	Calendar text        `key:"ical" secret:""`
}

type layer struct {
	At     place
	Hours  table[text] `key:"hours" need:"{ \"sat,sun\": \"09:00-18:00\" }"`
	Turn   text        `key:"turn"`
	Starts text        `key:"starts"`
	People list[text]  `key:"people" need:"[ada, ben]"`
}

// alarmRule leads events to receivers.
type alarmRule struct {
	At    place
	On    list[text]      `key:"on" need:"[critical-missed]"`
	To    list[text]      `key:"to" need:"[\"sms:ada\"]"`
	Then  list[alarmStep] `key:"then"`
	Quiet quiet           `key:"quiet"`
}

type alarmStep struct {
	At    place
	After text       `key:"after" need:"3m"`
	To    list[text] `key:"to" need:"[\"call:ada\"]"`
}

type quiet struct {
	At    place
	Hours text `key:"hours" need:"\"22:00-07:00\""`
	Zone  text `key:"time_zone"`
}

type team struct {
	At     place
	Ring   list[step] `key:"ring" need:"[{ to: [\"+15550100001\"], for: 20s }]"`
	Repeat text       `key:"repeat" usual:"1"`
}

type step struct {
	At  place
	To  list[text] `key:"to" need:"[\"+15550100001\"]"`
	For text       `key:"for" usual:"25s"`
}

type fairUse struct {
	At                    place
	CallLimit             text       `key:"call_limit" usual:"20m"`
	TicketsPerMonth       text       `key:"tickets_per_month" usual:"16"`
	OverLongCallsPerMonth text       `key:"over_long_calls_per_month" usual:"4"`
	Sustained             sustained  `key:"sustained"`
	TrainingCallsPerMonth text       `key:"training_calls_per_month" usual:"2"`
	Charges               charges    `key:"charges"`
	TellCaller            text       `key:"tell_caller" usual:"false"`
	TellHolder            text       `key:"tell_holder" usual:"false"`
	WarnAt                list[text] `key:"warn_at"`
	LetThrough            list[text] `key:"let_through"`
}

type sustained struct {
	At     place
	Months text `key:"months" usual:"3"`
	Within text `key:"within" usual:"6"`
}

type charges struct {
	At                   place
	Currency             text `key:"currency" usual:"USD"`
	PerTicket            text `key:"per_ticket" usual:"0"`
	PerMinute            text `key:"per_minute" usual:"0"`
	PerMinuteOverTickets text `key:"per_minute_over_tickets" usual:"0"`
}

// consoleFile is the part about how people sign in to the console and what they may do there.
type consoleFile struct {
	At          place
	URL         text        `key:"url"`
	Proxies     list[text]  `key:"proxies"`
	Idle        text        `key:"idle" usual:"30m"`
	Session     text        `key:"session" usual:"12h"`
	Permissions permissions `key:"permissions"`
	TestLines   list[text]  `key:"test_lines"`
	SSO         sso         `key:"sso"`
}

// permissions holds the permissions of the roles that can be given any.
type permissions struct {
	At       place
	Viewer   list[text] `key:"viewer"`
	Operator list[text] `key:"operator"`
}

type sso struct {
	At           place
	Issuer       text        `key:"issuer" need:"https://login.example.com"`
	ClientID     text        `key:"client_id" need:"supportline"`
	ClientSecret text        `key:"client_secret" need:"${SSO_CLIENT_SECRET}" secret:""`
	RoleClaim    text        `key:"role_claim" usual:"groups"`
	Roles        table[text] `key:"roles" need:"{ support: operator }"`
}

// recordings is the part about where recordings are stored. Without it they stay at the provider.
type recordings struct {
	At               place
	Keep             text `key:"keep" need:"folder:data/recordings"`
	AccessKey        text `key:"access_key" secret:""`
	SecretKey        text `key:"secret_key" secret:""`
	DeleteAtProvider text `key:"delete_at_provider" usual:"off"`
}

// backups is the part about the backups that the server makes by itself. Without it there are none.
type backups struct {
	At        place
	To        text `key:"to" need:"folder:data/backups"`
	AccessKey text `key:"access_key" secret:""`
	SecretKey text `key:"secret_key" secret:""`
	Every     text `key:"every" usual:"24h"`
	Time      text `key:"at"`
	Keep      text `key:"keep" usual:"7"`
}

// notice is the part about notices: the keys of each kind of channel, and those of all. Without it nobody is told anything.
type notice struct {
	At        place
	Channels  []channel
	Templates text `key:"templates"`
	Summary   text `key:"summary" usual:"on"`
}

func (n *notice) decode(d *decoder, at node) {
	var fields []field
	for i := range n.Channels {
		c := &n.Channels[i]
		fields = append(fields, fieldsOf(c.Shared)...)
		fields = append(fields, field{key: c.Kind.Key, into: c})
	}
	d.fields(at, &n.At, append(fields, keys(n)...))
}

// channel holds a kind of channel as the file has it: the block that is the channel's own, and its keys beside the block.
type channel struct {
	Kind          notices.Kind
	At            place
	Block, Shared []answer
}

func channels(kinds []notices.Kind) (all []channel) {
	for _, k := range kinds {
		all = append(all, channel{Kind: k, Block: answers(k.Fields), Shared: answers(k.Shared)})
	}
	return all
}

func (c *channel) decode(d *decoder, n node) { d.fields(n, &c.At, fieldsOf(c.Block)) }

// answer is the value of a key that a channel asks for, of which List says whether it is a list.
type answer struct {
	notices.Field
	Text  text
	Texts list[text]
}

func answers(fields []notices.Field) []answer {
	all := make([]answer, len(fields))
	for i, f := range fields {
		all[i].Field = f
	}
	return all
}

func fieldsOf(answers []answer) []field {
	var fields []field
	for i := range answers {
		a := &answers[i]
		f := field{key: a.Key, into: &a.Text, need: a.Need, secret: a.Secret}
		if a.List {
			f.into = &a.Texts
		}
		fields = append(fields, f)
	}
	return fields
}
