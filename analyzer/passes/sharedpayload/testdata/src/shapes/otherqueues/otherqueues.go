// Package otherqueues has queues that lead elsewhere: to a log, to the register of
// clients. What happens on those is none of this rule's business.
package otherqueues

import (
	"os"

	"github.com/gorilla/websocket"
)

type client struct {
	conn  *websocket.Conn
	name  string
	state int
}

type hub struct {
	register chan *client
	log      chan []byte
	clients  map[*client]bool
}

func (h *hub) run() {
	for {
		select {
		case c := <-h.register:
			h.clients[c] = true
			c.conn.WriteMessage(1, []byte("welcome"))
		case line := <-h.log:
			os.Stderr.Write(line)
		}
	}
}

func (h *hub) join(c *client) {
	h.register <- c
	c.state = 1
}

func (h *hub) note(line []byte) {
	h.log <- line
	line[0] = 'x'
}
