package corpus

import (
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// Keys are one string made of several parts, and found by their beginning, as
// with Redis' KEYS conn:u1*: socket.io rooms collided with namespaces that way
// (issue 797).
var m16Prefix = mechanism{
	number: "M16", name: "prefix-key",
	what:    "connections are found by the beginning of their key, so that u1 has those of u10 as well",
	instead: "the user's part of a key is compared as a whole",
	format:  chat.JSON, auth: chat.ByQuery, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify},
	more: []string{chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		s.Hub = &keyed{conns: map[string]*chat.Conn{}, keys: map[*chat.Conn]string{}, matches: func(key, user string) bool {
			if fixed {
				return key[:strings.LastIndexByte(key, ':')] == user
			}
			return strings.HasPrefix(key, user)
		}}
	},
}

// A number that counts from 1 for each customer is the key of a map that all
// customers share: local-deep-research (5519, 5870), where two users both owned
// "1".
var m16Tenant = mechanism{
	number: "M16", name: "tenant-number",
	what:    "connections are kept by a user number that is unique within a tenant only",
	instead: "the key has the tenant in it",
	format:  chat.JSON, auth: chat.ByHeader, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify},
	more: []string{tenantIDs(), chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		if fixed {
			return
		}
		s.Hub = &foldingHub{Directory: chat.NewDirectory(s.Format), fold: func(user string) string {
			return user[strings.LastIndexByte(user, '-')+1:]
		}}
	},
}

// The key is a hash cut to a byte: there are always two with the same one sooner
// than people think.
var m16Hash = mechanism{
	number: "M16", name: "short-hash",
	what:    "connections are kept by eight bits of a hash of the user's id",
	instead: "the key is the id",
	format:  chat.Lines, auth: linesAuth, ready: chat.LinesReady,
	emit: []string{chat.LinesSend, chat.LinesPublish},
	more: []string{chat.LinesRequest, chat.LinesLogout},
	wire: func(s *chat.Service, fixed bool) {
		if fixed {
			return
		}
		s.Hub = &foldingHub{Directory: chat.NewDirectory(s.Format), fold: func(user string) string {
			return strconv.Itoa(int(crc32.ChecksumIEEE([]byte(user)) & 0xff))
		}}
	},
}

// tenantIDs are users such as acme-1 and globex-1, in turn.
func tenantIDs() string {
	var ids []string
	for n := 1; n <= 25; n++ {
		ids = append(ids, fmt.Sprintf("acme-%d, globex-%d, initech-%d, hooli-%d", n, n, n, n))
	}
	return "ids: [" + strings.Join(ids, ", ") + "]"
}

// keyed is a registry as people keep it in Redis: USER:NUMBER is a connection.
type keyed struct {
	matches func(key, user string) bool
	mu      sync.Mutex
	next    int
	conns   map[string]*chat.Conn
	keys    map[*chat.Conn]string
}

func (h *keyed) Bind(c *chat.Conn, user string, hello *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c)
	h.next++
	key := user + ":" + strconv.Itoa(h.next)
	h.conns[key], h.keys[c] = c, key
	c.Become(user, hello)
}

func (h *keyed) Unbind(c *chat.Conn, bye *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c)
	c.Become("", bye)
}

func (h *keyed) drop(c *chat.Conn) {
	delete(h.conns, h.keys[c])
	delete(h.keys, c)
}

func (h *keyed) Deliver(to string, ev *chat.Event) (found bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, c := range h.conns {
		if h.matches(key, to) {
			c.Push(ev)
			found = true
		}
	}
	return found
}
