// Package readloop reads every message into the same buffer and sends slices of it
// to a queue: the next read changes what is still waiting there.
package readloop

import (
	"io"
	"net"

	"github.com/gorilla/websocket"
)

type client struct {
	conn *websocket.Conn
	send chan []byte
}

func (c *client) write() {
	for msg := range c.send {
		c.conn.WriteMessage(1, msg)
	}
}

type hub struct {
	broadcast chan []byte
	clients   map[*client]bool
}

func (h *hub) run() {
	for msg := range h.broadcast {
		for c := range h.clients {
			select {
			case c.send <- msg:
			default:
				delete(h.clients, c)
			}
		}
	}
}

func (h *hub) feed(source net.Conn) {
	buf := make([]byte, 1024)
	for {
		n, err := source.Read(buf)
		if err != nil {
			return
		}
		h.broadcast <- buf[:n] // want `^buf goes to the channel h\.broadcast without a copy and is read into afterwards, .* \(sharedpayload, escape\)$`
	}
}

func (c *client) relay(source io.Reader) {
	var buf [512]byte
	for {
		if _, err := io.ReadFull(source, buf[:]); err != nil {
			return
		}
		c.send <- buf[:] // want `^buf goes to the channel c\.send without a copy and is read into afterwards`
	}
}

// Append to the same memory from its start.
func (c *client) lines(next func() ([]byte, bool)) {
	var line []byte
	for {
		part, ok := next()
		if !ok {
			return
		}
		line = append(line[:0], part...)
		c.send <- line // want `^line goes to the channel c\.send without a copy and is filled again afterwards`
	}
}

// The buffer of each turn is its own.
func (h *hub) own(source net.Conn) {
	for {
		buf := make([]byte, 1024)
		n, err := source.Read(buf)
		if err != nil {
			return
		}
		h.broadcast <- buf[:n]
	}
}

func (h *hub) renewed(source net.Conn) {
	buf := make([]byte, 1024)
	for {
		n, err := source.Read(buf)
		if err != nil {
			return
		}
		h.broadcast <- buf[:n]
		buf = make([]byte, 1024)
	}
}

// What is still unused of the buffer comes next.
func (h *hub) carved(source net.Conn) {
	buf := make([]byte, 1<<20)
	for len(buf) > 1024 {
		n, err := source.Read(buf[:1024])
		if err != nil {
			return
		}
		h.broadcast <- buf[:n]
		buf = buf[n:]
	}
}

func (h *hub) messages(conn *websocket.Conn) {
	var msg []byte
	var err error
	for {
		if _, msg, err = conn.ReadMessage(); err != nil {
			return
		}
		h.broadcast <- msg
	}
}
