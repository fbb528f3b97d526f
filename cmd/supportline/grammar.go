package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"github.com/officernd/supportline/cmd/supportline/duty"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/cmd/supportline/load"
	"github.com/officernd/supportline/policy"
)

// grammar is the command line. A field is a command; its type holds the flags and what the command does.
type grammar struct {
	Config string `default:"${config}" placeholder:"FILE" help:"The configuration (default: ${default})."`

	Serve      serveCommand      `cmd:"" help:"Answer the provider's webhooks."`
	Demo       demoCommand       `cmd:"" help:"Everything on this machine, without any account."`
	Call       callCommand       `cmd:"" help:"A phone in the terminal."`
	Load       loadCommand       `cmd:"" help:"Drive a running server with made-up calls, and measure it."`
	Check      checkCommand      `cmd:"" help:"Is the configuration right?"`
	Hours      hoursCommand      `cmd:"" help:"Open or closed, and which rule says so."`
	Provision  provisionCommand  `cmd:"" help:"Compare the account's numbers with the configuration, and set them."`
	Doctor     doctorCommand     `cmd:"" help:"Everything that a new installation gets wrong, with its fix."`
	Rotate     rotateCommands    `cmd:"" name:"rotate-token" help:"Change the account's auth token, without a call lost."`
	Reconcile  reconcileCommand  `cmd:"" help:"Repair the log from the provider's own list of calls."`
	Fallback   fallbackCommand   `cmd:"" help:"Write the documents that answer while the server can't."`
	Customers  customers         `cmd:"" help:"The customers."`
	Calls      calls             `cmd:"" help:"The log of calls, and what people do to a call."`
	Usage      usage             `cmd:"" help:"Fair use: what accounts used, and why."`
	Cases      cases             `cmd:"" help:"The review list: accounts under sustained load."`
	FollowUps  duty.FollowUps    `cmd:"" name:"followups" help:"Callers who wait for a person: who looks after them, and what is done."`
	OnCall     duty.OnCall       `cmd:"" name:"oncall" help:"Who is on call, who will be, and who swaps with whom."`
	Charges    chargesCommand    `cmd:"" help:"What a month's load over the limits would cost: a proposal."`
	Users      userCommands      `cmd:"" help:"The people who may sign in to the console."`
	Notices    noticeCommands    `cmd:"" help:"What people were told, and what could not be delivered."`
	Recordings recordingCommands `cmd:"" help:"Voicemails and recordings that wait to be fetched or removed."`
	Backup     backupCommand     `cmd:"" help:"Copy everything into one file, also while the server works."`
	Restore    restoreCommand    `cmd:"" help:"Put a backup in the place of the store."`
	Migrate    migrateCommand    `cmd:"" help:"Move the store into a database, or into a file."`
	Compact    compactCommand    `cmd:"" help:"Rewrite the store's file without unused room."`
	Audit      auditCommand      `cmd:"" help:"Who did what, when and why."`
	Version    versionCommand    `cmd:"" help:"Which version this is."`
	Dates      datesCommand      `cmd:"" hidden:"" help:"What was edited of the lines' dates, as JSON."`
	Turns      turnsCommand      `cmd:"" hidden:"" help:"The turns and overrides of the rotas in force, as JSON."`
	Probe      probeCommand      `cmd:"" hidden:"" help:"Write to the store, and say how long that takes."`
	Health     healthCommand     `cmd:"" hidden:"" help:"Ask the running server whether it is well."`
}

// customers are the commands on the directory.
type customers struct {
	Import customersImport `cmd:"" help:"Bring customers in from a CSV file, all or nothing."`
	List   customersList   `cmd:"" help:"Show the customers."`
	Export customersExport `cmd:"" help:"Everything that is kept of one customer."`
	Erase  customersErase  `cmd:"" help:"Remove a customer and anonymise the account's calls."`
}

