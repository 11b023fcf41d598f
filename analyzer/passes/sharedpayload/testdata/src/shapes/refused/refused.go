// Package refused uses the buffer again only where the hand-over did not happen.
package refused

import (
	"bytes"
	"errors"
	"sync"

	"github.com/gorilla/websocket"
)

var pool sync.Pool

type client struct {
	conn *websocket.Conn
	send chan []byte
}

func (c *client) write() {
	for msg := range c.send {
		c.conn.WriteMessage(1, msg)
	}
}

func (c *client) try(b []byte) error {
	select {
	case c.send <- b:
		return nil
	default:
		return errors.New("full")
	}
}

func (c *client) inCondition(buf *bytes.Buffer) {
	if err := c.try(buf.Bytes()); err != nil {
		pool.Put(buf)
	}
}

func (c *client) byResult(buf *bytes.Buffer) {
	err := c.try(buf.Bytes())
	if err != nil {
		pool.Put(buf)
		return
	}
}
