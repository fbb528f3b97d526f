package config

// file is the configuration as it is written. Its decode methods list all keys.
type file struct {
	At             place
	PublicURL      text
	FallbackURL    text
	Listen         listen
	Console        consoleFile
	Store          text
	Words          text
	Twilio         account
	Lines          list[line]
	Identification identification
	Packages       list[text]
	Menu           table[text]
	Teams          table[team]
	Routes         table[text]
	NoAnswer       text
	AfterHours     table[text]
	FairUse        fairUse
	Notice         text
	Notices        notice
	Recordings     recordings
	Retention      text
	Recording      text
}

func (f *file) decode(d *decoder, n node) {
	d.fields(
		n, &f.At,
		field{key: "public_url", into: &f.PublicURL, need: "https://support.example.com"},
		field{key: "fallback_url", into: &f.FallbackURL},
		field{key: "listen", into: &f.Listen},
		field{key: "console", into: &f.Console},
		field{key: "store", into: &f.Store},
		field{key: "words", into: &f.Words},
		field{key: "twilio", into: &f.Twilio, need: "{ account_sid: ..., auth_token: ... }"},
		field{key: "lines", into: &f.Lines, need: "[{ number: ... }]"},
		field{key: "identification", into: &f.Identification},
		field{key: "packages", into: &f.Packages, need: "[Ultimate]"},
		field{key: "menu", into: &f.Menu},
		field{key: "teams", into: &f.Teams, need: "{ general: { ring: [...] } }"},
		field{key: "routes", into: &f.Routes},
		field{key: "no_answer", into: &f.NoAnswer},
		field{key: "after_hours", into: &f.AfterHours},
		field{key: "fair_use", into: &f.FairUse},
		field{key: "notice", into: &f.Notice},
		field{key: "notices", into: &f.Notices},
		field{key: "recordings", into: &f.Recordings},
		field{key: "retention", into: &f.Retention},
		field{key: "recording", into: &f.Recording},
	)
}

type listen struct {
	At                place
	Webhooks, Console text
}

func (l *listen) decode(d *decoder, n node) {
	d.fields(n, &l.At, field{key: "webhooks", into: &l.Webhooks}, field{key: "console", into: &l.Console})
}

type account struct {
	At                                                                            place
	AccountSID, AuthToken, NextAuthToken, APIKey, APISecret, APIURL, Edge, Region text
}

func (a *account) decode(d *decoder, n node) {
	d.fields(
		n, &a.At,
		field{key: "account_sid", into: &a.AccountSID, need: "${TWILIO_ACCOUNT_SID}"},
		field{key: "auth_token", into: &a.AuthToken, need: "${TWILIO_AUTH_TOKEN}"},
		field{key: "next_auth_token", into: &a.NextAuthToken},
		field{key: "api_key", into: &a.APIKey},
		field{key: "api_secret", into: &a.APISecret},
		field{key: "api_url", into: &a.APIURL},
		field{key: "edge", into: &a.Edge},
		field{key: "region", into: &a.Region},
	)
}

type line struct {
	At                 place
	Number, Name, Zone text
	Hours              table[text]
	Holidays           list[text]
	Closed             list[closure]
	Special            list[special]
	Language, Voice    text
	Routes             table[text]
}

func (l *line) decode(d *decoder, n node) {
	d.fields(
		n, &l.At,
		field{key: "number", into: &l.Number, need: `"+18883071053"`},
		field{key: "name", into: &l.Name},
		field{key: "time_zone", into: &l.Zone, need: "America/New_York"},
		field{key: "hours", into: &l.Hours, need: `{ mon-fri: "08:00-20:00" }`},
		field{key: "holidays", into: &l.Holidays},
		field{key: "closed", into: &l.Closed},
		field{key: "special", into: &l.Special},
		field{key: "language", into: &l.Language},
		field{key: "voice", into: &l.Voice},
		field{key: "routes", into: &l.Routes},
	)
}

type closure struct {
	At           place
	Date, Reason text
}

func (c *closure) decode(d *decoder, n node) {
	d.fields(n, &c.At, field{key: "date", into: &c.Date, need: "2026-12-24"}, field{key: "reason", into: &c.Reason})
}

type special struct {
	At          place
	Date, Hours text
}

func (s *special) decode(d *decoder, n node) {
	d.fields(n, &s.At, field{key: "date", into: &s.Date, need: "2026-12-31"}, field{key: "hours", into: &s.Hours, need: `"08:00-12:00"`})
}

type identification struct {
	At                                                         place
	Digits, Tries, Unidentified, CallerID, WrongNumbersPerHour text
}

func (i *identification) decode(d *decoder, n node) {
	d.fields(
		n, &i.At,
		field{key: "digits", into: &i.Digits},
		field{key: "tries", into: &i.Tries},
		field{key: "unidentified", into: &i.Unidentified},
		field{key: "caller_id", into: &i.CallerID},
		field{key: "wrong_numbers_per_hour", into: &i.WrongNumbersPerHour},
	)
}

type team struct {
	At     place
	Ring   list[step]
	Repeat text
}

func (t *team) decode(d *decoder, n node) {
	d.fields(n, &t.At, field{key: "ring", into: &t.Ring, need: `[{ to: ["+15550100001"], for: 20s }]`}, field{key: "repeat", into: &t.Repeat})
}

type step struct {
	At  place
	To  list[text]
	For text
}

func (s *step) decode(d *decoder, n node) {
	d.fields(n, &s.At, field{key: "to", into: &s.To, need: `["+15550100001"]`}, field{key: "for", into: &s.For})
}

type fairUse struct {
	At                                                                       place
	CallLimit, TicketsPerMonth, OverLongCallsPerMonth, TrainingCallsPerMonth text
	Sustained                                                                sustained
	Charges                                                                  charges
	WarnAt, LetThrough                                                       list[text]
}

func (f *fairUse) decode(d *decoder, n node) {
	d.fields(
		n, &f.At,
		field{key: "call_limit", into: &f.CallLimit},
		field{key: "tickets_per_month", into: &f.TicketsPerMonth},
		field{key: "over_long_calls_per_month", into: &f.OverLongCallsPerMonth},
		field{key: "sustained", into: &f.Sustained},
		field{key: "training_calls_per_month", into: &f.TrainingCallsPerMonth},
		field{key: "charges", into: &f.Charges},
		field{key: "warn_at", into: &f.WarnAt},
		field{key: "let_through", into: &f.LetThrough},
	)
}

type sustained struct {
	At             place
	Months, Within text
}

func (s *sustained) decode(d *decoder, n node) {
	d.fields(n, &s.At, field{key: "months", into: &s.Months}, field{key: "within", into: &s.Within})
}

type charges struct {
	At                             place
	Currency, PerTicket, PerMinute text
}

func (c *charges) decode(d *decoder, n node) {
	d.fields(
		n, &c.At,
		field{key: "currency", into: &c.Currency},
		field{key: "per_ticket", into: &c.PerTicket},
		field{key: "per_minute", into: &c.PerMinute},
	)
}
