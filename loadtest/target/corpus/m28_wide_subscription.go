package corpus

import (
	"encoding/hex"
	"strings"
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// Two nodes and a bus between them. On one node everything is right; what comes
// from the other goes to all who subscribed to the whole branch: Mattermost
// published a change of role to those who are not in the team (CVE-2026-3433).
var m28 = mechanism{
	number: "M28", name: "wide-subscription",
	what:    "each connection subscribes to its team's whole branch of the bus, so that an event from the other node goes to all of it",
	instead: "each connection subscribes to its user's own subject",
	format:  chat.JSON, auth: chat.ByQuery, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, strings.ReplaceAll(strings.ReplaceAll(chat.JSONNotify, "HOST", "HOST2"), "notify, ", "other-node, "), chat.JSONNotify},
	more: []string{chat.JSONRequest, chat.JSONLogout},
	nodes: func(nodes []*chat.Service, fixed bool) {
		shared := &bus{subs: map[*chat.Conn]subscription{}}
		for _, s := range nodes {
			s.Hub = &node{Directory: chat.NewDirectory(s.Format), bus: shared, fixed: fixed}
		}
	},
}

// node delivers to its own clients directly and to the others' over the bus.
type node struct {
	*chat.Directory
	bus   *bus
	fixed bool
}

// subject is a user's place in the bus; the id is in hexadecimal digits, since it
// may hold what the bus gives a meaning.
func subject(user string) string { return "team.blue.user." + hex.EncodeToString([]byte(user)) }

func (n *node) Bind(c *chat.Conn, user string, hello *chat.Event) {
	pattern := "team.blue.>"
	if n.fixed {
		pattern = subject(user)
	}
	n.bus.subscribe(c, subscription{n, user, pattern}) // before the client is told: from then on nothing may be missed
	n.Directory.Bind(c, user, hello)
}

func (n *node) Unbind(c *chat.Conn, bye *chat.Event) {
	n.bus.unsubscribe(c)
	n.Directory.Unbind(c, bye)
}

func (n *node) Deliver(to string, ev *chat.Event) bool {
	here := n.Directory.Deliver(to, ev)
	return n.bus.publish(n, subject(to), ev) || here
}

// bus is a broker in the process: subjects with a wildcard at their end.
type bus struct {
	mu   sync.Mutex
	subs map[*chat.Conn]subscription
}

type subscription struct {
	node    *node
	user    string
	pattern string
}

func (b *bus) subscribe(c *chat.Conn, s subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs[c] = s
}

func (b *bus) unsubscribe(c *chat.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.subs, c)
}

// publish hands an event to the matching subscribers of the other nodes.
func (b *bus) publish(from *node, subject string, ev *chat.Event) (found bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c, s := range b.subs {
		branch, wide := strings.CutSuffix(s.pattern, ">")
		if s.node == from || subject != s.pattern && !(wide && strings.HasPrefix(subject, branch)) {
			continue
		}
		found = c.PushTo(s.user, ev) || found
	}
	return found
}
