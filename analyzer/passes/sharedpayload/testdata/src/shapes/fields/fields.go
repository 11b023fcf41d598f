// Package fields keeps the buffer in the object: the next call of the same
// function writes over what the last one queued.
package fields

import (
	"bytes"
	"encoding/json"

	"github.com/gorilla/websocket"
)

type client struct {
	conn    *websocket.Conn
	send    chan []byte
	buf     bytes.Buffer
	scratch []byte
}

func (c *client) write() {
	for msg := range c.send {
		c.conn.WriteMessage(1, msg)
	}
}

func (c *client) emit(v any) {
	c.buf.Reset()
	json.NewEncoder(&c.buf).Encode(v)
	c.send <- c.buf.Bytes() // want `^c\.buf goes to the channel c\.send without a copy and is reset afterwards`
}

func (c *client) append(b []byte) {
	c.scratch = append(c.scratch[:0], b...)
	c.send <- c.scratch // want `^c\.scratch goes to the channel c\.send without a copy and is filled again afterwards`
}

// flush gives the memory away and starts anew.
func (c *client) flush() {
	c.send <- c.scratch
	c.scratch = nil
}

func (c *client) collect(b []byte) { c.scratch = append(c.scratch, b...) }
