// Package pointers sends a pointer and goes on to use what it points to.
package pointers

import "github.com/gorilla/websocket"

type message struct {
	To   string
	Text string
	seen int
}

func (m *message) address(to string) { m.To = to }
func (m *message) text() string      { return m.Text }

type client struct {
	id   string
	conn *websocket.Conn
	send chan *message
	any  chan any
}

func (c *client) write() {
	for {
		select {
		case m := <-c.send:
			c.conn.WriteJSON(m)
		case m := <-c.any:
			c.conn.WriteJSON(m)
		}
	}
}

func all(clients []*client, text string) {
	m := &message{Text: text}
	for _, c := range clients {
		m.To = c.id
		c.send <- m // want `^m goes to the channel c\.send without a copy and is changed afterwards`
	}
}

func byMethod(a, b *client, m *message) {
	m.address(a.id)
	a.send <- m // want `^m goes to the channel a\.send without a copy and is changed afterwards`
	m.address(b.id)
	b.send <- m
}

func byAddress(c *client) {
	var m message
	for _, text := range []string{"a", "b"} {
		m.Text = text
		c.any <- &m // want `^m goes to the channel c\.any without a copy and is changed afterwards`
	}
}

func whole(c *client, m *message) {
	c.any <- m // want `^m goes to the channel c\.any without a copy and is changed afterwards`
	*m = message{}
	m.seen++
}

func fine(a, b *client, m *message) string {
	a.send <- m
	b.send <- m
	m = &message{Text: "next"}
	m.To = "x"
	a.send <- m
	return m.text()
}

func each(clients []*client, text string) {
	for _, c := range clients {
		m := &message{Text: text}
		m.To = c.id
		c.send <- m
	}
}

// By value there is nothing to share.
type valued struct {
	conn *websocket.Conn
	send chan message
}

func (v *valued) write() {
	for m := range v.send {
		v.conn.WriteJSON(m)
	}
}

func values(all []*valued, m message) {
	for _, v := range all {
		m.seen++
		v.send <- m
	}
}

// stamped fills in what is missing before the first hand-over; from then on nothing
// is missing.
func stamped(clients []*client, m *message, now int) {
	for _, c := range clients {
		if m.seen == 0 {
			m.seen = now
		}
		c.send <- m
	}
}

func stampedAfter(c *client, m *message, now int) {
	c.send <- m // want `^m goes to the channel c\.send without a copy and is changed afterwards`
	if m.seen == 0 {
		m.seen = now
	}
}

// What is sent is a copy of what the pointer points to, so the caller may go on.
func template(c *client, m *message, n int) {
	for range n {
		each := *m
		c.send <- &each
	}
}

func report(c *client, m *message) {
	template(c, m, 3)
	m.Text = "done"
	c.send <- m
}
