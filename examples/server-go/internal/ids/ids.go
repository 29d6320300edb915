// Package ids knows the form of ids and makes new ones.
package ids

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

const punctuation = "!#$%&()+-:;<=.>?@[]^_{}|~"

var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ValidUser says whether a user id is of the allowed form: 1 to 32 bytes.
func ValidUser(id string) bool { return valid(id, 32) }

// ValidDevice says whether a device id is of the allowed form: 1 to 64 bytes.
func ValidDevice(id string) bool { return valid(id, 64) }

func valid(id string, most int) bool {
	if len(id) < 1 || len(id) > most {
		return false
	}
	for i := range len(id) {
		c := id[i]
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alnum && strings.IndexByte(punctuation, c) < 0 {
			return false
		}
	}
	return true
}

// New makes an id that nobody can guess.
func New() string {
	var bytes [16]byte
	_, _ = rand.Read(bytes[:]) // never fails
	return letters.EncodeToString(bytes[:])
}
