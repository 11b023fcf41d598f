package chat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// Store is a message log that one goroutine owns, as it would own the only
// connection to an embedded database: every caller waits for its turn. It is safe
// for concurrent use.
type Store struct {
	ctx  context.Context
	asks chan ask
}

type ask struct {
	to, text string
	answer   chan string
}

// NewStore opens a store that closes when the lobby stops.
func NewStore(l *Lobby) *Store {
	s := &Store{ctx: l.Context(), asks: make(chan ask)}
	l.Go(s.run)
	return s
}

func (s *Store) run(ctx context.Context) {
	last := map[string]string{} // checksum of the user's latest entry: each builds on the one before
	for n := 0; ; n++ {
		select {
		case a := <-s.asks:
			sum := sha256.Sum256([]byte(last[a.to] + strconv.Itoa(n) + a.text))
			last[a.to] = hex.EncodeToString(sum[:])
			a.answer <- strings.Clone(last[a.to])
		case <-ctx.Done():
			return
		}
	}
}

// Append logs a message and returns its checksum, "" once the store is closed.
func (s *Store) Append(to, text string) string {
	a := ask{to, text, make(chan string, 1)}
	select {
	case s.asks <- a:
		return <-a.answer
	case <-s.ctx.Done():
		return ""
	}
}
