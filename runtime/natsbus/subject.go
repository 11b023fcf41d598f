package natsbus

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"regexp"
	"strings"
)

// What stands in a subject is a hash, never an id: no dot, star or space that somebody has in a user id can change the
// number of a subject's parts, and no id is the beginning of another.

var tokens = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// tokenBytes of the hash are kept: 160 bits, so that nobody finds two ids with one token. If somebody did, the whole id
// is in the message and the receiver compares it.
const tokenBytes = 20

func token(id string) string {
	sum := sha256.Sum256([]byte(id))
	return tokens.EncodeToString(sum[:tokenBytes])
}

var prefixPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

func checkPrefix(prefix string) error {
	if !prefixPattern.MatchString(prefix) {
		return fmt.Errorf("wsmig: natsbus: prefix %q: want 1 to 32 letters, digits, dashes and underscores", prefix)
	}
	return nil
}

// subjects are the names that a bus uses. What is published to in is stored, and then sent to whoever listens to out.
type subjects struct{ prefix string }

func (s subjects) stored() string    { return s.prefix + ".in.>" }
func (s subjects) sent() string      { return s.prefix + ".out.>" }
func (s subjects) broadcast() string { return s.prefix + ".in.b" }
func (s subjects) control() string   { return s.prefix + ".ctl" }
func (s subjects) beat() string      { return s.prefix + ".beat" }

func (s subjects) user(id string) string    { return s.prefix + ".in.u." + token(id) }
func (s subjects) room(name string) string  { return s.prefix + ".in.r." + token(name) }
func (s subjects) fence(node string) string { return s.prefix + ".in.f." + token(node) }

// out is where a stored subject is sent to.
func (s subjects) out(in string) string {
	return s.prefix + ".out." + strings.TrimPrefix(in, s.prefix+".in.")
}
