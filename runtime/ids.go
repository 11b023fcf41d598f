package runtime

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// UserID names the user whom the server authenticated. Ids are compared byte for byte: "alice", "Alice" and "alice "
// are three users. An id is refused with [ErrInvalidID] when it is empty, longer than 256 bytes, not UTF-8 or has a
// control character in it.
type UserID string

// ThreadID names one conversation of a user. It labels what a handle emits (see [Emitter.For]) and never decides whom
// an event reaches. The same rules as for [UserID] apply, but for the empty one, which means no thread.
type ThreadID string

// ConnID names one connection. The server mints it; it is never taken from a client and never used twice.
type ConnID string

// maxIDBytes is the longest id of any kind that is accepted.
const maxIDBytes = 256

// Validate tells whether the id is one that the package accepts; the error wraps [ErrInvalidID] and says why not.
func (u UserID) Validate() error { return checkID("user id", string(u)) }

// Validate tells whether the id is one that the package accepts; the empty thread id is.
func (t ThreadID) Validate() error {
	if t == "" {
		return nil
	}
	return checkID("thread id", string(t))
}

func checkID(what, id string) error {
	switch {
	case id == "":
		return fmt.Errorf("%w: %s is empty", ErrInvalidID, what)
	case len(id) > maxIDBytes:
		return fmt.Errorf("%w: %s has %d bytes, at most %d are allowed", ErrInvalidID, what, len(id), maxIDBytes)
	case !utf8.ValidString(id):
		return fmt.Errorf("%w: %s is not UTF-8", ErrInvalidID, what)
	}
	for _, r := range id {
		if r < 0x20 || (r >= 0x7f && r <= 0x9f) {
			return fmt.Errorf("%w: %s has the control character %U", ErrInvalidID, what, r)
		}
	}
	return nil
}

// CompoundID makes one user id out of several parts, for servers whose users are named by a company and a number, say.
// Different parts never make the same id, whatever separators are in them: each part is written with its length. The
// error is that of [UserID.Validate].
func CompoundID(parts ...string) (UserID, error) {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(strconv.Itoa(len(p)))
		b.WriteByte(':')
		b.WriteString(p)
	}
	id := UserID(b.String())
	return id, id.Validate()
}

// mintSecret makes a name that can't be guessed, for epochs and sessions.
func mintSecret() string { return rand.Text()[:20] }
