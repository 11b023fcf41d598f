// Package buffers writes the next message into the buffer whose bytes the last one
// still uses.
package buffers

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/gorilla/websocket"
)

type client struct {
	conn *websocket.Conn
	send chan []byte
	room chan frame
}

type frame struct {
	kind int
	data []byte
}

func (c *client) write() {
	for {
		select {
		case msg := <-c.send:
			c.conn.WriteMessage(1, msg)
		case f := <-c.room:
			c.conn.WriteMessage(f.kind, f.data)
		}
	}
}

func (c *client) all(values []any) {
	var buf bytes.Buffer
	for _, v := range values {
		buf.Reset()
		json.NewEncoder(&buf).Encode(v)
		c.send <- buf.Bytes() // want `^buf goes to the channel c\.send without a copy and is reset afterwards`
	}
}

func (c *client) framed(values []int) {
	head := make([]byte, 4)
	for _, v := range values {
		binary.BigEndian.PutUint32(head, uint32(v))
		c.room <- frame{kind: 2, data: head} // want `^head goes to the channel c\.room without a copy and is written over afterwards`
	}
}

func (c *client) printed(buf *bytes.Buffer, n int) {
	f := frame{1, buf.Bytes()}
	c.room <- f // want `^buf goes to the channel c\.room without a copy and is written to afterwards`
	fmt.Fprintf(buf, "%d", n)
}

func (c *client) indexed(b []byte) {
	c.send <- b // want `^b goes to the channel c\.send without a copy and is changed afterwards`
	b[0] = 'x'
}

func (c *client) overwritten(b, next []byte) {
	c.send <- b[:8] // want `^b goes to the channel c\.send without a copy and is written over afterwards`
	copy(b, next)
}

// Reading what was sent, growing it and forgetting it are fine.
func (c *client) fine(b []byte) {
	c.send <- b
	fmt.Println(len(b), b[0])
	b = append(b, 'x')
	b = nil
	c.send <- []byte("x")
}

func (c *client) eachOwn(values []any) {
	for _, v := range values {
		var buf bytes.Buffer
		json.NewEncoder(&buf).Encode(v)
		c.send <- buf.Bytes()
	}
}
