package corpus

import (
	"bytes"

	"github.com/gorilla/websocket"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// A buffer is given back twice, once by the close and once by the error path, and
// then two clients have it: Jetty answered one user with another's session cookie
// (CVE-2019-17638), Tomcat did it to WebSockets closed during a send
// (CVE-2022-25762).
var m07 = mechanism{
	number: "M07", name: "double-put",
	what:    "a connection that ends with unsent events gives its buffer back twice, and two later ones share it",
	instead: "a connection gives its buffer back once",
	format:  chat.JSON, auth: chat.ByCookie, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify},
	more: []string{`split: "\n"`, chat.JSONRequest},
	wire: func(s *chat.Service, fixed bool) {
		h := &bufferedHub{Loop: chat.NewLoop(s.Lobby), format: s.Format, fixed: fixed, members: map[*chat.Conn]*buffered{}, users: map[string][]*buffered{}}
		s.Hub = h
		chat.Every(s.Lobby, flushEvery, func() { h.Do(h.flush) })
	},
}

// bufferedHub collects the events of a connection in a buffer, one to a line, and
// sends them as one frame. Everything happens on its loop.
type bufferedHub struct {
	*chat.Loop
	format  chat.Format
	fixed   bool
	members map[*chat.Conn]*buffered
	users   map[string][]*buffered
	free    []*bytes.Buffer
	dirty   []*buffered // with something in their buffer
}

type buffered struct {
	conn *chat.Conn
	buf  *bytes.Buffer
	gone bool
}

func (h *bufferedHub) get() *bytes.Buffer {
	if n := len(h.free); n > 0 {
		buf := h.free[n-1]
		h.free = h.free[:n-1]
		return buf
	}
	return new(bytes.Buffer)
}

func (h *bufferedHub) put(m *buffered) {
	if m.buf == nil {
		return
	}
	m.buf.Reset()
	h.free = append(h.free, m.buf)
	if h.fixed {
		m.buf = nil
	}
}

func (h *bufferedHub) Bind(c *chat.Conn, user string, hello *chat.Event) {
	h.Do(func() {
		h.drop(c)
		m := &buffered{conn: c, buf: h.get()}
		h.members[c] = m
		h.users[user] = append(h.users[user], m)
		c.Become(user, hello)
	})
}

func (h *bufferedHub) Unbind(c *chat.Conn, bye *chat.Event) {
	h.Do(func() {
		h.drop(c)
		c.Become("", bye)
	})
}

func (h *bufferedHub) drop(c *chat.Conn) {
	m := h.members[c]
	if m == nil {
		return
	}
	delete(h.members, c)
	user := c.User()
	var rest []*buffered
	for _, other := range h.users[user] {
		if other != m {
			rest = append(rest, other)
		}
	}
	h.users[user] = rest
	m.gone = true
	h.put(m)
}

func (h *bufferedHub) Deliver(to string, ev *chat.Event) (found bool) {
	h.Do(func() {
		for _, m := range h.users[to] {
			m.buf.Write(h.format.Encode(ev).Data)
			m.buf.WriteByte('\n')
			h.dirty = append(h.dirty, m)
			found = true
		}
	})
	return found
}

func (h *bufferedHub) flush() {
	for _, m := range h.dirty {
		if m.gone { // too late: nothing can be sent
			h.put(m)
			continue
		}
		if m.buf.Len() > 0 {
			m.conn.PushFrame(chat.Frame{Kind: websocket.TextMessage, Data: bytes.Clone(m.buf.Bytes())})
			m.buf.Reset()
		}
	}
	h.dirty = h.dirty[:0]
}
