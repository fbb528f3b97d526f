package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// rotationStage is how far a change of the auth token has come.
type rotationStage string

// The stages. At rotationCreating the provider may have a secondary token whose value nobody knows.
const (
	rotationCreating rotationStage = "creating"
	rotationCreated  rotationStage = "created"
	rotationPromoted rotationStage = "promoted"
)

// rotation is what the store keeps while the auth token is being changed. It must outlive the server: between the promotion and the day the
// configuration has the new token, the provider signs with one that stands in no configuration. Each token is sealed with the other, so that
// a server whose configuration has either of them accepts both, and the file, or a copy of it, alone tells neither.
type rotation struct {
	Stage      rotationStage `json:"stage"`
	StartedAt  time.Time     `json:"started_at"`
	PromotedAt time.Time     `json:"promoted_at,omitzero"`
	New        string        `json:"new,omitempty"`        // mark of the new token
	SealedNew  []byte        `json:"sealed_new,omitempty"` // with the old one
	SealedOld  []byte        `json:"sealed_old,omitempty"` // with the new one
}

// with is the rotation from one token to another, at a stage.
func (r rotation) with(stage rotationStage, before, after string) (rotation, error) {
	var err error
	r.Stage, r.New = stage, tokenMark(after)
	if r.SealedNew, err = seal(before, after); err != nil {
		return r, err
	}
	r.SealedOld, err = seal(after, before)
	return r, err
}

// open gives the tokens to whoever knows one of the two.
func (r rotation) open(known ...string) (before, after string, ok bool) {
	for _, token := range known {
		if token == "" {
			continue
		}
		if other, err := unseal(token, r.SealedNew); err == nil {
			return token, other, true
		}
		if other, err := unseal(token, r.SealedOld); err == nil {
			return other, token, true
		}
	}
	return "", "", false
}

// readRotation reads what the store keeps; nil gives the zero rotation.
func readRotation(record []byte) (r rotation, err error) {
	if record == nil {
		return r, nil
	}
	if err := json.Unmarshal(record, &r); err != nil {
		return r, fmt.Errorf("what the store keeps of the token's rotation can't be read: %w", err)
	}
	return r, nil
}

// record is what the store keeps; nil of the zero rotation.
func (r rotation) record() ([]byte, error) {
	if r.Stage == "" {
		return nil, nil
	}
	return json.Marshal(r)
}

// tokenMark tells tokens apart without telling them: 128 random bits can't be found from it.
func tokenMark(token string) string {
	sum := sha256.Sum256([]byte("supportline auth token " + token))
	return hex.EncodeToString(sum[:8])
}

// seal encrypts a text so that only who has the token reads it.
func seal(token, text string) ([]byte, error) {
	box, err := boxOf(token)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	_, _ = rand.Read(nonce) // never fails: it would end the program instead
	return box.Seal(nonce, nonce, []byte(text), nil), nil
}

var errSealed = errors.New("sealed with another token")

func unseal(token string, sealed []byte) (string, error) {
	box, err := boxOf(token)
	if err != nil {
		return "", err
	}
	if len(sealed) < box.NonceSize() {
		return "", errSealed
	}
	text, err := box.Open(nil, sealed[:box.NonceSize()], sealed[box.NonceSize():], nil)
	if err != nil {
		return "", errSealed
	}
	return string(text), nil
}

func boxOf(token string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(token), nil, "supportline rotate-token", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