// calls are the commands on the log. "calls" alone, or with flags, is "calls list".
type calls struct {
	List     callsList     `cmd:"" default:"withargs" help:"Show the log, newest first."`
	Count    callsCount    `cmd:"" help:"A day's calls by hour and outcome."`
	Explain  callsExplain  `cmd:"" help:"Why everything happened on one call."`
	Waive    callsWaive    `cmd:"" help:"Deem an over-long call necessary."`
	Training callsTraining `cmd:"" help:"Mark a training call."`
	Attach   callsAttach   `cmd:"" help:"Give a call to an account."`
	Ticket   callsTicket   `cmd:"" help:"Set the ticket number of a call."`
	Note     callsNote     `cmd:"" help:"Write a note to a call."`

	Offer    duty.Offer    `cmd:"" help:"Send the link of a page of the company: to the caller, or to the account holder."`
	TakeBack duty.TakeBack `cmd:"" help:"Take such a link back."`

	Specialists duty.Specialists `cmd:"" help:"What each specialist did in a month."`

	Recording callsRecording `cmd:"" help:"The voicemail or a recording of a call, as a WAV file."`
}

// usage are the commands on fair use. "usage" alone, or with flags, is "usage list".
type usage struct {
	List    usageList    `cmd:"" default:"withargs" help:"A month of all accounts, or of one."`
	Explain usageExplain `cmd:"" help:"Every call of an account's month: counted or not, and by which rule."`
	Whatif  usageWhatif  `cmd:"" help:"Past months under other figures."`
}

func (usage) Help() string {
	return usageList{}.Help() + `

"supportline usage list --help" shows every flag; the word list can be left out.`
}

// cases are the commands on the review list.
type cases struct {
	List casesList `cmd:"" help:"Show the cases."`
	Show casesShow `cmd:"" help:"One case, with its months and moves."`
	Open casesOpen `cmd:"" help:"Open a case by hand."`
	Move casesMove `cmd:"" help:"Take a case one step on."`
}

// noticeCommands are the commands on the outbox.
type noticeCommands struct {
	List  noticesList  `cmd:"" help:"Show the notices: sent, waiting or failed."`
	Retry noticesRetry `cmd:"" help:"Try a failed notice again."`
	Test  noticesTest  `cmd:"" help:"Send a sample, to see whether it arrives."`
}

func (calls) Help() string {
	return callsList{}.Help() + `

"supportline calls list --help" shows every filter; the word list can be left out.`
}

// examples returns a command's help: what it does, and how it is called.
func examples(about string, lines ...string) string { return flags.Examples(about, lines...) }

// defaultConfig is the configuration where --config names none.
const defaultConfig = "supportline.yaml"

// description is the head of the program's help.
const description = `Answers toll-free support numbers, and keeps the log of every call.

Try it without any account:

    supportline demo`

// parsed is a command line that was understood. command is nil where help was asked for and shown.
type parsed struct {
	command any
	name    string // the command's words, without flags and values: those can name a customer
	config  string
}

// parser returns the parser of the grammar. It calls exit once it has shown help.
func (g *grammar) parser(out, words io.Writer, exit func(int)) (*kong.Kong, error) {
	return kong.New(
		g, append(flags.Options(), kong.Name("supportline"), kong.Description(description), kong.Writers(out, words), kong.Exit(exit),
			kong.ConfigureHelp(kong.HelpOptions{NoExpandSubcommands: false, Compact: true, WrapUpperBound: 110}),
			kong.Vars{"config": defaultConfig, "mix": load.DefaultMix, "intents": flags.List(policy.Intents()), "outcomes": flags.List(flags.Outcomes()), "states": flags.List(policy.CaseStates())},
		)...)
}

// parse reads a command line. Help goes to out at once. A wrong line is an error with a hint.
func parse(args []string, out, words io.Writer) (parsed, error) {
	var g grammar
	helped := false
	parser, err := g.parser(out, words, func(int) { helped = true })
	if err != nil {
		return parsed{}, err
	}
	line, err := parser.Parse(flags.Joined(args))
	switch {
	case helped:
		return parsed{}, nil
	case err != nil:
		return parsed{}, misused(err)
	}
	return parsed{command: line.Selected().Target.Addr().Interface(), name: line.Command(), config: g.Config}, nil
}

// parseCommand is parse for the server that runs a command for another process.
func parseCommand(args []string, out, words io.Writer) (command any, name string, err error) {
	line, err := parse(args, out, words)
	return line.command, line.name, err
}

// misused adds to a command line's error where to read how it is used.
func misused(err error) error {
	hint := "supportline --help"
	var wrong *kong.ParseError
	if errors.As(err, &wrong) {
		if node := wrong.Context.Selected(); node != nil {
			hint = node.FullPath() + " --help"
		}
	}
	return fmt.Errorf("%s\n\"%s\" shows how it is used", flags.PlainWords(err.Error()), hint)
}
