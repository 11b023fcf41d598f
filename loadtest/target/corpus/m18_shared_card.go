package corpus

import (
	"encoding/json"
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// What belongs to a user is rendered once and kept under the name of what it is,
// not of whose it is: appkit built its cache's key outside the user's context
// (268), bitwarden's clients had keys without a user (7593). The event reaches the
// right user; a part of it is somebody else's.
var m18Card = mechanism{
	number: "M18", name: "shared-card",
	what:    "the profile card in a notification comes from a cache whose key has no user in it",
	instead: "the cache's key has the user in it",
	format:  chat.JSON, auth: chat.ByToken, ready: chat.JSONReady,
	emit: []string{chat.JSONNotify, chat.JSONSend},
	more: []string{chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		cards := &cardCache{cards: map[string]json.RawMessage{}}
		s.Deliver = func(to string, ev *chat.Event) bool {
			if ev.Profile != nil {
				key := "card/profile"
				if fixed {
					key += "/" + to
				}
				ev.Profile = cards.get(key, ev.Profile)
			}
			return s.Hub.Deliver(to, ev)
		}
	},
}

type cardCache struct {
	mu    sync.Mutex
	cards map[string]json.RawMessage
}

// get returns what is kept under the key, or keeps what is given.
func (c *cardCache) get(key string, fresh json.RawMessage) json.RawMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept, ok := c.cards[key]; ok {
		return kept
	}
	c.cards[key] = fresh
	return fresh
}
