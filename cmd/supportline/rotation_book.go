package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio"
)

// heldTokens are the tokens that a server accepts, and asks the provider with: its configuration's, and those of a rotation under way.
type heldTokens struct {
	conf   config.Twilio
	tokens *twilio.Tokens
}

// hold accepts the tokens of a rotation beside those of the configuration; of the zero one, the latter alone. false where the configuration
// has neither of the rotation's: nothing is changed then.
func (h *heldTokens) hold(r rotation) bool {
	before, after, opened := r.open(h.conf.AuthToken, h.conf.NextAuthToken)
	if len(r.SealedNew) > 0 && !opened {
		return false
	}
	h.tokens.Set(h.conf.AuthToken, h.conf.NextAuthToken, before, after)
	return true
}

// holdKept is hold of what the store keeps.
func (h *heldTokens) holdKept(ctx context.Context, s *store.Store) (held bool, err error) {
	record, err := s.Rotation(ctx)
	if err != nil {
		return false, err
	}
	r, err := readRotation(record)
	return err == nil && h.hold(r), err
}

// rotationState is what is put down of a rotation, and of the server that has it.
type rotationState struct {
	Record     []byte `json:"record"`     // a rotation; null: none is under way
	Serving    bool   `json:"serving"`    // a server has the store open
	Configured string `json:"configured"` // mark of the auth_token that this server was started with
}

// rotationCommand is "rotation": what rotate-token asks of whoever has the store open. Tokens travel sealed.
type rotationCommand struct {
	Keep bool `help:"Put down the rotation that is read from standard input, and accept its tokens."`
}

// Help shows an example.
func (rotationCommand) Help() string { return "Example:\n\n    supportline rotation" }

// rotationChange is what --keep reads: what stands there, and what is to. null is none.
type rotationChange struct {
	Before []byte `json:"before"`
	After  []byte `json:"after"`
}

func (c rotationCommand) run(ctx context.Context, s *session) error {
	if c.Keep {
		if err := keepRotation(ctx, s); err != nil {
			return err
		}
	}
	state := rotationState{Serving: s.Held != nil}
	if s.Held != nil {
		state.Configured = tokenMark(s.Held.conf.AuthToken)
	}
	var err error
	if state.Record, err = s.Store.Rotation(ctx); err != nil {
		return err
	}
	return json.NewEncoder(s.Out).Encode(state)
}

var errOtherToken = errors.New("the server was started with another auth_token than this configuration has: restart it with this one, then run " +
	"this again")

// keepRotation writes first and accepts then: what is accepted must outlive the server. What the server can't open it does not keep.
func keepRotation(ctx context.Context, s *session) error {
	var change rotationChange
	if err := json.NewDecoder(io.LimitReader(s.In, maxFrame)).Decode(&change); err != nil {
		return err
	}
	r, err := readRotation(change.After)
	if err != nil {
		return err
	}
	if s.Held != nil && len(r.SealedNew) > 0 {
		if _, _, opened := r.open(s.Held.conf.AuthToken, s.Held.conf.NextAuthToken); !opened {
			return errOtherToken
		}
	}
	if err := s.Store.SetRotation(ctx, change.Before, change.After); err != nil {
		return err
	}
	if s.Held != nil {
		_, err = s.Held.holdKept(ctx, s.Store)
	}
	return err
}

// rotationBook is where a rotation is put down: the store, through the server where one runs.
type rotationBook struct {
	program *program
	conf    config.Config
	file    string // the configuration
}

// read gives what stands there. A store that is not there is not made: it would be this user's.
func (b rotationBook) read(ctx context.Context) (rotationState, error) {
	file, err := b.conf.StoreFile()
	if err != nil {
		return rotationState{}, err
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return rotationState{}, nil
	}
	return b.ask(ctx, rotationCommand{}, []string{"rotation"}, "")
}

// keep puts after in the place of before, and lets the server accept its tokens.
func (b rotationBook) keep(ctx context.Context, before, after []byte) (rotationState, error) {
	change, err := json.Marshal(rotationChange{before, after})
	if err != nil {
		return rotationState{}, err
	}
	return b.ask(ctx, rotationCommand{Keep: true}, []string{"rotation", "--keep"}, string(change))
}

func (b rotationBook) ask(ctx context.Context, command rotationCommand, args []string, input string) (state rotationState, err error) {
	var out, words bytes.Buffer
	quiet := *b.program
	quiet.Out, quiet.Err, quiet.In = &out, &words, strings.NewReader(input)
	if err := quiet.data(ctx, command, args, b.file); err != nil {
		if said := strings.TrimSpace(words.String()); said != "" {
			err = failure{status: statusOf(err), err: errors.New(strings.TrimPrefix(said, "supportline: "))}
		}
		return state, err
	}
	return state, json.Unmarshal(out.Bytes(), &state)
}

// tokensOf are the tokens that an account may be asked with: the configuration's, and those of a rotation that it can open.
func tokensOf(conf config.Twilio, r rotation) *twilio.Tokens {
	h := &heldTokens{conf, twilio.NewTokens(conf.AuthToken, conf.NextAuthToken)}
	h.hold(r)
	return h.tokens
}

// keptTokens are tokensOf what the store keeps. Where it can't be read, that is for others to say: the configuration's tokens are left.
func (p *program) keptTokens(ctx context.Context, conf config.Config, configFile string) *twilio.Tokens {
	if conf.Twilio.APIKey != "" {
		return nil
	}
	return tokensOf(conf.Twilio, p.keptRotation(ctx, conf, configFile).rotation())
}

// keptRotation is what stands in the store; the zero value too where it can't be read.
func (p *program) keptRotation(ctx context.Context, conf config.Config, configFile string) rotationState {
	state, err := rotationBook{p, conf, configFile}.read(ctx)
	if err != nil {
		return rotationState{}
	}
	return state
}

// rotation is what is put down; the zero one where it is unreadable.
func (s rotationState) rotation() rotation {
	r, err := readRotation(s.Record)
	if err != nil {
		return rotation{}
	}
	return r
}
