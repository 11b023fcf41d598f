package corpus

import (
	"strings"
	"unsafe"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// A user's id is a string without bytes of its own: it shows whatever the
// parser's buffer holds now. Strings of fiber's c.Query() change with the next
// request when they are kept (issue 1455).
var m12 = mechanism{
	number: "M12", name: "aliased-id",
	what:    "the ids in the registry alias the login parser's buffer, so each login renames everybody",
	instead: "the registry copies the id",
	format:  chat.Lines, auth: linesAuth, ready: chat.LinesReady,
	emit: []string{chat.LinesSend, chat.LinesPublish},
	more: []string{chat.LinesRequest, chat.LinesLogout, chat.LinesRelogin},
	wire: func(s *chat.Service, fixed bool) {
		s.Hub = &parsingHub{Loop: chat.NewLoop(s.Lobby), line: make([]byte, 0, 256), fixed: fixed}
	},
}

// parsingHub's fields belong to its loop.
type parsingHub struct {
	*chat.Loop
	fixed   bool
	line    []byte // the login that is being parsed
	clients []client
}

type client struct {
	user string
	conn *chat.Conn
}

func (h *parsingHub) Bind(c *chat.Conn, user string, hello *chat.Event) {
	h.Do(func() {
		h.drop(c)
		h.line = append(h.line[:0], user...)
		name := unsafe.String(unsafe.SliceData(h.line), len(h.line))
		if h.fixed {
			name = strings.Clone(name)
		}
		h.clients = append(h.clients, client{name, c})
		c.Become(user, hello)
	})
}

func (h *parsingHub) Unbind(c *chat.Conn, bye *chat.Event) {
	h.Do(func() {
		h.drop(c)
		c.Become("", bye)
	})
}

func (h *parsingHub) drop(c *chat.Conn) {
	var rest []client
	for _, other := range h.clients {
		if other.conn != c {
			rest = append(rest, other)
		}
	}
	h.clients = rest
}

func (h *parsingHub) Deliver(to string, ev *chat.Event) (found bool) {
	h.Do(func() {
		for _, c := range h.clients {
			if c.user == to {
				c.conn.Push(ev)
				found = true
			}
		}
	})
	return found
}
