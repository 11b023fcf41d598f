package corpus

import (
	"crypto/rand"
	"slices"
	"strconv"
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// resumeFace is how one continues a session: its token and the last position
// stand in the address of the new connection.
const resumeFace = `resume: {query: {session: "{{.session}}", since: "{{.since}}"}, session: '"session":"([^"]+)"', since: '"n":(\d+)'}`

// keptEvents is how far back a session can be continued.
const keptEvents = 256

// sessions is a hub whose connections belong to sessions: what a user was sent
// since his connection broke is replayed when he comes back with its token. Of the
// sessions that nobody is connected to only the latest of a user is kept.
type sessions struct {
	// admit decides whether a user's new connection continues a session; the lock is
	// held.
	admit func(s *session, c *chat.Conn, user string) bool

	mu     sync.Mutex
	tokens map[string]*session
	users  map[string][]*session
}

type session struct {
	token, owner string
	conn         *chat.Conn // nil while nobody is connected
	n            uint64     // position of the latest event
	kept         []chat.Event
}

func newSessions() *sessions {
	return &sessions{tokens: map[string]*session{}, users: map[string][]*session{}}
}

func (h *sessions) Bind(c *chat.Conn, user string, hello *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.park(c)
	s := h.tokens[c.Params.Get("session")]
	if s == nil || !h.admit(s, c, user) {
		s = h.begin(user)
	}
	s.conn = c
	hello.Session = s.token
	c.Become(user, hello)
	since, _ := strconv.ParseUint(c.Params.Get("since"), 10, 64) // who has seen nothing gives nothing
	for _, ev := range s.kept {
		if ev.N > since {
			c.Push(&ev)
		}
	}
}

// begin opens a session and forgets what the user could have continued.
func (h *sessions) begin(user string) *session {
	h.users[user] = slices.DeleteFunc(h.users[user], func(s *session) bool {
		if s.conn == nil {
			delete(h.tokens, s.token)
		}
		return s.conn == nil
	})
	s := &session{token: rand.Text(), owner: user}
	h.tokens[s.token] = s
	h.users[user] = append(h.users[user], s)
	return s
}

func (h *sessions) Unbind(c *chat.Conn, bye *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.park(c)
	c.Become("", bye)
}

// park takes a connection from whatever session has it.
func (h *sessions) park(c *chat.Conn) {
	for _, s := range h.tokens {
		if s.conn == c {
			s.conn = nil
		}
	}
}

func (h *sessions) Deliver(to string, ev *chat.Event) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.users[to] {
		s.n++
		kept := *ev
		kept.N = s.n
		if s.kept = append(s.kept, kept); len(s.kept) > keptEvents {
			s.kept = s.kept[1:]
		}
		if s.conn != nil {
			s.conn.Push(&kept)
		}
	}
	return len(h.users[to]) > 0
}
